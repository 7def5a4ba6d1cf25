package ingest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"
)

// TestRecordScannerWindow reads a list byte by byte and in large pieces, with
// records that are larger than the window.
func TestRecordScannerWindow(t *testing.T) {
	long := strings.Repeat(`\"}{][,: `, 100<<10)
	text := `[ {"image": "a.jpg", "caption": "` + long + `"} , {"image":"b.jpg"},{"image": "c.jpg", "captions": ["` + long + `"]}]`
	for name, r := range map[string]io.Reader{
		"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)),
		"halves": iotest.HalfReader(strings.NewReader(text)), "end with data": iotest.DataErrReader(strings.NewReader(text)),
	} {
		var got []string
		j := &jsonRecords{form: jsonArray}
		err := j.each(t.Context(), r, func(p place, rec *record) error {
			if at := text[p.at : p.at+p.bytes]; at[0] != '{' || at[len(at)-1] != '}' || !json.Valid([]byte(at)) {
				t.Errorf("%s: record %d: want an object at %d, got %.20q", name, p.index, p.at, at)
			}
			got = append(got, rec.path)
			return nil
		})
		if want := []string{"a.jpg", "b.jpg", "c.jpg"}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: want %v, got %v, %v", name, want, got, err)
		}
	}
}

// TestFramer finds the end of random values in random pieces, with strings about as
// long as a step of the search and with escapes at its borders.
func TestFramer(t *testing.T) {
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		word := func() string {
			b := bytes.Repeat([]byte("a"), r.IntN(3)*quotedStep+r.IntN(8))
			for range r.IntN(6) {
				if len(b) > 0 {
					b[r.IntN(len(b))] = `\"{}[]:,`[r.IntN(8)]
				}
			}
			return string(b)
		}
		value, err := json.Marshal([]any{word(), map[string]string{word(): word(), "b": word()}, word()})
		if err != nil {
			t.Fatal(err)
		}
		if seed%3 == 0 {
			if value, err = json.Marshal(word()); err != nil {
				t.Fatal(err)
			}
		}
		var f framer
		text, at, done := append(bytes.Clone(value), `, "x"]`...), 0, false
		for !done && at < len(text) {
			var n int
			end := min(len(text), at+1+r.IntN(quotedStep))
			n, done = f.scan(text[at:end])
			at += n
		}
		if !done || at != len(value) {
			t.Fatalf("seed %d: want the end of %s at %d, got %d, %v", seed, value, len(value), at, done)
		}
	}
}

// TestRecordScannerReadError passes on the error of a disk.
func TestRecordScannerReadError(t *testing.T) {
	gone := errors.New("disk went away")
	for _, text := range []string{"", "[", `[{"image"`, `[{"image": "a.jpg"}`, `[{"image": "a.jpg"}, `, `[{"image": "a.jpg"}]`, "[" + strings.Repeat(" ", 1<<20)} {
		j := &jsonRecords{form: jsonArray}
		err := j.each(t.Context(), io.MultiReader(strings.NewReader(text), iotest.ErrReader(gone)), func(place, *record) error { return nil })
		if !errors.Is(err, gone) {
			t.Errorf("after %.30q: want %v, got %v", text, gone, err)
		}
	}
}

// FuzzRecords reads any bytes as annotations of any syntax: nothing panics, what
// is refused is a *RecordError with its place, and what is read is read again the
// same from its place. JSON that is read in whole is JSON for the standard
// library too.
func FuzzRecords(f *testing.F) {
	for _, seed := range []string{
		`[{"split": "train", "id": 1, "file_path": "a.jpg", "captions": ["A", ""], "processed_tokens": [[["a"]]]}]`,
		`{"annotations": [{"file_path": "a.jpg", "id": "7", "sentence": "A"}], "categories": [1]}`,
		`{"Part1/1/0.jpg": ["A"], "b\u0041": "B", "c": {"caption": ["C"]}}`,
		"{\"image\": \"a.jpg\", \"image_id\": \"g_1\", \"label\": [1, -1, 300]}\n{\"img_path\": \"..\\\\a\"}",
		`[{"attributes": ["a,b,c,d,e,f"], "prompt_caption": "A. ", "file_path": "/a/../b"}, {}]`,
		"image,caption_1,id,split\na.jpg,\"A \"\"man\"\"\n\",5,val\n", "\ufeffcaptions\timg_path\n\ta\n\n", `[[[[`, `{"a`, "[1e5, tru", "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		for _, syntax := range []textSyntax{syntaxJSON, syntaxLines, syntaxTable} {
			readAll(t, &textRules{syntax: syntax}, data)
		}
	})
}

func readAll(t *testing.T, rules *textRules, data []byte) {
	refused := func(err error) {
		var bad *RecordError
		if !errors.As(err, &bad) || bad.Byte < 0 || bad.Byte > int64(len(data)) {
			t.Errorf("syntax %d: want an error with a place in %d bytes, got %v", rules.syntax, len(data), err)
		}
	}
	reader, err := rules.newReader(bytes.NewReader(data))
	if err != nil {
		refused(err)
		return
	}
	last := int64(-1)
	err = reader.each(context.Background(), bytes.NewReader(data), func(p place, r *record) error {
		if p.at <= last || p.at+p.bytes > int64(len(data)) {
			t.Fatalf("syntax %d: record %d: want a place behind %d, got %d and %d bytes", rules.syntax, p.index, last, p.at, p.bytes)
		}
		last = p.at
		again := &record{}
		if err := reader.parse(bytes.Clone(data[p.at:p.at+p.bytes]), again); err != nil || !reflect.DeepEqual(r, again) {
			t.Fatalf("syntax %d: record %d: first %+v, then %+v, %v", rules.syntax, p.index, r, again, err)
		}
		return nil
	})
	if err != nil {
		refused(err)
		return
	}
	text := bytes.TrimPrefix(data, []byte("\ufeff"))
	if rules.syntax == syntaxJSON && !json.Valid(text) && reader.(*jsonRecords).form != jsonLines {
		t.Errorf("read as a list, but it is not JSON: %q", data)
	}
}

// BenchmarkTextIndex is the pass over a list of SYNTH-PEDES.
func BenchmarkTextIndex(b *testing.B) {
	dir := b.TempDir()
	const size = 64 << 20
	writeSynth(b, filepath.Join(dir, "synthpedes-dataset.json"), size)
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		s, err := openFormat(b.Context(), "synth-pedes", dir, SourceOptions{})
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}
