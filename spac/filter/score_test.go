package filter

import (
	"context"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestScore(t *testing.T) {
	x, y, z := []float32{1, 0, 0}, []float32{0, 1, 0}, []float32{0, 0, 1}
	// Track 1 shows person 10 and once person 20, whose track comes next; track 3
	// is person 20 again; in track 4 person 30 looks like two.
	ids := []Identity{
		{1, [][]float32{x, x, y}},
		{2, [][]float32{y, y}},
		{3, [][]float32{y}},
		{4, [][]float32{z, z, x}},
	}
	truth := []int64{10, 10, 20, 20, 20, 20, 30, 30, 30}
	d, err := Run(context.Background(), sequence(ids), Config{SigmaS: 0.5, SigmaR: 0.9, SigmaM: 0.9, RA: 1, RB: 1})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Score(d, truth)
	if err != nil {
		t.Fatal(err)
	}
	want := Quality{
		Samples: 9, Foreign: 1, Excluded: 2, ExcludedForeign: 1, Precision: 0.5, Recall: 1,
		Reassigned: 1, ReassignedRight: 1, PurityBefore: 8.0 / 9, PurityAfter: 1,
		TrackPairs: 3, SplitPairs: 1, JoinedPairs: 1, JoinedSplit: 1, TrueIdentities: 3, TracksBefore: 4, IdentitiesAfter: 3,
	}
	if got != want {
		t.Errorf("want %+v, got %+v", want, got)
	}
	if _, err := Score(d, truth[1:]); err == nil || !strings.Contains(err.Error(), "want the true identities of 9 samples, got 8") {
		t.Errorf("want an error about the count, got %v", err)
	}
}

// noisySequence draws tracks of persons, a tenth of the samples foreign and a
// fifth of the persons split in two neighbouring tracks.
func noisySequence(seed uint64, persons int) (ids []Identity, truth []int64) {
	r := rand.New(rand.NewPCG(seed, 5))
	const dim = 32
	centres := make([][]float32, persons)
	for i := range centres {
		centres[i] = randomVector(r, dim)
	}
	for p := range persons {
		tracks := 1
		if r.IntN(5) == 0 {
			tracks = 2
		}
		for range tracks {
			id := Identity{ID: int64(len(ids))}
			for range 4 + r.IntN(5) {
				who := p
				if r.IntN(10) == 0 {
					who = max(0, min(persons-1, p+r.IntN(5)-2))
				}
				v := randomVector(r, dim)
				for i := range v {
					v[i] = centres[who][i] + 0.6*v[i] + 2 // all on one side, as pooled features are
				}
				id.Vectors = append(id.Vectors, v)
				truth = append(truth, int64(who))
			}
			ids = append(ids, id)
		}
	}
	return ids, truth
}

// TestTuneWantsPrecision has 5 foreign samples at cosine 0 to their track and 15 at
// 0.5, beside 5 of its own at 0.55: excluding below 0.3 has precision 1 and recall
// 0.25, below 0.6 precision 0.8 and recall 1, and so the higher F score.
func TestTuneWantsPrecision(t *testing.T) {
	x := []float32{1, 0}
	var ids []Identity
	var truth []int64
	for i := range 25 {
		cos, who := 0.0, int64(-1)
		switch {
		case i >= 20:
			cos, who = 0.55, 1
		case i >= 5:
			cos = 0.5
		}
		odd := []float32{float32(cos), float32(math.Sqrt(1 - cos*cos))}
		ids = append(ids, Identity{ID: int64(i), Vectors: [][]float32{x, x, x, x, odd}})
		truth = append(truth, 1, 1, 1, 1, who)
	}
	for _, c := range []struct {
		grid []float64
		want float64
	}{
		{[]float64{0.3, 0.6}, 0.3},
		{[]float64{0.6, 0.3}, 0.3},
		{[]float64{0.6, 0.999}, 0.6}, // none is precise: the best F score
	} {
		got, _, err := Tune(context.Background(), ids, truth, Grid{SigmaS: c.grid, SigmaR: []float64{0.9}, SigmaM: []float64{0.9}}, DefaultConfig())
		if err != nil {
			t.Fatal(err)
		}
		if got.SigmaS != c.want {
			t.Errorf("grid %v: want sigma-s %v, got %v", c.grid, c.want, got.SigmaS)
		}
	}
}

func TestTuneCarriesOver(t *testing.T) {
	ids, truth := noisySequence(1, 150)
	c, tuned, err := Tune(context.Background(), ids, truth, DefaultGrid(), DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if tuned.Precision < 0.9 || tuned.Recall < 0.7 {
		t.Errorf("on the tuned part: want precision 0.9 and recall 0.7, got %.3f and %.3f with %+v", tuned.Precision, tuned.Recall, c)
	}
	other, otherTruth := noisySequence(2, 300)
	d, err := Run(context.Background(), sequence(other), c)
	if err != nil {
		t.Fatal(err)
	}
	q, err := Score(d, otherTruth)
	if err != nil {
		t.Fatal(err)
	}
	if q.Precision < 0.9 || q.Recall < 0.7 || q.PurityAfter < q.PurityBefore+0.05 || q.JoinedSplit*10 < q.SplitPairs*7 {
		t.Errorf("on another sequence: %+v with %+v", q, c)
	}
	// The paper's thresholds are far too low for vectors that all point one way.
	d, err = Run(context.Background(), sequence(other), DefaultConfig())
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := Score(d, otherTruth); err != nil || plain.Recall > q.Recall/2 {
		t.Errorf("untuned: want a recall under half of %.3f, got %.3f (%v)", q.Recall, plain.Recall, err)
	}
	if _, _, err := Tune(context.Background(), ids, truth, Grid{}, DefaultConfig()); err == nil {
		t.Error("want an error for an empty grid")
	}
}
