package attributes

import "testing"

var benchCaptions = [...]string{
	"A tall man with short black hair strolls past in a dark green padded jacket, faded blue jeans and white trainers, and a grey backpack hangs from his left shoulder.",
	"Young woman, curly brown hair tied back, wearing a black and white striped shirt over a long beige skirt; her sandals are brown and she is carrying a red handbag.",
	"The person wears a light blue shirt, dark trousers and a pair of brown leather shoes.",
	"This boy is seen from behind. His hoodie is red with white sleeves, his shorts are grey and his sneakers are black. He has a yellow plastic bag in one hand.",
	"man in navy suit, white shirt, black dress shoes, briefcase",
}

// One core must take 20,000 captions a second.
func BenchmarkExtract(b *testing.B) {
	e := newExtractor(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		e.Extract(benchCaptions[n%len(benchCaptions)])
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "captions/s")
}

func BenchmarkRewriteGender(b *testing.B) {
	e := newExtractor(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		e.RewriteGender(benchCaptions[n%len(benchCaptions)], Female, "")
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "captions/s")
}

func BenchmarkDefault(b *testing.B) {
	for b.Loop() {
		if _, err := Default(); err != nil {
			b.Fatal(err)
		}
	}
}
