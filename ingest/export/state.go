package export

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
)

// Summary is what an export holds.
type Summary struct {
	Rows       int64 `json:"rows"`
	Identities int64 `json:"identities"`
	Captions   int64 `json:"captions"` // strings of the captions column
	Files      int64 `json:"files"`    // pictures, or tars
	Aside      int64 `json:"aside"`    // rows whose texts the form cannot hold, which are in provenance.jsonl alone
}

// state is state.json, and once all is in place export.json.
type state struct {
	Config map[string]string `json:"config"`
	Summary
	Batches int64            `json:"batches"`
	Texts   map[string]int64 `json:"texts"` // length of each growing file
	Whole   bool             `json:"whole"` // every row is in
}

func (s *state) clone() state {
	c := *s
	c.Texts = maps.Clone(s.Texts)
	return c
}

func (s *state) encode() ([]byte, error) {
	b, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode state: %w", err)
	}
	return append(b, '\n'), nil
}

// maxStateBytes is far above what a state takes.
const maxStateBytes = 16 << 20

// readState reads a state that a run wrote. It trusts no number in it.
func readState(r io.Reader) (state, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxStateBytes+1))
	if err != nil {
		return state{}, err
	}
	if len(b) > maxStateBytes {
		return state{}, fmt.Errorf("want at most %d bytes, got more", maxStateBytes)
	}
	var s state
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		return state{}, fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	for name, n := range map[string]int64{
		"rows": s.Rows, "identities": s.Identities, "captions": s.Captions, "files": s.Files, "aside": s.Aside, "batches": s.Batches,
	} {
		if n < 0 {
			return state{}, fmt.Errorf("%s: want 0 or more, got %d", name, n)
		}
	}
	for name, n := range s.Texts {
		if n < 0 {
			return state{}, fmt.Errorf("length of %q: want 0 or more, got %d", name, n)
		}
	}
	if s.Texts == nil {
		s.Texts = map[string]int64{}
	}
	return s, nil
}
