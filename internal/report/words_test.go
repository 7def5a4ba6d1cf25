package report

import (
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{percent(0.563), "56.3 %"}, {percent(0), "0.0 %"}, {percent(1), "100.0 %"},
		{points(0.431), "+43.1"}, {points(-0.06), "−6.0"}, {points(0.0001), "0.0"}, {points(-0.0001), "0.0"},
		{count(0), "0"}, {count(999), "999"}, {count(1000), "1,000"}, {count(1234567), "1,234,567"}, {count(-1234), "−1,234"},
		{byteSize(0), "0 B"}, {byteSize(1023), "1023 B"}, {byteSize(1024), "1 KiB"}, {byteSize(410 << 20), "410 MiB"}, {byteSize(3 << 29), "1.50 GiB"},
		{span(0), "0.0 s"}, {span(9.94), "9.9 s"}, {span(9.96), "10 s"}, {span(59.4), "59 s"}, {span(59.6), "1 min 00 s"},
		{span(614.4), "10 min 14 s"}, {span(3599.6), "1 h 00 min"}, {span(7380), "2 h 03 min"},
		{rate(0, "images"), "–"}, {rate(471.3, "images"), "471 images/s"}, {rate(12.34, "steps"), "12.3 steps/s"},
		{short(0), "0.000"}, {short(1234.5), "1,234"}, {short(1.234), "1.23"}, {short(0.01234), "0.012"}, {short(0.0001234), "0.000123"},
	} {
		if got := strings.ReplaceAll(c.got, nbsp, " "); got != c.want {
			t.Errorf("want %q, got %q", c.want, got)
		}
	}
}
