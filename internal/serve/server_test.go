package serve

import (
	"bytes"
	"context"
	"fmt"
	"html"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	pq "github.com/parquet-go/parquet-go"

	"plip/internal/index"
	"plip/internal/pixels"
	"plip/internal/runlog"
	"plip/parquet"
)

const testRows = 60

// pictureOf is a picture of one gray, which is what the test's model sees.
func pictureOf(t *testing.T, row int) []byte {
	t.Helper()
	m := pixels.NewImage(8, 16)
	for i := range m.Pix {
		m.Pix[i] = uint8(4 * row)
	}
	data, err := pixels.EncodeJPEG(m, 95)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// vectorOf places a row on a quarter of a circle.
func vectorOf(row float64) []float32 { return []float32{float32(testRows - row), float32(row)} }

// makeData writes shards: persons of three pictures, women and men in turn.
func makeData(t *testing.T) *parquet.Dataset {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "people")
	o := parquet.DefaultWriterOptions()
	o.Source, o.Split = "test", true
	w, err := parquet.Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range testRows {
		gender, upper := "woman", "dark red coat"
		if i/3%2 == 1 {
			gender, upper = "man", "blue jacket"
		}
		split := "train"
		if i >= 30 {
			split = "test"
		}
		r := parquet.Row{Image: pictureOf(t, i), ID: int64(i / 3), FilePath: fmt.Sprintf("p/%d.jpg", i), Source: "test", Split: split, Width: 8, Height: 16,
			Attributes: []string{gender, "unknown", upper, "gray trousers", "boots", "unknown"},
			Captions:   []string{fmt.Sprintf("A %s, <script>alert(%d)</script> & more.", gender, i)}, PromptCaption: []string{"prompt"}}
		if err := w.Write(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		w.Mark(int64(i + 1))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return openData(t, dir)
}

func openData(t *testing.T, dir string) *parquet.Dataset {
	t.Helper()
	d, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// makeSearch makes an index over the circle, and a model that reads a number, or the gray of a picture.
func makeSearch(t *testing.T) *Search {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.index")
	w, err := index.Create(path, index.Options{Dim: 2, Rows: testRows})
	if err != nil {
		t.Fatal(err)
	}
	for i := range testRows {
		if err := w.Write(vectorOf(float64(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	x, err := index.Open(path, index.Key{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return &Search{Model: "circle", Index: x,
		Text: func(_ context.Context, text string) (v []float32, err error) {
			var row float64
			_, err = fmt.Sscan(text, &row)
			return vectorOf(row), err
		},
		Image: func(_ context.Context, m *pixels.Image) ([]float32, error) {
			return vectorOf(float64(m.Pix[0]) / 4), nil
		},
	}
}

// makeServer makes a server of everything, changed by change.
func makeServer(t *testing.T, change func(*Config)) *Server {
	t.Helper()
	run := t.TempDir()
	if err := os.WriteFile(filepath.Join(run, runlog.MetricsFile), []byte("{\"step\":1,\"loss\":3.5}\n{\"step\":2,\"loss\":null}\n{\"step\":3,\"loss\":1.25}\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	c := Config{Name: "people", Data: makeData(t), Search: makeSearch(t), Log: t.Logf,
		Runs: []Run{{"first", run}, {"not begun", t.TempDir()}}}
	if change != nil {
		change(&c)
	}
	s, err := New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends a request as a browser on this machine would.
func ask(s http.Handler, method, target string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://localhost:8080"+target, body)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// get wants a page.
func get(t *testing.T, s http.Handler, target string) string {
	t.Helper()
	w := ask(s, "GET", target, nil)
	if w.Code != http.StatusOK {
		t.Fatalf("GET %s: want 200, got %d: %s", target, w.Code, w.Body)
	}
	return w.Body.String()
}

var (
	links  = regexp.MustCompile(`(?:href|src|action|data-source)="([^"]*)"`)
	shown  = regexp.MustCompile(`class="to" href="/row/(\d+)"`)
	inline = regexp.MustCompile(`<script>|<style|\sstyle=|\son[a-z]+=|javascript:`)
)

// rowsOf are the rows that a page shows as cards, in order.
func rowsOf(page string) []string {
	var rows []string
	for _, m := range shown.FindAllStringSubmatch(page, -1) {
		rows = append(rows, m[1])
	}
	return rows
}

// TestEveryLink follows all links from the overview: each leads to a page of ours, without anything that the policy would
// have a browser refuse.
func TestEveryLink(t *testing.T) {
	s := makeServer(t, nil)
	seen := map[string]bool{"/": true}
	for todo := []string{"/"}; len(todo) > 0; todo = todo[1:] {
		w := ask(s, "GET", todo[0], nil)
		if w.Code != http.StatusOK {
			t.Errorf("GET %s: want 200, got %d", todo[0], w.Code)
		}
		if !strings.HasPrefix(w.Header().Get("Content-Type"), "text/html") {
			continue
		}
		if found := inline.FindString(w.Body.String()); found != "" {
			t.Errorf("GET %s: %q stands in the page", todo[0], found)
		}
		for _, m := range links.FindAllStringSubmatch(w.Body.String(), -1) {
			link := html.UnescapeString(m[1])
			if link == "data:," || seen[link] {
				continue
			}
			if !strings.HasPrefix(link, "/") || strings.HasPrefix(link, "//") {
				t.Errorf("GET %s: %q leads elsewhere", todo[0], link)
				continue
			}
			seen[link] = true
			todo = append(todo, link)
		}
	}
	for _, want := range []string{"/style.css", "/live.js", "/image/0", "/row/59", "/search?row=7", "/runs/0/curves", "/browse?page=2", "/browse?split=test"} {
		if !seen[want] {
			t.Errorf("no page leads to %s", want)
		}
	}
}

func TestFilter(t *testing.T) {
	s := makeServer(t, nil)
	for _, tc := range []struct {
		query string
		total string
		first string
	}{
		{"", "60", "0"},
		{"gender=man", "30", "3"}, // and no woman
		{"upper=RED", "30", "0"},
		{"upper=ed", "", ""},
		{"upper=jacket&split=test", "15", "33"},
		{"id=7", "3", "21"},
		{"id=7&gender=woman", "", ""},
		{"page=3", "60", "48"},
		{"page=99", "60", "48"},
		{"page=-1", "60", "0"},
	} {
		page := get(t, s, "/browse?"+tc.query)
		rows := rowsOf(page)
		if tc.total == "" {
			if len(rows) > 0 || !strings.Contains(page, "No picture passes") {
				t.Errorf("%s: want nothing, got rows %v", tc.query, rows)
			}
			continue
		}
		if !strings.Contains(page, `<p class="outcome"><b>`+tc.total+`</b>`) || len(rows) == 0 || rows[0] != tc.first {
			t.Errorf("%s: want %s from row %s on, got rows %v", tc.query, tc.total, tc.first, rows)
		}
	}
	if w := ask(s, "GET", "/browse?id=x", nil); w.Code != http.StatusBadRequest {
		t.Errorf("want 400 for a person that is no number, got %d", w.Code)
	}
	if page := get(t, s, "/browse"); !strings.Contains(page, "&lt;script&gt;alert(0)") {
		t.Error("want the caption of row 0, escaped")
	}
}

func TestImage(t *testing.T) {
	s := makeServer(t, nil)
	w := ask(s, "GET", "/image/7", nil)
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "image/jpeg" || !bytes.Equal(w.Body.Bytes(), pictureOf(t, 7)) {
		t.Errorf("want the picture of row 7, got %d, %s of %d bytes", w.Code, w.Header().Get("Content-Type"), w.Body.Len())
	}
	for _, target := range []string{"/image/60", "/image/-1", "/image/x", "/image/7/..", "/image/%2e%2e%2fetc%2fpasswd", "/image/9223372036854775808",
		"/row/60", "/row/1e1", "/runs/2", "/runs/-1", "/runs/..%2f..", "/pages/serve.css", "/etc/passwd", "/search?row=60"} {
		if w := ask(s, "GET", target, nil); w.Code != http.StatusNotFound && w.Code != http.StatusTemporaryRedirect && w.Code != http.StatusMovedPermanently {
			t.Errorf("GET %s: want 404, got %d", target, w.Code)
		}
	}
}

func TestSearch(t *testing.T) {
	s := makeServer(t, nil)
	for target, want := range map[string]string{"/search?text=12": "12", "/search?row=33": "33"} {
		if rows := rowsOf(get(t, s, target)); len(rows) != searchHits || rows[0] != want {
			t.Errorf("%s: want row %s first of %d, got %v", target, want, searchHits, rows)
		}
	}
	if page := get(t, s, "/search"); len(rowsOf(page)) > 0 {
		t.Error("want the form alone where nothing was asked")
	}
	for _, tc := range []struct {
		name, field string
		data        []byte
		status      int
		first       string
	}{
		{"a picture", "picture", pictureOf(t, 21), http.StatusOK, "21"},
		{"no picture", "picture", []byte("what"), http.StatusUnsupportedMediaType, ""},
		{"nothing", "picture", nil, http.StatusUnsupportedMediaType, ""},
		{"a bomb", "picture", []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x00\x00\x00\x01\x00\x00\x08\x02\x00\x00\x00\x00\x00\x00\x00"), http.StatusUnsupportedMediaType, ""},
		{"too much", "picture", make([]byte, maxUploadBytes+1), http.StatusRequestEntityTooLarge, ""},
		{"another field", "file", pictureOf(t, 1), http.StatusBadRequest, ""},
	} {
		var body bytes.Buffer
		form := multipart.NewWriter(&body)
		part, err := form.CreateFormFile(tc.field, "p.jpg")
		if err != nil {
			t.Fatal(err)
		}
		part.Write(tc.data)
		form.Close()
		w := ask(s, "POST", "/search", &body, "Content-Type", form.FormDataContentType())
		rows := rowsOf(w.Body.String())
		if w.Code != tc.status || tc.first != "" && (len(rows) == 0 || rows[0] != tc.first) || tc.first == "" && len(rows) > 0 {
			t.Errorf("%s: want %d and row %q, got %d and %v", tc.name, tc.status, tc.first, w.Code, rows)
		}
	}
	if w := ask(s, "POST", "/search", strings.NewReader("text=1"), "Content-Type", "application/x-www-form-urlencoded"); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("want 415 for another form, got %d", w.Code)
	}
	without := makeServer(t, func(c *Config) { c.Search = nil })
	if w := ask(without, "GET", "/search?text=1", nil); w.Code != http.StatusNotFound {
		t.Errorf("without a model: want 404, got %d", w.Code)
	}
	mute := makeServer(t, func(c *Config) { c.Search.Text = nil })
	if w := ask(mute, "GET", "/search?text=1", nil); w.Code != http.StatusBadRequest {
		t.Errorf("a model without texts: want 400, got %d", w.Code)
	}
}

// TestToken: whoever does not bring the token gets 401 everywhere, and nothing but the door and its style.
func TestToken(t *testing.T) {
	const token = "correct-horse-battery"
	s := makeServer(t, func(c *Config) { c.Token = token })
	for _, target := range []string{"/", "/browse", "/row/1", "/image/1", "/search?text=1", "/runs", "/runs/0/curves", "/live.js", "/nothing", "/?token=wrong", "/?token="} {
		for _, header := range [][]string{nil, {"Authorization", "Bearer wrong"}, {"Authorization", token}, {"Cookie", cookieName + "=wrong"}, {"Cookie", cookieName + "="}} {
			if w := ask(s, "GET", target, nil, header...); w.Code != http.StatusUnauthorized || strings.Contains(w.Body.String(), "people") {
				t.Errorf("GET %s with %v: want 401 without a word of the data, got %d", target, header, w.Code)
			}
		}
	}
	for _, header := range [][]string{{"Authorization", "Bearer " + token}, {"Cookie", cookieName + "=" + token}} {
		if w := ask(s, "GET", "/browse", nil, header...); w.Code != http.StatusOK {
			t.Errorf("with %v: want 200, got %d", header, w.Code)
		}
	}
	login := func(given string) *httptest.ResponseRecorder {
		return ask(s, "POST", "/login", strings.NewReader(url.Values{"token": {given}}.Encode()), "Content-Type", "application/x-www-form-urlencoded")
	}
	if w := login("wrong"); w.Code != http.StatusUnauthorized || len(w.Result().Cookies()) > 0 {
		t.Errorf("login with another: want 401 and no cookie, got %d", w.Code)
	}
	for _, w := range []*httptest.ResponseRecorder{login(token), ask(s, "GET", "/row/3?token="+token, nil), ask(s, "GET", "//elsewhere.example/?token="+token, nil)} {
		cookies := w.Result().Cookies()
		if w.Code != http.StatusSeeOther || len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
			t.Fatalf("want 303 and a cookie out of the reach of scripts, got %d and %v", w.Code, cookies)
		}
		if to := w.Header().Get("Location"); strings.HasPrefix(to, "//") || strings.Contains(to, "token") {
			t.Errorf("want to be sent to a page of ours without the token, got %q", to)
		}
	}
}

// TestStrangers: without a token other names of this machine, and pages of others, get nothing.
func TestStrangers(t *testing.T) {
	s := makeServer(t, nil)
	for host, want := range map[string]int{"localhost:8080": 200, "127.0.0.1:1": 200, "[::1]:8080": 200, "127.8.9.1": 200, "evil.example:8080": 421, "": 421, "10.0.0.1:8080": 421, "localhost.evil.example": 421} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Host = host
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: want %d, got %d", host, want, w.Code)
		}
	}
	if w := ask(s, "POST", "/search", nil, "Sec-Fetch-Site", "cross-site"); w.Code != http.StatusForbidden {
		t.Errorf("a form of another site: want 403, got %d", w.Code)
	}
	if w := ask(s, "GET", "/?"+strings.Repeat("x", maxQueryBytes+1), nil); w.Code != http.StatusRequestURITooLong {
		t.Errorf("a long query: want 414, got %d", w.Code)
	}
	h := ask(s, "GET", "/", nil).Header()
	for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
		if !strings.HasPrefix(h.Get(name), want) {
			t.Errorf("%s: want %q, got %q", name, want, h.Get(name))
		}
	}
}

func TestRuns(t *testing.T) {
	var dir string
	s := makeServer(t, func(c *Config) { dir = c.Runs[0].Dir })
	if page := get(t, s, "/runs/0"); !strings.Contains(page, "<svg") || !strings.Contains(page, "1 values that are not finite") || !strings.Contains(page, "1.25") {
		t.Errorf("want a curve and the last loss, got %s", page)
	}
	m, err := runlog.OpenMetrics(filepath.Join(dir, runlog.MetricsFile), 3)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.Append(4, runlog.Field{Name: "loss", Value: 0.75}); err != nil {
		t.Fatal(err)
	}
	if part := get(t, s, "/runs/0/curves"); !strings.Contains(part, "0.75") || strings.Contains(part, "<html") {
		t.Errorf("want the new line in a part of a page, got %s", part)
	}
	if page := get(t, s, "/runs/1"); !strings.Contains(page, "nothing recorded yet") {
		t.Errorf("a run that has not begun: got %s", page)
	}
	if err := os.WriteFile(filepath.Join(dir, runlog.MetricsFile), []byte("what\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if w := ask(s, "GET", "/runs/0", nil); w.Code != http.StatusInternalServerError || strings.Contains(w.Body.String(), dir) {
		t.Errorf("a broken log: want 500 without the folder's name, got %d: %s", w.Code, w.Body)
	}
	if page := get(t, s, "/runs"); !strings.Contains(page, "cannot be read") {
		t.Errorf("the list: got %s", page)
	}
}

// TestBadRow: a row that cannot be read keeps its place, and its picture is an answer of its own.
func TestBadRow(t *testing.T) {
	type foreign struct {
		Image []byte `parquet:"image"`
		ID    int64  `parquet:"id"`
		Path  string `parquet:"file_path"`
	}
	path := filepath.Join(t.TempDir(), "f.parquet")
	if err := pq.WriteFile(path, []foreign{{pictureOf(t, 1), 5, "a.jpg"}, {pictureOf(t, 2), 5, "../b.jpg"}, {[]byte("no picture"), 6, "c.jpg"}}); err != nil {
		t.Fatal(err)
	}
	s := makeServer(t, func(c *Config) { c.Data, c.Search = openData(t, path), nil })
	page := get(t, s, "/browse")
	if len(rowsOf(page)) != 3 || !strings.Contains(page, "file_path") {
		t.Errorf("want three rows, one with a reason, got %s", page)
	}
	get(t, s, "/row/1")
	if w := ask(s, "GET", "/image/2", nil); w.Code != http.StatusUnsupportedMediaType {
		t.Errorf("want 415 for what is no picture, got %d", w.Code)
	}
}

// TestStop: when the context ends, Serve does, without an error.
func TestStop(t *testing.T) {
	s := makeServer(t, nil)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, listener) }()
	answer, err := http.Get("http://" + listener.Addr().String() + "/row/3")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Errorf("want 200, got %d", answer.StatusCode)
	}
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("want no error, got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("the server goes on")
	}
}

func TestConfig(t *testing.T) {
	if _, err := New(t.Context(), Config{Search: &Search{}}); err == nil || strings.Count(err.Error(), "serve: ") != 3 {
		t.Errorf("want three problems, got %v", err)
	}
}
