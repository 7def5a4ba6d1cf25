package main

import "fmt"

// argCount says how many arguments a command takes. Its zero value is none.
type argCount struct {
	min, max int // max < 0 is no limit
}

// exactly n arguments.
func exactly(n int) argCount { return argCount{n, n} }

// atLeast n arguments.
func atLeast(n int) argCount { return argCount{n, -1} }

// atMost n arguments.
func atMost(n int) argCount { return argCount{0, n} }

// check reports a wrong number of arguments; use is the command's usage line.
func (a argCount) check(use string, args []string) error {
	n := len(args)
	if n >= a.min && (a.max < 0 || n <= a.max) {
		return nil
	}
	var want string
	switch {
	case a.max == 0:
		want = "no arguments"
	case a.min == a.max:
		want = fmt.Sprintf("%d", a.min)
	case a.max < 0:
		want = fmt.Sprintf("%d or more", a.min)
	default:
		want = fmt.Sprintf("%d to %d", a.min, a.max)
	}
	return fmt.Errorf("arguments of %q: want %s, got %d", use, want, n)
}
