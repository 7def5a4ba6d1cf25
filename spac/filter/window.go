package filter

import "math"

// window holds the tracks between step 1 of the newest and step 3 of the oldest.
// When track p arrives, the excluded samples of p-RA see all their neighbours,
// no sample can join p-2RA any more, and p-2RA is compared with the RB before it.
type window struct {
	config Config
	ring   []track // position p is at p modulo length, 2*RA+RB+1
	next   int     // position of the next track
	d      *Decisions
	union  union
}

func newWindow(c Config, d *Decisions) *window {
	return &window{config: c, ring: make([]track, 2*c.RA+c.RB+1), d: d}
}

func (w *window) at(p int) *track { return &w.ring[p%len(w.ring)] }

// push takes the next track, after step 1.
func (w *window) push(t track) {
	*w.at(w.next) = t
	w.next++
	w.union.grow()
	w.advance(w.next-1, w.next)
}

// finish runs what still waits for tracks that do not come.
func (w *window) finish() {
	for p := w.next; p < w.next+2*w.config.RA; p++ {
		w.advance(p, w.next)
	}
}

// advance does what becomes possible when p is the newest position and n tracks
// have come. At the end p runs on past n.
func (w *window) advance(p, n int) {
	if k := p - w.config.RA; k >= 0 && k < n {
		w.reassign(k, n)
	}
	if j := p - 2*w.config.RA; j >= 0 && j < n {
		w.merge(j)
	}
}

// reassign runs step 2 for the excluded samples of track k.
func (w *window) reassign(k, n int) {
	first := w.d.Tracks[k].First
	for _, x := range w.at(k).out {
		m := Move{Sample: first + int64(x.sample), From: int32(k), To: Dropped, Similarity: x.similarity, Nearest: Dropped}
		best := math.Inf(-1)
		for p := max(0, k-w.config.RA); p <= min(n-1, k+w.config.RA); p++ {
			t := w.at(p)
			if p == k || t.sum == nil {
				continue
			}
			if c := cosine(product(x.row, t.sum), x.length2, t.length2); c > best {
				best, m.Nearest, m.NearestSimilarity = c, int32(p), c
			}
		}
		if m.Nearest != Dropped && best >= w.config.SigmaR {
			m.To = m.Nearest
			w.at(int(m.To)).join(x.row)
		}
		w.d.Moves = append(w.d.Moves, m)
	}
}

// merge runs step 3 for the pairs that end at track j.
func (w *window) merge(j int) {
	b, b2 := w.at(j).centre()
	if b == nil {
		return
	}
	for i := max(0, j-w.config.RB); i < j; i++ {
		a, a2 := w.at(i).centre()
		if a == nil {
			continue
		}
		if cosine(productSums(a, b), a2, b2) > w.config.SigmaM {
			w.union.join(i, j)
		}
	}
}

// union keeps which positions are joined. The root of a set is its smallest
// position.
type union struct{ parent []int32 }

func (u *union) grow() { u.parent = append(u.parent, int32(len(u.parent))) }

func (u *union) find(p int) int {
	for int(u.parent[p]) != p {
		u.parent[p] = u.parent[u.parent[p]]
		p = int(u.parent[p])
	}
	return p
}

func (u *union) join(a, b int) {
	x, y := u.find(a), u.find(b)
	if x > y {
		x, y = y, x
	}
	u.parent[y] = int32(x)
}
