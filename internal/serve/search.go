package serve

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"html/template"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"plip/internal/pixels"
)

const (
	searchHits     = 24
	maxUploadBytes = 16 << 20
	maxTextBytes   = 2000
	askedSide      = 160 // pixels of an uploaded picture as it is shown again
	askedQuality   = 85
)

// question is what is searched for: one of the three.
type question struct {
	text    string
	row     *int64
	picture *pixels.Image
}

// badRequest is a question that cannot be answered, with words for the visitor.
type badRequest struct {
	status int
	text   string
}

func (e *badRequest) Error() string { return e.text }

// searchView is search.tmpl's data.
type searchView struct {
	top
	Model   string
	Text    string
	Row     *int64
	Asked   template.URL // the uploaded picture, small
	Problem string
	Done    bool
	Of      int64
	Took    string
	Crops   []crop
}

// search answers with the nearest pictures, and with the form alone where nothing was asked.
func (s *Server) search(w http.ResponseWriter, r *http.Request) {
	if s.config.Search == nil {
		s.fail(w, r, http.StatusNotFound, "The server was started without a model, so there is no search.", nil)
		return
	}
	view := searchView{top: s.top("Search in "+s.config.Name, "search"), Model: s.config.Search.Model, Of: s.config.Data.NumRows()}
	select { // before the upload is read, so that one picture at a time is in memory
	case s.searching <- struct{}{}:
		defer func() { <-s.searching }()
	case <-r.Context().Done():
		return
	}
	status := http.StatusOK
	err := func() error {
		q, err := s.question(w, r, &view)
		if err != nil || q == nil {
			return err
		}
		return s.answer(r.Context(), q, &view)
	}()
	var bad *badRequest
	switch {
	case errors.As(err, &bad):
		status, view.Problem = bad.status, bad.text
	case err != nil:
		s.fail(w, r, http.StatusInternalServerError, "The search failed.", err)
		return
	}
	s.show(w, r, status, "search.tmpl", view)
}

// question reads the request; nil where nothing was asked.
func (s *Server) question(w http.ResponseWriter, r *http.Request, view *searchView) (*question, error) {
	if r.Method == http.MethodPost {
		picture, err := uploaded(w, r)
		if err != nil {
			return nil, err
		}
		view.Asked, err = small(picture)
		return &question{picture: picture}, err
	}
	query := r.URL.Query()
	if text := query.Get("row"); text != "" {
		row, ok := s.rowOf(text)
		if !ok {
			return nil, &badRequest{http.StatusNotFound, "There is no such row."}
		}
		view.Row = &row
		return &question{row: &row}, nil
	}
	text := strings.TrimSpace(query.Get("text"))
	switch {
	case text == "":
		return nil, nil
	case s.config.Search.Text == nil:
		return nil, &badRequest{http.StatusBadRequest, "This model knows pictures alone: search with a picture."}
	case len(text) > maxTextBytes || !utf8.ValidString(text):
		return nil, &badRequest{http.StatusBadRequest, fmt.Sprintf("Want a sentence of at most %d bytes.", maxTextBytes)}
	}
	view.Text = text
	return &question{text: text}, nil
}

// answer embeds the question and finds the nearest rows.
func (s *Server) answer(ctx context.Context, q *question, view *searchView) error {
	began := time.Now()
	var vector []float32
	var err error
	search := s.config.Search
	switch {
	case q.picture != nil:
		vector, err = search.Image(ctx, q.picture)
	case q.row != nil:
		vector = search.Index.Vector(*q.row)
	default:
		vector, err = search.Text(ctx, q.text)
	}
	if err != nil {
		return err
	}
	found, err := search.Index.Search(ctx, vector, searchHits)
	if err != nil {
		return err
	}
	view.Took = fmt.Sprintf("%.0f ms", float64(time.Since(began).Microseconds())/1e3)
	for _, f := range found[0] {
		c, err := s.readCrop(ctx, f.Row)
		if err != nil {
			return err
		}
		c.Score = float64(f.Score)
		view.Crops = append(view.Crops, c)
	}
	view.Done = true
	return nil
}

// uploaded reads the picture of the form, up to a limit, and decodes it if its header is that of a picture.
func uploaded(w http.ResponseWriter, r *http.Request) (*pixels.Image, error) {
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" {
		return nil, &badRequest{http.StatusUnsupportedMediaType, "Want a form with a picture."}
	}
	form := multipart.NewReader(http.MaxBytesReader(w, r.Body, maxUploadBytes), parameters["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, uploadError(err)
		}
		if part.FormName() != "picture" {
			continue
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return nil, uploadError(err)
		}
		picture, err := pixels.Decode(data) // looks at the header first
		if err != nil {
			return nil, &badRequest{http.StatusUnsupportedMediaType, "That is no picture that can be read: " + err.Error() + "."}
		}
		return picture, nil
	}
}

// uploadError says what is wrong with a form.
func uploadError(err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return &badRequest{http.StatusRequestEntityTooLarge, fmt.Sprintf("Want a picture of at most %d MB.", maxUploadBytes>>20)}
	}
	return &badRequest{http.StatusBadRequest, "Want a form with a picture; choose one first."}
}

// small is a picture made fit to be shown in a page.
func small(m *pixels.Image) (template.URL, error) {
	w, h := m.W, m.H
	if most := max(w, h); most > askedSide {
		w, h = max(1, w*askedSide/most), max(1, h*askedSide/most)
		m = m.Resized(w, h)
	}
	data, err := pixels.EncodeJPEG(m, askedQuality)
	if err != nil {
		return "", err
	}
	// Safe as a template.URL: a fixed media type and the base64 alphabet.
	return template.URL("data:image/jpeg;base64," + base64.StdEncoding.EncodeToString(data)), nil
}
