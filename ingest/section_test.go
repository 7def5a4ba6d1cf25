package ingest

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
)

// testSections writes the layout in three parts and in more than it has
// identities, and compares what merging them gives with one run: rows and rejects.
func (c layoutCase) testSections(t *testing.T) {
	s, dir := c.source(t)
	victim := collect(t, s)[0].Samples[0].Row.FilePath
	spoils()["truncated"].apply(t, filepath.Join(dir, c.file(victim)))
	whole := t.TempDir()
	m := writeAll(t, s, whole, testOptions())
	total, err := CountImages(t.Context(), s)
	if err != nil || total != m.Rows+m.Rejects {
		t.Fatalf("count: want %d images, got %d, %v", m.Rows+m.Rejects, total, err)
	}
	for _, n := range []int64{3, total + 1} {
		out := t.TempDir()
		var parts []string
		for i := range n {
			part, err := Section(t.Context(), s, total*i/n, total*(i+1)/n)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, parquet.PartDir(out, int(i), int(n)))
			p := writeAll(t, part, parts[i], testOptions())
			if got := p.Rows + p.Rejects; got != part.Layout().Images {
				t.Errorf("part %d of %d: want the %d images of its layout, got %d", i, n, part.Layout().Images, got)
			}
		}
		joined := t.TempDir()
		if _, err := parquet.Merge(t.Context(), parts, joined); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(allRows(t, whole), allRows(t, joined)); diff != "" {
			t.Errorf("%d parts (-whole +joined):\n%s", n, diff)
		}
		want, got := readDir(t, whole)["rejects.jsonl"], readDir(t, joined)["rejects.jsonl"]
		if len(want) == 0 || string(want) != string(got) {
			t.Errorf("%d parts: rejects: want %s, got %s", n, want, got)
		}
	}
}

func allRows(t *testing.T, dir string) (rows []parquet.Row) {
	t.Helper()
	d, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	err = d.Scan(t.Context(), parquet.ColAll, 0, func(_ int64, r *parquet.Row) error {
		rows = append(rows, *r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestSectionOfUnknownNumber(t *testing.T) {
	s := &memorySource{images: 10, perIdentity: 4, unknown: true, read: badFirst(t, 0)}
	if n, err := CountImages(t.Context(), s); n != 10 || err != nil {
		t.Errorf("want 10 images, got %d, %v", n, err)
	}
	for _, c := range []struct {
		from, to int64
		want     []int64
	}{{0, 10, []int64{0, 4, 8}}, {0, 1, []int64{0}}, {1, 4, nil}, {1, 5, []int64{4}}, {4, 8, []int64{4}}, {8, 100, []int64{8}}, {3, 3, nil}} {
		part, err := Section(t.Context(), s, c.from, c.to)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, identity := range collect(t, part) {
			got = append(got, identity.ID)
		}
		if !cmp.Equal(got, c.want) {
			t.Errorf("images %d to %d: want identities %v, got %v", c.from, c.to, c.want, got)
		}
	}
}

func TestSectionRefuses(t *testing.T) {
	s := &memorySource{images: 10, perIdentity: 4, unknown: true, read: badFirst(t, 0)}
	for _, c := range [][2]int64{{-1, 4}, {5, 4}} {
		if _, err := Section(t.Context(), s, c[0], c[1]); err == nil {
			t.Errorf("images %d to %d: want an error, got none", c[0], c[1])
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Section(ctx, s, 0, 4); !errors.Is(err, context.Canceled) {
		t.Errorf("want %v, got %v", context.Canceled, err)
	}
	if _, err := CountImages(ctx, s); !errors.Is(err, context.Canceled) {
		t.Errorf("count: want %v, got %v", context.Canceled, err)
	}
}
