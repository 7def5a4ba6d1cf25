package parquet

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
)

// TestSection reads sections of every kind of cut in every way there is.
func TestSection(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(60)
	writeDataset(t, dir, fullOptions(), rows)
	d := openTest(t, dir)
	if len(d.Groups()) < 5 || len(d.Manifest().Shards) < 2 {
		t.Fatalf("want 5 groups in 2 shards or more for this test, got %d in %d", len(d.Groups()), len(d.Manifest().Shards))
	}
	for from := int64(0); from <= 60; from += 4 {
		for to := from; to <= 60; to += 7 {
			checkSection(t, d, rows[from:to], from, to)
		}
	}
	for _, bad := range [][2]int64{{-1, 5}, {5, 4}, {0, 61}} {
		if _, err := d.Section(t.Context(), bad[0], bad[1]); err == nil {
			t.Errorf("section %v: want an error, got none", bad)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := d.Section(ctx, 0, 60); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: want %v, got %v", context.Canceled, err)
	}
}

func checkSection(t *testing.T, d *Dataset, want []Row, from, to int64) {
	t.Helper()
	s, err := d.Section(t.Context(), from, to)
	if err != nil {
		t.Fatal(err)
	}
	ids := map[int64]bool{}
	for i := range want {
		ids[want[i].ID] = true
	}
	if s.NumRows() != int64(len(want)) || s.NumIdentities() != int64(len(ids)) {
		t.Errorf("%d to %d: want %d rows of %d identities, got %d of %d", from, to, len(want), len(ids), s.NumRows(), s.NumIdentities())
	}
	var scanned []Row
	err = s.Scan(t.Context(), ColAll, 0, func(i int64, r *Row) error {
		if i != int64(len(scanned)) {
			t.Errorf("%d to %d: scan: want row %d, got %d", from, to, len(scanned), i)
		}
		scanned = append(scanned, *r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var grouped []Row
	for g, group := range s.Groups() {
		if group.FirstRow != int64(len(grouped)) {
			t.Errorf("%d to %d: group %d: want first row %d, got %d", from, to, g, len(grouped), group.FirstRow)
		}
		some, err := s.ReadGroup(t.Context(), g, ColAll)
		if err != nil {
			t.Fatal(err)
		}
		grouped = append(grouped, some...)
	}
	var single []Row
	for i := range s.NumRows() {
		r, err := s.Row(t.Context(), i, ColAll)
		if err != nil {
			t.Fatal(err)
		}
		single = append(single, *r)
	}
	for name, got := range map[string][]Row{"scan": scanned, "groups": grouped, "rows": single} {
		if len(got) != len(want) {
			t.Errorf("%d to %d: %s: want %d rows, got %d", from, to, name, len(want), len(got))
		} else if diff := diffRows(want, got); len(want) > 0 && diff != "" {
			t.Errorf("%d to %d: %s (-want +got):\n%s", from, to, name, diff)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// TestSectionOfForeign cuts a file whose one row group is several Groups.
func TestSectionOfForeign(t *testing.T) {
	d := openTest(t, filepath.Join("testdata", "foreign", "struct.parquet"))
	rows := readDataset(t, filepath.Join("testdata", "foreign", "struct.parquet"))
	checkSection(t, d, rows[4:11], 4, 11)
}
