package feed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"

	"plip/internal/pixels"
	"plip/parquet"
)

// dataset writes identities of the given sizes; the image of row r is of one colour that tells r.
func dataset(t *testing.T, sizes ...int) *parquet.Dataset {
	t.Helper()
	ctx := context.Background()
	o := parquet.DefaultWriterOptions()
	o.Source, o.RowGroupBytes, o.ShardBytes = "test", 600, 2000
	dir := t.TempDir()
	w, err := parquet.Create(ctx, dir, o)
	if err != nil {
		t.Fatal(err)
	}
	row := 0
	for id, n := range sizes {
		for k := range n {
			m := image.NewRGBA(image.Rect(0, 0, 4, 8))
			for i := range m.Pix {
				m.Pix[i] = 255
			}
			m.Set(0, 0, color.RGBA{uint8(row), uint8(row >> 8), 0, 255})
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			path := fmt.Sprintf("%d/%d.png", id, k)
			if err := w.Write(ctx, &parquet.Row{Image: b.Bytes(), ImagePath: path, ID: int64(id), FilePath: path, Source: "test", Width: 4, Height: 8}); err != nil {
				t.Fatal(err)
			}
			row++
		}
		w.Mark(int64(id + 1))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	return ds
}

func options(sampler string, batch, k, workers int) Options {
	return Options{Order: Order{Sampler: sampler, Batch: batch, K: k, Window: 2, Seed: 3}, Height: 8, Px: 4,
		Norm: pixels.Normalization{Std: [3]float32{1. / 255, 1. / 255, 1. / 255}}, Columns: parquet.ColAll, Workers: workers, Ahead: 2}
}

// visits runs an epoch and returns the rows in the order of delivery, checking that each image is its row's.
func visits(t *testing.T, ds *parquet.Dataset, o Options, epoch int, from int64) (rows []int64) {
	t.Helper()
	l, err := New(context.Background(), ds, o)
	if err != nil {
		t.Fatal(err)
	}
	next := from
	if err := l.Epoch(context.Background(), epoch, from, func(b *Batch) error {
		if b.Index != next {
			t.Errorf("batch %d came, want %d", b.Index, next)
		}
		next++
		for i, r := range b.Number {
			if got := int64(b.Images[i*3*32]+0.5) + 256*int64(b.Images[i*3*32+32]+0.5); got != r {
				t.Fatalf("image of row %d came with row %d", got, r)
			}
		}
		rows = append(rows, b.Number...)
		b.Release()
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if next != l.Batches(epoch) {
		t.Errorf("%d batches came, want %d", next, l.Batches(epoch))
	}
	return rows
}

var sizes = []int{1, 4, 7, 2, 5, 5, 3, 6, 4, 8, 1, 2, 5, 4, 4, 9}

func TestSequentialIsTheShardsOrder(t *testing.T) {
	ds := dataset(t, sizes...)
	rows := visits(t, ds, options(Sequential, 8, 0, 3), 0, 0)
	for i, r := range rows {
		if r != int64(i) {
			t.Fatalf("place %d: row %d", i, r)
		}
	}
	if int64(len(rows)) != ds.NumRows() {
		t.Errorf("%d rows came, want %d", len(rows), ds.NumRows())
	}
}

func TestShuffleIsAPermutationThatWorkersDoNotChange(t *testing.T) {
	ds := dataset(t, sizes...)
	if len(ds.Groups()) < 5 {
		t.Fatalf("only %d row groups: the test wants several windows", len(ds.Groups()))
	}
	one := visits(t, ds, options(Shuffle, 7, 0, 1), 1, 0)
	if four := visits(t, ds, options(Shuffle, 7, 0, 4), 1, 0); !slices.Equal(one, four) {
		t.Errorf("four workers changed the order:\n%v\n%v", one, four)
	}
	if other := visits(t, ds, options(Shuffle, 7, 0, 1), 2, 0); slices.Equal(one, other) {
		t.Error("two epochs have one order")
	}
	seen := map[int64]bool{}
	for _, r := range one {
		if seen[r] {
			t.Errorf("row %d came twice", r)
		}
		seen[r] = true
	}
	if want := ds.NumRows() / 7 * 7; int64(len(one)) != want {
		t.Errorf("%d rows came, want %d", len(one), want)
	}
}

func TestResumeGoesOnInTheSameOrder(t *testing.T) {
	ds := dataset(t, sizes...)
	for _, sampler := range []string{Sequential, Shuffle, PK} {
		o := options(sampler, 6, 3, 2)
		all := visits(t, ds, o, 1, 0)
		for from := int64(0); from <= int64(len(all)/6); from++ {
			if got := visits(t, ds, o, 1, from); !slices.Equal(got, all[min(len(all), int(from)*6):]) {
				t.Errorf("%s from batch %d: %v, want %v", sampler, from, got, all[from*6:])
			}
		}
	}
}

func TestPKChunksAreOfOneIdentity(t *testing.T) {
	ds := dataset(t, sizes...)
	var ids []int64
	if err := ds.Scan(context.Background(), parquet.ColMeta, 0, func(_ int64, r *parquet.Row) error { ids = append(ids, r.ID); return nil }); err != nil {
		t.Fatal(err)
	}
	o := options(PK, 6, 3, 2)
	o.Window = 100 // all: an identity that straddles two windows is two short ones, which repeat rows
	rows := visits(t, ds, o, 0, 0)
	count := map[int64]int{}
	for i, r := range rows {
		if ids[r] != ids[rows[i/3*3]] {
			t.Errorf("place %d is of identity %d, its chunk of %d", i, ids[r], ids[rows[i/3*3]])
		}
		count[r]++
	}
	for r, n := range count {
		if n > 1 && sizes[ids[r]] >= 3 {
			t.Errorf("row %d of an identity of %d images came %d times", r, sizes[ids[r]], n)
		}
	}
}

func TestEpochStops(t *testing.T) {
	ds := dataset(t, sizes...)
	l, err := New(context.Background(), ds, options(Shuffle, 4, 0, 2))
	if err != nil {
		t.Fatal(err)
	}
	mine := errors.New("mine")
	if err := l.Epoch(context.Background(), 0, 0, func(b *Batch) error { b.Release(); return mine }); !errors.Is(err, mine) {
		t.Errorf("got %v, want the loop's error", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	if err := l.Epoch(ctx, 0, 0, func(b *Batch) error { cancel(); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestCacheDoesNotChangeImages(t *testing.T) {
	ds := dataset(t, sizes...)
	o := options(Shuffle, 4, 0, 2)
	o.CacheBytes = 96 * 20 // some rows only
	l, err := New(context.Background(), ds, o)
	if err != nil {
		t.Fatal(err)
	}
	for epoch := range 3 {
		if err := l.Epoch(context.Background(), epoch, 0, func(b *Batch) error {
			defer b.Release()
			for i, r := range b.Number {
				if got := int64(b.Images[i*96] + 0.5); got != r {
					return fmt.Errorf("epoch %d: image of row %d came with row %d", epoch, got, r)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.cache) != 20 {
		t.Errorf("%d rows in the cache, want 20", len(l.cache))
	}
}

// TestGrayTwins compares the second half of a batch with the luma of the first, flips included.
func TestGrayTwins(t *testing.T) {
	ds := dataset(t, sizes...)
	o := options(Shuffle, 4, 0, 2)
	o.Flip, o.Gray, o.CacheBytes = true, true, 96*20
	l, err := New(context.Background(), ds, o)
	if err != nil {
		t.Fatal(err)
	}
	flipped := 0
	for epoch := range 2 {
		if err := l.Epoch(context.Background(), epoch, 0, func(b *Batch) error {
			defer b.Release()
			n := len(b.Rows)
			if len(b.Images) != 2*n*96 {
				return fmt.Errorf("want 2 times %d images, got %d numbers", n, len(b.Images))
			}
			rgb, gray := make([]uint8, 96), make([]uint8, 96)
			for i := range n {
				at := func(image, channel, p int) uint8 { return uint8(b.Images[image*96+channel*32+p] + 0.5) }
				for p := range 32 {
					for c := range 3 {
						rgb[3*p+c], gray[3*p+c] = at(i, c, p), at(n+i, c, p)
					}
				}
				if at(i, 0, 3) == uint8(b.Number[i]) && at(i, 1, 3) == 0 { // the pixel that tells the row is the first
					flipped++
				}
				want := make([]uint8, 96)
				pixels.Luma(want, rgb)
				if !slices.Equal(want, gray) {
					return fmt.Errorf("row %d: want gray %v, got %v", b.Number[i], want, gray)
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if flipped < 40 || flipped > 100 {
		t.Errorf("%d of about 140 images are mirrored, want about half", flipped)
	}
}
