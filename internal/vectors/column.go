package vectors

import (
	"errors"
	"fmt"
	"io"
	"math"

	pq "github.com/parquet-go/parquet-go"
)

// scalarReader reads a column with one value a row, a buffer at a time.
type scalarReader struct {
	pages  pq.Pages
	values pq.ValueReader // of the current page; nil between pages
	buf    [256]pq.Value
	at, n  int
}

// next returns the value of the next row.
func (c *scalarReader) next() (pq.Value, error) {
	for c.at == c.n {
		if c.values == nil {
			page, err := nextPage(c.pages)
			if err != nil {
				return pq.Value{}, err
			}
			c.values = page.Values()
		}
		n, err := c.values.ReadValues(c.buf[:])
		c.at, c.n = 0, n
		if errors.Is(err, io.EOF) {
			c.values = nil
		} else if err != nil {
			return pq.Value{}, err
		}
	}
	c.at++
	return c.buf[c.at-1], nil
}

// nextPage reads a page that must be there.
func nextPage(pages pq.Pages) (pq.Page, error) {
	page, err := pages.ReadPage()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return page, err
}

// listReader reads a column of lists of numbers, a page at a time.
type listReader struct {
	pages pq.Pages
	page  pq.Page   // holds the memory of numbers and starts
	value []float32 // elements of the page
	level []byte    // repetition level of each: 0 begins a list
	at    int
}

func (c *listReader) close() error {
	if c.page != nil {
		pq.Release(c.page)
	}
	return c.pages.Close()
}

// next returns the list of the next row, of length dim unless that is 0.
func (c *listReader) next(dim int) ([]float32, error) {
	list := make([]float32, 0, dim)
	for {
		if c.at == len(c.value) {
			switch err := c.load(); {
			case errors.Is(err, io.EOF) && len(list) > 0:
				return list, checkList(list, dim)
			case errors.Is(err, io.EOF):
				return nil, io.ErrUnexpectedEOF
			case err != nil:
				return nil, err
			}
		}
		end := c.at
		if len(list) == 0 {
			end++ // the level 0 that begins this list
		}
		for end < len(c.level) && c.level[end] != 0 {
			end++
		}
		if len(list)+end-c.at > maxDim {
			return nil, fmt.Errorf("want at most %d numbers", maxDim)
		}
		list = append(list, c.value[c.at:end]...)
		c.at = end
		if end < len(c.value) {
			return list, checkList(list, dim)
		}
	}
}

// checkList reports a list of another length, or a number that is none.
func checkList(list []float32, dim int) error {
	if dim > 0 && len(list) != dim {
		return fmt.Errorf("want %d numbers as in the rows before, got %d", dim, len(list))
	}
	for i, v := range list {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("element %d: want a finite number, got %v", i, v)
		}
	}
	return nil
}

// load reads the next page that has values; io.EOF when there is none.
func (c *listReader) load() error {
	if c.page != nil {
		pq.Release(c.page)
		c.page = nil
	}
	c.at, c.value, c.level = 0, nil, nil
	for {
		page, err := c.pages.ReadPage()
		if err != nil {
			return err
		}
		if page.NumValues() == 0 {
			pq.Release(page)
			continue
		}
		c.page = page
		if page.NumNulls() > 0 {
			return errors.New("want numbers, got null")
		}
		if page.Dictionary() == nil && page.Type().Kind() == pq.Float {
			data := page.Data()
			c.value, c.level = data.Float(), page.RepetitionLevels()
		} else if err := c.convert(page); err != nil {
			return err
		}
		if len(c.value) != len(c.level) {
			return fmt.Errorf("page of %d numbers: want as many levels, got %d", len(c.value), len(c.level))
		}
		return nil
	}
}

// convert reads a page of doubles or with a dictionary.
func (c *listReader) convert(page pq.Page) error {
	values := page.Values()
	var buf [512]pq.Value
	for {
		n, err := values.ReadValues(buf[:])
		for _, v := range buf[:n] {
			number := float64(0)
			switch v.Kind() {
			case pq.Double:
				number = v.Double()
			case pq.Float:
				number = float64(v.Float())
			default:
				return errors.New("want numbers, got null")
			}
			c.value = append(c.value, float32(number))
			c.level = append(c.level, byte(v.RepetitionLevel()))
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
