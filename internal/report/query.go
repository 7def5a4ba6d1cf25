package report

import (
	"fmt"
	"math"
)

// Query is one retrieval example.
type Query struct {
	Text     string
	Label    string // whose sentence it is: "identity 1312"
	Image    []byte // the picture that Text describes, shown beside it; nil for none
	Relevant int    // right images in the gallery, 0 if not known
	Hits     []Hit  // best first
}

// Hit is one crop of a ranking; its rank is its index plus one. Crop.Verdict colours the frame.
type Hit struct {
	Crop
	Score float64 // similarity, higher is better
	Own   bool    // the very picture that the query describes
}

// firstRight returns the rank of the first right hit, 0 if there is none.
func (q Query) firstRight() int {
	for i, h := range q.Hits {
		if h.Verdict == Right {
			return i + 1
		}
	}
	return 0
}

// outcome says in words what the hits are worth; empty where none was judged.
func (q Query) outcome() string {
	right, judged := 0, 0
	for _, h := range q.Hits {
		if h.Verdict != Unjudged {
			judged++
		}
		if h.Verdict == Right {
			right++
		}
	}
	switch {
	case judged == 0:
		return ""
	case right == 0:
		return fmt.Sprintf("none right in the first %d", len(q.Hits))
	case q.Relevant > 0:
		return fmt.Sprintf("first right at rank %d; %d of %d found", q.firstRight(), right, q.Relevant)
	default:
		return fmt.Sprintf("first right at rank %d; %d right", q.firstRight(), right)
	}
}

// best returns the verdict of the query as a whole: whether the first hit is right.
func (q Query) best() Verdict {
	if len(q.Hits) == 0 {
		return Unjudged
	}
	return q.Hits[0].Verdict
}

func checkHits(c *checker, key string, hits []Hit) {
	for i, h := range hits {
		if math.IsNaN(h.Score) || math.IsInf(h.Score, 0) {
			c.add("%s: hit %d: want a finite score, got %v", key, i, h.Score)
		}
	}
}
