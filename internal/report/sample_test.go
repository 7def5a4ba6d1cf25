package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"testing"
)

// drawCrop paints a person-shaped gradient: head, upper and lower garment on a lit ground.
func drawCrop(t testing.TB, w, h int, seed uint64) []byte {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 7))
	pick := func() [3]float64 {
		return [3]float64{60 + 150*rng.Float64(), 60 + 150*rng.Float64(), 60 + 150*rng.Float64()}
	}
	ground, upper, lower, skin := pick(), pick(), pick(), [3]float64{205, 165, 140}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			u, v := (float64(x)+.5)/float64(w)*2-1, (float64(y)+.5)/float64(h)
			c := ground
			light := 1.15 - .45*v
			switch {
			case math.Hypot(u, (v-.13)*3.4) < .27:
				c, light = skin, 1.1-.3*u
			case v > .22 && v < .54 && math.Abs(u) < .5-.25*math.Abs(v-.4):
				c, light = upper, 1.1-.45*u*u-.2*u
			case v >= .54 && v < .92 && math.Abs(math.Abs(u)-.2) < .19:
				c, light = lower, 1.05-.3*u
			case v >= .92 && v < .96 && math.Abs(math.Abs(u)-.22) < .22:
				c, light = [3]float64{40, 40, 46}, 1
			}
			p := func(k int) uint8 { return uint8(min(255, max(0, c[k]*light+6*rng.NormFloat64()))) }
			img.SetRGBA(x, y, color.RGBA{p(0), p(1), p(2), 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 88}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sampleFigures fills every field.
func sampleFigures() Figures {
	return Figures{
		Run: Run{Seed: 1, Preset: "demo", Input: "drawn corpus"},
		Stages: Stages{
			{"ingest", 31.4, 14800, 410 << 20, "images"},
			{"spac train", 221.7, 176000, 2_900 << 20, "images"},
			{"filter", 12.2, 7350, 820 << 20, "images"},
			{"caption", 58.9, 6480, 1_300 << 20, "images"},
			{"distribute", 1.3, 12960, 260 << 20, "captions"},
			{"pretrain", 283.5, 118000, 3_150 << 20, "images"},
			{"evaluate", 4.8, 2200, 1_120 << 20, "texts and images"},
		},
		Flow: []Step{
			{Stage: "ingest", Note: "draw the raw tracks", In: 7350, InUnit: "images", Out: 7350, OutUnit: "images"},
			{Stage: "filter", Note: "drop foreign pictures, join split tracks", In: 7350, InUnit: "images", Out: 6480, OutUnit: "images",
				Dropped: []Drop{{"far from its track", 541}, {"second seed", 187}, {"track too short", 142}}},
			{Stage: "caption", Note: "attributes, two styles, prompt caption", In: 6480, InUnit: "images", Out: 19440, OutUnit: "captions"},
			{Stage: "distribute", Note: "keep the wordings even", In: 12960, InUnit: "captions", Out: 11212, OutUnit: "captions",
				Dropped: []Drop{{"too common", 1604}, {"no attribute named", 132}}},
			{Stage: "split", In: 6480, InUnit: "images", Out: 6470, OutUnit: "images"},
		},
		SPAC: &SPAC{
			Accuracy: SlotsOf([6]float64{.942, .781, .523, .604, .688, .731}),
			Majority: ptr(SlotsOf([6]float64{.512, .548, .041, .087, .243, .402})),
			Images:   560, HeadWithoutMajority: &SlotFigure{Accuracy: .583, Majority: .221, Images: 253},
		},
		Filter:             &Filter{Precision: .931, Recall: .784, Images: 7350, Foreign: 735, Dropped: 619, Hits: 576},
		ZeroShot:           &Ranking{R1: .563, R5: .812, R10: .891, MAP: .481, MAPTrapezoid: .502, Queries: 1120, Gallery: 560, Identities: 100},
		Chance:             &Ranking{R1: .011, R5: .049, R10: .098, MAP: .017, MAPTrapezoid: .019, Queries: 1120, Gallery: 560, Identities: 100},
		Ceiling:            &Ranking{R1: .934, R5: .981, R10: .992, MAP: .907, MAPTrapezoid: .915, Queries: 1120, Gallery: 560, Identities: 100},
		ZeroShotWithoutOwn: &Ranking{R1: .341, R5: .634, R10: .747, MAP: .338, MAPTrapezoid: .352, Queries: 800, Gallery: 399, Identities: 200},
		ChanceWithoutOwn:   &Ranking{R1: .004, R5: .021, R10: .044, MAP: .009, MAPTrapezoid: .01, Queries: 800, Gallery: 399, Identities: 200},
		CeilingWithoutOwn:  &Ranking{R1: .871, R5: .955, R10: .97, MAP: .866, MAPTrapezoid: .87, Queries: 800, Gallery: 399, Identities: 200},
		Annotated: &Annotated{Gender: Agreement{.71, .77, 1600}, UpperColour: Agreement{.412, .28, 1548}, LowerColour: Agreement{.581, .53, 1600},
			ZeroShot: &Ranking{R1: .318, R5: .642, R10: .801, MAP: .297, MAPTrapezoid: .291, Queries: 176, Gallery: 1600, Identities: 10},
			Chance:   &Ranking{R1: .12, R5: .44, R10: .66, MAP: .128, MAPTrapezoid: .127, Queries: 176, Gallery: 1600, Identities: 10}},
		ZeroShotTrueCaptions: &Ranking{R1: .742, R5: .913, R10: .955, MAP: .655, MAPTrapezoid: .67, Queries: 1120, Gallery: 560, Identities: 100},
	}
}

func ptr[T any](v T) *T { return &v }

// sampleReport is a whole report as the demo makes it, with drawn crops.
func sampleReport(t testing.TB) Report {
	t.Helper()
	words := [6][3]string{
		{"man", "woman", "man"}, {"short black hair", "a red cap", "long brown hair"},
		{"white striped long-sleeved shirt", "dark green hooded jacket", "yellow t-shirt"},
		{"blue jeans", "black knee-length skirt", "gray shorts"}, {"white sneakers", "brown boots", "black sandals"},
		{"unknown", "a red backpack", "a blue umbrella"},
	}
	attributes := func(i int) []Attribute {
		var a []Attribute
		for k, slot := range SlotNames() {
			v := Attribute{Slot: slot, Value: words[k][i%3], Verdict: Right}
			if (i+2*k)%7 == 3 {
				v.Verdict, v.Truth = Wrong, words[k][(i+1)%3]
			}
			a = append(a, v)
		}
		return a
	}
	captions := func(i int) []Caption {
		return []Caption{
			{"style 1", fmt.Sprintf("%s, %s, %s.", words[0][i%3], words[2][i%3], words[3][i%3])},
			{"style 2", fmt.Sprintf("A %s walks past wearing a %s over %s and carries %s with every step.", words[0][i%3], words[2][i%3], words[3][i%3], words[5][(i+1)%3])},
			{"prompt", fmt.Sprintf("The %s with %s is wearing a %s and %s.", words[0][i%3], words[1][i%3], words[2][i%3], words[3][i%3])},
		}
	}
	input := Sheet{Title: "The drawn corpus", Note: "Four pictures each of six identities, by camera."}
	for i := range 24 {
		input.Crops = append(input.Crops, Crop{Image: drawCrop(t, 64, 128, uint64(i/4)), Label: fmt.Sprintf("%d · camera %d", i/4, i%4)})
	}
	tracks := Sheet{Title: "What the filter dropped", Note: "Two tracks of the raw part."}
	for i := range 12 {
		c := Crop{Image: drawCrop(t, 64, 128, uint64(90+i/6)), Label: fmt.Sprintf("track %d", i/6)}
		if i%6 == 4 {
			c.Image, c.Badge, c.Verdict = drawCrop(t, 64, 128, uint64(70+i)), "dropped", Right
		}
		if i == 5 {
			c.Badge, c.Verdict = "dropped", Wrong
		}
		tracks.Crops = append(tracks.Crops, c)
	}
	raw := Sheet{Title: "Captioned raw crops", Note: "What the captioner says about pictures of persons it never saw."}
	for i := range 9 {
		raw.Crops = append(raw.Crops, Crop{Image: drawCrop(t, 64, 128, uint64(200+i)), Label: fmt.Sprintf("raw %d · camera %d", 1200+i, i%3), Attributes: attributes(i), Captions: captions(i)})
	}
	var queries []Query
	for i := range 10 {
		q := Query{Text: captions(i)[1].Text, Label: fmt.Sprintf("identity %d", 1300+i), Image: drawCrop(t, 64, 128, uint64(300+i)), Relevant: 5}
		for k := range 10 {
			h := Hit{Crop: Crop{Image: drawCrop(t, 64, 128, uint64(400+10*i+k)), Label: fmt.Sprintf("%d · cam %d", 1350+k, k%4), Verdict: Wrong}, Score: .83 - .031*float64(k)}
			if (k*k+i)%4 == 0 {
				h.Image, h.Verdict, h.Label, h.Own = q.Image, Right, fmt.Sprintf("%d · cam %d", 1300+i, k%4), k == 0
			}
			q.Hits = append(q.Hits, h)
		}
		queries = append(queries, q)
	}
	rng := rand.New(rand.NewPCG(5, 5))
	loss := func(n int, from, to, noise float64) (x, y []float64) {
		for i := range n {
			d := float64(i) / float64(n)
			x = append(x, float64(i*10))
			y = append(y, (to+(from-to)*math.Exp(-5*d))*math.Exp(noise*rng.NormFloat64()))
		}
		return x, y
	}
	series := func(name string, n int, from, to, noise float64) Series {
		x, y := loss(n, from, to, noise)
		return Series{name, x, y}
	}
	return Report{
		Summary: Summary{
			Title: "PLIP demo: from person crops to text search",
			Lead:  "1,600 drawn identities went through the whole line: a captioner learned from the clean part, described the raw part, and a language-image model learned from its descriptions alone. It then ranked persons it never saw by sentences it never read.",
			Facts: []Setting{{"seed", "1"}, {"preset", "demo"}, {"input", "drawn corpus"}, {"device", "cpu, 2 threads"}},
			Notes: []string{"The corpus is drawn; figures on photographs are lower.", "Choices were made on the valid part; the test part was ranked once."},
		},
		Figures: sampleFigures(),
		Sheets:  []Sheet{input, tracks, raw},
		Curves: []Curve{
			{Title: "Captioner", XLabel: "step", YLabel: "loss, nats", Series: []Series{series("attributes", 900, 3.9, .8, .09), series("sentences", 900, 4.6, 1.5, .05)}, Note: "Cross-entropy a token."},
			{Title: "Pre-training", XLabel: "step", YLabel: "loss", LogY: true, Series: []Series{series("CMPM", 1400, 38, 2.1, .16)}},
			{Title: "Validation during pre-training", XLabel: "step", YLabel: "R@1, percent", Series: []Series{{"R@1", []float64{0, 3500, 7000, 10500, 14000}, []float64{1, 31, 44, 52, 56}}, {"mAP", []float64{0, 3500, 7000, 10500, 14000}, []float64{2, 25, 37, 44, 48}}}},
		},
		Retrieval: queries,
		Tables: []Table{{Title: "Captions against the annotations", Note: "Real crops; a constant answer beside each figure.", Columns: []string{"Attribute", "Right", "Constant", "Persons"},
			Rows: [][]string{{"upper colour", "41.2 %", "28.0 %", "88"}, {"lower colour", "58.1 %", "53.0 %", "88"}, {"gender", "71.0 %", "77.0 %", "88"}}}},
		Config: []Setting{{"seed", "1"}, {"corpus.captioned", "1500 identities"}, {"corpus.raw", "1200 identities"}, {"corpus.noise", "0.10"}, {"spac.width", "16"}, {"spac.layers", "1,1,1,1"},
			{"spac.rate", "1e-3"}, {"spac.attribute_tokens", "12"}, {"spac.caption_tokens", "60"}, {"filter.first", "0.42"}, {"filter.second", "0.51"}, {"filter.join", "0.88"},
			{"pretrain.optimizer", "adan"}, {"pretrain.rate", "0.002"}, {"pretrain.sampler", "pk(32,2)"}, {"pretrain.cmpm.epsilon", "1e-2"}, {"pretrain.image", "96x48"}, {"pretrain.text", "bert 2x128"}},
	}
}

// sampleSearch is the page of one search.
func sampleSearch(t testing.TB) Search {
	r := sampleReport(t)
	s := Search{Summary: Summary{Title: "Search in market-1501", Facts: []Setting{{"model", "plip-demo"}, {"time", "41 ms"}}}, Text: r.Retrieval[1].Text, Gallery: 19732}
	for i, h := range r.Retrieval[1].Hits {
		h.Verdict = Unjudged
		h.Captions = r.Sheets[2].Crops[i%9].Captions[:1]
		s.Hits = append(s.Hits, h)
	}
	return s
}
