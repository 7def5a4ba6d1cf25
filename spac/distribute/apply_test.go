package distribute

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	stdimage "image"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/parquet/parquettest"
)

func writerOptions() parquet.WriterOptions {
	o := parquet.DefaultWriterOptions()
	o.ShardBytes, o.RowGroupBytes = 8000, 3000
	o.Source = "test"
	return o
}

// captioned writes a dataset of n identities with all that the rules look at.
func captioned(t *testing.T, n int) *parquet.Dataset {
	t.Helper()
	ctx, dir := context.Background(), t.TempDir()
	w, err := parquet.Create(ctx, dir, writerOptions())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for id := range n {
		for k := range 3 + r.IntN(22) {
			word := []string{"man", "man", "person", "woman"}[r.IntN(2+id%3)]
			row := image(k, word+",hat,red shirt,blue jeans,shoes,bag", "A "+word+" walks.", "Here is a "+word+" in red.")
			if r.IntN(6) == 0 {
				row.Attributes[1], row.Attributes[2], row.Attributes[4] = "unknown", "unknown", "unknown"
			}
			m := stdimage.NewGray(stdimage.Rect(0, 0, 4, 8))
			m.Pix[0], m.Pix[1] = byte(id), byte(k)
			var b bytes.Buffer
			if err := png.Encode(&b, m); err != nil {
				t.Fatal(err)
			}
			row.ID, row.FilePath, row.Image, row.Source, row.Width, row.Height = int64(id), fmt.Sprintf("%d/%d.png", id, k), b.Bytes(), "test", 4, 8
			if err := w.Write(ctx, row); err != nil {
				t.Fatal(err)
			}
		}
		w.Mark(int64(id))
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	ds, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ds.Close(); err != nil {
			t.Error(err)
		}
	})
	return ds
}

// run applies the rules into dir and reports whether it came to the end.
func run(t *testing.T, ctx context.Context, ds *parquet.Dataset, dir string) (Report, bool) {
	t.Helper()
	w, err := parquet.Create(context.Background(), dir, writerOptions())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	rep, err := Apply(ctx, ds, w, DefaultConfig(), wording(t), parquet.ColImage)
	if errors.Is(err, context.Canceled) {
		return rep, false
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return rep, true
}

func TestApply(t *testing.T) {
	ds, dir := captioned(t, 40), t.TempDir()
	rep, _ := run(t, context.Background(), ds, dir)
	for name, n := range map[string]int64{"unknown": rep.Unknown, "mixed": rep.MixedGender, "few": rep.Few, "surplus": rep.Surplus, "rewritten": rep.Rewritten, "out": rep.IdentitiesOut} {
		if n == 0 {
			t.Errorf("want cases of every rule, got none of %s in %+v", name, rep)
		}
	}
	if rep.ImagesIn != ds.NumRows() || rep.IdentitiesIn != ds.NumIdentities() {
		t.Errorf("want all %d rows of %d identities in the report, got %+v", ds.NumRows(), ds.NumIdentities(), rep)
	}
	out, err := parquet.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if out.NumRows() != rep.ImagesOut || out.NumIdentities() != rep.IdentitiesOut || out.Manifest().Captions != rep.CaptionsOut {
		t.Errorf("want %d images of %d identities with %d captions, got %d, %d, %d", rep.ImagesOut, rep.IdentitiesOut, rep.CaptionsOut, out.NumRows(), out.NumIdentities(), out.Manifest().Captions)
	}
	words := map[int64]string{}
	err = out.Scan(context.Background(), parquet.ColAll, 0, func(i int64, r *parquet.Row) error {
		word := r.Attributes[0]
		if first, ok := words[r.ID]; ok && first != word {
			return fmt.Errorf("identity %d is %s and %s", r.ID, first, word)
		}
		words[r.ID] = word
		if len(r.Image) == 0 || !strings.Contains(r.Captions[0], " "+word+" ") {
			return fmt.Errorf("row %d: %s with %d bytes: %q", i, word, len(r.Image), r.Captions)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestApplyResumes(t *testing.T) {
	ds := captioned(t, 40)
	want, _ := run(t, context.Background(), ds, t.TempDir())
	parquettest.Resumes(t, 150, 60, func(ctx context.Context, dir string) bool {
		got, done := run(t, ctx, ds, dir)
		if diff := cmp.Diff(want, got); done && diff != "" {
			t.Errorf("report (-undisturbed +resumed):\n%s", diff)
		}
		return done
	})
}
