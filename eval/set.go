package eval

import "fmt"

// Set describes the queries or the gallery: what is known of each entry beside
// its embedding. Cameras and Keys are nil or as long as IDs.
type Set struct {
	IDs     []int64
	Cameras []int32  // camera of an entry; a negative one is unknown and equals none
	Keys    []string // what names the picture of an entry: its file path
}

// Len returns the number of entries.
func (s Set) Len() int { return len(s.IDs) }

func (s Set) check(what string) error {
	if s.Cameras != nil && len(s.Cameras) != len(s.IDs) {
		return fmt.Errorf("eval: %s: want %d cameras, one for each id, got %d", what, len(s.IDs), len(s.Cameras))
	}
	if s.Keys != nil && len(s.Keys) != len(s.IDs) {
		return fmt.Errorf("eval: %s: want %d keys, one for each id, got %d", what, len(s.IDs), len(s.Keys))
	}
	return nil
}

// places lists the positions at which each value occurs, ascending.
func places[T comparable](values []T) map[T][]int32 {
	counts := make(map[T]int32, len(values)/4)
	for _, v := range values {
		counts[v]++
	}
	m := make(map[T][]int32, len(counts))
	for i, v := range values {
		p, ok := m[v]
		if !ok {
			p = make([]int32, 0, counts[v])
		}
		m[v] = append(p, int32(i))
	}
	return m
}
