package main

import (
	"context"
	"errors"
	"fmt"
)

// usageError is wrong usage: arguments, flags or configuration. Its status is 2.
type usageError struct {
	command string // path of the command, such as "plip spac train"; may be empty
	err     error
}

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef returns a usageError; its verbs are those of fmt.Errorf.
func usagef(format string, args ...any) error {
	return &usageError{err: fmt.Errorf(format, args...)}
}

// unknownNameError is a name that is not one of a known set, with the nearest
// one that is.
type unknownNameError struct {
	what    string // "key", "flag", "preset", ...
	name    string
	nearest string // empty when the set is empty
}

func (e *unknownNameError) Error() string {
	if e.nearest == "" {
		return fmt.Sprintf("unknown %s %q", e.what, e.name)
	}
	return fmt.Sprintf("unknown %s %q, the nearest known one is %q", e.what, e.name, e.nearest)
}

// interruption is a stop that was asked for. Its status is 130.
type interruption struct {
	err     error
	resumes bool // whether the same command continues
}

func (e *interruption) Error() string {
	if errors.Is(e.err, context.DeadlineExceeded) {
		return "stopped by --time-limit: " + e.err.Error()
	}
	return "interrupted: " + e.err.Error()
}

func (e *interruption) Unwrap() error { return e.err }

// isInterruption reports whether err is a stop that was asked for, by a signal
// or by --time-limit: plip sets no other deadline.
func isInterruption(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
