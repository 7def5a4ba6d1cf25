package report

import (
	"fmt"
	"math"
	"strings"
)

// The plot inside the drawing area of 480 x 280 SVG units, which parts.tmpl has too. The page scales it between
// about 0.7 (phone, where the style sheet enlarges the text) and 1.2.
const (
	plotX0, plotX1 = 52.0, 468.0
	plotY0, plotY1 = 30.0, 232.0 // top, bottom
	xTicks, yTicks = 5, 4        // about how many
	seriesColours  = 6           // classes s0..s5 of the style sheet
)

// chartView is a Curve in SVG units.
type chartView struct {
	Curve
	Lines          []lineView
	XTicks, YTicks []tickView
	Empty          bool
}

type lineView struct {
	Name, Class string
	Path        string // the line itself
	Mean        string // its moving average; empty for a short line
	Last        string // value at the end, for the legend
	Dot         *[2]string
}

type tickView struct{ At, Label string }

// newChartView turns values into paths. Curve must have passed check.
func newChartView(c Curve) chartView {
	v := chartView{Curve: c}
	xlo, xhi, ylo, yhi := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, s := range c.Series {
		for i := range s.X {
			xlo, xhi = math.Min(xlo, s.X[i]), math.Max(xhi, s.X[i])
			ylo, yhi = math.Min(ylo, s.Y[i]), math.Max(yhi, s.Y[i])
		}
	}
	if xlo > xhi {
		v.Empty = true
		return v
	}
	xs := newAxis(xlo, xhi, xTicks, false)
	ys := newAxis(ylo, yhi, yTicks, true)
	if c.LogY {
		ys = newLogAxis(ylo, yhi, yTicks)
	}
	for _, t := range xs.ticks {
		v.XTicks = append(v.XTicks, tickView{unit(plotX(t.at)), t.label})
	}
	for _, t := range ys.ticks {
		v.YTicks = append(v.YTicks, tickView{unit(plotY(t.at)), t.label})
	}
	for i, s := range c.Series {
		v.Lines = append(v.Lines, newLineView(s, i, xs, ys))
	}
	return v
}

func newLineView(s Series, index int, xs, ys axis) lineView {
	l := lineView{Name: s.Name, Class: fmt.Sprintf("s%d", index%seriesColours)}
	n := len(s.X)
	if n == 0 {
		return l
	}
	end := s.Y[n-1]
	if n >= smoothFrom {
		mean := smooth(s.Y, n/smoothPart)
		x, y := thin(s.X, mean, maxColumns)
		l.Mean = path(x, y, xs, ys)
		end = mean[n-1]
	}
	x, y := thin(s.X, s.Y, maxColumns)
	l.Path = path(x, y, xs, ys)
	l.Last = short(end)
	if n == 1 {
		l.Dot = &[2]string{unit(plotX(xs.at(s.X[0]))), unit(plotY(ys.at(s.Y[0])))}
	}
	return l
}

// path writes the points as an SVG path.
func path(x, y []float64, xs, ys axis) string {
	var b strings.Builder
	for i := range x {
		op := "L"
		if i == 0 {
			op = "M"
		}
		b.WriteString(op + unit(plotX(xs.at(x[i]))) + " " + unit(plotY(ys.at(y[i]))))
	}
	return b.String()
}

func plotX(at float64) float64 { return plotX0 + at*(plotX1-plotX0) }
func plotY(at float64) float64 { return plotY1 - at*(plotY1-plotY0) }
