package parquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"
)

func openTest(t testing.TB, dir string) *Dataset {
	t.Helper()
	d, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func TestReadGroupConcurrently(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(200)
	writeDataset(t, dir, fullOptions(), rows)
	d := openTest(t, dir)
	if len(d.Groups()) < 10 {
		t.Fatalf("groups: want 10 or more for this test to say something, got %d", len(d.Groups()))
	}
	var g errgroup.Group
	for round := range 3 {
		for i, group := range d.Groups() {
			g.Go(func() error {
				got, err := d.ReadGroup(t.Context(), i, ColAll)
				if err != nil {
					return err
				}
				want := rows[group.FirstRow : group.FirstRow+group.NumRows]
				if diff := diffRows(want, got); diff != "" {
					return fmt.Errorf("round %d: group %d (-want +got):\n%s", round, i, diff)
				}
				return nil
			})
		}
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}

func TestRowAndScanFrom(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(150)
	writeDataset(t, dir, fullOptions(), rows)
	d := openTest(t, dir)
	for i := range rows {
		got, err := d.Row(t.Context(), int64(i), ColAll)
		if err != nil {
			t.Fatal(err)
		}
		if diff := diffRows(&rows[i], got); diff != "" {
			t.Errorf("row %d (-want +got):\n%s", i, diff)
		}
		next := int64(i)
		err = d.Scan(t.Context(), ColMeta, int64(i), func(j int64, r *Row) error {
			if j != next || r.FilePath != rows[j].FilePath {
				return fmt.Errorf("scan from %d: want row %d (%s), got %d (%s)", i, next, rows[next].FilePath, j, r.FilePath)
			}
			next++
			return nil
		})
		if err != nil || next != int64(len(rows)) {
			t.Errorf("scan from %d: want %d rows, got %d and %v", i, len(rows), next, err)
		}
	}
	for _, i := range []int64{-1, int64(len(rows))} {
		if _, err := d.Row(t.Context(), i, ColAll); err == nil {
			t.Errorf("row %d: want an error, got none", i)
		}
	}
	if err := d.Scan(t.Context(), ColAll, int64(len(rows))+1, nil); err == nil {
		t.Errorf("scan past the end: want an error, got none")
	}
}

func TestScanStops(t *testing.T) {
	dir := t.TempDir()
	writeDataset(t, dir, fullOptions(), madeRows(150))
	d := openTest(t, dir)
	stop := errors.New("stop")
	if err := d.Scan(t.Context(), ColMeta, 0, func(int64, *Row) error { return stop }); err != stop {
		t.Errorf("want the function's error, got %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	err := d.Scan(ctx, ColMeta, 0, func(int64, *Row) error { n++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || n == 150 {
		t.Errorf("want %v before the end, got %v after %d rows", context.Canceled, err, n)
	}
	d.Close()
	if _, err := d.ReadGroup(t.Context(), 0, ColMeta); err == nil {
		t.Errorf("want an error from a closed dataset, got none")
	}
}

// countingReader notes which bytes of a file are read.
type countingReader struct {
	io.ReaderAt
	mu   sync.Mutex
	read []bool
}

func (c *countingReader) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range n {
		c.read[at+int64(i)] = true
	}
	return n, err
}

func TestProjectionLeavesImages(t *testing.T) {
	dir := t.TempDir()
	writeDataset(t, dir, fullOptions(), madeRows(20))
	data, err := os.ReadFile(filepath.Join(dir, shardName(0)))
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		cols Columns
		want bool
	}{{ColText | ColMeta | ColLabels | ColEmbedding | ColTruth, false}, {ColImage, true}} {
		r := &countingReader{ReaderAt: bytes.NewReader(data), read: make([]bool, len(data))}
		s, err := openShardReader("part", r, int64(len(data)))
		if err != nil {
			t.Fatal(err)
		}
		for g := range s.groups {
			if err := s.scanGroup(t.Context(), g, 0, s.groups[g].rows, test.cols, keepRows, func(int64, *Row, *columnError) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		images := 0
		for _, g := range s.file.Metadata().RowGroups {
			m := g.Columns[0].MetaData
			for i := range m.TotalCompressedSize {
				if r.read[m.DataPageOffset+i] {
					images++
				}
			}
		}
		if (images > 0) != test.want {
			t.Errorf("columns %b: want pictures read to be %v, got %d bytes of them", test.cols, test.want, images)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	good := t.TempDir()
	writeDataset(t, good, fullOptions(), madeRows(60))
	for _, test := range []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"no shard", func(dir string) error { return os.Remove(filepath.Join(dir, shardName(0))) }, "part-00000.parquet: no such file"},
		{"truncated", func(dir string) error { return os.Truncate(filepath.Join(dir, shardName(1)), 1000) }, "part-00001.parquet: want a Parquet file ending in"},
		{"empty", func(dir string) error { return os.Truncate(filepath.Join(dir, shardName(1)), 0) }, "got 0 bytes"},
		{"other shard", func(dir string) error {
			return os.Rename(filepath.Join(dir, shardName(0)), filepath.Join(dir, shardName(1)))
		}, "part-00000.parquet"},
		{"manifest", func(dir string) error {
			return os.WriteFile(filepath.Join(dir, manifestName), []byte(`{"schema_version":1,"colour":2}`), 0o666)
		}, `dataset.json: byte 31: json: unknown field "colour"`},
		{"nothing", func(dir string) error { return errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o777)) }, "want dataset.json or *.parquet"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(dir); err != nil {
				t.Fatal(err)
			}
			d, err := Open(dir)
			if err == nil {
				d.Close()
				t.Fatalf("want an error with %q, got none", test.want)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("want an error with %q, got %v", test.want, err)
			}
		})
	}
}
