package trainer

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// newTestMasker has a vocabulary that cuts some words into pieces.
func newTestMasker(t testing.TB) *masker {
	t.Helper()
	words, err := newVocabulary([]string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "the", "man", "wears", "red", "t", "-", "shirt", "and",
		"je", "##ans", "are", "blue", ".", "with", "back", "##pack", "in", "of", "street", "he"})
	if err != nil {
		t.Fatal(err)
	}
	m, err := newMasker(words.WordPiece)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

const maskedCaption = "The man wears a red T-shirt and blue jeans, with a backpack."

// pieces are the tokens of a masked caption.
func pieces(m *masker, ids []int32) string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = m.words.Token(id)
	}
	return strings.Join(out, " ")
}

func TestPhrasesAreMaskedWhole(t *testing.T) {
	m := newTestMasker(t)
	for _, c := range []struct {
		caption string
		limit   int
		want    string // everything masked
		phrases int
	}{
		{maskedCaption, 64, "[CLS] the [MASK] wears a [MASK] [MASK] [MASK] [MASK] and [MASK] [MASK] [MASK] [UNK] with a [MASK] [MASK] . [SEP]", 4},
		{maskedCaption, 12, "[CLS] the [MASK] wears a [MASK] [MASK] [MASK] [MASK] and [MASK] [SEP]", 3}, // the jeans lie half beyond the end
		{"the jeans are blue", 64, "[CLS] the [MASK] [MASK] are [MASK] [SEP]", 2},
		{"the street", 64, "[CLS] the street [SEP]", 0},
		{"", 64, "[CLS] [SEP]", 0},
	} {
		ids, spans := m.words.Encode(c.caption, c.limit)
		before := slices.Clone(ids)
		if got := m.phrases(c.caption, spans); len(got) != c.phrases {
			t.Errorf("%q: want %d phrases, got %v", c.caption, c.phrases, got)
		}
		masked, at := m.mask(rand.New(rand.NewPCG(1, 1)), 1, c.caption, ids, spans)
		if got := pieces(m, masked); got != c.want {
			t.Errorf("%q:\nwant %s\ngot  %s", c.caption, c.want, got)
		}
		if !slices.Equal(ids, before) {
			t.Errorf("%q: the caption itself was changed", c.caption)
		}
		for i, id := range masked {
			if (id == m.words.MaskID()) != slices.Contains(at, i) {
				t.Errorf("%q: token %d: masked places are %v", c.caption, i, at)
			}
		}
	}
}

// TestMaskedShareIsG draws often: with probability g each phrase is masked, and where none is, one is.
func TestMaskedShareIsG(t *testing.T) {
	m := newTestMasker(t)
	ids, spans := m.words.Encode(maskedCaption, 64)
	phrases := m.phrases(maskedCaption, spans)
	const draws = 4000
	for _, g := range []float64{0, 0.2, 0.8} {
		count := make([]int, len(phrases))
		for row := range int64(draws) {
			_, at := m.mask(visit(3, 1, row), g, maskedCaption, ids, spans)
			whole := 0
			for i, p := range phrases {
				n := 0
				for k := p[0]; k < p[1]; k++ {
					if slices.Contains(at, k) {
						n++
					}
				}
				if n != 0 && n != p[1]-p[0] {
					t.Fatalf("row %d: phrase %v is masked in part: %v", row, p, at)
				}
				if n > 0 {
					count[i]++
					whole++
				}
			}
			if whole == 0 || g == 0 && whole != 1 {
				t.Fatalf("row %d, g %v: %d phrases masked", row, g, whole)
			}
			if _, again := m.mask(visit(3, 1, row), g, maskedCaption, ids, spans); !slices.Equal(at, again) {
				t.Fatalf("row %d: %v, then %v", row, at, again)
			}
		}
		none := (1 - g) * (1 - g) * (1 - g) * (1 - g)
		want := draws * (g + none/4)
		for i, n := range count { // four standard deviations
			if d := float64(n) - want; d*d > 16*want*(1-want/draws) {
				t.Errorf("g %v: phrase %d was masked %d times of %d, want about %.0f", g, i, n, draws, want)
			}
		}
	}
}

// FuzzMask masks any text: places are of tokens, ascending, and unmasking gives the caption.
func FuzzMask(f *testing.F) {
	for _, s := range []string{maskedCaption, "", "jeans", "a man in a red-and-blue T-shirt; \xff jeans", "[MASK] man [SEP]", "the jea\u0301ns, man's blue shirt's", "紅 shirt"} {
		f.Add(s, 64, 0.5)
	}
	m := newTestMasker(f)
	f.Fuzz(func(t *testing.T, caption string, limit int, g float64) {
		if len(caption) > 1<<12 {
			return
		}
		ids, spans := m.words.Encode(caption, min(limit, 512))
		masked, at := m.mask(rand.New(rand.NewPCG(uint64(len(caption)), 1)), g, caption, ids, spans)
		restored := slices.Clone(masked)
		for i, k := range at {
			if k <= 0 || k >= len(ids)-1 || i > 0 && at[i-1] >= k || masked[k] != m.words.MaskID() {
				t.Fatalf("%q: places %v of %d tokens", caption, at, len(ids))
			}
			restored[k] = ids[k]
		}
		if !slices.Equal(restored, ids) {
			t.Fatalf("%q: other tokens than the masked ones changed", caption)
		}
		if len(m.phrases(caption, spans)) > 0 && len(at) == 0 {
			t.Fatalf("%q: a phrase, and nothing masked", caption)
		}
	})
}
