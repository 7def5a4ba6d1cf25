package tensor

import (
	"slices"
	"testing"
)

// TestFold adds up 2x2 patches of ones that lie one apart: the places in the middle are met by more of them.
func TestFold(t *testing.T) {
	if err := Do(func(*Scope) error {
		x := Full(CPU, Float32, 1, 1, 4, 4)
		got, want := x.Fold(3, 3, 2, 0, 1).Float32s(), []float32{1, 2, 1, 2, 4, 2, 1, 2, 1}
		if !slices.Equal(got, want) {
			t.Errorf("want %v, got %v", want, got)
		}
		got, want = Full(CPU, Float32, 1, 1, 4, 4).Fold(2, 2, 2, 1, 2).Float32s(), []float32{1, 1, 1, 1}
		if !slices.Equal(got, want) {
			t.Errorf("with padding: want %v, got %v", want, got)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := Do(func(*Scope) error { Full(CPU, Float32, 1, 1, 3, 4).Fold(3, 3, 2, 0, 1); return nil }); err == nil {
		t.Error("want an error for patches of the wrong size")
	}
}
