package runlog

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Line is the line that a person reads for a step, its fields in the order
// given and aligned from line to line:
//
//	step    120  loss 3.2184  lr 0.0002  images/s 412
func Line(step int64, fields ...Field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "step %6d", step)
	for _, f := range fields {
		fmt.Fprintf(&b, "  %s %s", f.Name, figure(f.Value))
	}
	return b.String()
}

// figure prints five significant digits, integers without a fraction.
func figure(v float64) string {
	if v == math.Trunc(v) && math.Abs(v) < 1e9 {
		return strconv.FormatFloat(v, 'f', 0, 64)
	}
	return strconv.FormatFloat(v, 'g', 5, 64)
}
