package trainer

import "testing"

func TestMaskedText(t *testing.T) {
	m := newTestMasker(t)
	for _, c := range []struct {
		caption string
		at      []int // of the tokens, [CLS] being 0
		want    string
	}{
		{"a man in red jeans.", []int{2}, "a [MASK] in red jeans."},
		{"a man in red jeans.", []int{4, 5, 6}, "a man in [MASK] [MASK] [MASK]."}, // je, ##ans
		{"red T-shirt", []int{1, 2, 3, 4}, "[MASK] [MASK] [MASK] [MASK]"},
		{"a man", nil, "a man"},
	} {
		_, spans := m.words.Encode(c.caption, 64)
		if got := maskedText(c.caption, spans, c.at); got != c.want {
			t.Errorf("%q: want %q, got %q", c.caption, c.want, got)
		}
	}
}
