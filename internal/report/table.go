package report

// flowView is a Step with the widths of its bar.
type flowView struct {
	Step
	Parts   []flowPart
	Missing int64
	Gone    int64 // dropped for all reasons
	Same    bool  // in and out count the same thing
}

// flowPart is one piece of a step's bar.
type flowPart struct {
	Drop
	Share float64 // of In
	Class string  // kept, d0..d3, missing
}

// newFlowViews lays the steps out. A bar shows In as its whole length: the kept part first, then one part per
// reason.
func newFlowViews(steps []Step) []flowView {
	var views []flowView
	for _, s := range steps {
		v := flowView{Step: s, Missing: s.Missing(), Same: s.InUnit == s.OutUnit}
		for _, d := range s.Dropped {
			v.Gone += d.Count
		}
		if s.In > 0 {
			kept := s.In - v.Gone
			if v.Missing > 0 {
				kept -= v.Missing
			}
			v.Parts = append(v.Parts, flowPart{Drop{"kept", kept}, share(kept, s.In), "kept"})
			for i, d := range s.Dropped {
				if d.Count > 0 {
					v.Parts = append(v.Parts, flowPart{d, share(d.Count, s.In), "d" + string(rune('0'+i%4))})
				}
			}
			if v.Missing > 0 {
				v.Parts = append(v.Parts, flowPart{Drop{"not accounted for", v.Missing}, share(v.Missing, s.In), "missing"})
			}
		}
		views = append(views, v)
	}
	return views
}

func share(n, of int64) float64 { return float64(n) / float64(of) }

// slotLine is one row of the attribute table.
type slotLine struct {
	Slot, Note string
	Accuracy   float64
	Majority   float64 // -1: not measured
	Mean       bool    // the row below the line
}

// Gain returns the lead over the constant answer.
func (l slotLine) Gain() float64 { return l.Accuracy - l.Majority }

// Gauge returns the bar: the accuracy with the constant answer as its mark.
func (l slotLine) Gauge() gauge { return gauge{Value: l.Accuracy, Low: l.Majority, High: -1} }

func newSlotLines(s SPAC) []slotLine {
	accuracy, majority := s.Accuracy.Values(), [6]float64{-1, -1, -1, -1, -1, -1}
	mean := -1.0
	if s.Majority != nil {
		majority, mean = s.Majority.Values(), s.Majority.Mean()
	}
	var lines []slotLine
	for i, name := range SlotNames() {
		lines = append(lines, slotLine{Slot: name, Accuracy: accuracy[i], Majority: majority[i]})
		if h := s.HeadWithoutMajority; h != nil && name == "head" {
			lines = append(lines, slotLine{Slot: "head, rarer kinds", Note: count(h.Images) + " images", Accuracy: h.Accuracy, Majority: h.Majority})
		}
	}
	return append(lines, slotLine{Slot: "mean of the six", Accuracy: s.Accuracy.Mean(), Majority: mean, Mean: true})
}

// tableView is a Table with the side each cell is set to.
type tableView struct {
	Table
	Heads []cellView
	Cells [][]cellView
}

type cellView struct {
	Text    string
	Numeric bool
}

// newTableView sets a column's head to the right where its first cell is a number.
func newTableView(t Table) tableView {
	v := tableView{Table: t}
	for _, row := range t.Rows {
		var cells []cellView
		for _, text := range row {
			cells = append(cells, cellView{text, startsNumeric(text)})
		}
		v.Cells = append(v.Cells, cells)
	}
	for i, name := range t.Columns {
		v.Heads = append(v.Heads, cellView{name, len(v.Cells) > 0 && v.Cells[0][i].Numeric})
	}
	return v
}

// startsNumeric reports whether text begins with a digit, after a sign if there is one, or is the dash that
// stands for no number.
func startsNumeric(text string) bool {
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			return true
		case i == 0 && (r == '+' || r == '-' || r == '−'):
		default:
			return text == "–"
		}
	}
	return false
}
