package main

import (
	"errors"
)

// hints returns what the user can do about err, one line each. This is the one
// place where hints are written; packages below return typed errors.
func hints(err error) []string {
	var (
		usage *usageError
		stop  *interruption
		lines []string
	)
	if errors.As(err, &stop) && stop.resumes {
		lines = append(lines, "the same command continues where this one stopped")
	}
	if errors.As(err, &usage) && usage.command != "" {
		lines = append(lines, usage.command+" --help shows an example")
	}
	return lines
}
