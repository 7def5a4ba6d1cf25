package spac

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/internal/text"
	"plip/parquet"
)

// captionCase is a captioner of random weights over bytes, and 30 rows of 10 identities in shards of two each.
func captionCase(t *testing.T) (*Captioner, *Vocabulary, *parquet.Dataset) {
	t.Helper()
	c := tinyConfig()
	c.Generator.Vocab, c.Generator.InitStd, c.Generator.Positions = 257, 0.3, 128
	m := newCaptioner(t, c)
	vocab, merges, err := text.TrainBPE([]string{"a"}, 257)
	if err != nil {
		t.Fatal(err)
	}
	bpe, err := text.NewBPE(vocab, merges)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	w := createCaptioned(t, dir)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 30 {
		picture := image.NewRGBA(image.Rect(0, 0, 16, 32))
		for y := range 32 {
			for x := range 16 {
				picture.Set(x, y, color.RGBA{uint8(random.IntN(256)), uint8(random.IntN(256)), uint8(random.IntN(256)), 255})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, picture); err != nil {
			t.Fatal(err)
		}
		path := fmt.Sprintf("%d/%d.png", i/3, i)
		if err := w.Write(t.Context(), &parquet.Row{Image: b.Bytes(), ImagePath: path, ID: int64(i / 3), FilePath: path, Source: "test", Width: 16, Height: 32}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ds.Close() })
	return m, &Vocabulary{BPE: bpe}, ds
}

func createCaptioned(t *testing.T, dir string) *parquet.Writer {
	t.Helper()
	o := parquet.DefaultWriterOptions()
	o.Source, o.RowGroupBytes, o.ShardBytes = "test", 2000, 4000
	w, err := parquet.Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// everything lets every phrase through, so that whatever is generated shows.
func everything() Language {
	return Language{
		Known:         func(int, string) bool { return true },
		PromptCaption: func(a []string, seed, id int64, _ string) string { return fmt.Sprint(a, seed, id) },
	}
}

// captionInto captions ds into dir until the progress reaches stop rows.
func captionInto(t *testing.T, m *Captioner, words *Vocabulary, ds *parquet.Dataset, dir string, c CaptionConfig, stop int64) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	w := createCaptioned(t, dir)
	defer w.Abort()
	_, err := Caption(ctx, m, words, ds, w, c, everything(), func(done, _ int64) {
		if done >= stop {
			cancel()
		}
	})
	if err != nil {
		return err
	}
	_, err = w.Close()
	return err
}

// TestCaptionLayouts captions the same rows with other workers, in sections, and interrupted at several places: the
// texts are equal, and what was interrupted ends in the same bytes.
func TestCaptionLayouts(t *testing.T) {
	m, words, ds := captionCase(t)
	for _, decode := range []string{Greedy, Nucleus} {
		c := DefaultCaptionConfig()
		c.Decode, c.Batch, c.Workers = decode, 4, 1
		whole := filepath.Join(t.TempDir(), "whole")
		if err := captionInto(t, m, words, ds, whole, c, 1000); err != nil {
			t.Fatal(err)
		}
		want := captionedRows(t, whole)
		c.Workers = 3
		var sections []parquet.Row
		for _, cut := range [][2]int64{{0, 9}, {9, 15}, {15, 30}} { // batches begin at other rows
			part, err := ds.Section(t.Context(), cut[0], cut[1])
			if err != nil {
				t.Fatal(err)
			}
			dir := filepath.Join(t.TempDir(), "part")
			if err := captionInto(t, m, words, part, dir, c, 1000); err != nil {
				t.Fatal(err)
			}
			sections = append(sections, captionedRows(t, dir)...)
		}
		if diff := cmp.Diff(want, sections); diff != "" {
			t.Errorf("%s in sections (-want +got):\n%s", decode, diff)
		}
		broken := filepath.Join(t.TempDir(), "broken")
		for _, stop := range []int64{8, 20} {
			if err := captionInto(t, m, words, ds, broken, c, stop); err == nil {
				t.Fatal("want the interruption's error")
			}
		}
		if err := captionInto(t, m, words, ds, broken, c, 1000); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(folder(t, whole), folder(t, broken)); diff != "" {
			t.Errorf("%s, interrupted (-want +got):\n%s", decode, diff)
		}
	}
}

func captionedRows(t *testing.T, dir string) (rows []parquet.Row) {
	t.Helper()
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer ds.Close()
	if err := ds.Scan(t.Context(), parquet.ColText|parquet.ColMeta, 0, func(_ int64, r *parquet.Row) error {
		rows = append(rows, *r)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return rows
}

// folder is the files of a folder by name.
func folder(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, e := range entries {
		b, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(b)
	}
	if len(files) < 4 {
		t.Fatalf("%s: want several shards, got %d files", dir, len(files))
	}
	return files
}
