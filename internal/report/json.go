package report

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
)

//go:embed keys.txt
var keys string

// Keys returns the keys of report.json, one a line: path, two or more spaces, meaning. A name in capitals stands
// for any key, [] for every element of a list.
func Keys() string { return keys }

// WriteJSON validates f and writes it to path as one indented object, replacing what is there in one step.
func WriteJSON(ctx context.Context, path string, f Figures) error {
	if err := f.Validate(); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if f.Flow == nil {
		f.Flow = []Step{} // a list is never null, so that readers need not ask
	}
	flow := make([]Step, len(f.Flow))
	for i, s := range f.Flow {
		if s.Dropped == nil {
			s.Dropped = []Drop{}
		}
		flow[i] = s
	}
	f.Flow = flow

	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(f); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return replaceFile(ctx, path, b.Bytes())
}

// ReadJSON reads what WriteJSON wrote and validates it. Keys it does not know are passed over.
func ReadJSON(path string) (Figures, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Figures{}, fmt.Errorf("read figures: %w", err)
	}
	var f Figures
	if err := json.Unmarshal(data, &f); err != nil {
		return Figures{}, fmt.Errorf("read %s: %w", path, err)
	}
	if err := f.Validate(); err != nil {
		return Figures{}, fmt.Errorf("read %s: %w", path, err)
	}
	return f, nil
}
