package report

// Slots holds one fraction for each attribute slot.
type Slots struct {
	Gender     float64 `json:"gender"`
	Head       float64 `json:"head"`
	Upper      float64 `json:"upper"`
	Lower      float64 `json:"lower"`
	Shoes      float64 `json:"shoes"`
	Belongings float64 `json:"belongings"`
}

// SlotNames returns the six slots in the order used everywhere.
func SlotNames() [6]string {
	return [6]string{"gender", "head", "upper", "lower", "shoes", "belongings"}
}

// SlotsOf is the inverse of Values: fractions in the order of SlotNames.
func SlotsOf(v [6]float64) Slots {
	return Slots{Gender: v[0], Head: v[1], Upper: v[2], Lower: v[3], Shoes: v[4], Belongings: v[5]}
}

// Values returns the fractions in the order of SlotNames.
func (s Slots) Values() [6]float64 {
	return [6]float64{s.Gender, s.Head, s.Upper, s.Lower, s.Shoes, s.Belongings}
}

// Mean returns the unweighted mean of the six.
func (s Slots) Mean() float64 {
	sum := 0.0
	for _, v := range s.Values() {
		sum += v
	}
	return sum / 6
}
