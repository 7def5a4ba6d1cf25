package ingest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/parquet/parquettest"
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

// TestPartOfFaultyList does an array job on a list with a fault, and again once it
// is mended: the first part keeps its whole shards, the others say why they keep none.
func TestPartOfFaultyList(t *testing.T) {
	const images, at, count = 40, 32, 2
	var ids []int
	for i := range images {
		ids = append(ids, 3+i/2)
	}
	for _, l := range faultyLists() {
		t.Run(l.file, func(t *testing.T) {
			dir, out, undisturbed := t.TempDir(), t.TempDir(), t.TempDir()
			for i := range images {
				writeFile(t, dir, fmt.Sprintf("%03d.jpg", i), noise(t, uint64(i)))
			}
			run := func(out string, index, at int) error {
				writeFile(t, dir, l.file, []byte(l.text(ids, at)))
				return l.writePart(t, dir, out, index, count)
			}
			for index := range count {
				if err := run(undisturbed, index, -1); err != nil {
					t.Fatal(err)
				}
			}
			want := parquettest.Files(t, undisturbed)

			var fault *RecordError
			err := run(out, 0, at)
			if !errors.As(err, &fault) || !strings.HasSuffix(err.Error(), "mend the list and run the same command again, it goes on after the last whole shard") {
				t.Fatalf("first part: want the fault, got %v", err)
			}
			kept := map[string]os.FileInfo{}
			for name, text := range parquettest.Files(t, out) {
				if strings.HasSuffix(name, ".parquet") {
					kept[name] = stat(t, filepath.Join(out, name))
					if text != want[name] {
						t.Errorf("%s: want the shard of the whole list, got another", name)
					}
				}
			}
			if len(kept) < 2 { // of 16 images
				t.Fatalf("first part: want 2 shards or more, got %v", kept)
			}
			err = run(out, 1, at)
			if want := ": part 1 of 2 begins where the number of all images says, which a list with a fault does not tell, so nothing of it is kept: mend the list and run the same command again"; !errors.As(err, &fault) || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("second part: want %q, got %v", want, err)
			}
			if _, err := os.Stat(parquet.PartDir(out, 1, count)); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("second part: want no folder, got %v", err)
			}

			for index := range count {
				if err := run(out, index, -1); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(want, parquettest.Files(t, out)); diff != "" {
				t.Errorf("mended (-undisturbed +got):\n%s", diff)
			}
			for name, info := range kept {
				if !os.SameFile(info, stat(t, filepath.Join(out, name))) {
					t.Errorf("%s: want it kept, got it written again", name)
				}
			}
		})
	}
}

// TestPartOfAnyOrder mends lists in any order with faults at any place: the parts
// are those of undisturbed tasks.
func TestPartOfAnyOrder(t *testing.T) {
	const images = 18
	dir := t.TempDir()
	for i := range images {
		writeFile(t, dir, fmt.Sprintf("%03d.jpg", i), noise(t, uint64(i)))
	}
	lists := append(faultyLists(), scatteredNames()...)
	for seed := range uint64(33) {
		r := rand.New(rand.NewPCG(seed, 11))
		l := lists[seed%uint64(len(lists))]
		var ids []int
		for range images {
			ids = append(ids, r.IntN(8))
		}
		count, out, undisturbed := 1+r.IntN(4), t.TempDir(), t.TempDir()
		first := r.IntN(images)
		for _, at := range []int{first, first + r.IntN(images-first)} {
			writeFile(t, dir, l.file, []byte(l.text(ids, at)))
			for index := range count {
				var fault *RecordError
				if err := l.writePart(t, dir, out, index, count); !errors.As(err, &fault) {
					t.Fatalf("seed %d: part %d of %d: want the fault, got %v", seed, index, count, err)
				}
			}
		}
		writeFile(t, dir, l.file, []byte(l.text(ids, -1)))
		for _, to := range []string{undisturbed, out} {
			for index := range count {
				if err := l.writePart(t, dir, to, index, count); err != nil {
					t.Fatalf("seed %d: part %d of %d: %v", seed, index, count, err)
				}
			}
		}
		if diff := cmp.Diff(parquettest.Files(t, undisturbed), parquettest.Files(t, out)); diff != "" {
			t.Errorf("seed %d: %d parts (-undisturbed +got):\n%s", seed, count, diff)
		}
	}
}

// writePart ingests the part of one task into its folder below out.
func (l faultyList) writePart(t *testing.T, dir, out string, index, count int) error {
	t.Helper()
	s, err := openFormat(t.Context(), l.format, filepath.Join(dir, l.file), SourceOptions{})
	if err != nil {
		return err
	}
	defer s.Close()
	part, err := Part(t.Context(), s, index, count)
	if err != nil {
		return err
	}
	o := testOptions()
	o.ShardBytes, o.RowGroupBytes = 3000, 3000
	if _, err = Write(t.Context(), part, parquet.PartDir(out, index, count), o); errors.Is(err, parquet.ErrFinished) {
		return nil
	}
	return err
}
