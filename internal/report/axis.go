package report

import (
	"math"
	"strconv"
)

// axis maps values to 0..1 and knows where its ticks go.
type axis struct {
	lo, hi float64 // in log10 where log is set
	log    bool
	ticks  []tick
}

type tick struct {
	at    float64 // 0..1
	label string
}

// newAxis spans lo..hi with about n round ticks. A linear axis of positive values starts at 0 unless that would
// leave more than a third of it empty. With widen the ends move out to ticks.
func newAxis(lo, hi float64, n int, widen bool) axis {
	if widen && lo > 0 && lo < hi/3 {
		lo = 0
	}
	if lo == hi { // a flat line gets a band around it
		pad := math.Max(math.Abs(lo)*0.1, 0.5)
		lo, hi = lo-pad, hi+pad
	}
	step := roundStep((hi - lo) / float64(n))
	if widen {
		lo, hi = math.Floor(lo/step)*step, math.Ceil(hi/step)*step
	}
	a := axis{lo: lo, hi: hi}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+step*1e-9; k++ {
		a.ticks = append(a.ticks, tick{a.at(k * step), decimal(k*step, decimals)})
	}
	return a
}

// newLogAxis spans lo..hi, both above 0, with ticks at 1, 2 and 5 times the powers of ten, or at the powers alone
// where that would be too many.
func newLogAxis(lo, hi float64, n int) axis {
	a := axis{log: true, lo: math.Log10(lo), hi: math.Log10(hi)}
	if a.hi-a.lo < 0.8 { // ticks lie up to 0.4 apart, so this is room for two
		mid := (a.hi + a.lo) / 2
		a.lo, a.hi = mid-0.4, mid+0.4
	}
	pad := (a.hi - a.lo) * 0.04
	a.lo, a.hi = a.lo-pad, a.hi+pad
	for _, factors := range [][]float64{{1, 2, 5}, {1}} {
		a.ticks = a.ticks[:0]
		for e := math.Floor(a.lo); e <= a.hi; e++ {
			for _, f := range factors {
				v := f * math.Pow(10, e)
				if at := a.at(v); at >= 0 && at <= 1 {
					a.ticks = append(a.ticks, tick{at, strconv.FormatFloat(v, 'g', 3, 64)})
				}
			}
		}
		if len(a.ticks) <= 2*n {
			break
		}
	}
	return a
}

// at returns where v lies on the axis, 0 at its low end and 1 at its high end.
func (a axis) at(v float64) float64 {
	if a.log {
		v = math.Log10(v)
	}
	return (v - a.lo) / (a.hi - a.lo)
}

// roundStep returns the smallest of 1, 2, 5 times a power of ten that is not below v.
func roundStep(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(v)))
	for _, f := range []float64{1, 2, 5} {
		if v <= f*p*(1+1e-9) {
			return f * p
		}
	}
	return 10 * p
}
