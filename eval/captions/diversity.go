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

// Styles is how far captions of one style are alike, and of two.
type Styles struct {
	Captions int        `json:"captions"`
	Within   [4]float64 `json:"within"`  // BLEU-1 to BLEU-4 against captions of the same style
	Between  [4]float64 `json:"between"` // the same against captions of the other style
}

// CompareStyles measures the captions of pictures, one a style in a fixed order,
// against those of the other pictures of the same identity: once in the
// caption's own style, once in the other. Both have the same person to describe
// and as many references, so that style is all that differs. Pictures without
// exactly two captions are left out, and so are identities with one picture
// left.
func CompareStyles(pictures [][]string, ids []int64, o Options) Styles {
	words := lexicon{}
	of := map[int64][][2][]int32{}
	var order []int64
	for i, captions := range pictures {
		if len(captions) != 2 {
			continue
		}
		if of[ids[i]] == nil {
			order = append(order, ids[i])
		}
		of[ids[i]] = append(of[ids[i]], [2][]int32{words.encode(o.words(captions[0])), words.encode(o.words(captions[1]))})
	}
	var s Styles
	var within, between bleuCounts
	for _, id := range order {
		all := of[id]
		if len(all) < 2 {
			continue
		}
		for i, picture := range all {
			var others [2][][]int32
			for j, other := range all {
				if j != i {
					others[0], others[1] = append(others[0], other[0]), append(others[1], other[1])
				}
			}
			for k, caption := range picture {
				within.add(countBLEU(caption, others[k]))
				between.add(countBLEU(caption, others[1-k]))
				s.Captions++
			}
		}
	}
	if s.Captions > 0 {
		s.Within, s.Between = within.scores(), between.scores()
	}
	return s
}
