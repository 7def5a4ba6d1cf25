package eval

import (
	"cmp"
	"fmt"
	"slices"
)

// ValueAccuracy judges answers that may have several values at once, such as the
// colours of a garment: an answer is right when it shares a value with the truth.
// It stands beside the best constant answer, which knows how often each value
// occurs among the other identities. Where one person is most of the data a
// constant that had seen that person would look better than it is.
type ValueAccuracy struct {
	N        int     `json:"n"`        // entries whose truth has a value
	Accuracy float64 `json:"accuracy"` // share of them whose answer shares a value with the truth
	Constant float64 `json:"constant"` // the same for the commonest value of the other identities

	// Confusion counts first values, "" of an answer without one; by truth, then by
	// answer.
	Confusion []Confused `json:"confusion"`
}

// Confused is one cell of a confusion matrix.
type Confused struct {
	Truth  string `json:"truth"`
	Answer string `json:"answer"`
	N      int    `json:"n"`
}

// ValueAgreement compares the values of answers with those of the truth. An entry
// whose truth has none is left out. ids are the identities that the constant
// answer leaves out in turn; of equally common values it takes the first in
// byte order, and with one identity alone there is none.
func ValueAgreement(answers, truth [][]string, ids []int64) (*ValueAccuracy, error) {
	if len(answers) != len(truth) || len(ids) != len(truth) {
		return nil, fmt.Errorf("eval: value agreement: want answers and identities of %d entries, got %d and %d", len(truth), len(answers), len(ids))
	}
	all, per := map[string]int{}, map[int64]map[string]int{}
	for i, values := range truth {
		for _, v := range values {
			all[v]++
			if per[ids[i]] == nil {
				per[ids[i]] = map[string]int{}
			}
			per[ids[i]][v]++
		}
	}
	values := make([]string, 0, len(all))
	for v := range all {
		values = append(values, v)
	}
	slices.Sort(values)
	constant := map[int64]string{}
	for id, own := range per {
		most := 0
		for _, v := range values {
			if n := all[v] - own[v]; n > most {
				constant[id], most = v, n
			}
		}
	}
	r := &ValueAccuracy{}
	right, lucky := 0, 0
	cells := map[[2]string]int{}
	for i, want := range truth {
		if len(want) == 0 {
			continue
		}
		r.N++
		first := ""
		if len(answers[i]) > 0 {
			first = answers[i][0]
		}
		cells[[2]string{want[0], first}]++
		if slices.ContainsFunc(answers[i], func(v string) bool { return slices.Contains(want, v) }) {
			right++
		}
		if slices.Contains(want, constant[ids[i]]) {
			lucky++
		}
	}
	if r.N > 0 {
		r.Accuracy, r.Constant = float64(right)/float64(r.N), float64(lucky)/float64(r.N)
	}
	for cell, n := range cells {
		r.Confusion = append(r.Confusion, Confused{cell[0], cell[1], n})
	}
	slices.SortFunc(r.Confusion, func(a, b Confused) int {
		return cmp.Or(cmp.Compare(a.Truth, b.Truth), cmp.Compare(a.Answer, b.Answer))
	})
	return r, nil
}
