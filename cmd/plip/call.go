package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"text/tabwriter"
)

// streams are the three standard streams of the program.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// call is one invocation of a command.
type call struct {
	streams
	args     []string
	settings *settings
	result   any
	progress *progress
}

// seed is the value of --seed, which every command has.
func (c *call) seed() int64 { return c.settings.seed }

// logf writes one line to standard error without tearing a progress bar.
func (c *call) logf(format string, args ...any) {
	c.progress.Printf(format, args...)
}

// print writes the result of the command to standard output: v as one JSON
// object with --json, else what table writes. Cells of the table are separated
// by tabs and aligned. The type of v is the one the command declares as its
// result, so that `plip help json` documents it.
func (c *call) print(v any, table func(w io.Writer)) error {
	if got, want := reflect.TypeOf(v), reflect.TypeOf(c.result); got != want {
		panic(fmt.Sprintf("plip: internal error: result of type %v, declared %v", got, want))
	}
	c.progress.Done()
	if c.settings.json {
		e := json.NewEncoder(c.out)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			return fmt.Errorf("print result: %w", err)
		}
		return nil
	}
	w := tabwriter.NewWriter(c.out, 0, 8, 2, ' ', 0)
	table(w)
	if err := w.Flush(); err != nil {
		return fmt.Errorf("print result: %w", err)
	}
	return nil
}
