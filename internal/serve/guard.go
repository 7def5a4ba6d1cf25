package serve

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

const (
	cookieName    = "plip-token"
	maxLoginBytes = 4 << 10
	maxQueryBytes = 8 << 10
)

// policy lets a page load pictures, style and script from here, show the picture that was uploaded, and nothing else.
const policy = "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guard puts the headers on every answer and turns away whom the server is not for.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if len(r.URL.RawQuery) > maxQueryBytes {
			http.Error(w, "the query is too long", http.StatusRequestURITooLong)
			return
		}
		if s.config.Token == "" {
			if !loopback(r.Host) {
				http.Error(w, "want a loopback name, such as localhost", http.StatusMisdirectedRequest)
				return
			}
			next.ServeHTTP(w, r)
			return
		}
		switch {
		case r.URL.Path == "/style.css", r.URL.Path == "/login" && r.Method == http.MethodPost:
		case r.Method == http.MethodGet && s.right(r.URL.Query().Get("token")):
			s.admit(w, r, r.URL.Path)
			return
		case !s.admitted(r):
			w.Header().Set("WWW-Authenticate", "Bearer")
			s.show(w, r, http.StatusUnauthorized, "login.tmpl", nil)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// loopback reports whether a Host header names this machine by a loopback name.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	if strings.EqualFold(host, "localhost") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// admitted reports whether a request brings the token.
func (s *Server) admitted(r *http.Request) bool {
	if given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok && s.right(given) {
		return true
	}
	cookie, err := r.Cookie(cookieName)
	return err == nil && s.right(cookie.Value)
}

// right compares with the token in a time that depends on neither.
func (s *Server) right(given string) bool {
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.config.Token))
	return given != "" && subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// admit gives the visitor the cookie and sends the browser on to a path of ours.
func (s *Server) admit(w http.ResponseWriter, r *http.Request, path string) {
	http.SetCookie(w, &http.Cookie{Name: cookieName, Value: s.config.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || strings.ContainsRune(path, '\\') {
		path = "/" // "//elsewhere" is another host's
	}
	http.Redirect(w, r, path, http.StatusSeeOther)
}

// login takes the token of the form.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxLoginBytes)
	if s.config.Token != "" && !s.right(strings.TrimSpace(r.PostFormValue("token"))) {
		s.show(w, r, http.StatusUnauthorized, "login.tmpl", "That was not it.")
		return
	}
	if s.config.Token == "" {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return
	}
	s.admit(w, r, "/")
}
