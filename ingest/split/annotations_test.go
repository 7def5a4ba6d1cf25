package split

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// result is what Annotations wrote.
type result struct {
	train, test, valid, departed bytes.Buffer
}

func annotations(src io.Reader) (*result, Counts, []Uncommon, error) {
	var r result
	var uncommon []Uncommon
	out := Outputs{Train: &r.train, Test: &r.test, Valid: &r.valid, Departed: &r.departed}
	counts, err := Annotations(context.Background(), src, out, func(u Uncommon) { uncommon = append(uncommon, u) })
	return &r, counts, uncommon, err
}

// TestPython compares with what Python wrote, also when the bytes come one by
// one, which puts every token on the border of a read.
func TestPython(t *testing.T) {
	in := readFile(t, "in.json")
	for name, src := range map[string]io.Reader{
		"whole":        strings.NewReader(in),
		"byte by byte": iotest.OneByteReader(strings.NewReader(in)),
		"after a mark": strings.NewReader("\ufeff" + in),
	} {
		r, counts, uncommon, err := annotations(src)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for file, got := range map[string]string{
			"train.json": r.train.String(), "test.json": r.test.String(),
			"valid.json": r.valid.String(), "train-depart.json": r.departed.String(),
		} {
			if want := readFile(t, file); got != want {
				t.Errorf("%s: %s: want\n%s\ngot\n%s", name, file, want, got)
			}
		}
		if got, want := fmt.Sprint(counts), `{8 3 2 3 6 [{"train" 3} {"val" 1} {"test" 2} {null 1} { 1}]}`; got != want {
			t.Errorf("%s: counts: want %s, got %s", name, want, got)
		}
		if got, want := fmt.Sprint(uncommon), `[{2 "x\ud800\udbff\udc00\udc00\u2028\u007f\"\\/\b\f\n\r\t\u001f" 3} {4 null 1}]`; got != want {
			t.Errorf("%s: uncommon: want %s, got %s", name, want, got)
		}
	}
}

func TestEmpty(t *testing.T) {
	for _, in := range []string{"[]", " [ \n] "} {
		r, counts, _, err := annotations(strings.NewReader(in))
		if err != nil || counts.Records != 0 || r.train.String() != "[]" || r.departed.String() != "[]" {
			t.Errorf("%q: want four empty arrays, got %q, %q, %v", in, &r.train, &r.departed, err)
		}
	}
}

func TestErrors(t *testing.T) {
	const train = `[{"split":"train","id":1,`
	for in, want := range map[string]string{
		``:                                   `byte 0: want an array of records, got the end of the file`,
		`{"a":1}`:                            `byte 0: want an array of records, got '{'`,
		`[`:                                  `byte 1: record 0: want a value, got the end of the file`,
		`[{"split":"a"}`:                     `byte 14: want ',' or ']' after record 0, got the end of the file`,
		`[{"split":"a"} {`:                   `byte 15: want ',' or ']' after record 0, got '{'`,
		`[{"split":"a"},]`:                   `byte 15: record 1: want a value, got ']'`,
		`[{"split":"a"}]x`:                   `byte 15: want the end of the file after the array, got 'x'`,
		`[{"split":"a"}, 3]`:                 `byte 16: record 1: want an object`,
		`[{"id":1}]`:                         `byte 1: record 0: key "split" is missing`,
		`[{"split":"a" "b"}]`:                `byte 14: record 0: want ',' or '}', got '"'`,
		`[{"split"}]`:                        `byte 9: record 0: want ':', got '}'`,
		`[{split:1}]`:                        `byte 2: record 0: want a key in quotes, got 's'`,
		`[{"a":[1 2]}]`:                      `byte 9: record 0: want ',' or ']', got '2'`,
		`[{"a":01}]`:                         `byte 6: record 0: want a number, got "01"`,
		`[{"a":1.}]`:                         `byte 6: record 0: want a number, got "1."`,
		`[{"a":-}]`:                          `byte 6: record 0: want a number, got "-"`,
		`[{"a":nul}]`:                        `byte 6: record 0: want a value, got 'n'`,
		"[{\"a\":\"\n\"}]":                   `byte 7: record 0: control character '\n' in a string`,
		`[{"a":"\x"}]`:                       `byte 7: record 0: unknown escape \x in a string`,
		`[{"a":"\u12g4"}]`:                   `byte 7: record 0: want four hexadecimal digits after \u`,
		`[{"a":"\ud800\u1"}]`:                `byte 13: record 0: want four hexadecimal digits after \u`,
		"[{\"a\":\"\xff\"}]":                 `byte 7: record 0: byte 0xff is not UTF-8`,
		"[{\"a\":\"\xed\xa0\x80\"}]":         `byte 7: record 0: byte 0xed is not UTF-8`,
		`[{"a":"b`:                           `byte 8: record 0: want the end of a string, got the end of the file`,
		`[{"a":` + strings.Repeat("[", 1000): `byte 1005: record 0: nested deeper than 1000 levels`,
		`[{"a":` + strings.Repeat("1", 4301): `byte 6: record 0: integer of more than 4300 digits`,
		train + `"captions":[]}]`:            `byte 1: record 0: key "file_path" is missing`,
		train + `"file_path":""}]`:           `byte 1: record 0: key "captions" is missing`,
		train + `"file_path":"","captions":"a"}]`: `byte 1: record 0: key "captions": want an array`,
	} {
		_, _, _, err := annotations(strings.NewReader(in))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || err.Error() != want {
			t.Errorf("%.40q: want %q, got %v", in, want, err)
		}
	}
}

