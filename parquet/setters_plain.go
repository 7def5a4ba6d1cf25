package parquet

import (
	"encoding/binary"
	"fmt"
	"math"
)

// plainSetter fills one column of rows that lie in the open page of a chunk.
// Lists of these rows share one array, each limited to its part of it.
type plainSetter func(c *plainChunk, rows []Row) error

func plainPictures(c *plainChunk, rows []Row) error {
	for i := range rows {
		ok, err := c.present()
		if err == nil && ok {
			rows[i].Image, err = c.bytes()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func plainTexts(field func(r *Row) *string) plainSetter {
	return func(c *plainChunk, rows []Row) error {
		for i := range rows {
			ok, err := c.present()
			if err == nil && ok {
				*field(&rows[i]), err = c.text()
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

func plainInt32s(field func(r *Row) *int32) plainSetter {
	return func(c *plainChunk, rows []Row) error {
		for i := range rows {
			ok, err := c.present()
			if err != nil {
				return err
			}
			if !ok {
				continue
			}
			b, err := c.fixed(1, 4)
			if err != nil {
				return err
			}
			*field(&rows[i]) = int32(binary.LittleEndian.Uint32(b))
		}
		return nil
	}
}

// plainCameras gives rows parts of one array: a number of its own for each costs
// an allocation.
func plainCameras(c *plainChunk, rows []Row) error {
	cameras := c.scratch.ints.take(len(rows), c.lend)[:len(rows)]
	for i := range rows {
		rows[i].Camera = &cameras[i]
	}
	return plainNumbers(c, rows, 4, func(i int, b []byte) {
		if b == nil {
			rows[i].Camera = nil
		} else {
			cameras[i] = int32(binary.LittleEndian.Uint32(b))
		}
	})
}

func plainTruthIDs(c *plainChunk, rows []Row) error {
	ids := c.scratch.longs.take(len(rows), c.lend)[:len(rows)]
	return plainNumbers(c, rows, 8, func(i int, b []byte) {
		if b != nil {
			ids[i] = int64(binary.LittleEndian.Uint64(b))
			rows[i].TruthID = &ids[i]
		}
	})
}

func plainIDs(c *plainChunk, rows []Row) error {
	return plainNumbers(c, rows, 8, func(i int, b []byte) {
		if b != nil {
			rows[i].ID = int64(binary.LittleEndian.Uint64(b))
		}
	})
}

// plainNumbers calls set with the bytes of each row's number, nil where it is null.
func plainNumbers(c *plainChunk, rows []Row, size int, set func(i int, b []byte)) error {
	for i := range rows {
		ok, err := c.present()
		if err != nil {
			return err
		}
		if !ok {
			set(i, nil)
			continue
		}
		b, err := c.fixed(1, size)
		if err != nil {
			return err
		}
		set(i, b)
	}
	return nil
}

// plainLists stores lists of strings. An empty one is nil, except where null
// means something else than empty.
func plainLists(field func(r *Row) *[]string, keepEmpty bool) plainSetter {
	return func(c *plainChunk, rows []Row) error {
		all := c.scratch.strings.take(c.elements(len(rows)), c.lend)
		for i := range rows {
			n, err := c.length()
			if err != nil {
				return err
			}
			if n < 0 || n == 0 && !keepEmpty {
				continue
			}
			from := len(all)
			for range n {
				s, err := c.text()
				if err != nil {
					return err
				}
				all = append(all, s)
			}
			*field(&rows[i]) = all[from:len(all):len(all)]
		}
		return nil
	}
}

func plainLabels(c *plainChunk, rows []Row) error {
	all := c.scratch.bytes.take(c.elements(len(rows)), c.lend)
	for i := range rows {
		n, err := c.length()
		if err != nil {
			return err
		}
		if n < 0 {
			continue
		}
		b, err := c.fixed(n, 4)
		if err != nil {
			return err
		}
		from := len(all)
		for ; len(b) > 0; b = b[4:] {
			v := int32(binary.LittleEndian.Uint32(b))
			if v != int32(int8(v)) {
				return fmt.Errorf("want 8 bits, got %d", v)
			}
			all = append(all, int8(v))
		}
		rows[i].Labels = all[from:len(all):len(all)]
	}
	return nil
}

func plainEmbeddings(c *plainChunk, rows []Row) error {
	all := c.scratch.floats.take(c.elements(len(rows)), c.lend)
	for i := range rows {
		n, err := c.length()
		if err != nil {
			return err
		}
		if n < 0 {
			continue
		}
		b, err := c.fixed(n, 4)
		if err != nil {
			return err
		}
		from := len(all)
		for ; len(b) > 0; b = b[4:] {
			all = append(all, math.Float32frombits(binary.LittleEndian.Uint32(b)))
		}
		rows[i].Embedding = all[from:len(all):len(all)]
	}
	return nil
}
