package export

import (
	"fmt"
	"strconv"
	"strings"

	"plip/parquet"
)

const (
	synthPedesName = "synthpedes-dataset.json" // the name that most loaders look for (text-reid.md, section 5.4)
	provenanceName = "provenance.jsonl"
)

// synthPedes is the layout of SYNTH-PEDES.
type synthPedes struct {
	columns        []string
	partIdentities int64
	bytes          int64
}

func newSynthPedes(d *parquet.Dataset, o *Options) layout {
	return &synthPedes{d.Manifest().Columns, o.PartIdentities, o.BatchBytes}
}

func (l *synthPedes) config() map[string]string {
	return map[string]string{"part-identities": strconv.FormatInt(l.partIdentities, 10)}
}

func (l *synthPedes) batchBytes() int64 { return l.bytes }

func (l *synthPedes) add(s *stage, at place, r *parquet.Row) error {
	if r.ID < 0 {
		return fmt.Errorf("id: want 0 or more, which the form can hold, got %d", r.ID)
	}
	ext, err := suffix(r.Image)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("Part%d/%d/%d%s", 1+at.identity/l.partIdentities, r.ID, at.n, ext)
	if err := s.put(name, r.Image); err != nil {
		return err
	}
	record, err := object([]field{
		{"id", r.ID},
		{"file_path", name},
		{"attributes", joinAttributes(r.Attributes)},
		{"captions", list(r.Captions)},
		{"prompt_caption", list(r.PromptCaption)},
	})
	if err != nil {
		return err
	}
	opening := ",\n"
	if s.size(synthPedesName) == 0 {
		opening = "[\n"
	}
	if err := s.append(synthPedesName, append([]byte(opening), record...)); err != nil {
		return err
	}
	return l.addProvenance(s, name, r)
}

// joinAttributes is the one string of the release, or no string for no attributes.
func joinAttributes(values []string) []string {
	if len(values) == 0 {
		return []string{}
	}
	return []string{strings.Join(values, ",")}
}

// addProvenance writes what the record does not hold.
func (l *synthPedes) addProvenance(s *stage, name string, r *parquet.Row) error {
	fields := []field{{"file_path", name}}
	aside := false
	for _, f := range rowFields(r, l.columns) {
		switch f.name {
		case "file_path":
			f.name = "original_path"
		case "attributes", "captions", "prompt_caption":
			if holds(f.name, f.value.([]string)) {
				continue
			}
			aside = true
		}
		fields = append(fields, f)
	}
	if aside {
		s.next.Aside++
	}
	line, err := object(fields)
	if err != nil {
		return err
	}
	return s.append(provenanceName, append(line, '\n'))
}

// holds reports whether a reader of the form gets these texts back: it splits the
// attributes at commas into six, and passes over empty captions (text-reid.md,
// sections 5.4 and 5.8).
func holds(column string, values []string) bool {
	for _, v := range values {
		if column == "attributes" && (strings.Contains(v, ",") || strings.TrimSpace(v) != v) || column != "attributes" && v == "" {
			return false
		}
	}
	return column != "attributes" || len(values) == 0 || len(values) == 6
}

func (l *synthPedes) endBatch(*stage) error { return nil }

func (l *synthPedes) end(s *stage) error {
	closing := "\n]\n"
	if s.size(synthPedesName) == 0 {
		closing = "[]\n"
	}
	return s.append(synthPedesName, []byte(closing))
}
