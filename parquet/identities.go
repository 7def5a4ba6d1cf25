package parquet

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
