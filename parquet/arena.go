package parquet

import "unsafe"

// arena hands out parts of one array, for the lists of many rows. Those of rows
// that are lent come from the same array again after renew.
type arena[T any] struct {
	room []T // what has been handed out
}

// take returns a list of length 0 with room for n. Without lend the array is the
// caller's alone.
func (a *arena[T]) take(n int, lend bool) []T {
	if !lend {
		return make([]T, 0, n)
	}
	from := len(a.room)
	if cap(a.room)-from < n {
		// Rows keep what they have of the old array.
		a.room, from = make([]T, 0, max(n, 2*cap(a.room))), 0
	}
	a.room = a.room[:from+n]
	return a.room[from : from : from+n]
}

// pagePool lends pages to rows and takes them back when the next rows are read.
type pagePool struct {
	lent, free [][]byte
}

func (p *pagePool) take(n int, lend bool) []byte {
	if !lend {
		return make([]byte, n)
	}
	page := []byte(nil)
	if last := len(p.free) - 1; last >= 0 {
		page, p.free = p.free[last], p.free[:last]
	}
	if page = page[:0]; cap(page) < n {
		page = make([]byte, 0, n+n/8) // the next page is about as large
	}
	page = page[:n]
	p.lent = append(p.lent, page)
	return page
}

// reclaim takes back all pages but open.
func (p *pagePool) reclaim(open []byte) {
	kept := p.lent[:0]
	for _, page := range p.lent {
		if unsafe.SliceData(page) == unsafe.SliceData(open) {
			kept = append(kept, page)
		} else {
			p.free = append(p.free, page)
		}
	}
	p.lent = kept
}

// renew ends what was lent. Open is the page that the next rows begin in.
func (s *chunkScratch) renew(lend bool, open []byte) {
	if !lend {
		return
	}
	s.pages.reclaim(open)
	s.strings.room = s.strings.room[:0]
	s.floats.room = s.floats.room[:0]
	s.bytes.room = s.bytes.room[:0]
	s.ints.room = s.ints.room[:0]
	s.longs.room = s.longs.room[:0]
}
