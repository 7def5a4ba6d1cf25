package parquet

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"unicode/utf8"
)

// Row is one crop of one person. Slices of a row that was read belong to the
// caller; slices of a row that is written are copied before Write returns.
type Row struct {
	Image         []byte // encoded file, untouched
	ImagePath     string // image.path of the datasets library's struct; a base name is enough
	ID            int64  // identity
	FilePath      string // relative, slash-separated, never with ".."
	Camera        *int32 // nil = null
	Split         string // train, valid, test, query, gallery; "" = null
	Source        string // dataset name
	Width, Height int32  // pixels

	Attributes    []string // six slots (gender, head, upper, lower, shoes, belongings) or empty
	Captions      []string // human or stylish, in style order
	PromptCaption []string

	Labels    []int8    // attribute ground truth; nil = null
	Embedding []float32 // nil = null

	TruthID         *int64   // the drawn identity of a made corpus, read by scoring alone; nil = null
	TruthAttributes []string // nil = null
}

// Columns is a set of column groups to read.
type Columns uint32

// Column groups. ColMeta is id, file_path, camera, split, source, width and
// height; ColText is attributes, captions and prompt_caption.
const (
	ColImage Columns = 1 << iota
	ColText
	ColMeta
	ColLabels
	ColEmbedding
	ColTruth

	ColAll = ColImage | ColText | ColMeta | ColLabels | ColEmbedding | ColTruth
)

// RowError is bad data in one row: it can be counted, listed and survived.
// Row counts from 0 within File, or within the dataset when File is a directory.
type RowError struct {
	File   string
	Row    int64
	Column string
	Err    error
}

func (e *RowError) Error() string {
	return fmt.Sprintf("%s: row %d: column %q: %v", e.File, e.Row, e.Column, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }

// RowErrors are the bad rows of one read, in row order.
type RowErrors []*RowError

func (e RowErrors) Error() string {
	if len(e) == 1 {
		return e[0].Error()
	}
	return fmt.Sprintf("%v (and %d more bad rows)", e[0], len(e)-1)
}

// Unwrap gives every bad row to errors.As.
func (e RowErrors) Unwrap() []error {
	errs := make([]error, len(e))
	for i, r := range e {
		errs[i] = r
	}
	return errs
}

// columnError names the column at fault before file and row are known.
type columnError struct {
	column string
	err    error
}

var errMissing = errors.New("want a value, got none")

// checkRead reports what makes a row that was read unusable. Only the columns
// that were read are looked at.
func (r *Row) checkRead(cols Columns) *columnError {
	if cols&ColImage != 0 && len(r.Image) == 0 {
		return &columnError{"image", errMissing}
	}
	if cols&ColMeta != 0 && r.FilePath != "" {
		if err := checkPath(r.FilePath); err != nil {
			return &columnError{"file_path", err}
		}
	}
	return nil
}

// checkWrite reports what makes a row unfit for a shard with these options.
func (r *Row) checkWrite(o *WriterOptions) *columnError {
	if r.FilePath == "" {
		return &columnError{"file_path", errMissing}
	}
	if err := r.checkRead(ColImage | ColMeta); err != nil {
		return err
	}
	if r.Width < 0 || r.Height < 0 {
		return &columnError{"width", fmt.Errorf("want a size that is not negative, got %dx%d", r.Width, r.Height)}
	}
	if err := r.checkStrings(); err != nil {
		return err
	}
	switch {
	case r.Camera != nil && !o.Camera:
		return &columnError{"camera", errNoColumn}
	case r.Split != "" && !o.Split:
		return &columnError{"split", errNoColumn}
	case r.Labels != nil && !o.Labels:
		return &columnError{"labels", errNoColumn}
	case r.Labels != nil && len(o.LabelNames) > 0 && len(r.Labels) != len(o.LabelNames):
		return &columnError{"labels", fmt.Errorf("want %d values, got %d", len(o.LabelNames), len(r.Labels))}
	case r.Embedding != nil && !o.Embedding:
		return &columnError{"embedding", errNoColumn}
	case r.Embedding != nil && len(r.Embedding) != o.EmbeddingDim:
		return &columnError{"embedding", fmt.Errorf("want %d values, got %d", o.EmbeddingDim, len(r.Embedding))}
	case (r.TruthID != nil || r.TruthAttributes != nil) && !o.Truth:
		return &columnError{"truth_id", errNoColumn}
	}
	return nil
}

var errNoColumn = errors.New("want null because the dataset was created without this column")

// checkStrings keeps text that other readers would refuse out of string columns.
func (r *Row) checkStrings() *columnError {
	for _, c := range [...]struct {
		name  string
		value string
	}{{"image", r.ImagePath}, {"file_path", r.FilePath}, {"split", r.Split}, {"source", r.Source}} {
		if !utf8.ValidString(c.value) {
			return &columnError{c.name, fmt.Errorf("want UTF-8, got %q", c.value)}
		}
	}
	for _, c := range [...]struct {
		name   string
		values []string
	}{{"attributes", r.Attributes}, {"captions", r.Captions}, {"prompt_caption", r.PromptCaption}, {"truth_attributes", r.TruthAttributes}} {
		for _, s := range c.values {
			if !utf8.ValidString(s) {
				return &columnError{c.name, fmt.Errorf("want UTF-8, got %q", s)}
			}
		}
	}
	return nil
}

// checkPath accepts relative slash-separated paths that stay below their root.
func checkPath(p string) error {
	switch {
	case strings.HasPrefix(p, "/"), len(p) >= 3 && isLetter(p[0]) && p[1:3] == ":/":
		return fmt.Errorf("want a relative path, got %q", p)
	case strings.IndexByte(p, '\\') >= 0, strings.IndexByte(p, 0) >= 0:
		return fmt.Errorf("want slashes only, got %q", p)
	}
	hasName := false
	for part := range strings.SplitSeq(p, "/") {
		if part == ".." {
			return fmt.Errorf("want a path below its root, got %q", p)
		}
		hasName = hasName || part != "" && part != "."
	}
	if !hasName {
		return fmt.Errorf("want a file, got %q", p)
	}
	return nil
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// sizeBytes is what the row adds to a shard, before compression. Limits are kept
// on this figure because it does not depend on a compressor's version.
func (r *Row) sizeBytes() int64 {
	n := len(r.Image) + len(r.ImagePath) + len(r.FilePath) + len(r.Split) + len(r.Source) + 5*8
	for _, list := range [][]string{r.Attributes, r.Captions, r.PromptCaption, r.TruthAttributes} {
		for _, s := range list {
			n += len(s)
		}
	}
	n += len(r.Labels) + 4*len(r.Embedding)
	return int64(min(n, math.MaxInt32))
}