// TestBounds feeds records that would not fit in memory.
func TestBounds(t *testing.T) {
	for name, pattern := range map[string]string{"text": "a", "escapes": `\n`, "digits": "1", "numbers": "1,", "keys": `"a":1,`} {
		head := map[string]string{"text": `[{"a":"`, "escapes": `[{"a":"`, "digits": `[{"a":`, "numbers": `[{"a":[`, "keys": `[{`}[name]
		src := io.MultiReader(strings.NewReader(head), &repeat{pattern: pattern, left: 4 * maxRecordBytes})
		_, _, _, err := annotations(src)
		if err == nil || !strings.Contains(err.Error(), "record larger than 16 MiB") {
			t.Errorf("%s: want a record that is too large, got %v", name, err)
		}
	}
}

// repeat reads a pattern over and over.
type repeat struct {
	pattern string
	at      int
	left    int
}

func (r *repeat) Read(b []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	for i := range b {
		b[i] = r.pattern[r.at]
		r.at = (r.at + 1) % len(r.pattern)
	}
	r.left -= len(b)
	return len(b), nil
}

func TestReadError(t *testing.T) {
	broken := errors.New("broken disk")
	for _, in := range []string{``, `[`, `[{"spl`, `[{"split":"a"}`, `[]`} {
		src := io.MultiReader(strings.NewReader(in), iotest.ErrReader(broken))
		if _, _, _, err := annotations(src); !errors.Is(err, broken) {
			t.Errorf("%q: want the read error, got %v", in, err)
		}
	}
}

func TestWriteError(t *testing.T) {
	in := `[{"split":"train"},{"split":"test"}]`
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	out := Outputs{Train: io.Discard, Test: full, Valid: io.Discard}
	if _, err := Annotations(context.Background(), strings.NewReader(in), out, nil); err == nil {
		t.Error("want the error of the full disk")
	}
}

func TestCancel(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	out := Outputs{Train: io.Discard, Test: io.Discard, Valid: io.Discard}
	if _, err := Annotations(ctx, strings.NewReader(`[{"split":"a"}]`), out, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}

func TestDetect(t *testing.T) {
	for in, want := range map[string]string{
		`[{"split":"train","file_path":"CUHK03/267_4.jpg"}]`:                                "CUHK-PEDES",
		`[{"split":"train","file_path":"test/0627/0627_010_05_0303afternoon_1591_0.jpg"}]`:  "ICFG-PEDES",
		`[{"id":0,"img_path":"0000_c14_0031.jpg","captions":["a","b"],"split":"train"},nix`: "RSTPReid",
		`[{"split":"train","file_path":"Part1/1/0.jpg"}]`:                                   "",
		`[{"file_path":3}]`: "",
		`[[1, 2]]`:          "",
		`[]`:                "",
	} {
		if got, err := Detect(strings.NewReader(in)); got != want || err != nil {
			t.Errorf("%s: want %q, got %q, %v", in, want, got, err)
		}
	}
	if _, err := Detect(strings.NewReader(`{}`)); err == nil {
		t.Error("want an error for an object")
	}
}

// FuzzAnnotations checks that nothing panics and that what was written is read
// and written again unchanged.
func FuzzAnnotations(f *testing.F) {
	seed, err := os.ReadFile("testdata/python/in.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	for _, s := range []string{`[]`, `[{"split":"train","id":1,"file_path":"a","captions":["x"]}]`, `[{"split":-0.5e+3}]`, `[{"split":"\ud83d\ude00"}`, "\ufeff[{}]"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, _, _, err := annotations(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, part := range []string{first.train.String(), first.test.String(), first.valid.String(), first.departed.String()} {
			again, _, _, err := annotations(strings.NewReader(part))
			if err != nil {
				t.Fatalf("%v in %q", err, part)
			}
			n := 0
			for _, got := range []string{again.train.String(), again.test.String(), again.valid.String()} {
				if got == part {
					n++
				}
			}
			if n == 0 {
				t.Errorf("want %q again, got %q, %q, %q", part, &again.train, &again.test, &again.valid)
			}
		}
	})
}

// BenchmarkAnnotations measures the bytes read a second. Its peer is internal/reference/split_peer.py.
func BenchmarkAnnotations(b *testing.B) {
	var in bytes.Buffer
	in.WriteByte('[')
	for i := 0; i < 2000; i++ {
		if i > 0 {
			in.WriteByte(',')
		}
		fmt.Fprintf(&in, `{"split": "train", "captions": ["A pedestrian with dark hair is wearing red and white shoes, a black hooded sweatshirt, and black pants.", "The man is walking."], "file_path": "CUHK01/%07d.png", "processed_tokens": [["a", "pedestrian", "with", "dark", "hair", "is", "wearing", "red", "and", "white", "shoes"], ["the", "man", "is", "walking"]], "id": %d}`, i, i)
	}
	in.WriteByte(']')
	for _, depart := range []bool{false, true} {
		b.Run(fmt.Sprintf("depart=%v", depart), func(b *testing.B) {
			b.SetBytes(int64(in.Len()))
			b.ReportAllocs()
			out := Outputs{Train: io.Discard, Test: io.Discard, Valid: io.Discard}
			if depart {
				out.Departed = io.Discard
			}
			for b.Loop() {
				if _, err := Annotations(context.Background(), bytes.NewReader(in.Bytes()), out, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile("testdata/python/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
