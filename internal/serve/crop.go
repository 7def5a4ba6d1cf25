package serve

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"plip/internal/pixels"
	"plip/internal/report"
	"plip/parquet"
)

// crop is a picture of a row as the templates of the report take it.
type crop struct {
	report.Crop
	Row     int64
	ID      int64
	Picture picture
	Score   float64 // of a search
	Meta    []report.Setting
}

// picture is where the browser finds a picture, or why there is none.
type picture struct {
	Src    string
	W, H   int32
	Reason string
}

// readCrop reads what is said of a row. A row that cannot be read is a crop with the reason for it.
func (s *Server) readCrop(ctx context.Context, row int64) (crop, error) {
	c := crop{Row: row, Picture: picture{Src: "/image/" + strconv.FormatInt(row, 10)}}
	r, err := s.config.Data.Row(ctx, row, parquet.ColMeta|parquet.ColText)
	var bad *parquet.RowError
	switch {
	case errors.As(err, &bad):
		c.Picture = picture{Reason: fmt.Sprintf("column %q: %v", bad.Column, bad.Err)}
		return c, nil
	case err != nil:
		return c, err
	}
	c.ID, c.Picture.W, c.Picture.H = r.ID, max(r.Width, 0), max(r.Height, 0)
	c.Label = fmt.Sprintf("person %d", r.ID)
	for k, v := range r.Attributes {
		if k < slotCount {
			c.Attributes = append(c.Attributes, report.Attribute{Slot: slotNames()[k], Value: v})
		}
	}
	for k, text := range r.Captions {
		c.Captions = append(c.Captions, report.Caption{Label: fmt.Sprintf("caption %d", k+1), Text: text})
	}
	for _, text := range r.PromptCaption {
		c.Captions = append(c.Captions, report.Caption{Label: "prompt caption", Text: text})
	}
	add := func(name, value string) {
		if value != "" {
			c.Meta = append(c.Meta, report.Setting{Name: name, Value: value})
		}
	}
	add("file", r.FilePath)
	add("source", r.Source)
	add("split", r.Split)
	if r.Camera != nil {
		add("camera", strconv.Itoa(int(*r.Camera)))
	}
	add("size", fmt.Sprintf("%d × %d", r.Width, r.Height))
	return c, nil
}

// readCrops reads several.
func (s *Server) readCrops(ctx context.Context, rows []int64) ([]crop, error) {
	crops := make([]crop, 0, len(rows))
	for _, row := range rows {
		c, err := s.readCrop(ctx, row)
		if err != nil {
			return nil, err
		}
		crops = append(crops, c)
	}
	return crops, nil
}

// rowOf reads the number of a row out of a request; ok is false when there is no such row.
func (s *Server) rowOf(text string) (row int64, ok bool) {
	row, err := strconv.ParseInt(text, 10, 64)
	return row, err == nil && row >= 0 && row < s.config.Data.NumRows()
}

// image answers with the picture of a row.
func (s *Server) image(w http.ResponseWriter, r *http.Request) {
	row, ok := s.rowOf(r.PathValue("row"))
	if !ok {
		s.fail(w, r, http.StatusNotFound, "There is no such row.", nil)
		return
	}
	data, err := s.config.Data.Row(r.Context(), row, parquet.ColImage)
	if err != nil {
		s.fail(w, r, http.StatusInternalServerError, "The picture cannot be read.", err)
		return
	}
	info, err := pixels.Probe(data.Image)
	if err != nil {
		s.fail(w, r, http.StatusUnsupportedMediaType, "The row holds no picture.", err)
		return
	}
	w.Header().Set("Content-Type", "image/"+info.Format)
	w.Header().Set("Content-Length", strconv.Itoa(len(data.Image)))
	w.Header().Set("Content-Security-Policy", "default-src 'none'; sandbox") // whatever the bytes are, they are a picture
	w.Header().Set("Cache-Control", "private, max-age=3600")
	w.Write(data.Image)
}
