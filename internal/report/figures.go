package report

import (
	"errors"
	"fmt"
	"math"
)

// Figures is report.json: everything a run measured. See Keys for the layout.
type Figures struct {
	Run      Run      `json:"run"`
	Stages   Stages   `json:"stages"`
	Flow     []Step   `json:"flow"`
	SPAC     *SPAC    `json:"spac"`     // nil: no attribute was judged
	Filter   *Filter  `json:"filter"`   // nil: the noise is not known, as with real crops
	ZeroShot *Ranking `json:"zeroshot"` // model trained on generated captions
	Chance   *Ranking `json:"chance"`   // the same model untrained
	Ceiling  *Ranking `json:"ceiling"`  // oracle that ranks by true attributes

	// The harder test: the picture that a query describes is taken out of the gallery.
	ZeroShotWithoutOwn *Ranking `json:"zeroshot_without_own,omitempty"`
	ChanceWithoutOwn   *Ranking `json:"chance_without_own,omitempty"`
	CeilingWithoutOwn  *Ranking `json:"ceiling_without_own,omitempty"`

	// The yardstick: the same pre-training on ground-truth captions.
	ZeroShotTrueCaptions *Ranking `json:"zeroshot_true_captions,omitempty"`

	// Real crops whose persons somebody described by hand.
	Annotated *Annotated `json:"annotated,omitempty"`
}

// Annotated is how well the line does on real crops, against what people wrote of them.
type Annotated struct {
	Gender      Agreement `json:"gender"`
	UpperColour Agreement `json:"upper_colour"`
	LowerColour Agreement `json:"lower_colour"`
	ZeroShot    *Ranking  `json:"zeroshot"` // the written captions as queries, all crops the gallery
	Chance      *Ranking  `json:"chance"`   // the same model untrained
}

// Agreement is one thing that phrases tell, judged by the values they share.
type Agreement struct {
	Accuracy float64 `json:"accuracy"`
	Constant float64 `json:"constant"` // the best constant answer, taken for each person from the others
	Images   int64   `json:"images"`   // whose true value is known
}

// Run says what was run. It holds no time, host or absolute path, so that equal runs give equal files.
type Run struct {
	Seed   int64  `json:"seed"`
	Preset string `json:"preset"` // name of the configuration, "demo" or "quick"
	Input  string `json:"input"`  // what went in: "drawn corpus" or the name of the folder of crops
}

// SPAC is how well the captioner names attributes of identities it never saw.
type SPAC struct {
	Accuracy Slots  `json:"accuracy"`           // exact phrase up to the synonym table
	Majority *Slots `json:"majority,omitempty"` // always the commonest phrase of the slot
	Images   int64  `json:"images"`             // images judged
	// HeadWithoutMajority leaves out the images whose true head phrase is the commonest one (no hat).
	HeadWithoutMajority *SlotFigure `json:"head_without_majority,omitempty"`
}

// SlotFigure is one slot judged on part of the images.
type SlotFigure struct {
	Accuracy float64 `json:"accuracy"`
	Majority float64 `json:"majority"`
	Images   int64   `json:"images"`
}

// Filter is how well the seed filter finds foreign pictures in a track.
type Filter struct {
	Precision float64 `json:"precision"`     // of the dropped images, the share that was foreign
	Recall    float64 `json:"recall"`        // of the foreign images, the share that was dropped
	Images    int64   `json:"images"`        // images that went in
	Foreign   int64   `json:"foreign"`       // of them foreign to their track
	Dropped   int64   `json:"dropped"`       // of them dropped
	Hits      int64   `json:"dropped_right"` // of the dropped, foreign
}

// Ranking is one text-to-image retrieval test. The five figures are fractions, means over the queries.
type Ranking struct {
	R1           float64 `json:"r1"`
	R5           float64 `json:"r5"`
	R10          float64 `json:"r10"`
	MAP          float64 `json:"map"`
	MAPTrapezoid float64 `json:"map_trapezoid"`
	Queries      int64   `json:"queries,omitempty"`
	Gallery      int64   `json:"gallery,omitempty"` // images ranked for each query
	Identities   int64   `json:"identities,omitempty"`
}

