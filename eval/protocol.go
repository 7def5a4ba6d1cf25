package eval

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
)

// JunkID is Market-1501's id of detections that are of nobody.
const JunkID = -1

// Protocol says which gallery entries count for a query and how the means are
// taken. Its zero value, but for MaxRank, is the protocol of text re-ID: every
// entry counts.
type Protocol struct {
	CameraJunk        bool   // leave out entries of the query's own identity and camera (Market-1501)
	JunkID            bool   // leave out entries with id JunkID
	WithoutOwnPicture bool   // leave out entries whose key is the query's; needs keys (ours, the harder test)
	PerIdentity       int    // leave no more than this many entries of an identity in the gallery, drawn by Seed; 0 leaves all (ours, the harder test)
	Seed              uint64 // of PerIdentity
	AllQueries        bool   // divide by all queries, also those without a match (the release)
	MaxRank           int    // length of the CMC. Default 50
	Top               int    // best entries to list for each query. Default 0
}

// DefaultProtocol returns the protocol of text re-ID.
func DefaultProtocol() Protocol { return Protocol{MaxRank: 50} }

// Validate names every field out of range.
func (p Protocol) Validate() error {
	var errs []error
	for _, f := range []struct {
		name  string
		value int
		least int
	}{{"MaxRank", p.MaxRank, 1}, {"PerIdentity", p.PerIdentity, 0}, {"Top", p.Top, 0}} {
		if f.value < f.least || f.value > math.MaxInt32 {
			errs = append(errs, fmt.Errorf("eval: %s: want %d or more, got %d", f.name, f.least, f.value))
		}
	}
	return errors.Join(errs...)
}

// filter answers, for one query after another, which gallery entries count. It is
// safe for concurrent use.
type filter struct {
	protocol         Protocol
	queries, gallery Set
	byID             map[int64][]int32
	byKey            map[string][]int32 // nil unless own pictures are left out
	left             []bool             // of the gallery: left out for every query
	leftOut          []int32            // the same as positions
}

func newFilter(queries, gallery Set, p Protocol) (*filter, error) {
	if err := errors.Join(p.Validate(), queries.check("queries"), gallery.check("gallery")); err != nil {
		return nil, err
	}
	if gallery.Len() > math.MaxInt32 {
		return nil, fmt.Errorf("eval: gallery: want at most %d entries, got %d", math.MaxInt32, gallery.Len())
	}
	if p.CameraJunk && (queries.Cameras == nil || gallery.Cameras == nil) {
		return nil, errors.New("eval: camera junk removal: want cameras of queries and gallery, got none")
	}
	if p.WithoutOwnPicture && (queries.Keys == nil || gallery.Keys == nil) {
		return nil, errors.New("eval: removal of own pictures: want keys of queries and gallery, got none")
	}
	f := &filter{protocol: p, queries: queries, gallery: gallery, byID: places(gallery.IDs), left: make([]bool, gallery.Len())}
	if p.WithoutOwnPicture {
		f.byKey = places(gallery.Keys)
	}
	if p.JunkID {
		for _, g := range f.byID[JunkID] {
			f.left[g] = true
		}
	}
	if p.PerIdentity > 0 {
		for id, entries := range f.byID {
			for _, g := range f.surplus(id, entries) {
				f.left[g] = true
			}
		}
	}
	for g, l := range f.left {
		if l {
			f.leftOut = append(f.leftOut, int32(g))
		}
	}
	return f, nil
}

// surplus returns the entries of an identity beyond PerIdentity. Those that stay
// have the smallest hashes of seed, id and key (position when there are no
// keys), so that the draw does not depend on other identities or their order.
func (f *filter) surplus(id int64, entries []int32) []int32 {
	if len(entries) <= f.protocol.PerIdentity {
		return nil
	}
	type drawn struct {
		hash uint64
		g    int32
	}
	d := make([]drawn, len(entries))
	for i, g := range entries {
		name := strconv.Itoa(int(g))
		if f.gallery.Keys != nil {
			name = f.gallery.Keys[g]
		}
		h := sha256.Sum256(fmt.Appendf(nil, "%d/%d/%s", f.protocol.Seed, id, name))
		d[i] = drawn{binary.LittleEndian.Uint64(h[:]), g}
	}
	slices.SortFunc(d, func(a, b drawn) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.g, b.g)) })
	var rest []int32
	for _, x := range d[f.protocol.PerIdentity:] {
		rest = append(rest, x.g)
	}
	return rest
}

// query splits what concerns one query: matches are the entries of its identity
// that count, own those that are left out for this query alone (ascending within
// each cause, possibly twice). Both are appended to the slices given.
func (f *filter) query(q int, matches, own []int32) (m, o []int32) {
	if f.byKey != nil {
		own = append(own, f.byKey[f.queries.Keys[q]]...)
	}
	pictures := own
	for _, g := range f.byID[f.queries.IDs[q]] {
		switch {
		case f.left[g] || slices.Contains(pictures, g):
		case f.protocol.CameraJunk && f.queries.Cameras[q] >= 0 && f.queries.Cameras[q] == f.gallery.Cameras[g]:
			own = append(own, g)
		default:
			matches = append(matches, g)
		}
	}
	return matches, own
}
