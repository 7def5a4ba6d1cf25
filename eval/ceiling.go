package eval

import (
	"context"
	"errors"
	"fmt"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// Canonical maps an attribute to the form in which two answers are compared: a
// synonym table, colour and noun alone, or nothing at all. It is called from one
// goroutine.
type Canonical func(slot int, value string) string

// Unknown is the attribute of a slot of which nothing is known.
const Unknown = "unknown"

// Ceiling returns the figures of an oracle that knows the true attributes of
// queries and gallery and ranks by in how many slots they agree: what no model
// can pass whose sentences say no more than the attributes (ours). A slot in
// which the query is Unknown agrees with nothing. Many entries tie, and every
// figure is its exact expectation when ties are broken at random; the per-query
// First is the smallest rank possible.
func Ceiling(ctx context.Context, queries, gallery Set, queryAttributes, galleryAttributes [][]string, canonical Canonical, p Protocol) (*Result, error) {
	if len(queryAttributes) != queries.Len() || len(galleryAttributes) != gallery.Len() {
		return nil, fmt.Errorf("eval: ceiling: want attributes of %d queries and %d gallery entries, got %d and %d",
			queries.Len(), gallery.Len(), len(queryAttributes), len(galleryAttributes))
	}
	if p.Top > 0 {
		return nil, errors.New("eval: ceiling: Top: want 0, as ties have no order, got a list length")
	}
	f, err := newFilter(queries, gallery, p)
	if err != nil {
		return nil, err
	}
	codes := coder{canonical: canonical, known: map[slotValue]int32{}}
	qa, err := codes.encode(queryAttributes)
	if err != nil {
		return nil, fmt.Errorf("eval: ceiling: query %w", err)
	}
	ga, err := codes.encode(galleryAttributes)
	if err != nil {
		return nil, fmt.Errorf("eval: ceiling: gallery entry %w", err)
	}
	n := queries.Len()
	per := make([]Query, n)
	workers := runtime.GOMAXPROCS(0)
	hits := make([][]float64, n) // expected CMC of each query, added up in order
	group, ctx := errgroup.WithContext(ctx)
	for k := range workers {
		group.Go(func() error {
			o := oracle{slots: codes.slots}
			for q := k; q < n; q += workers {
				if err := ctx.Err(); err != nil {
					return fmt.Errorf("eval: ceiling: stopped at query %d: %w", q, err)
				}
				hits[q] = o.measure(f, q, qa[q*codes.slots:][:codes.slots], ga, &per[q])
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r := newResult(per, f)
	r.expectCMC(hits, p)
	return r, nil
}

// expectCMC replaces the CMC of the smallest possible ranks by the expected one.
func (r *Result) expectCMC(hits [][]float64, p Protocol) {
	deep := make([]float64, max(p.MaxRank, 10))
	for _, h := range hits {
		for k, x := range h {
			deep[k] += x
		}
	}
	divisor := max(1, p.divisor(r.Queries, r.WithoutMatch))
	for k := range deep {
		deep[k] /= divisor
	}
	r.R1, r.R5, r.R10 = deep[0], deep[4], deep[9]
	copy(r.CMC, deep)
}

// coder numbers attribute values so that comparing them is comparing integers.
// Number 0 is Unknown.
type coder struct {
	canonical Canonical
	slots     int
	known     map[slotValue]int32
}

type slotValue struct {
	slot  int
	value string
}

// encode returns [N, slots] numbers.
func (c *coder) encode(attributes [][]string) ([]int32, error) {
	out := make([]int32, 0, len(attributes)*6)
	for i, a := range attributes {
		if c.slots == 0 {
			c.slots = len(a)
		}
		if len(a) != c.slots || len(a) == 0 {
			return nil, fmt.Errorf("%d: want %d attributes, got %d", i, max(1, c.slots), len(a))
		}
		for s, v := range a {
			if v != Unknown && c.canonical != nil {
				v = c.canonical(s, v)
			}
			if v == Unknown {
				out = append(out, 0)
				continue
			}
			key := slotValue{s, v}
			if c.known[key] == 0 {
				c.known[key] = int32(len(c.known) + 1)
			}
			out = append(out, c.known[key])
		}
	}
	return out, nil
}

// oracle is a worker of Ceiling.
type oracle struct {
	slots        int
	state        []uint8 // of gallery entries for the query: 0 counts, 1 counts and matches, 2 is left out
	matches, own []int32
	levels       []level
}

// level is a set of entries with equal scores.
type level struct{ entries, matches int }

// measure fills the expected figures of query q with attributes a, against the
// gallery's [G, slots], and returns its expected CMC.
func (o *oracle) measure(f *filter, q int, a, gallery []int32, out *Query) []float64 {
	if o.state == nil {
		o.state = make([]uint8, f.gallery.Len())
	}
	clear(o.state)
	o.matches, o.own = f.query(q, o.matches[:0], o.own[:0])
	if len(o.matches) == 0 {
		return nil
	}
	for _, list := range [][]int32{f.leftOut, o.own} {
		for _, g := range list {
			o.state[g] = 2
		}
	}
	for _, g := range o.matches {
		o.state[g] = 1
	}
	o.levels = append(o.levels[:0], make([]level, o.slots+1)...)
	for g, state := range o.state {
		if state == 2 {
			continue
		}
		agree := 0
		for s, x := range gallery[g*o.slots : (g+1)*o.slots] {
			if x == a[s] && x != 0 {
				agree++
			}
		}
		l := &o.levels[o.slots-agree] // the best level first
		l.entries++
		l.matches += int(state)
	}
	return expect(o.levels, len(o.matches), max(f.protocol.MaxRank, 10), out)
}

// expect fills out with the expected figures over all orders within each level,
// and returns the expected CMC up to depth.
func expect(levels []level, matches, depth int, out *Query) []float64 {
	cmc := make([]float64, depth)
	before, hits := 0, 0 // entries and matches of better levels
	out.Matches = matches
	for _, l := range levels {
		if l.matches > 0 {
			if hits == 0 {
				out.First = before + 1
				firstHit(cmc, before, l)
			}
			out.Tied = out.Tied || l.entries > 1
			for j := 1; j <= l.entries; j++ {
				// A match at place j of the level has probability matches/entries, and
				// then of the other matches each is in front with (j-1)/(entries-1).
				others := 0.0
				if l.entries > 1 {
					others = float64(l.matches-1) * float64(j-1) / float64(l.entries-1)
				}
				p := (float64(hits+1) + others) / float64(before+j)
				old := 1.0
				if before+j > 1 {
					old = (float64(hits) + others) / float64(before+j-1)
				}
				share := float64(l.matches) / float64(l.entries)
				out.AP += share * p
				out.APTrapezoid += share * (p + old) / 2
			}
			if hits+l.matches == matches {
				out.INP = float64(matches) * lastInverse(before, l)
			}
		}
		before += l.entries
		hits += l.matches
	}
	out.AP /= float64(matches)
	out.APTrapezoid /= float64(matches)
	return cmc
}

// firstHit fills a CMC whose first match is in level l, after before entries
// without one: 1 minus the probability that the first places of the level hold
// no match.
func firstHit(cmc []float64, before int, l level) {
	miss := 1.0
	for k := before; k < len(cmc); k++ {
		if j := k - before; j < l.entries {
			rest := l.entries - j // places left, l.matches of them matches when there was none yet
			miss *= max(0, float64(rest-l.matches)) / float64(rest)
		}
		cmc[k] = 1 - miss
	}
}

// lastInverse is the expectation of 1/rank of the last match, which is in level l
// after before entries. The last of m matches is at place j of n with probability
// C(j-1, m-1)/C(n, m).
func lastInverse(before int, l level) float64 {
	p := float64(l.matches) / float64(l.entries) // at place n
	sum := 0.0
	for j := l.entries; j >= l.matches; j-- {
		sum += p / float64(before+j)
		if j > 1 {
			p *= float64(j-l.matches) / float64(j-1) // C(j-2, m-1)/C(j-1, m-1)
		}
	}
	return sum
}
