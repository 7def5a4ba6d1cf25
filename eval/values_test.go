package eval

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestValueAgreement(t *testing.T) {
	answers := [][]string{{"red"}, {"blue", "white"}, nil, {"black"}, {"black"}}
	truth := [][]string{{"red"}, {"white"}, {"black", "grey"}, nil, {"black"}}
	got, err := ValueAgreement(answers, truth, []int64{1, 1, 2, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	// Person 1 sees black twice among the others: wrong both times. Person 2 sees
	// black, red and white once each and takes black: right. Person 3 sees black,
	// grey, red and white once each: right.
	want := &ValueAccuracy{N: 4, Accuracy: 3.0 / 4, Constant: 2.0 / 4, Confusion: []Confused{
		{"black", "", 1}, {"black", "black", 1}, {"red", "red", 1}, {"white", "blue", 1},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	alone, err := ValueAgreement([][]string{{"a"}}, [][]string{{"a"}}, []int64{7})
	if err != nil || alone.Constant != 0 || alone.Accuracy != 1 {
		t.Errorf("one identity alone: want accuracy 1 and no constant answer, got %+v, %v", alone, err)
	}
	if none, err := ValueAgreement([][]string{{"a"}}, [][]string{nil}, []int64{7}); err != nil || none.N != 0 || none.Accuracy != 0 {
		t.Errorf("no truth: want 0 of 0, got %+v, %v", none, err)
	}
	if _, err := ValueAgreement(answers, truth[:1], nil); err == nil {
		t.Error("other lengths: want an error, got none")
	}
}
