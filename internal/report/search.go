package report

import (
	"context"
	"errors"
	"fmt"
)

// Search is the page of one search: what was asked and the best crops with all that is known about them.
type Search struct {
	Summary        // Title names the gallery
	Text    string // the sentence asked, empty where a picture was
	Image   []byte // the picture asked, nil where a sentence was
	Gallery int64  // images ranked
	Hits    []Hit  // best first
}

// WriteSearch writes the page to path, replacing what is there in one step. Equal searches give equal bytes. ctx
// is checked per picture.
func WriteSearch(ctx context.Context, path string, s Search) error {
	c := checker{}
	checkHits(&c, "search", s.Hits)
	c.count("search: gallery", s.Gallery)
	if s.Text == "" && s.Image == nil {
		c.add("search: want a sentence or a picture, got neither")
	}
	if err := errors.Join(c.problems...); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	css, err := style()
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	query, err := newQueryView(ctx, Query{Text: s.Text, Image: s.Image, Hits: s.Hits})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	page, err := render("search.tmpl", searchView{pageView{s.Summary, css}, s.Gallery, query})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replaceFile(ctx, path, page)
}

// searchView is search.tmpl's data.
type searchView struct {
	pageView
	Gallery int64
	Query   queryView
}
