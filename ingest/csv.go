package ingest

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// csvRecords reads a table with the names of its columns in the first line.
type csvRecords struct {
	comma   rune
	columns []csvColumn
}

// csvColumn is where the cells of a column go.
type csvColumn struct {
	key  recordKey
	read bool
}

// newCSVRecords reads the first line. What parts the columns is the comma, or
// else the tab or semicolon that the line has.
func newCSVRecords(f io.Reader) (*csvRecords, error) {
	limited := &limitedReader{r: f, limit: maxRecordBytes}
	buffered := bufio.NewReader(limited)
	skipMark(buffered)
	line, err := buffered.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &RecordError{Record: -1, Err: err}
	}
	c := &csvRecords{comma: ','}
	for _, comma := range "\t;" {
		if !bytes.ContainsRune(line, ',') && bytes.ContainsRune(line, comma) {
			c.comma = comma
			break
		}
	}
	names, err := c.reader(bytes.NewReader(line)).Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, &RecordError{Record: -1, Err: fmt.Errorf("names of the columns: %w", err)}
	}
	image := false
	for _, name := range names {
		column := csvColumnOf(strings.ToLower(strings.TrimSpace(name)))
		image = image || column.read && column.key <= keyImage
		c.columns = append(c.columns, column)
	}
	if !image {
		return nil, &RecordError{Record: -1, Err: fmt.Errorf("want a first line that names the column image or file_path, got %.80q", bytes.TrimSpace(line))}
	}
	return c, nil
}

func csvColumnOf(name string) csvColumn {
	for _, key := range []recordKey{keyFilePath, keyImgPath, keyImage, keyID, keySplit} {
		if name == recordKeys[key] {
			return csvColumn{key, true}
		}
	}
	// caption, captions, caption_1, caption2
	if rest, ok := strings.CutPrefix(name, "caption"); ok && (rest == "" || rest == "s" || isDigits(strings.TrimLeft(rest, "_ "))) {
		return csvColumn{keyCaptions, true}
	}
	return csvColumn{}
}

// skipMark passes over a byte order mark.
func skipMark(r *bufio.Reader) (n int64) {
	if mark, err := r.Peek(3); err == nil && string(mark) == "\ufeff" {
		m, _ := r.Discard(3) // they are buffered
		n = int64(m)
	}
	return n
}

func (c *csvRecords) reader(r io.Reader) *csv.Reader {
	d := csv.NewReader(r)
	d.Comma = c.comma
	return d
}

// each implements recordReader. Lines without anything are passed over.
func (c *csvRecords) each(ctx context.Context, r io.Reader, fn func(p place, rec *record) error) error {
	limited := &limitedReader{r: r, limit: maxRecordBytes}
	buffered := bufio.NewReader(limited)
	base := skipMark(buffered)
	d := c.reader(buffered)
	d.ReuseRecord = true
	var rec record
	for index := int64(-1); ; index++ { // the names of the columns are at -1
		if index%1000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		at := base + d.InputOffset()
		limited.limit = at + maxRecordBytes
		cells, err := d.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil && index >= 0 {
			if err = c.fill(cells, &rec); err == nil {
				err = fn(place{index, at, base + d.InputOffset() - at}, &rec)
			}
		}
		if err != nil {
			return &RecordError{Byte: at, Record: index, Err: csvError(err)}
		}
	}
}

// csvError leaves out the line where it is that of the record's own bytes.
func csvError(err error) error {
	var syntax *csv.ParseError
	if errors.As(err, &syntax) {
		return fmt.Errorf("line %d: column %d: %w", syntax.Line, syntax.Column, syntax.Err)
	}
	return err
}

// parse implements recordReader.
func (c *csvRecords) parse(raw []byte, rec *record) error {
	d := c.reader(bytes.NewReader(raw))
	cells, err := d.Read()
	if err != nil {
		return csvError(err)
	}
	return c.fill(cells, rec)
}

// fill makes a record of the cells of a line.
func (c *csvRecords) fill(cells []string, rec *record) error {
	*rec = record{}
	if len(cells) != len(c.columns) {
		return fmt.Errorf("want %d columns, got %d", len(c.columns), len(cells))
	}
	var file string
	from := countKeys
	for i, column := range c.columns {
		if !column.read {
			continue
		}
		cell := cells[i]
		switch rec.keys |= 1 << column.key; column.key {
		case keyID:
			if err := rec.setID(strings.TrimSpace(cell)); err != nil {
				return fmt.Errorf("column %q: %w", recordKeys[keyID], err)
			}
		case keySplit:
			rec.split = strings.TrimSpace(cell)
		case keyCaptions:
			if strings.TrimSpace(cell) == "" {
				rec.emptyCaptions++
			} else {
				rec.captions = append(rec.captions, cell)
			}
		default:
			if column.key < from { // the first in the order of the keys counts
				file, from = cell, column.key
			}
		}
	}
	if file == "" {
		return fmt.Errorf("column %q: want a path, got none", recordKeys[from])
	}
	rec.setPath(file)
	return nil
}

// limitedReader ends a record that would fill the memory.
type limitedReader struct {
	r     io.Reader
	read  int64
	limit int64 // the offset that no read goes beyond; it moves on with the records
}

// Read implements io.Reader.
func (l *limitedReader) Read(p []byte) (int, error) {
	left := l.limit + 64<<10 - l.read // what is buffered behind a record
	if left <= 0 {
		return 0, fmt.Errorf("record larger than %d MiB", maxRecordBytes>>20)
	}
	n, err := l.r.Read(p[:min(int64(len(p)), left)])
	l.read += int64(n)
	return n, err
}
