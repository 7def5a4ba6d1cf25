package parquet

import (
	"encoding/binary"
	"fmt"

	"github.com/parquet-go/parquet-go/format"
)

// pageHeader is what our pages say about themselves: data pages of version 2 and
// dictionaries. The library's decoder works by reflection and takes as long as
// the page of a small column.
type pageHeader struct {
	kind          format.PageType
	plain, packed int64 // bytes before and after compression, levels included
	crc           uint32
	encoding      format.Encoding
	values, rows  int64
	nulls         int64
	reps, defs    int64 // bytes of levels
	compressed    bool
}

// parse reads the header at the start of b and returns its length;
// errThriftShort when b ends before it does.
func (h *pageHeader) parse(b []byte) (int, error) {
	*h = pageHeader{kind: -1, compressed: true}
	w := thriftWalker{b: b}
	err := w.fields(func(field int, kind byte) (bool, error) {
		switch {
		case field == 1 && kind == thriftI32:
			return true, w.zigzag((*int32)(&h.kind))
		case field == 2 && kind == thriftI32:
			return true, w.zigzag64(&h.plain)
		case field == 3 && kind == thriftI32:
			return true, w.zigzag64(&h.packed)
		case field == 4 && kind == thriftI32:
			var crc int32
			err := w.zigzag(&crc)
			h.crc = uint32(crc)
			return true, err
		case field == 7 && kind == thriftStruct:
			return true, h.dictionary(&w)
		case field == 8 && kind == thriftStruct:
			return true, h.data(&w)
		}
		return false, nil
	})
	if err != nil {
		return 0, err
	}
	if h.kind != format.DataPageV2 && h.kind != format.DictionaryPage {
		return 0, fmt.Errorf("want a data page of version 2 or a dictionary, got type %d", h.kind)
	}
	return len(b) - len(w.b), nil
}

func (h *pageHeader) dictionary(w *thriftWalker) error {
	return w.fields(func(field int, kind byte) (bool, error) {
		switch {
		case field == 1 && kind == thriftI32:
			return true, w.zigzag64(&h.values)
		case field == 2 && kind == thriftI32:
			return true, w.zigzag((*int32)(&h.encoding))
		}
		return false, nil
	})
}

func (h *pageHeader) data(w *thriftWalker) error {
	numbers := [...]*int64{1: &h.values, 2: &h.nulls, 3: &h.rows, 5: &h.defs, 6: &h.reps}
	return w.fields(func(field int, kind byte) (bool, error) {
		switch {
		case field == 4 && kind == thriftI32:
			return true, w.zigzag((*int32)(&h.encoding))
		case field > 0 && field < len(numbers) && kind == thriftI32:
			return true, w.zigzag64(numbers[field])
		case field == 7 && (kind == thriftTrue || kind == thriftFalse):
			h.compressed = kind == thriftTrue
		}
		return false, nil
	})
}

// fields calls fn for each field of a struct. Where fn has not taken the value,
// it is passed over.
func (w *thriftWalker) fields(fn func(field int, kind byte) (taken bool, err error)) error {
	field := 0
	for {
		head, err := w.take(1)
		if err != nil {
			return err
		}
		kind, delta := head[0]&0x0F, int(head[0]>>4)
		if kind == 0 {
			return nil
		}
		field += delta
		if delta == 0 {
			var long int32
			if err := w.zigzag(&long); err != nil {
				return err
			}
			field = int(long)
		}
		taken, err := fn(field, kind)
		if err != nil {
			return err
		}
		if taken || kind == thriftTrue || kind == thriftFalse {
			continue
		}
		if err := w.value(kind, 1); err != nil {
			return err
		}
	}
}

func (w *thriftWalker) zigzag(dst *int32) error {
	var long int64
	err := w.zigzag64(&long)
	*dst = int32(long)
	return err
}

func (w *thriftWalker) zigzag64(dst *int64) error {
	v, n := binary.Varint(w.b)
	if n <= 0 {
		return errThriftShort
	}
	*dst = v
	w.b = w.b[n:]
	return nil
}
