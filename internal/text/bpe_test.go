package text

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"
)

// bpeFixture is testdata/bpe.json: the reference tokenizer's output.
type bpeFixture struct {
	Vocab  map[string]int
	Merges []string
	Cases  []struct {
		Text   string
		IDs    []int32
		Tokens []string
	}
	Decode []struct {
		IDs         []int32
		Text        string
		SkipSpecial string `json:"skip_special"`
	}
}

func loadBPEFixture(t testing.TB) (bpeFixture, *BPE) {
	t.Helper()
	var f bpeFixture
	readJSON(t, "testdata/bpe.json", &f)
	b, err := NewBPE(f.Vocab, f.Merges)
	if err != nil {
		t.Fatal(err)
	}
	return f, b
}

func TestBPEReference(t *testing.T) {
	f, b := loadBPEFixture(t)
	if len(f.Cases) < 400 || len(f.Decode) < 50 {
		t.Fatalf("want the whole fixture, got %d cases and %d decodings", len(f.Cases), len(f.Decode))
	}
	for range 2 { // the second time from the cache
		for _, c := range f.Cases {
			ids := b.Encode(c.Text)
			if !slices.Equal(ids, c.IDs) {
				var got []string
				for _, id := range ids {
					got = append(got, b.Token(id))
				}
				t.Errorf("%q: want %q, got %q", c.Text, c.Tokens, got)
			}
			if back := b.Decode(ids, false); back != c.Text {
				t.Errorf("decode(encode(%q)) = %q", c.Text, back)
			}
		}
	}
	for _, c := range f.Decode {
		if got := b.Decode(c.IDs, false); got != c.Text {
			t.Errorf("decode %v: want %q, got %q", c.IDs, c.Text, got)
		}
		if got := b.Decode(c.IDs, true); got != c.SkipSpecial {
			t.Errorf("decode %v without special tokens: want %q, got %q", c.IDs, c.SkipSpecial, got)
		}
	}
}

func TestValidUTF8(t *testing.T) {
	for _, c := range []struct{ in, want string }{ // Unicode 15, tables 3-8 to 3-11
		{"\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA"},
		{"\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA"},
		{"\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA\uFFFD\uFFFDB"},
		{"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "\uFFFD\uFFFD\uFFFD\uFFFDA"},
	} {
		if got := validUTF8([]byte(c.in)); got != c.want {
			t.Errorf("%q: want %q, got %q", c.in, c.want, got)
		}
	}
}

func TestBPEConcurrent(t *testing.T) {
	f, b := loadBPEFixture(t)
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range f.Cases {
				c := f.Cases[(i*(2*g+1))%len(f.Cases)]
				if ids := b.Encode(c.Text); !slices.Equal(ids, c.IDs) {
					t.Errorf("%q: want %v, got %v", c.Text, c.IDs, ids)
				}
			}
		})
	}
	wait.Wait()
}

func TestBPELongWordIsNotQuadratic(t *testing.T) {
	_, b := loadBPEFixture(t)
	word := strings.Repeat("trousers", 1<<16) // half a megabyte; scanning for the best pair each time would take minutes
	ids := b.Encode(word)
	if got := b.Decode(ids, false); got != word {
		t.Error("a long word does not survive")
	}
	if len(ids) != 3<<16 {
		t.Errorf("want 3 tokens a repetition, got %d in all", len(ids))
	}
}

func TestLoadBPE(t *testing.T) {
	b, err := LoadBPE("testdata/gpt2/vocab.json", "testdata/gpt2/merges.txt")
	if err != nil {
		t.Fatal(err)
	}
	if b.Size() != 320 || b.EOS() != 319 || b.Token(316) != "Ġkha" {
		t.Errorf("size %d, eos %d, token 316 %q", b.Size(), b.EOS(), b.Token(316))
	}
	if got := b.Encode(" khaki<|endoftext|>"); !slices.Equal(got, []int32{317, 319}) {
		t.Errorf("want [317 319], got %v", got)
	}
	if got := b.Decode([]int32{-1, 317, 320, 1 << 30}, false); got != " khaki" {
		t.Errorf("want ids outside the vocabulary left out, got %q", got)
	}
}

func TestBPEVocabularyErrors(t *testing.T) {
	f, _ := loadBPEFixture(t)
	with := func(change func(v map[string]int)) map[string]int {
		v := make(map[string]int)
		for k, id := range f.Vocab {
			v[k] = id
		}
		change(v)
		return v
	}
	for _, c := range []struct {
		name   string
		vocab  map[string]int
		merges []string
		want   string
	}{
		{"hole", with(func(v map[string]int) { v["new"] = 600 }), nil, "got 600 for token \"new\" where 512 was next"},
		{"twice", with(func(v map[string]int) { v["new"] = 7 }), nil, "got 7 for token \"new\" where 8 was next"},
		{"negative", with(func(v map[string]int) { v["!"] = -1 }), nil, "got -1 for token \"!\" where 0 was next"},
		{"byte", with(func(v map[string]int) { delete(v, "!"); v["new"] = 0 }), nil, "got none for byte 0x21 (\"!\")"},
		{"eos", with(func(v map[string]int) { delete(v, endOfText) }), nil, "want the token <|endoftext|>, got 511 tokens without it"},
		{"one part", f.Vocab, []string{"a"}, "merge 1: want two tokens separated by a space, got \"a\""},
		{"three parts", f.Vocab, []string{"a b c"}, "merge 1: want two tokens"},
		{"unknown", f.Vocab, []string{"i n", "z q"}, "merge 2: \"z q\": token \"zq\" is not in the vocabulary"},
		{"repeated", f.Vocab, []string{"i n", "i n"}, "merge 2: \"i n\" is merge 1 already"},
	} {
		if _, err := NewBPE(c.vocab, c.merges); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
	}
	bad := filepath.Join(t.TempDir(), "vocab.json")
	if err := os.WriteFile(bad, []byte(`{"a": 1.5}`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadBPE(bad, "testdata/gpt2/merges.txt"); err == nil || !strings.Contains(err.Error(), bad) {
		t.Errorf("want an error that names %s, got %v", bad, err)
	}
}

func FuzzBPE(f *testing.F) {
	fixture, b := loadBPEFixture(f)
	for i, c := range fixture.Cases {
		if i%10 == 0 {
			f.Add(c.Text)
		}
	}
	f.Add("\xff 's\xe1\x80<|endoftext|")
	f.Fuzz(func(t *testing.T, text string) {
		ids := b.Encode(text)
		back := b.Decode(ids, false)
		if want := validUTF8([]byte(text)); back != want {
			t.Fatalf("decode(encode(%q)) = %q, want %q", text, back, want)
		}
		if utf8.ValidString(text) && back != text {
			t.Fatalf("valid text %q was changed to %q", text, back)
		}
	})
}

func FuzzBPEDecode(f *testing.F) {
	fixture, b := loadBPEFixture(f)
	for _, c := range fixture.Decode {
		var data []byte
		for _, id := range c.IDs {
			data = append(data, byte(id), byte(id>>8))
		}
		f.Add(data, true)
	}
	f.Fuzz(func(t *testing.T, data []byte, skip bool) {
		var ids []int32
		for i := 0; i+1 < len(data); i += 2 {
			ids = append(ids, int32(int16(uint16(data[i])|uint16(data[i+1])<<8)))
		}
		if text := b.Decode(ids, skip); !utf8.ValidString(text) {
			t.Fatalf("%v: %q is not UTF-8", ids, text)
		}
	})
}
