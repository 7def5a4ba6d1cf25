package pixels

import (
	"fmt"
	"image"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

const (
	letterSize    = 12 // font size in pixels
	maxLabelLines = 4  // lines below a cell of a sheet
)

// lettering draws short texts in the Go font, black on white, in lines of one width.
type lettering struct {
	face       font.Face
	width      int // of a line, in pixels
	lineHeight int
	ascent     int
}

func newLettering(width int) (*lettering, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("lettering: parse font: %w", err)
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: letterSize, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, fmt.Errorf("lettering: open font: %w", err)
	}
	metrics := face.Metrics()
	return &lettering{face: face, width: width, lineHeight: metrics.Height.Ceil() + 1, ascent: metrics.Ascent.Ceil()}, nil
}

// close releases the font.
func (l *lettering) close() { l.face.Close() }

// fits reports whether text is no wider than a line.
func (l *lettering) fits(text string) bool {
	return font.MeasureString(l.face, text).Ceil() <= l.width
}

// cut shortens text until it fits with an ellipsis behind it.
func (l *lettering) cut(text string) string {
	runes := []rune(text)
	for len(runes) > 0 && !l.fits(string(runes)+"…") {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

// wrap breaks text at white space into at most maxLabelLines lines that fit. A word wider than a line, and text beyond the
// last line, are cut, which an ellipsis shows.
func (l *lettering) wrap(text string) []string {
	var lines []string
	line := ""
	words := strings.Fields(text)
	for i, word := range words {
		longer := word
		if line != "" {
			longer = line + " " + word
		}
		if l.fits(longer) {
			line = longer
			continue
		}
		if len(lines) == maxLabelLines-1 {
			return append(lines, l.cut(strings.TrimSpace(line+" "+strings.Join(words[i:], " "))))
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = word
		if !l.fits(word) {
			line = l.cut(word)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// draw returns one line of text as an image of the line's width and height.
func (l *lettering) draw(text string) *Image {
	gray := image.NewGray(image.Rect(0, 0, l.width, l.lineHeight))
	for i := range gray.Pix {
		gray.Pix[i] = 255
	}
	pen := font.Drawer{Dst: gray, Src: image.Black, Face: l.face, Dot: fixed.P(0, l.ascent)}
	pen.DrawString(text)
	line := NewImage(l.width, l.lineHeight)
	expandGray(line.Pix, gray.Pix)
	return line
}
