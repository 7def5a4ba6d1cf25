package report

import (
	"context"
	"errors"
	"fmt"
)

// Report is report.html: the figures with the words, pictures and curves around them. Every text is plain text
// and comes out escaped; an empty part leaves its section out.
type Report struct {
	Summary   Summary
	Figures   Figures // cards, flow and tables come from here
	Sheets    []Sheet
	Curves    []Curve
	Retrieval []Query
	Tables    []Table // further tables, after those of Figures
	Config    []Setting
}

// Summary heads a page.
type Summary struct {
	Title string
	Lead  string    // one paragraph: what was run and what came out
	Facts []Setting // a line of short facts: seed, preset, version
	Notes []string  // caveats, one sentence each
}

// Setting is one name and value. The part of Name before its first dot groups the configuration on the page.
type Setting struct{ Name, Value string }

// Table is a table of words and numbers; cells that start like a number are set to the right.
type Table struct {
	Title   string
	Note    string
	Columns []string
	Rows    [][]string // each as long as Columns
}

// Write validates r and writes the page to path, replacing what is there in one step. Equal reports give equal
// bytes. ctx is checked per picture.
func Write(ctx context.Context, path string, r Report) error {
	if err := r.Validate(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	view, err := newReportView(ctx, r)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	page, err := render("report.tmpl", view)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replaceFile(ctx, path, page)
}

// Validate joins what is wrong in the figures, curves, scores and tables.
func (r *Report) Validate() error {
	c := checker{}
	for i := range r.Curves {
		r.Curves[i].check(&c, fmt.Sprintf("curve[%d] %q", i, r.Curves[i].Title))
	}
	for i, q := range r.Retrieval {
		checkHits(&c, fmt.Sprintf("query[%d]", i), q.Hits)
	}
	for i, t := range r.Tables {
		for j, row := range t.Rows {
			if len(row) != len(t.Columns) {
				c.add("table[%d] %q: row %d: want %d cells, got %d", i, t.Title, j, len(t.Columns), len(row))
			}
		}
	}
	return errors.Join(append(c.problems, r.Figures.Validate())...)
}
