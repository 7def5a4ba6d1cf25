package report

// card is one key figure. Where Gauge is set, a bar shows Value between Low and High.
type card struct {
	Value, Label string
	Notes        []string // a line each
	Gauge        *gauge
}

// gauge holds fractions; Low and High are marks on the bar, left out below 0.
type gauge struct{ Value, Low, High float64 }

// newCards picks the key figures out of f; what was not measured gets no card.
func newCards(f Figures) []card {
	var cards []card
	if c, ok := rankingCard("Zero-shot R@1", f.ZeroShot, f.Chance, f.Ceiling, func(r *Ranking) float64 { return r.R1 }); ok {
		cards = append(cards, c)
	}
	if c, ok := rankingCard("Zero-shot mAP", f.ZeroShot, f.Chance, f.Ceiling, func(r *Ranking) float64 { return r.MAP }); ok {
		cards = append(cards, c)
	}
	if c, ok := rankingCard("R@1, harder test", f.ZeroShotWithoutOwn, f.ChanceWithoutOwn, f.CeilingWithoutOwn,
		func(r *Ranking) float64 { return r.R1 }); ok {
		cards = append(cards, c)
	}
	if s := f.SPAC; s != nil {
		c := card{Value: percent(s.Accuracy.Mean()), Label: "Attribute accuracy", Notes: []string{"mean of six slots"},
			Gauge: &gauge{Value: s.Accuracy.Mean(), Low: -1, High: -1}}
		if s.Majority != nil {
			c.Notes = append(c.Notes, "constant answer "+percent(s.Majority.Mean()))
			c.Gauge.Low = s.Majority.Mean()
		}
		cards = append(cards, c)
	}
	if s := f.Filter; s != nil {
		cards = append(cards, card{Value: percent(s.Precision), Label: "Filter precision",
			Notes: []string{"recall " + percent(s.Recall)}, Gauge: &gauge{Value: s.Precision, Low: -1, High: -1}})
	}
	if len(f.Stages) > 0 {
		c := card{Value: span(f.Stages.Seconds()), Label: "Whole line"}
		c.Notes = []string{count(int64(len(f.Stages))) + " stages"}
		if p := f.Stages.PeakBytes(); p > 0 {
			c.Notes = append(c.Notes, "peak memory "+byteSize(p))
		}
		cards = append(cards, c)
	}
	return cards
}

// rankingCard makes the card of one figure of a retrieval test, with chance and ceiling beside it.
func rankingCard(label string, got, chance, ceiling *Ranking, figure func(*Ranking) float64) (card, bool) {
	if got == nil {
		return card{}, false
	}
	c := card{Value: percent(figure(got)), Label: label, Gauge: &gauge{Value: figure(got), Low: -1, High: -1}}
	if chance != nil {
		c.Gauge.Low = figure(chance)
		c.Notes = append(c.Notes, "chance "+percent(figure(chance)))
	}
	if ceiling != nil {
		c.Gauge.High = figure(ceiling)
		c.Notes = append(c.Notes, "ceiling "+percent(figure(ceiling)))
	}
	return c, true
}
