package parquet

import (
	"encoding/binary"
	"strings"
)

// dictionary gives each different string of a column chunk a number, in the
// order in which they come.
type dictionary struct {
	numbers map[string]int32
	strings []string
	values  []byte // plain: a length and a string in turn
	recent  [8]int32
	marks   []int32 // page that last had the string
	page    int32
}

// add returns the number of s. Slot is its place in its list: slots differ in
// their strings and mostly repeat the row before, which is found without hashing.
func (d *dictionary) add(s string, slot int) int32 {
	recent := &d.recent[slot%len(d.recent)]
	if n := *recent; int(n) < len(d.strings) && d.strings[n] == s {
		return n
	}
	n, ok := d.numbers[s]
	if !ok {
		n = int32(len(d.strings))
		s = strings.Clone(s)
		d.numbers[s] = n
		d.strings = append(d.strings, s)
		d.marks = append(d.marks, -1)
		d.values = binary.LittleEndian.AppendUint32(d.values, uint32(len(s)))
		d.values = append(d.values, s...)
	}
	*recent = n
	return n
}

// bounds returns the least and the greatest of a page's strings, of which there
// is one or more.
func (d *dictionary) bounds(indices []int32) (low, high string) {
	low, high = d.strings[indices[0]], d.strings[indices[0]]
	for _, n := range indices {
		if d.marks[n] == d.page {
			continue
		}
		d.marks[n] = d.page
		low, high = min(low, d.strings[n]), max(high, d.strings[n])
	}
	d.page++
	return low, high
}

func (d *dictionary) reset() {
	clear(d.numbers)
	clear(d.strings)
	d.strings, d.marks, d.values = d.strings[:0], d.marks[:0], d.values[:0]
	d.recent, d.page = [8]int32{}, 0
}
