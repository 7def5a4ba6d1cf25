package main

import (
	"context"
	"errors"
	"fmt"
)

// commandError is what ended a command, with what its hints depend on.
type commandError struct {
	err     error
	path    string // such as "plip spac train"
	resumes bool   // whether the same command continues an interrupted run
	force   bool   // whether it has --force
}

func (e *commandError) Error() string {
	switch {
	case errors.Is(e.err, context.DeadlineExceeded):
		return "stopped by --time-limit: " + e.err.Error()
	case isInterruption(e.err):
		return "interrupted: " + e.err.Error()
	}
	return e.err.Error()
}

func (e *commandError) Unwrap() error { return e.err }

// isInterruption reports whether err is a stop that was asked for, by a signal
// or by --time-limit: plip sets no other deadline.
func isInterruption(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// usageError is wrong usage: arguments, flags or configuration. Its status is 2.
type usageError struct{ err error }

func (e *usageError) Error() string { return e.err.Error() }
func (e *usageError) Unwrap() error { return e.err }

// usagef returns a usageError; its verbs are those of fmt.Errorf.
func usagef(format string, args ...any) error {
	return &usageError{fmt.Errorf(format, args...)}
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

// outputExistsError is an output that would be overwritten.
type outputExistsError struct{ path string }

func (e *outputExistsError) Error() string { return e.path + " exists" }
