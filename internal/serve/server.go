package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net"
	"net/http"
	"strings"
	"time"
)

// Limits of a connection. Pictures and pages are small; only a search over millions of rows takes a while.
const (
	headerTimeout   = 5 * time.Second
	readTimeout     = 30 * time.Second
	writeTimeout    = time.Minute
	idleTimeout     = 2 * time.Minute
	shutdownTimeout = 5 * time.Second
	maxHeaderBytes  = 32 << 10
)

// Server answers requests. Safe for concurrent use.
type Server struct {
	config    Config
	catalogue *catalogue
	runs      []*watchedRun
	pages     *template.Template
	style     []byte
	searching chan struct{} // holds one value while a search is going on
	handler   http.Handler
}

// New reads the dataset's texts and numbers, not its pictures, and makes a server. Memory is 32 bytes a row and the
// different phrases once.
func New(ctx context.Context, c Config) (*Server, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	s := &Server{config: c, searching: make(chan struct{}, 1)}
	var err error
	if s.catalogue, err = newCatalogue(ctx, c.Data, c.Loading); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	for _, r := range c.Runs {
		s.runs = append(s.runs, newWatchedRun(r))
	}
	if s.pages, s.style, err = loadPages(); err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.overview)
	mux.HandleFunc("GET /browse", s.browse)
	mux.HandleFunc("GET /row/{row}", s.row)
	mux.HandleFunc("GET /image/{row}", s.image)
	mux.HandleFunc("GET /search", s.search)
	mux.HandleFunc("POST /search", s.search)
	mux.HandleFunc("GET /runs", s.listRuns)
	mux.HandleFunc("GET /runs/{run}", s.showRun)
	mux.HandleFunc("GET /runs/{run}/curves", s.showCurves)
	mux.HandleFunc("GET /style.css", s.file("text/css; charset=utf-8", s.style))
	mux.HandleFunc("GET /live.js", s.file("text/javascript; charset=utf-8", liveScript))
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, http.StatusNotFound, "There is no such page.", nil)
	})
	return s.guard(http.NewCrossOriginProtection().Handler(mux))
}

// Serve answers requests on a listener until ctx ends, then lets those in progress finish for a few seconds.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: s, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: idleTimeout,
		MaxHeaderBytes: maxHeaderBytes, ErrorLog: log.New(logWriter(s.config.Log), "", 0),
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) }, // those in progress finish
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		soon, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(soon), server.Close())
	})
	err := server.Serve(listener)
	if stop() { // it ended by itself
		return err
	}
	return <-stopped
}

// logWriter hands the lines of the server's log on.
type logWriter func(format string, args ...any)

func (l logWriter) Write(p []byte) (int, error) {
	l("%s", strings.TrimSpace(string(p)))
	return len(p), nil
}

// show writes a page of pages/.
func (s *Server) show(w http.ResponseWriter, r *http.Request, status int, name string, view any) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, view); err != nil {
		s.config.Log("%s: %v", r.URL.Path, err)
		http.Error(w, "the page could not be made", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	w.Write(bytes.ToValidUTF8(b.Bytes(), []byte("\ufffd"))) // captions come from foreign files; a visitor who left is no error
}

// fail writes a page that says what went wrong. The cause goes to the log alone, because it may name files.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, status int, text string, cause error) {
	if cause != nil {
		if r.Context().Err() != nil {
			return // nobody waits for it
		}
		s.config.Log("%s: %v", r.URL.Path, cause)
	}
	s.show(w, r, status, "fail.tmpl", struct {
		top
		Text string
	}{s.top(http.StatusText(status), ""), text})
}

// file answers with bytes that never change while the server runs.
func (s *Server) file(contentType string, data []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.Write(data)
	}
}