// Validate joins everything that cannot be right: a fraction outside 0..1, a negative count, time or peak, a
// figure that is not finite, a stage named twice or not at all.
func (f *Figures) Validate() error {
	c := checker{}
	f.Stages.check(&c)
	for i, s := range f.Flow {
		s.check(&c, fmt.Sprintf("flow[%d]", i))
	}
	if s := f.SPAC; s != nil {
		c.slots("spac.accuracy", s.Accuracy)
		if s.Majority != nil {
			c.slots("spac.majority", *s.Majority)
		}
		if h := s.HeadWithoutMajority; h != nil {
			c.fraction("spac.head_without_majority.accuracy", h.Accuracy)
			c.fraction("spac.head_without_majority.majority", h.Majority)
			c.count("spac.head_without_majority.images", h.Images)
		}
		c.count("spac.images", s.Images)
	}
	if s := f.Filter; s != nil {
		c.fraction("filter.precision", s.Precision)
		c.fraction("filter.recall", s.Recall)
		c.count("filter.images", s.Images)
		c.count("filter.foreign", s.Foreign)
		c.count("filter.dropped", s.Dropped)
		c.count("filter.dropped_right", s.Hits)
	}
	if a := f.Annotated; a != nil {
		for key, v := range map[string]Agreement{"gender": a.Gender, "upper_colour": a.UpperColour, "lower_colour": a.LowerColour} {
			c.fraction("annotated."+key+".accuracy", v.Accuracy)
			c.fraction("annotated."+key+".constant", v.Constant)
			c.count("annotated."+key+".images", v.Images)
		}
	}
	for _, r := range f.rankings() {
		if r.Ranking == nil {
			continue
		}
		c.fraction(r.key+".r1", r.R1)
		c.fraction(r.key+".r5", r.R5)
		c.fraction(r.key+".r10", r.R10)
		c.fraction(r.key+".map", r.MAP)
		c.fraction(r.key+".map_trapezoid", r.MAPTrapezoid)
		c.count(r.key+".queries", r.Queries)
		c.count(r.key+".gallery", r.Gallery)
		c.count(r.key+".identities", r.Identities)
	}
	return errors.Join(c.problems...)
}

// keyedRanking is a ranking with its key in report.json and the words the page uses for it.
type keyedRanking struct {
	*Ranking
	key         string
	Title, Note string
}

// rankings lists the retrieval tests in the order of the page's table; unmeasured ones are nil.
func (f *Figures) rankings() []keyedRanking {
	list := []keyedRanking{
		{f.ZeroShot, "zeroshot", "Zero-shot", "trained on generated captions"},
		{f.ZeroShotTrueCaptions, "zeroshot_true_captions", "Yardstick", "trained on true captions"},
		{f.Chance, "chance", "Chance", "untrained model"},
		{f.Ceiling, "ceiling", "Ceiling", "ranked by true attributes"},
		{f.ZeroShotWithoutOwn, "zeroshot_without_own", "Zero-shot, harder", "query's own picture removed"},
		{f.ChanceWithoutOwn, "chance_without_own", "Chance, harder", "query's own picture removed"},
		{f.CeilingWithoutOwn, "ceiling_without_own", "Ceiling, harder", "query's own picture removed"},
	}
	if a := f.Annotated; a != nil {
		list = append(list, keyedRanking{a.ZeroShot, "annotated.zeroshot", "Real crops", "written captions, the crops PLIP was trained on"},
			keyedRanking{a.Chance, "annotated.chance", "Real crops, chance", "untrained model"})
	}
	return list
}

// checker collects what Validate finds.
type checker struct{ problems []error }

func (c *checker) add(format string, args ...any) {
	c.problems = append(c.problems, fmt.Errorf(format, args...))
}

func (c *checker) fraction(key string, v float64) {
	if !(v >= 0 && v <= 1) { // written so that NaN fails
		c.add("%s: want a fraction in [0 1], got %v", key, v)
	}
}

func (c *checker) count(key string, v int64) {
	if v < 0 {
		c.add("%s: want 0 or more, got %d", key, v)
	}
}

func (c *checker) quantity(key string, v float64) {
	if !(v >= 0) || math.IsInf(v, 1) {
		c.add("%s: want a finite number of 0 or more, got %v", key, v)
	}
}

func (c *checker) slots(key string, s Slots) {
	values := s.Values()
	for i, name := range SlotNames() {
		c.fraction(key+"."+name, values[i])
	}
}
