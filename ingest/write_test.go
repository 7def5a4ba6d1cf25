package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
)

// memorySource has identities of perIdentity images each; read gives the bytes of
// image i of the stream.
type memorySource struct {
	images, perIdentity int
	unknown             bool // Layout does not tell the number of images
	read                func(i int) ([]byte, error)
}

func (s *memorySource) Layout() Layout {
	l := Layout{Images: int64(s.images), Fingerprint: fmt.Sprint(s.images, s.perIdentity)}
	if s.unknown {
		l.Images = 0
	}
	return l
}

func (s *memorySource) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for at := 0; at < s.images; at += s.perIdentity {
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			identity := &Identity{ID: int64(at)}
			for i := at; i < min(at+s.perIdentity, s.images); i++ {
				identity.Samples = append(identity.Samples, Sample{Row: parquet.Row{FilePath: fmt.Sprintf("%d/%d.jpg", at, i)}})
			}
			if !yield(identity, nil) {
				return
			}
		}
	}
}

func (s *memorySource) Read(_ context.Context, sample *Sample) ([]byte, error) {
	var at, i int
	if _, err := fmt.Sscanf(sample.Row.FilePath, "%d/%d.jpg", &at, &i); err != nil {
		return nil, err
	}
	return s.read(i)
}

func (s *memorySource) Close() error { return nil }

// badFirst gives nothing for the first n images.
func badFirst(t *testing.T, n int) func(i int) ([]byte, error) {
	data := picture(t, 1)
	return func(i int) ([]byte, error) {
		if i < n {
			return nil, nil
		}
		return data, nil
	}
}

func TestMaxRejectRatio(t *testing.T) {
	for _, c := range []struct {
		images, bad int
		ratio       float64
		unknown     bool
		fails       bool
	}{
		{images: 999, bad: 500, ratio: 0.01},
		{images: 1000, bad: 10, ratio: 0.01},
		{images: 1000, bad: 11, ratio: 0.01, fails: true},
		{images: 1000, bad: 11, ratio: 0.01, unknown: true, fails: true},
		{images: 999, bad: 999, ratio: 0.01, unknown: true},
		{images: 1000, bad: 1, ratio: 0, fails: true},
		{images: 1000, bad: 1000, ratio: 1},
	} {
		counting := &countingSource{Source: &memorySource{images: c.images, perIdentity: 7, unknown: c.unknown, read: badFirst(t, c.bad)}}
		o := testOptions()
		o.MaxRejectRatio = c.ratio
		out := t.TempDir()
		m, err := Write(t.Context(), counting, out, o)
		var tooMany *TooManyRejectsError
		if errors.As(err, &tooMany) != c.fails || err != nil && !c.fails {
			t.Errorf("%+v: got error %v", c, err)
			continue
		}
		if !c.fails {
			if m.Rejects != int64(c.bad) || m.Rows != int64(c.images-c.bad) {
				t.Errorf("%+v: got %d rejects, %d rows", c, m.Rejects, m.Rows)
			}
			continue
		}
		if tooMany.Rejects != int64(c.bad) || tooMany.Records != int64(c.images) || tooMany.Counts["empty"] != int64(c.bad) {
			t.Errorf("%+v: got %+v", c, tooMany)
		}
		if early := counting.reads.Load() < int64(c.images)/2; early == c.unknown {
			t.Errorf("%+v: read %d images: want an early end exactly where the number of images is known", c, counting.reads.Load())
		}
		if _, err := os.Stat(filepath.Join(out, "dataset.json")); err == nil {
			t.Errorf("%+v: want no dataset.json", c)
		}
	}
}

func TestTooManyRejectsError(t *testing.T) {
	s := &memorySource{images: 1000, perIdentity: 100, read: badFirst(t, 20)}
	out := t.TempDir()
	_, err := Write(t.Context(), s, out, testOptions())
	want := "ingest into " + out + `: unfit images: want at most 0.01 of 1000, got 11 (empty 11), such as ` +
		`"0/0.jpg": empty: file has no bytes; "0/1.jpg": empty: file has no bytes; "0/2.jpg": empty: file has no bytes`
	if err == nil || err.Error() != want {
		t.Errorf("want %s\ngot  %v", want, err)
	}
}

