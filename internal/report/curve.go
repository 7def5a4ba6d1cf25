package report

import "math"

// Curve is one chart of lines over a common axis, such as a training loss over steps.
type Curve struct {
	Title  string
	Note   string // caption below
	XLabel string // with unit: "step"
	YLabel string // with unit: "loss, nats"
	LogY   bool   // logarithmic y axis; every y must then be above 0
	Series []Series
}

// Series is one line. X must not decrease. A long noisy line is drawn pale with its moving average over it.
type Series struct {
	Name string
	X, Y []float64
}

func (c *Curve) check(k *checker, key string) {
	for _, s := range c.Series {
		name := key + " series " + s.Name
		if len(s.X) != len(s.Y) {
			k.add("%s: want as many y as x, %d, got %d", name, len(s.X), len(s.Y))
			continue
		}
		for i := range s.X {
			if !finite(s.X[i]) || !finite(s.Y[i]) {
				k.add("%s: point %d: want finite numbers, got %v, %v", name, i, s.X[i], s.Y[i])
				break
			}
			if i > 0 && s.X[i] < s.X[i-1] {
				k.add("%s: point %d: want x of %v or more, got %v", name, i, s.X[i-1], s.X[i])
				break
			}
			if c.LogY && s.Y[i] <= 0 {
				k.add("%s: point %d: want y above 0 on a logarithmic axis, got %v", name, i, s.Y[i])
				break
			}
		}
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Points from which a line counts as noisy, the part of the line that its moving average spans, and the most
// columns a line is drawn with (more cannot be told apart at the size of the chart).
const (
	smoothFrom = 60
	smoothPart = 25
	maxColumns = 240
)

// smooth returns the mean of the window around each point, cut off at the ends of the line. A window that shrank
// to stay centred would end every curve in the noise of its last few points.
func smooth(y []float64, window int) []float64 {
	sum := make([]float64, len(y)+1)
	for i, v := range y {
		sum[i+1] = sum[i] + v
	}
	out := make([]float64, len(y))
	for i := range y {
		from, to := max(0, i-window/2), min(len(y), i+window/2+1)
		out[i] = (sum[to] - sum[from]) / float64(to-from)
	}
	return out
}

// thin reduces a line to at most two points a column, its lowest and highest, so that no spike is lost.
func thin(x, y []float64, columns int) (tx, ty []float64) {
	n := len(x)
	if n <= 2*columns {
		return x, y
	}
	for c := range columns {
		from, to := c*n/columns, (c+1)*n/columns
		lo, hi := from, from
		for i := from; i < to; i++ {
			if y[i] < y[lo] {
				lo = i
			}
			if y[i] > y[hi] {
				hi = i
			}
		}
		first, last := min(lo, hi), max(lo, hi)
		tx, ty = append(tx, x[first]), append(ty, y[first])
		if last != first {
			tx, ty = append(tx, x[last]), append(ty, y[last])
		}
	}
	return tx, ty
}
