package captions

// Distinct returns the number of different n-grams of captions over the number of
// all, n in 1..4, and 0 when there are none.
func Distinct(captions []string, n int, o Options) float64 {
	words := lexicon{}
	encoded := make([][]int32, len(captions))
	for i, c := range captions {
		encoded[i] = words.encode(o.words(c))
	}
	return distinct(encoded, n)
}

func distinct(captions [][]int32, n int) float64 {
	seen := map[gram]struct{}{}
	all := 0
	for _, c := range captions {
		for _, g := range grams(c, n) {
			seen[g.gram] = struct{}{}
			all += g.n
		}
	}
	if all == 0 {
		return 0
	}
	return float64(len(seen)) / float64(all)
}

// SelfBLEU returns the corpus BLEU-1 to BLEU-4 of every caption against the others
// of its picture: near 1 when the styles say the same in the same words.
// Pictures with fewer than two captions are left out; with none left it is 0.
func SelfBLEU(pictures [][]string, o Options) [4]float64 {
	words := lexicon{}
	var total bleuCounts
	pairs := 0
	for _, captions := range pictures {
		if len(captions) < 2 {
			continue
		}
		encoded := make([][]int32, len(captions))
		for i, c := range captions {
			encoded[i] = words.encode(o.words(c))
		}
		for i, h := range encoded {
			others := append(append([][]int32(nil), encoded[:i]...), encoded[i+1:]...)
			total.add(countBLEU(h, others))
			pairs++
		}
	}
	if pairs == 0 {
		return [4]float64{}
	}
	return total.scores()
}

// Unknown is the attribute of a slot of which nothing is known.
const Unknown = "unknown"

// Coverage is how fully captions speak of the attributes of their pictures.
type Coverage struct {
	Captions int     `json:"captions"`
	Full     float64 `json:"full"`    // share of captions that mention every known attribute
	Mean     float64 `json:"mean"`    // mean share of known attributes that a caption mentions
	Unknown  float64 `json:"unknown"` // share of attributes that are Unknown
}

// Cover measures the captions of pictures with the given attributes; mentions
// tells whether a caption names the attribute of a slot. A caption of a picture
// of which nothing is known mentions all.
func Cover(pictures, attributes [][]string, mentions func(caption string, slot int, attribute string) bool) Coverage {
	var c Coverage
	slots, unknown := 0, 0
	for i, captions := range pictures {
		known := 0
		for _, a := range attributes[i] {
			slots++
			if a == Unknown {
				unknown++
			} else {
				known++
			}
		}
		for _, caption := range captions {
			named := 0
			for s, a := range attributes[i] {
				if a != Unknown && mentions(caption, s, a) {
					named++
				}
			}
			c.Captions++
			if named == known {
				c.Full++
			}
			if known == 0 {
				c.Mean++
			} else {
				c.Mean += float64(named) / float64(known)
			}
		}
	}
	if c.Captions > 0 {
		c.Full /= float64(c.Captions)
		c.Mean /= float64(c.Captions)
	}
	if slots > 0 {
		c.Unknown = float64(unknown) / float64(slots)
	}
	return c
}
