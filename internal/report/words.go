package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

// unit writes an SVG coordinate.
func unit(v float64) string { return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64) }

// decimal writes v with a true minus sign and thousands separators.
func decimal(v float64, decimals int) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if v < 0 && strings.ContainsAny(text, "123456789") {
		whole = "−" + whole
	}
	return whole
}

// short writes v with three digits that count.
func short(v float64) string {
	switch a := math.Abs(v); {
	case a >= 100:
		return decimal(v, 0)
	case a >= 10:
		return decimal(v, 1)
	case a >= 1:
		return decimal(v, 2)
	case a >= 0.001 || a == 0:
		return decimal(v, 3)
	default:
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
}

// count writes a whole number with thousands separators.
func count(n int64) string { return decimal(float64(n), 0) }

// percent writes a fraction as percent with one decimal.
func percent(f float64) string { return decimal(100*f, 1) + nbsp + "%" }

// points writes a difference of fractions in percentage points, with its sign.
func points(f float64) string {
	text := decimal(100*f, 1)
	if f > 0 && text != "0.0" {
		text = "+" + text
	}
	return text
}

// byteSize writes a size in binary units.
func byteSize(n int64) string {
	v := float64(n)
	for _, u := range []string{"B", "KiB", "MiB"} {
		if v < 1024 {
			return strconv.FormatFloat(v, 'f', 0, 64) + nbsp + u
		}
		v /= 1024
	}
	return strconv.FormatFloat(v, 'f', 2, 64) + nbsp + "GiB"
}

// span writes a time in seconds as people say it.
func span(seconds float64) string {
	switch {
	case seconds < 9.95:
		return decimal(seconds, 1) + nbsp + "s"
	case seconds < 59.5:
		return decimal(seconds, 0) + nbsp + "s"
	}
	s := int64(math.Round(seconds))
	if s < 3600 {
		return fmt.Sprintf("%d%smin %02d%ss", s/60, nbsp, s%60, nbsp)
	}
	return fmt.Sprintf("%d%sh %02d%smin", s/3600, nbsp, s%3600/60, nbsp)
}

// rate writes items per second.
func rate(v float64, unit string) string {
	if v == 0 {
		return "–"
	}
	return short(v) + nbsp + unit + "/s"
}
