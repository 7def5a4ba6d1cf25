package report

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func labels(a axis) string {
	var l []string
	for _, t := range a.ticks {
		l = append(l, t.label)
	}
	return strings.Join(l, " ")
}

func TestAxisTicks(t *testing.T) {
	for _, c := range []struct {
		axis axis
		want string
	}{
		{newAxis(0, 9000, 5, false), "0 2,000 4,000 6,000 8,000"},
		{newAxis(0.2, 3.9, 4, true), "0 1 2 3 4"},
		{newAxis(3, 3.9, 4, true), "3.0 3.5 4.0"},
		{newAxis(-1.2, 0.7, 4, true), "−1.5 −1.0 −0.5 0.0 0.5 1.0"},
		{newAxis(5, 5, 4, true), "4.5 5.0 5.5"},
		{newAxis(0, 0, 4, true), "−0.5 0.0 0.5"},
		{newAxis(0.00012, 0.00031, 4, true), "0.00010 0.00015 0.00020 0.00025 0.00030 0.00035"},
		{newLogAxis(2, 40, 4), "2 5 10 20"},
		{newLogAxis(0.001, 1000, 4), "0.001 0.01 0.1 1 10 100 1e+03"},
		{newLogAxis(3, 3, 4), "2 5"},
		{newLogAxis(2.1, 4.9, 4), "2 5"},
	} {
		if got := labels(c.axis); got != c.want {
			t.Errorf("[%v %v]: want %q, got %q", c.axis.lo, c.axis.hi, c.want, got)
		}
	}
}

func TestThinKeepsSpikes(t *testing.T) {
	for _, n := range []int{0, 1, 479, 480, 481, 5000} {
		x, y := make([]float64, n), make([]float64, n)
		for i := range x {
			x[i], y[i] = float64(i), math.Sin(float64(i))
		}
		if n > 0 {
			y[n/3], y[n-1] = 99, -99
		}
		tx, ty := thin(x, y, maxColumns)
		if len(tx) != len(ty) || len(tx) > 2*maxColumns {
			t.Fatalf("n=%d: want at most %d points, got %d and %d", n, 2*maxColumns, len(tx), len(ty))
		}
		for i := 1; i < len(tx); i++ {
			if tx[i] <= tx[i-1] {
				t.Fatalf("n=%d: x goes back at %d: %v, %v", n, i, tx[i-1], tx[i])
			}
		}
		if n < 2 {
			continue
		}
		high, low := false, false
		for i := range tx {
			if y[int(tx[i])] != ty[i] {
				t.Fatalf("n=%d: point %d is not one of the line", n, i)
			}
			high, low = high || ty[i] == 99, low || ty[i] == -99
		}
		if !high || !low {
			t.Errorf("n=%d: a spike was lost: high %t, low %t", n, high, low)
		}
	}
}

func TestSmooth(t *testing.T) {
	if diff := cmp.Diff([]float64{1.5, 2, 3, 4, 4.5}, smooth([]float64{1, 2, 3, 4, 5}, 3)); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	if got := smooth(nil, 3); len(got) != 0 {
		t.Errorf("want nothing, got %v", got)
	}
}

func TestChartStaysInItsPlot(t *testing.T) {
	number := regexp.MustCompile(`[ML](-?[\d.]+) (-?[\d.]+)`)
	for _, c := range sampleReport(t).Curves {
		v := newChartView(c)
		if len(v.Lines) != len(c.Series) || len(v.XTicks) < 2 || len(v.YTicks) < 2 {
			t.Errorf("%s: %d lines, %d and %d ticks", c.Title, len(v.Lines), len(v.XTicks), len(v.YTicks))
		}
		for _, l := range v.Lines {
			points := number.FindAllStringSubmatch(l.Path+l.Mean, -1)
			if len(points) < len(c.Series[0].X) && len(points) < maxColumns {
				t.Errorf("%s %s: only %d points", c.Title, l.Name, len(points))
			}
			for _, p := range points {
				x, errX := strconv.ParseFloat(p[1], 64)
				y, errY := strconv.ParseFloat(p[2], 64)
				if errX != nil || errY != nil || x < plotX0 || x > plotX1 || y < plotY0 || y > plotY1 {
					t.Fatalf("%s %s: point %s is outside the plot", c.Title, l.Name, p[0])
				}
			}
		}
	}
}

func TestChartOfFewPoints(t *testing.T) {
	if v := newChartView(Curve{Series: []Series{{Name: "a"}}}); !v.Empty {
		t.Error("no points: want the chart marked empty")
	}
	v := newChartView(Curve{Series: []Series{{"a", []float64{5}, []float64{0.25}}}})
	if l := v.Lines[0]; l.Dot == nil || l.Mean != "" || l.Last != "0.250" {
		t.Errorf("one point: want a dot labelled 0.250, got %+v", l)
	}
	long := make([]float64, smoothFrom)
	if v := newChartView(Curve{Series: []Series{{"a", long, long}}}); v.Lines[0].Mean == "" {
		t.Errorf("%d points: want a moving average", smoothFrom)
	}
	if v := newChartView(Curve{Series: []Series{{"a", long[1:], long[1:]}}}); v.Lines[0].Mean != "" {
		t.Errorf("%d points: want no moving average", smoothFrom-1)
	}
}
