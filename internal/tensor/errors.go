package tensor

import (
	"fmt"
	"strings"
)

// OpError is the failure of one operation.
type OpError struct {
	Op     string
	Shapes []string // of the operands, such as "[2 64 768]"
	Reason string   // libtorch's first line
}

func (e *OpError) Error() string {
	if len(e.Shapes) == 0 {
		return fmt.Sprintf("%s: %s", e.Op, e.Reason)
	}
	return fmt.Sprintf("%s of %s: %s", e.Op, strings.Join(e.Shapes, " and "), e.Reason)
}

// fail unwinds to the Do outside.
func fail(op, message string, in []Tensor) {
	e := &OpError{Op: op, Reason: firstLine(message)}
	for _, t := range in {
		if t.p == nil {
			e.Shapes = append(e.Shapes, "none")
			continue
		}
		e.Shapes = append(e.Shapes, fmt.Sprint(t.Shape()))
	}
	panic(e)
}

// Check unwinds to the Do outside with a reason when ok is false. Layers call it at their entry for the rank and the
// dimensions they depend on.
func Check(ok bool, op, format string, args ...any) {
	if !ok {
		panic(&OpError{Op: op, Reason: fmt.Sprintf(format, args...)})
	}
}

func firstLine(s string) string {
	if i := strings.IndexByte(s, '\n'); i >= 0 {
		s = s[:i]
	}
	return s
}
