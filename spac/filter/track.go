package filter

import (
	"errors"
	"fmt"
	"math"
)

// Identity is one track of the sequence: its id and an embedding per sample, all
// of one length. It may be empty; it still counts as a position.
type Identity struct {
	ID      int64
	Vectors [][]float32
}

// exclusion is a sample that step 1 took out of its track.
type exclusion struct {
	sample     int       // index in its track
	similarity float64   // cosine with the centre of the others when it was taken out
	row        []float32 // normalised
	length2    float64   // squared length of row
}

// track is an identity after step 1. The vectors it keeps are gone: what the
// later steps need of them is their sum.
type track struct {
	sum     []float64 // sum of the kept rows, nil when there are none
	length2 float64   // squared length of sum
	out     []exclusion
	joined  []float64 // sum after step 2, nil while no sample joined
}

// centre returns the sum of rows after step 2 and its squared length; the mean
// has the same direction.
func (t *track) centre() ([]float64, float64) {
	if t.joined == nil {
		return t.sum, t.length2
	}
	return t.joined, productSums(t.joined, t.joined)
}

// join adds an excluded sample of another track in step 2.
func (t *track) join(row []float32) {
	if t.joined == nil {
		t.joined = append([]float64(nil), t.sum...)
	}
	add(t.joined, row)
}

// scratch is a worker's memory for the vectors of the track it works on.
type scratch struct {
	rows    []float32
	length2 []float64
	alive   []int
}

// filterOut normalises the vectors of one identity and runs step 1 on them. dim is
// the wanted length of every vector.
func (s *scratch) filterOut(vectors [][]float32, dim int, sigma float64) (track, error) {
	n := len(vectors)
	if n == 0 {
		return track{}, nil
	}
	if n > maxSamples {
		return track{}, fmt.Errorf("want at most %d samples in an identity, got %d", maxSamples, n)
	}
	if dim == 0 {
		return track{}, errors.New("sample 0: want an embedding, got none")
	}
	if cap(s.rows) < n*dim {
		s.rows = make([]float32, n*dim)
	}
	s.rows = s.rows[:cap(s.rows)]
	s.length2, s.alive = s.length2[:0], s.alive[:0]
	t := track{sum: make([]float64, dim)}
	for i, v := range vectors {
		if len(v) != dim {
			return track{}, fmt.Errorf("sample %d: want %d values in its embedding, got %d", i, dim, len(v))
		}
		row := s.row(i, dim)
		l, err := normalize(row, v, t.sum)
		if err != nil {
			return track{}, fmt.Errorf("sample %d: embedding: %w", i, err)
		}
		s.length2 = append(s.length2, l)
		s.alive = append(s.alive, i)
	}
	for len(s.alive) > 1 {
		least, at := math.Inf(1), -1
		for a, i := range s.alive {
			dot, l := leaveOneOut(s.row(i, dim), t.sum)
			// Of equals the later one is taken.
			if c := cosine(dot, s.length2[i], l); c <= least {
				least, at = c, a
			}
		}
		if !(least < sigma) {
			break
		}
		i := s.alive[at]
		row := append([]float32(nil), s.row(i, dim)...)
		subtract(t.sum, row)
		t.out = append(t.out, exclusion{sample: i, similarity: least, row: row, length2: s.length2[i]})
		s.alive = append(s.alive[:at], s.alive[at+1:]...)
	}
	t.length2 = productSums(t.sum, t.sum)
	return t, nil
}

func (s *scratch) row(i, dim int) []float32 { return s.rows[i*dim : (i+1)*dim] }
