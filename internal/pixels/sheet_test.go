package pixels

import (
	"bytes"
	"strings"
	"testing"
)

// filled returns an image of one colour.
func filled(w, h int, r, g, b uint8) *Image {
	m := NewImage(w, h)
	for i := 0; i < len(m.Pix); i += 3 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2] = r, g, b
	}
	return m
}

func (m *Image) at(x, y int) [3]uint8 { return [3]uint8(m.row(y)[3*x:]) }

func TestSheetPlaces(t *testing.T) {
	red, blue := filled(10, 20, 200, 0, 0), filled(40, 10, 0, 0, 200)
	sheet, err := Sheet([]*Image{red, nil, blue}, 20, 40, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	if w, h := 2*26+6, 2*46+6; sheet.W != w || sheet.H != h {
		t.Fatalf("got %dx%d, want %dx%d", sheet.W, sheet.H, w, h)
	}
	white := [3]uint8{255, 255, 255}
	for _, p := range []struct {
		x, y int
		want [3]uint8
	}{
		{6, 6, [3]uint8{200, 0, 0}}, {25, 45, [3]uint8{200, 0, 0}}, // red fills its cell
		{5, 6, white}, {26, 6, white}, {6, 5, white}, {6, 46, white}, // the gaps around it
		{40, 20, white},                                             // the nil image
		{16, 72, [3]uint8{0, 0, 200}}, {6, 70, [3]uint8{0, 0, 200}}, // blue is 20x5, in the middle of its cell
		{16, 68, white}, {16, 76, white},
	} {
		if got := sheet.at(p.x, p.y); got != p.want {
			t.Errorf("pixel %d,%d: got %v, want %v", p.x, p.y, got, p.want)
		}
	}
}

func TestSheetLabels(t *testing.T) {
	images := []*Image{filled(60, 60, 9, 9, 9), filled(60, 60, 9, 9, 9)}
	plain, err := Sheet(images, 60, 60, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	labelled, err := Sheet(images, 60, 60, 2, []string{"a woman in a red coat", ""})
	if err != nil {
		t.Fatal(err)
	}
	if labelled.W != plain.W || labelled.H < plain.H+2*letterSize {
		t.Fatalf("got %dx%d with labels, %dx%d without: want room for two lines or more", labelled.W, labelled.H, plain.W, plain.H)
	}
	ink := func(x0, x1 int) (n int) {
		for y := plain.H; y < labelled.H; y++ {
			for x := x0; x < x1; x++ {
				if labelled.at(x, y)[0] < 128 {
					n++
				}
			}
		}
		return n
	}
	if left, right := ink(0, 66), ink(66, labelled.W); left < 50 || right != 0 {
		t.Errorf("got %d dark pixels below the first image, %d below the second; want at least 50, and 0", left, right)
	}
	again, err := Sheet(images, 60, 60, 2, []string{"a woman in a red coat", ""})
	if err != nil || !bytes.Equal(again.Pix, labelled.Pix) {
		t.Errorf("the same sheet twice differs (%v)", err)
	}
}

func TestLetteringWrap(t *testing.T) {
	l, err := newLettering(80)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	const text = "the man has short hair"
	if got := strings.Join(l.wrap(text), " "); got != text {
		t.Errorf("got %q, want %q in lines", got, text)
	}
	if got := l.wrap("  \n "); got != nil {
		t.Errorf("white space: got %q, want no lines", got)
	}
	for _, long := range []string{strings.Repeat("word ", 60), strings.Repeat("x", 300), "a " + strings.Repeat("ü", 300) + " b"} {
		lines := l.wrap(long)
		if len(lines) > maxLabelLines || !strings.Contains(strings.Join(lines, ""), "…") {
			t.Errorf("%.10q...: got %d lines %q, want at most %d and an ellipsis", long, len(lines), lines, maxLabelLines)
		}
		for _, line := range lines {
			if !l.fits(line) {
				t.Errorf("%.10q...: line %q is too wide", long, line)
			}
		}
	}
}

func TestSheetRefuses(t *testing.T) {
	one := []*Image{NewImage(2, 2)}
	for _, test := range []struct {
		images                []*Image
		cellW, cellH, columns int
		labels                []string
		want                  string
	}{
		{nil, 5, 5, 1, nil, "sheet: want at least one image"},
		{one, 0, 5, 1, nil, "sheet: want cells and columns of at least 1, got cells of 0x5 in 1 columns"},
		{one, 5, 5, 0, nil, "sheet: want cells and columns of at least 1, got cells of 5x5 in 0 columns"},
		{one, 5, 5, 1, []string{"a", "b"}, "sheet: want 1 labels, one an image, got 2"},
		{one, 9000, 9000, 1, nil, "sheet: want at most 64000000 pixels, got 9012x9012"},
		{one, 1 << 62, 5, 1, nil, "sheet: want at most 64000000 pixels, got 1 columns and 1 rows of 4611686018427387904x5"},
	} {
		if _, err := Sheet(test.images, test.cellW, test.cellH, test.columns, test.labels); err == nil || err.Error() != test.want {
			t.Errorf("got error %v, want %q", err, test.want)
		}
	}
}
