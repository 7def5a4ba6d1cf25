package pixels

import "fmt"

// sheetGap is the white space around the cells of a sheet, in pixels.
const sheetGap = 6

// Sheet arranges images in a grid on white, row by row, for people to look at: each is scaled to fit a cell of
// cellW x cellH pixels with its proportions kept, and centred. With labels (one an image, or nil) the text stands below
// the cell, broken into up to maxLabelLines lines of its width. A nil image leaves its cell empty.
//
// No images, cells or columns below 1, or a sheet of more than MaxPixels are errors.
func Sheet(images []*Image, cellW, cellH, columns int, labels []string) (*Image, error) {
	switch {
	case len(images) == 0:
		return nil, fmt.Errorf("sheet: want at least one image")
	case cellW < 1 || cellH < 1 || columns < 1:
		return nil, fmt.Errorf("sheet: want cells and columns of at least 1, got cells of %dx%d in %d columns", cellW, cellH, columns)
	case labels != nil && len(labels) != len(images):
		return nil, fmt.Errorf("sheet: want %d labels, one an image, got %d", len(images), len(labels))
	}
	columns = min(columns, len(images))
	rows := (len(images) + columns - 1) / columns
	if over := MaxPixels; cellW > over/columns || cellH > over/rows {
		return nil, fmt.Errorf("sheet: want at most %d pixels, got %d columns and %d rows of %dx%d", over, columns, rows, cellW, cellH)
	}
	lettering, err := newLettering(cellW)
	if err != nil {
		return nil, err
	}
	defer lettering.close()
	texts := make([][]string, len(images))
	most := 0 // lines of text below each cell
	for i, label := range labels {
		texts[i] = lettering.wrap(label)
		most = max(most, len(texts[i]))
	}
	stepX, stepY := cellW+sheetGap, cellH+sheetGap+most*lettering.lineHeight
	w, h := columns*stepX+sheetGap, rows*stepY+sheetGap
	if w > MaxPixels/h {
		return nil, fmt.Errorf("sheet: want at most %d pixels, got %dx%d", MaxPixels, w, h)
	}
	sheet := NewImage(w, h)
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
	}
	for i, m := range images {
		x, y := sheetGap+i%columns*stepX, sheetGap+i/columns*stepY
		if m != nil {
			fitW, fitH := fit(m.W, m.H, cellW, cellH)
			sheet.paste(m.Resized(fitW, fitH), x+(cellW-fitW)/2, y+(cellH-fitH)/2)
		}
		for line, text := range texts[i] {
			sheet.paste(lettering.draw(text), x, y+cellH+line*lettering.lineHeight)
		}
	}
	return sheet, nil
}

// fit returns the greatest size with the proportions of w x h within cellW x cellH, at least one pixel each way.
func fit(w, h, cellW, cellH int) (int, int) {
	if w*cellH > h*cellW { // too wide: the cell's width decides
		return cellW, max(1, (h*cellW+w/2)/w)
	}
	return max(1, (w*cellH+h/2)/h), cellH
}

// paste copies part into m with its upper left corner at x, y. It must lie within m.
func (m *Image) paste(part *Image, x, y int) {
	for row := range part.H {
		copy(m.row(y + row)[3*x:], part.row(row))
	}
}
