package parquet

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestStats(t *testing.T) {
	dir := t.TempDir()
	m := writeDataset(t, dir, fullOptions(), madeRows(120))
	s, err := openTest(t, dir).Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Rows != 120 || s.Identities != 40 || s.Shards != len(m.Shards) || s.MaxRowsPerIdentity != 3 {
		t.Errorf("want 120 rows of 40 identities, 3 each, got %+v", s)
	}
	// Every second row has one text of its own, five words long, and one in common, four words long.
	if want := (TextStats{Texts: 120, Distinct: 61, Words: 60*5 + 60*4, MeanLen: 4.5}); s.Captions != want {
		t.Errorf("captions: want %+v, got %+v", want, s.Captions)
	}
	if want := (TextStats{Texts: 40, Distinct: 1, Words: 200, MeanLen: 5}); s.PromptCaptions != want {
		t.Errorf("prompt captions: want %+v, got %+v", want, s.PromptCaptions)
	}
	want := []SlotStats{
		{"gender", 40, []ValueCount{{"male", 40}}},
		{"head", 40, []ValueCount{{"short hair", 40}}},
		{"upper", 40, []ValueCount{{"red shirt", 40}}},
		{"lower", 0, []ValueCount{}},
		{"shoes", 40, []ValueCount{{"white shoes", 40}}},
		{"belongings", 40, []ValueCount{{"bag", 40}}},
	}
	if diff := cmp.Diff(want, s.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ValueCount{{"test", 30}, {"train", 30}}, s.Splits); diff != "" {
		t.Errorf("splits (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]ValueCount{{"0", 20}, {"2", 20}, {"4", 20}}, s.Cameras); diff != "" {
		t.Errorf("cameras (-want +got):\n%s", diff)
	}
}

func TestStatsOfForeignFiles(t *testing.T) {
	for file, want := range map[string]TextStats{
		"struct.parquet": {Texts: 12, Distinct: 7, Words: 18, MeanLen: 1.5},
		"bytes.parquet":  {Texts: 6, Distinct: 6, Words: 12, MeanLen: 2},
		"delta.parquet":  {},
		"duckdb.parquet": {Texts: 24, Distinct: 2, Words: 24, MeanLen: 1},
	} {
		s, err := openTest(t, filepath.Join("testdata", "foreign", file)).Stats(t.Context())
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if s.Captions != want {
			t.Errorf("%s: want %+v, got %+v", file, want, s.Captions)
		}
	}
}

// TestStatsAgainstRows counts the captions a second way.
func TestStatsAgainstRows(t *testing.T) {
	dir := t.TempDir()
	writeDataset(t, dir, fullOptions(), madeRows(2000))
	d := openTest(t, dir)
	s, err := d.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var texts int64
	distinct := map[string]bool{}
	err = d.Scan(t.Context(), ColText, 0, func(_ int64, r *Row) error {
		texts += int64(len(r.Captions))
		for _, c := range r.Captions {
			distinct[c] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.Captions.Texts != texts || s.Captions.Distinct != int64(len(distinct)) {
		t.Errorf("want %d texts, %d distinct, got %+v", texts, len(distinct), s.Captions)
	}
}
