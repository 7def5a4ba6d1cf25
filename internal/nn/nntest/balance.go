package nntest

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/internal/nn"
	"plip/internal/tensor"
)

var update = flag.Bool("update", false, "rewrite the golden lists of parameters")

// Do runs f in a scope and fails the test for its error.
func Do(t testing.TB, f func()) {
	t.Helper()
	if err := tensor.Do(func(*tensor.Scope) error { f(); return nil }); err != nil {
		t.Fatal(err)
	}
}

// Balanced runs f in a scope twice, as it is and with a failing operation after it, and fails the test when either
// leaves tensor handles behind or f itself fails.
func Balanced(t testing.TB, what string, f func()) {
	t.Helper()
	before := tensor.Live()
	if err := tensor.Do(func(*tensor.Scope) error { f(); return nil }); err != nil {
		t.Errorf("%s: %v", what, err)
	}
	err := tensor.Do(func(*tensor.Scope) error {
		f()
		tensor.Zeros(tensor.CPU, tensor.Float32, 2).Add(tensor.Zeros(tensor.CPU, tensor.Float32, 3))
		return nil
	})
	if err == nil {
		t.Errorf("%s: want the failed operation's error, got none", what)
	}
	if n := tensor.Live() - before; n != 0 {
		t.Errorf("%s: %d tensor handles left alive, want 0", what, n)
	}
}

// Refuses runs f in a scope and fails the test unless an operation in it fails with a text that holds want, leaving no
// tensor handles behind.
func Refuses(t testing.TB, want string, f func()) {
	t.Helper()
	before := tensor.Live()
	err := tensor.Do(func(*tensor.Scope) error { f(); return nil })
	var op *tensor.OpError
	if !errors.As(err, &op) || !strings.Contains(err.Error(), want) {
		t.Errorf("want the error %q, got %v", want, err)
	}
	if n := tensor.Live() - before; n != 0 {
		t.Errorf("%s: %d tensor handles left alive, want 0", want, n)
	}
}

// Golden compares the sorted "name shape" list of a store with a committed file; go test -update rewrites it.
func Golden(t testing.TB, file string, s *nn.Store) {
	t.Helper()
	got := []byte(strings.Join(s.Describe(), "\n") + "\n")
	if *update {
		if err := os.WriteFile(file, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s (-want +got):\n%s", file, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}