// TestOrder makes every even image wait for the next one to be read.
func TestOrder(t *testing.T) {
	const images = 40
	read := make([]chan struct{}, images)
	for i := range read {
		read[i] = make(chan struct{})
	}
	want := make([][]byte, images)
	for i := range want {
		want[i] = picture(t, uint64(i))
	}
	s := &memorySource{images: images, perIdentity: 4}
	s.read = func(i int) ([]byte, error) {
		if i%2 == 0 {
			<-read[i+1]
		}
		close(read[i])
		return want[i], nil
	}
	o := testOptions()
	o.Workers = 2
	o.ShardBytes, o.RowGroupBytes = 2000, 2000
	late := t.TempDir()
	writeAll(t, s, late, o)

	s.read = func(i int) ([]byte, error) { return want[i], nil }
	o.Workers = 1
	plain := t.TempDir()
	writeAll(t, s, plain, o)
	if diff := cmp.Diff(readDir(t, plain), readDir(t, late)); diff != "" {
		t.Errorf("two workers that finish out of order against one (-one +two):\n%s", diff)
	}
}

// TestFirstErrorWins fails two reads, the later one first.
func TestFirstErrorWins(t *testing.T) {
	failed := make(chan struct{})
	first, second := errors.New("first"), errors.New("second")
	data := picture(t, 1)
	s := &memorySource{images: 10, perIdentity: 5}
	s.read = func(i int) ([]byte, error) {
		switch i {
		case 2:
			<-failed
			return nil, first
		case 3:
			close(failed)
			return nil, second
		}
		return data, nil
	}
	o := testOptions()
	o.Workers = 2
	if _, err := Write(t.Context(), s, t.TempDir(), o); !errors.Is(err, first) {
		t.Errorf("want %v, got %v", first, err)
	}
}

func TestProgress(t *testing.T) {
	s := &memorySource{images: 10, perIdentity: 4, read: badFirst(t, 1)}
	var got [][2]int64
	o := testOptions()
	o.Progress = func(done, total int64) { got = append(got, [2]int64{done, total}) }
	writeAll(t, s, t.TempDir(), o)
	if want := [][2]int64{{4, 10}, {8, 10}, {10, 10}}; !cmp.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}

// TestSameOutput meets a finished folder and one begun by another configuration.
func TestSameOutput(t *testing.T) {
	s := &memorySource{images: 10, perIdentity: 5, read: badFirst(t, 0)}
	out := t.TempDir()
	writeAll(t, s, out, testOptions())
	if _, err := Write(t.Context(), s, out, testOptions()); !errors.Is(err, parquet.ErrFinished) {
		t.Errorf("finished: want %v, got %v", parquet.ErrFinished, err)
	}
	longer := &memorySource{images: 15, perIdentity: 5, read: s.read}
	var mismatch *parquet.ConfigMismatchError
	if _, err := Write(t.Context(), longer, out, testOptions()); !errors.As(err, &mismatch) || mismatch.Diffs[0].Key != "input" {
		t.Errorf("another source: want a mismatch of input, got %v", err)
	}
	o := testOptions()
	o.Force = true
	if m := writeAll(t, longer, out, o); m.Rows != 15 {
		t.Errorf("force: want 15 rows, got %d", m.Rows)
	}
}

func TestOptionsValidate(t *testing.T) {
	o := DefaultOptions()
	o.MaxRejectRatio, o.Workers = 2, -1
	_, err := Write(t.Context(), &memorySource{}, t.TempDir(), o)
	want := "ingest: name: want a dataset name, got none\nexamine: want a function, got nil\nmax reject ratio: want 0..1, got 2\nworkers: want 0 or more, got -1"
	if err == nil || err.Error() != want {
		t.Errorf("want %s\ngot %v", want, err)
	}
}

func TestRejectCounts(t *testing.T) {
	dir := t.TempDir()
	if counts, err := RejectCounts(dir); err != nil || len(counts) != 0 {
		t.Errorf("no file: want no counts, got %v, %v", counts, err)
	}
	writeFile(t, dir, "rejects.jsonl", []byte(`{"path":"a","reason":"empty","detail":""}`+"\n"+`{"path":"b","reason":"corrupt","detail":""}`+"\n"+`{"path":"c","reason":"corrupt","detail":""}`+"\n"))
	counts, err := RejectCounts(dir)
	if got := FormatCounts(counts); err != nil || got != "corrupt 2, empty 1" {
		t.Errorf("want corrupt 2, empty 1, got %s, %v", got, err)
	}
	writeFile(t, dir, "rejects.jsonl", []byte("{\"reason\":\"empty\"}\n{\"reas"))
	if _, err := RejectCounts(dir); err == nil {
		t.Error("cut line: want an error")
	}
}
