package templates

import (
	"fmt"
	"math/bits"
)

// deriver counts the derivations of a grammar by the slots they use, and builds the one of
// a given rank. With n(r, S) the derivations of rule r that use exactly the slots S,
//
//	n(r, S) = sum over the alternatives a of r of m(a, 0, S)
//	m(a, i, S) = m(a, i+1, S)                               for words
//	m(a, i, S) = m(a, i+1, S - {s})                         for a bracket s in S, else 0
//	m(a, i, S) = sum over A in S of n(r', A) m(a, i+1, S-A) for a reference to r'
//
// so millions of sentences cost a table of 32 numbers a symbol, and any of them can be
// taken without making those before it.
type deriver struct {
	g     *grammar
	rules [][numSets]int64
	rows  [][][][numSets]int64 // [rule][alternative][symbol], one more than symbols
	known []bool               // rules counted
}

// newDeriver counts. The error names a rule with more derivations than an int64 holds.
func newDeriver(g *grammar) (*deriver, error) {
	d := &deriver{
		g: g, rules: make([][numSets]int64, len(g.rules)),
		rows: make([][][][numSets]int64, len(g.rules)), known: make([]bool, len(g.rules)),
	}
	for r := range g.rules {
		if err := d.count(r); err != nil {
			return nil, err
		}
	}
	return d, nil
}

func (d *deriver) count(r int) error {
	if d.known[r] {
		return nil
	}
	d.known[r] = true // the grammar has no cycles
	for _, row := range d.g.rules[r] {
		m := make([][numSets]int64, len(row)+1)
		m[len(row)][0] = 1
		for i := len(row) - 1; i >= 0; i-- {
			sym := row[i]
			if sym.kind == reference {
				if err := d.count(sym.rule); err != nil {
					return err
				}
			}
			for set := range Set(numSets) {
				m[i][set] = d.countFrom(sym, &m[i+1], set)
			}
		}
		for set := range numSets {
			if d.rules[r][set] = add(d.rules[r][set], m[0][set]); d.rules[r][set] == tooMany {
				return fmt.Errorf("grammar: rule @%s: want at most %d derivations of a set", d.g.names[r], int64(tooMany))
			}
		}
		d.rows[r] = append(d.rows[r], m)
	}
	return nil
}

// tooMany is where counts stop growing.
const tooMany = 1 << 60

func add(a, b int64) int64 { return min(a+b, tooMany) }

func multiply(a, b int64) int64 {
	high, low := bits.Mul64(uint64(a), uint64(b))
	if high > 0 || low > tooMany {
		return tooMany
	}
	return int64(low)
}

// countFrom is m(a, i, S) for the symbol at i, given m(a, i+1, .).
func (d *deriver) countFrom(sym symbol, after *[numSets]int64, set Set) int64 {
	switch {
	case sym.kind == bracket && sym.slot >= 0:
		if set&(1<<sym.slot) == 0 {
			return 0
		}
		return after[set&^(1<<sym.slot)]
	case sym.kind == reference:
		var n int64
		for part := range subsets(set) {
			n = add(n, multiply(d.rules[sym.rule][part], after[set&^part]))
		}
		return n
	}
	return after[set]
}

// subsets yields every subset of a set, the empty one first.
func subsets(set Set) func(yield func(Set) bool) {
	return func(yield func(Set) bool) {
		for part := Set(0); ; part = (part - set) & set {
			if !yield(part) || part == set {
				return
			}
		}
	}
}

// build appends the symbols, references resolved, of the derivation of one alternative that
// has the given rank among those that use exactly set. 0 <= rank < rows[rule][alt][0][set].
func (d *deriver) build(dst []symbol, rule, alt int, set Set, rank int64) []symbol {
	row := d.g.rules[rule][alt]
	m := d.rows[rule][alt]
	for i, sym := range row {
		switch {
		case sym.kind == bracket && sym.slot >= 0:
			set &^= 1 << sym.slot
			dst = append(dst, sym)
		case sym.kind == reference:
			for part := range subsets(set) {
				n := d.rules[sym.rule][part] * m[i+1][set&^part]
				if rank >= n {
					rank -= n
					continue
				}
				set &^= part
				inner := rank / m[i+1][set]
				rank %= m[i+1][set]
				dst = d.buildRule(dst, sym.rule, part, inner)
				break
			}
		default:
			dst = append(dst, sym)
		}
	}
	return dst
}

func (d *deriver) buildRule(dst []symbol, rule int, set Set, rank int64) []symbol {
	for alt := range d.g.rules[rule] {
		n := d.rows[rule][alt][0][set]
		if rank < n {
			return d.build(dst, rule, alt, set, rank)
		}
		rank -= n
	}
	panic("templates: internal error: rank past the last derivation")
}
