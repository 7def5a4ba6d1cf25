package feed

import (
	"fmt"
	"strings"
)

// NonFiniteError is a loss of a batch that is no number. The parameters are as they were before the step.
type NonFiniteError struct {
	Step  int64 // that would have been made
	Loss  float64
	Rows  []int64  // of the batch, by their numbers in the dataset
	Files []string // of the same rows
}

func (e *NonFiniteError) Error() string {
	rows := make([]string, len(e.Rows))
	for i := range e.Rows {
		rows[i] = fmt.Sprintf("%d (%s)", e.Rows[i], e.Files[i])
	}
	return fmt.Sprintf("step %d: want a finite loss, got %v, from rows %s", e.Step, e.Loss, strings.Join(rows, ", "))
}
