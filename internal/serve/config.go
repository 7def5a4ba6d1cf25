package serve

import (
	"context"
	"errors"

	"plip/internal/index"
	"plip/internal/pixels"
	"plip/parquet"
)

// Config says what is shown.
type Config struct {
	Name    string           // of the dataset
	Data    *parquet.Dataset // stays the caller's
	Runs    []Run            // training runs to watch
	Search  *Search          // nil: no search
	Token   string           // what a visitor must bring; "" leaves loopback names alone
	Log     func(format string, args ...any)
	Loading func(done, of int64) // told of the rows that were read at the start; nil: nobody
}

// Run is a training run, finished or in progress.
type Run struct {
	Name string // shown
	Dir  string // folder with metrics.jsonl; never shown
}

// Search is a gallery's index with the model that made it. Its functions are called one at a time.
type Search struct {
	Model string // shown
	Index *index.Index
	Text  func(ctx context.Context, text string) ([]float32, error) // embeds a sentence; nil where the model embeds images alone
	Image func(ctx context.Context, picture *pixels.Image) ([]float32, error)
}

// Validate joins what is missing.
func (c *Config) Validate() error {
	var errs []error
	if c.Data == nil {
		errs = append(errs, errors.New("serve: want a dataset, got none"))
	}
	if c.Log == nil {
		errs = append(errs, errors.New("serve: want a log, got none"))
	}
	if s := c.Search; s != nil && (s.Index == nil || s.Image == nil) {
		errs = append(errs, errors.New("serve: search: want an index and a model, got one alone"))
	}
	return errors.Join(errs...)
}
