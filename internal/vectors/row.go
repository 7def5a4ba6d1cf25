package vectors

import "fmt"

// Row is one embedding and what it belongs to.
type Row struct {
	ID        *int64 // identity; nil = null
	Key       string // file path or text
	Camera    *int32 // nil = null
	Split     string // "" = null
	Embedding []float32
}

// RowError is bad data in one row of a file, counted from 0.
type RowError struct {
	File   string
	Row    int64
	Column string
	Err    error
}

func (e *RowError) Error() string {
	return fmt.Sprintf("read %s: row %d: column %q: %v", e.File, e.Row, e.Column, e.Err)
}

func (e *RowError) Unwrap() error { return e.Err }
