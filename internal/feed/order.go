package feed

import (
	"math/rand/v2"
)

// Samplers.
const (
	Sequential = "sequential" // the shards' order, every row once, a short last batch: for evaluation
	Shuffle    = "shuffle"    // every row once an epoch, in a new order each
	PK         = "pk"         // batches of P identities with K images each
)

// Order says in which order rows are visited. It is a pure function of the row groups' sizes, the identities, the seed
// and the epoch: neither workers nor time play a part.
type Order struct {
	Sampler string
	Batch   int // rows a batch. With PK a multiple of K
	K       int // PK: images of an identity in a batch
	Window  int // row groups shuffled together: what bounds the memory
	Seed    int64
	Short   bool // Shuffle and PK: keep the batch that an epoch's end leaves short
}

// window is row groups that are in memory together, and the rows to visit in them, in order.
type window struct {
	groups []int
	rows   []int64
}

// windows plans one epoch. first holds the first row of each group and, last, the number of rows; ids the identity of
// every row; visits how often a row is visited.
func (o Order) windows(first []int64, ids []int64, visits func(row int64) int, epoch int) []window {
	groups := len(first) - 1
	order := make([]int, groups)
	for i := range order {
		order[i] = i
	}
	rng := rand.New(rand.NewPCG(uint64(o.Seed), uint64(epoch)+0x9e3779b97f4a7c15))
	if o.Sampler != Sequential {
		rng.Shuffle(groups, func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	var out []window
	for from := 0; from < groups; from += o.Window {
		w := window{groups: order[from:min(from+o.Window, groups)]}
		for _, g := range w.groups {
			for r := first[g]; r < first[g+1]; r++ {
				for range visits(r) {
					w.rows = append(w.rows, r)
				}
			}
		}
		switch o.Sampler {
		case Shuffle:
			rng.Shuffle(len(w.rows), func(i, j int) { w.rows[i], w.rows[j] = w.rows[j], w.rows[i] })
		case PK:
			w.rows = o.chunks(w.rows, ids, rng)
		}
		out = append(out, w)
	}
	return out
}

// chunks cuts each identity's rows, in a new order, into chunks of K (what is left over is not visited this epoch; an
// identity of fewer than K rows in the window repeats them) and shuffles the chunks.
func (o Order) chunks(rows, ids []int64, rng *rand.Rand) []int64 {
	of := map[int64][]int64{}
	var identities []int64 // in order of appearance: a map's order must not reach the result
	for _, r := range rows {
		if _, ok := of[ids[r]]; !ok {
			identities = append(identities, ids[r])
		}
		of[ids[r]] = append(of[ids[r]], r)
	}
	var chunks [][]int64
	for _, id := range identities {
		own := of[id]
		rng.Shuffle(len(own), func(i, j int) { own[i], own[j] = own[j], own[i] })
		for n := len(own); len(own) < o.K; {
			own = append(own, own[len(own)-n])
		}
		for from := 0; from+o.K <= len(own); from += o.K {
			chunks = append(chunks, own[from:from+o.K])
		}
	}
	rng.Shuffle(len(chunks), func(i, j int) { chunks[i], chunks[j] = chunks[j], chunks[i] })
	out := make([]int64, 0, len(rows))
	for _, c := range chunks {
		out = append(out, c...)
	}
	return out
}

// batches is how many batches the windows give: a short last one in sequential order, else by Short.
func (o Order) batches(ws []window) int64 {
	n := 0
	for _, w := range ws {
		n += len(w.rows)
	}
	if o.Sampler == Sequential || o.Short {
		return int64((n + o.Batch - 1) / o.Batch)
	}
	return int64(n / o.Batch)
}

// Visit is a random generator that belongs to one visit of one row: a function of seed, epoch and row alone. It draws
// the flip, and the caller draws the caption.
func Visit(seed int64, epoch int, row int64) *rand.Rand {
	return rand.New(rand.NewPCG(uint64(seed)*0x9e3779b97f4a7c15+uint64(epoch), uint64(row)*0xbf58476d1ce4e5b9+1))
}
