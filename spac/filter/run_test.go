package filter

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sequence turns identities into the stream that Run reads.
func sequence(ids []Identity) iter.Seq2[Identity, error] {
	return func(yield func(Identity, error) bool) {
		for _, id := range ids {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// reference is the algorithm as written down, on everything in memory at once:
// every centre is added up anew, every pair is looked at. It shares with the
// package only how a row is normalised and how a cosine is rounded.
func reference(t *testing.T, ids []Identity, c Config) (outcomes []Outcome, groups map[int64][]int64) {
	t.Helper()
	type sample struct {
		number int64
		row    []float32
		l2     float64
	}
	sumOf := func(s []sample) []float64 {
		if len(s) == 0 {
			return nil
		}
		sum := make([]float64, len(s[0].row))
		for i := range sum {
			for _, x := range s {
				sum[i] += float64(x.row[i])
			}
		}
		return sum
	}
	rowCosine := func(s sample, sum []float64) float64 {
		return cosine(product(s.row, sum), s.l2, productSums(sum, sum))
	}
	tracks := make([][]sample, len(ids))
	excluded := make([][]sample, len(ids))
	number := int64(0)
	for k, id := range ids {
		for _, v := range id.Vectors {
			row := make([]float32, len(v))
			l2, err := normalize(row, v, make([]float64, len(v)))
			if err != nil {
				t.Fatal(err)
			}
			tracks[k] = append(tracks[k], sample{number, row, l2})
			number++
		}
		for len(tracks[k]) > 1 {
			worst, least := -1, math.Inf(1)
			for i, s := range tracks[k] {
				others := sumOf(slices.Delete(slices.Clone(tracks[k]), i, i+1))
				dot, l2 := leaveOneOut(s.row, sumOf(append(slices.Delete(slices.Clone(tracks[k]), i, i+1), s)))
				for j := range others {
					if others[j] != sumOf(tracks[k])[j]-float64(s.row[j]) {
						t.Fatalf("sum without sample %d: want %v, got %v", i, others[j], sumOf(tracks[k])[j]-float64(s.row[j]))
					}
				}
				if cos := cosine(dot, s.l2, l2); cos <= least {
					worst, least = i, cos
				}
			}
			if least >= c.SigmaS {
				break
			}
			excluded[k] = append(excluded[k], tracks[k][worst])
			tracks[k] = slices.Delete(slices.Clone(tracks[k]), worst, worst+1)
		}
	}
	after1 := make([][]float64, len(ids))
	for k := range tracks {
		after1[k] = sumOf(tracks[k])
	}
	after2 := make([][]sample, len(ids))
	for k := range tracks {
		after2[k] = slices.Clone(tracks[k])
	}
	to := map[int64]int{}
	for k := range excluded {
		for _, s := range excluded[k] {
			best, at := math.Inf(-1), Dropped
			for p := range ids {
				if p == k || p < k-c.RA || p > k+c.RA || after1[p] == nil {
					continue
				}
				if cos := rowCosine(s, after1[p]); cos > best {
					best, at = cos, p
				}
			}
			if best < c.SigmaR {
				at = Dropped
			}
			to[s.number] = at
			if at != Dropped {
				after2[at] = append(after2[at], s)
			}
		}
	}
	label := make([]int, len(ids)) // smallest position joined with
	for k := range label {
		label[k] = k
	}
	for k := range ids {
		for p := k + 1; p <= k+c.RB && p < len(ids); p++ {
			a, b := sumOf(after2[k]), sumOf(after2[p])
			if a == nil || b == nil || cosine(productSums(a, b), productSums(a, a), productSums(b, b)) <= c.SigmaM {
				continue
			}
			from, into := max(label[k], label[p]), min(label[k], label[p])
			for q := range label {
				if label[q] == from {
					label[q] = into
				}
			}
		}
	}
	smallest := map[int]int64{}
	for k, id := range ids {
		if s, ok := smallest[label[k]]; !ok || id.ID < s {
			smallest[label[k]] = id.ID
		}
	}
	groups = map[int64][]int64{}
	number = 0
	for k, id := range ids {
		for range id.Vectors {
			o := Outcome{Sample: number, From: id.ID, To: smallest[label[k]], Kind: Kept}
			if o.To != id.ID {
				o.Kind = Merged
			}
			if p, ok := to[number]; ok {
				o.Kind, o.To = Excluded, 0
				if p != Dropped {
					o.Kind, o.To = Reassigned, smallest[label[p]]
				}
			}
			if o.Kind != Excluded {
				groups[o.To] = append(groups[o.To], number)
			}
			outcomes = append(outcomes, o)
			number++
		}
	}
	return outcomes, groups
}

// randomIdentities draws a sequence with all that can go wrong in one: empty and
// single tracks, duplicates, zero vectors, exact ties, foreign samples, split
// tracks.
func randomIdentities(r *rand.Rand) []Identity {
	dim := 1 + r.IntN(9)
	ids := make([]Identity, r.IntN(14))
	persons := make([][]float32, 1+r.IntN(6))
	for i := range persons {
		persons[i] = randomVector(r, dim)
	}
	for k, p := range r.Perm(len(ids)) {
		ids[k].ID = int64(p)*3 - 5
		person := persons[(k/2)%len(persons)]
		n := []int{0, 1, 2, 2, 3, 5, 9}[r.IntN(7)]
		for range n {
			v := slices.Clone(person)
			switch r.IntN(6) {
			case 0: // a foreign person
				v = slices.Clone(persons[r.IntN(len(persons))])
			case 1: // a duplicate
				if len(ids[k].Vectors) > 0 {
					v = slices.Clone(ids[k].Vectors[0])
				}
			case 2:
				clear(v)
			case 3: // an axis: many exact ties
				clear(v)
				v[r.IntN(dim)] = 2
			default:
				for i := range v {
					v[i] += float32(r.NormFloat64()) * 0.4
				}
			}
			ids[k].Vectors = append(ids[k].Vectors, v)
		}
	}
	return ids
}

func randomVector(r *rand.Rand, dim int) []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	return v
}

func TestStreamEqualsReference(t *testing.T) {
	kinds := map[Kind]int{}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		ids := randomIdentities(r)
		c := Config{SigmaS: r.Float64()*1.5 - 0.5, SigmaR: r.Float64(), SigmaM: r.Float64(), RA: r.IntN(4), RB: r.IntN(4)}
		want, wantGroups := reference(t, ids, c)
		d, err := Run(context.Background(), sequence(ids), c)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		var got []Outcome
		for o := range d.Outcomes() {
			o.Move = nil
			got = append(got, o)
			kinds[o.Kind]++
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d, %+v: outcomes (-want +got):\n%s", seed, c, diff)
		}
		groups := map[int64][]int64{}
		for g := range d.Groups() {
			groups[g.ID] = slices.Clone(g.Samples)
		}
		if diff := cmp.Diff(wantGroups, groups); diff != "" {
			t.Fatalf("seed %d: groups (-want +got):\n%s", seed, diff)
		}
		rep := d.Report
		if rep.Samples != int64(len(want)) || rep.Kept+rep.Excluded != rep.Samples || rep.Reassigned+rep.Dropped != rep.Excluded || rep.IdentitiesOut != int64(len(groups)) {
			t.Fatalf("seed %d: report %+v does not add up for %d samples in %d groups", seed, rep, len(want), len(groups))
		}
	}
	for _, k := range []Kind{Kept, Merged, Reassigned, Excluded} {
		if kinds[k] < 500 {
			t.Errorf("kind %s: want 500 cases or more, got %d", k, kinds[k])
		}
	}
}

// Without ties, so with three samples or more left in every track, the order of
// samples in a track changes nothing, to the last bit.
func TestOrderOfSamplesDoesNotMatter(t *testing.T) {
	excluded := 0
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		var ids, mixed []Identity
		perms := map[int64]int64{} // mixed number -> number
		base := int64(0)
		for k := range 6 {
			n := 6 + r.IntN(8)
			id := Identity{ID: int64(k)}
			centre := randomVector(r, 16)
			for i := range n {
				v := randomVector(r, 16)
				for j := range v {
					if i >= n/3 {
						v[j] = centre[j] + 0.5*v[j]
					}
				}
				id.Vectors = append(id.Vectors, v)
			}
			perm := r.Perm(n)
			m := Identity{ID: int64(k), Vectors: make([][]float32, n)}
			for i, p := range perm {
				m.Vectors[i] = id.Vectors[p]
				perms[base+int64(i)] = base + int64(p)
			}
			base += int64(n)
			ids, mixed = append(ids, id), append(mixed, m)
		}
		c := Config{SigmaS: 0.5, SigmaR: 0.1, SigmaM: 0.3, RA: 2, RB: 2}
		a, err := Run(context.Background(), sequence(ids), c)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Run(context.Background(), sequence(mixed), c)
		if err != nil {
			t.Fatal(err)
		}
		excluded += len(a.Moves)
		for i := range b.Moves {
			b.Moves[i].Sample = perms[b.Moves[i].Sample]
		}
		slices.SortFunc(b.Moves, func(x, y Move) int { return int(x.Sample - y.Sample) })
		if diff := cmp.Diff(a, b); diff != "" {
			t.Fatalf("seed %d: (-in order +mixed):\n%s", seed, diff)
		}
	}
	if excluded < 500 {
		t.Errorf("want 500 excluded samples or more, got %d", excluded)
	}
}

