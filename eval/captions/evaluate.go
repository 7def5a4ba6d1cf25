package captions

import "fmt"

// Pair is one generated caption with the human ones of its picture.
type Pair struct {
	Hypothesis string
	References []string // one or more
}

// PairScore measures one pair.
type PairScore struct {
	BLEU   [4]float64 `json:"bleu"` // the corpus formula on this pair alone
	ROUGEL float64    `json:"rouge_l"`
	CIDEr  float64    `json:"cider"`
}

// Scores measure a set of pairs.
type Scores struct {
	BLEU      [4]float64  `json:"bleu"` // BLEU-1 to BLEU-4
	ROUGEL    float64     `json:"rouge_l"`
	CIDEr     float64     `json:"cider"` // 0 to 10
	Distinct1 float64     `json:"distinct_1"`
	Distinct2 float64     `json:"distinct_2"`
	Pairs     []PairScore `json:"-"` // in the order given
}

// Evaluate measures captions. Without pairs all figures are 0.
func Evaluate(pairs []Pair, o Options) (*Scores, error) {
	s := &Scores{}
	if len(pairs) == 0 {
		return s, nil
	}
	words := lexicon{}
	hypotheses := make([][]int32, len(pairs))
	references := make([][][]int32, len(pairs))
	for i, p := range pairs {
		if len(p.References) == 0 {
			return nil, fmt.Errorf("captions: pair %d: want a reference or more, got none", i)
		}
		hypotheses[i] = words.encode(o.words(p.Hypothesis))
		for _, r := range p.References {
			references[i] = append(references[i], words.encode(o.words(r)))
		}
	}
	f := newFrequencies(references)
	var total bleuCounts
	for i, h := range hypotheses {
		b := countBLEU(h, references[i])
		total.add(b)
		p := PairScore{BLEU: b.scores(), ROUGEL: rougeL(h, references[i]), CIDEr: f.cider(h, references[i])}
		s.ROUGEL += p.ROUGEL
		s.CIDEr += p.CIDEr
		s.Pairs = append(s.Pairs, p)
	}
	s.BLEU = total.scores()
	s.ROUGEL /= float64(len(pairs))
	s.CIDEr /= float64(len(pairs))
	s.Distinct1, s.Distinct2 = distinct(hypotheses, 1), distinct(hypotheses, 2)
	return s, nil
}
