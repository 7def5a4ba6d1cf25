package parquet

import "math/bits"

// identitySet is a set of identities. Numbering is dense in practice, so 64
// neighbours share one word: about one byte an identity.
type identitySet struct {
	words map[int64]uint64
	len   int64
}

func newIdentitySet() *identitySet { return &identitySet{words: map[int64]uint64{}} }

func (s *identitySet) has(id int64) bool { return s.words[id>>6]&(1<<(id&63)) != 0 }

// add reports whether id was new.
func (s *identitySet) add(id int64) bool {
	if s.has(id) {
		return false
	}
	s.words[id>>6] |= 1 << (id & 63)
	s.len++
	return true
}

// union adds the members of t. Where the sets had members in common, ok is false
// and id is the smallest of them.
func (s *identitySet) union(t *identitySet) (id int64, ok bool) {
	ok = true
	for key, word := range t.words {
		if common := s.words[key] & word; common != 0 {
			if first := key<<6 + int64(bits.TrailingZeros64(common)); ok || first < id {
				id, ok = first, false
			}
		}
		s.words[key] |= word
		s.len += int64(bits.OnesCount64(word))
	}
	return id, ok
}