func TestSteps(t *testing.T) {
	x, y, z := []float32{1, 0, 0}, []float32{0, 3, 0}, []float32{0, 0, 1}
	c := Config{SigmaS: 0.5, SigmaR: 0.9, SigmaM: 0.95, RA: 1, RB: 1}
	for _, tc := range []struct {
		name string
		ids  []Identity
		want string // kind:id of every sample
	}{
		{"of two unlike samples the later goes", []Identity{{1, [][]float32{x, y}}}, "kept:1 dropped"},
		{"a single sample stays", []Identity{{1, [][]float32{x}}}, "kept:1"},
		{"a foreign sample goes to its neighbour", []Identity{{1, [][]float32{x, y, x}}, {2, [][]float32{y, y}}}, "kept:1 reassigned:2 kept:1 kept:2 kept:2"},
		{"never to its own track", []Identity{{1, [][]float32{x, x, y}}, {2, [][]float32{z}}}, "kept:1 kept:1 dropped kept:2"},
		{"nor past the window", []Identity{{1, [][]float32{x, y, x}}, {2, nil}, {3, [][]float32{y}}}, "kept:1 dropped kept:1 kept:3"},
		{"of equal neighbours the first", []Identity{{1, [][]float32{y}}, {2, [][]float32{x, y, x}}, {3, [][]float32{y}}}, "kept:1 kept:2 reassigned:1 kept:2 kept:3"},
		{"equal neighbours join under the smallest id", []Identity{{9, [][]float32{x}}, {4, [][]float32{x}}, {7, [][]float32{x}}, {1, [][]float32{y}}}, "merged:4 kept:4 merged:4 kept:1"},
		{"an empty track takes a position", []Identity{{1, [][]float32{x}}, {2, nil}, {3, [][]float32{x}}}, "kept:1 kept:3"},
		{"a reassigned sample follows the merger", []Identity{{5, [][]float32{z}}, {6, [][]float32{z}}, {7, [][]float32{x, z, x}}}, "kept:5 merged:5 kept:7 reassigned:5 kept:7"},
		{"nothing", nil, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d, err := Run(context.Background(), sequence(tc.ids), c)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for o := range d.Outcomes() {
				if o.Kind == Excluded {
					got = append(got, string(o.Kind))
				} else {
					got = append(got, fmt.Sprintf("%s:%d", o.Kind, o.To))
				}
			}
			if g := strings.Join(got, " "); g != tc.want {
				t.Errorf("want %s, got %s", tc.want, g)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	v := [][]float32{{1, 2}}
	broken := errors.New("shard gone")
	for _, tc := range []struct {
		ids  []Identity
		c    Config
		want string
	}{
		{[]Identity{{1, v}, {2, [][]float32{{1, 2}, {1}}}}, DefaultConfig(), "identity 2 at position 1: sample 1: want 2 values in its embedding, got 1"},
		{[]Identity{{1, [][]float32{{1, float32(math.NaN())}}}}, DefaultConfig(), "identity 1 at position 0: sample 0: embedding: value 1: want a finite number, got NaN"},
		{[]Identity{{1, [][]float32{{float32(math.Inf(-1)), 0}}}}, DefaultConfig(), "value 0: want a finite number, got -Inf"},
		{[]Identity{{1, [][]float32{nil}}}, DefaultConfig(), "sample 0: want an embedding, got none"},
		{[]Identity{{1, v}, {2, v}, {1, v}}, DefaultConfig(), "identity 1: want all its samples in one run"},
		{nil, Config{SigmaS: 2, SigmaR: math.NaN(), RA: -1}, "SigmaS: want a cosine in -1..1, got 2"},
	} {
		_, err := Run(context.Background(), sequence(tc.ids), tc.c)
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("want an error with %q, got %v", tc.want, err)
		}
	}
	_, err := Run(context.Background(), func(yield func(Identity, error) bool) { yield(Identity{}, broken) }, DefaultConfig())
	if !errors.Is(err, broken) {
		t.Errorf("want the error of the sequence, got %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err = Run(ctx, sequence([]Identity{{1, v}}), DefaultConfig()); !errors.Is(err, context.Canceled) {
		t.Errorf("want context.Canceled, got %v", err)
	}
}
