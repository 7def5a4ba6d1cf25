package eval

import "fmt"

// SlotAccuracy compares answers in one attribute slot with the truth. Unknown is a
// value like any other.
type SlotAccuracy struct {
	N             int     `json:"n"`
	Accuracy      float64 `json:"accuracy"`       // share of answers equal to the truth
	Majority      float64 `json:"majority"`       // share that the commonest true value, always answered, would get right
	MajorityValue string  `json:"majority_value"` // canonical form; of equals the first seen
	UnknownShare  float64 `json:"unknown_share"`  // share of answers that are Unknown

	// The same over the entries whose truth is not MajorityValue; 0 when there are
	// none. A slot that is nearly always one value shows only here what was learned.
	MinorityN        int     `json:"minority_n"`
	MinorityAccuracy float64 `json:"minority_accuracy"`
	MinorityMajority float64 `json:"minority_majority"` // share of the commonest value among those
}

// AttributeAccuracy compares answers with the truth slot by slot, both in
// canonical form; a nil canonical compares them as they are.
func AttributeAccuracy(answers, truth [][]string, canonical Canonical) ([]SlotAccuracy, error) {
	if len(answers) != len(truth) {
		return nil, fmt.Errorf("eval: attribute accuracy: want answers for %d entries, got %d", len(truth), len(answers))
	}
	if len(truth) == 0 {
		return nil, nil
	}
	slots := len(truth[0])
	for i := range truth {
		if len(truth[i]) != slots || len(answers[i]) != slots {
			return nil, fmt.Errorf("eval: attribute accuracy: entry %d: want %d true and answered attributes, got %d and %d", i, slots, len(truth[i]), len(answers[i]))
		}
	}
	if canonical == nil {
		canonical = func(_ int, v string) string { return v }
	}
	out := make([]SlotAccuracy, slots)
	for s := range out {
		a, b := make([]string, len(truth)), make([]string, len(truth))
		for i := range truth {
			a[i], b[i] = canonical(s, answers[i][s]), canonical(s, truth[i][s])
		}
		out[s] = compareSlot(a, b)
	}
	return out, nil
}

func compareSlot(answers, truth []string) SlotAccuracy {
	r := SlotAccuracy{N: len(truth)}
	unknown := 0
	for _, a := range answers {
		if a == Unknown {
			unknown++
		}
	}
	n := float64(r.N)
	r.UnknownShare = float64(unknown) / n
	r.Accuracy = float64(equal(answers, truth)) / n
	value, most := commonest(truth)
	r.MajorityValue, r.Majority = value, float64(most)/n
	var restA, restT []string
	for i, t := range truth {
		if t != value {
			restA, restT = append(restA, answers[i]), append(restT, t)
		}
	}
	if r.MinorityN = len(restT); r.MinorityN > 0 {
		_, most := commonest(restT)
		r.MinorityAccuracy = float64(equal(restA, restT)) / float64(r.MinorityN)
		r.MinorityMajority = float64(most) / float64(r.MinorityN)
	}
	return r
}

func equal(a, b []string) int {
	n := 0
	for i := range a {
		if a[i] == b[i] {
			n++
		}
	}
	return n
}

// commonest returns the most frequent value and how often it occurs.
func commonest(values []string) (value string, n int) {
	counts := map[string]int{}
	for _, v := range values {
		counts[v]++
	}
	for _, v := range values {
		if counts[v] > n {
			value, n = v, counts[v]
		}
	}
	return value, n
}
