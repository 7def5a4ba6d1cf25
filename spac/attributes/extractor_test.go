package attributes

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func newExtractor(t testing.TB) *Extractor {
	t.Helper()
	e, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// values writes a result's values in SYNTH-PEDES style.
func values(r Result) string { return strings.Join(r.Values[:], ",") }

func TestExtractValues(t *testing.T) {
	e := newExtractor(t)
	for _, c := range []struct{ name, caption, want string }{
		{"plain", "A man with black hair wears a black shirt, pink shorts and black shoes.",
			"man,black hair,black shirt,pink shorts,black shoes,unknown"},
		{"everything", "The woman has long brown hair, a white T-shirt, blue jeans, grey sneakers and carries a red handbag.",
			"woman,long brown hair,white t-shirt,blue jeans,grey sneakers,red handbag"},
		{"nothing", "It was raining all day.", "unknown,unknown,unknown,unknown,unknown,unknown"},
		{"empty", "", "unknown,unknown,unknown,unknown,unknown,unknown"},
		{"pair of", "She is in a pair of light blue jeans and a pair of white trainers.",
			"unknown,unknown,unknown,light blue jeans,white trainers,unknown"},
		{"with is a border", "A boy in a grey jacket with a green backpack.",
			"boy,unknown,grey jacket,unknown,unknown,green backpack"},
		{"compounds", "A lady in a black trench coat, dress pants, ankle boots, holding a shopping bag.",
			"lady,unknown,black trench coat,dress pants,ankle boots,shopping bag"},
		{"last noun is the head", "A girl in a denim jacket, a dress shirt and suit pants.",
			"girl,unknown,denim jacket,suit pants,unknown,unknown"},
		{"colours beat the tagger", "A man in an orange top, tan pants and gold sandals.",
			"man,unknown,orange top,tan pants,gold sandals,unknown"},
		{"two colours", "A person in a black and white striped shirt and navy-blue shorts.",
			"person,unknown,black and white striped shirt,navy-blue shorts,unknown,unknown"},
		{"three colours", "A person in a black, white and red jacket.",
			"person,unknown,black white and red jacket,unknown,unknown,unknown"},
		{"no commas", "man black hat white shirt blue jeans brown boots",
			"man,black hat,white shirt,blue jeans,brown boots,unknown"},
		{"age and shape stay, the rest goes", "A blonde, elderly woman and a dark-haired tall man.",
			"elderly woman,unknown,unknown,unknown,unknown,unknown"},
		{"adjective of gender", "A young male student with glasses.",
			"young male student,glasses,unknown,unknown,unknown,unknown"},
		{"denied", "A man without a hat, wearing no bag or umbrella, is not wearing a jacket.",
			"man,unknown,unknown,unknown,unknown,unknown"},
		{"said behind", "His hair is short and dark, his jacket looks grey and the trousers are black.",
			"unknown,short dark hair,grey jacket,black trousers,unknown,unknown"},
		{"said of two", "The coat and the trousers are both black.",
			"unknown,unknown,black coat,black trousers,unknown,unknown"},
		{"said without a verb", "His trousers are navy, his shoes white.",
			"unknown,unknown,unknown,navy trousers,white shoes,unknown"},
		{"said in a relative clause", "A woman in a skirt that is red and shoes which are black.",
			"woman,unknown,unknown,red skirt,black shoes,unknown"},
		{"apposed", "He has a padded vest, green on the front and grey at the sides.",
			"unknown,unknown,green and grey padded vest,unknown,unknown,unknown"},
		{"said behind in", "A woman in a shirt in red and black with shoes in white.", "woman,unknown,red and black shirt,unknown,white shoes,unknown"},
		{"dressed in a colour", "This man is dressed in black from neck to ankle: a long coat and straight trousers, above a pair of grey trainers.",
			"man,unknown,black long coat,black straight trousers,grey trainers,unknown"},
		{"wholly in a colour", "Man with dark hair, dressed wholly in black: a coat buttoned at the neck, and white trousers.",
			"man,dark hair,black coat,white trousers,unknown,unknown"},
		{"a person in a colour", "A man in black walks with his hands in the pockets of a coat and wears jeans.", "man,unknown,black coat,jeans,unknown,unknown"},
		{"another person in a colour", "A man in a coat and jeans walks beside a woman in white with a shirt.", "man,unknown,coat,jeans,unknown,unknown"},
		{"said of the person, not the coat", "The man in the red coat is bald.",
			"man,unknown,red coat,unknown,unknown,unknown"},
		{"number decides", "In black trousers is a man.", "man,unknown,unknown,black trousers,unknown,unknown"},
		{"parts", "A man with white socks in a jacket with red sleeves, black shoes and a hood.",
			"man,unknown,jacket,unknown,black shoes,unknown"},
		{"part alone", "The sleeves are long and the socks are white.",
			"unknown,unknown,long sleeves,unknown,white socks,unknown"},
		{"camera and crossing", "A person walks toward the camera at a pedestrian crossing.",
			"person,unknown,unknown,unknown,unknown,unknown"},
		{"a camera that is carried", "A person with a black camera.", "person,unknown,unknown,unknown,unknown,black camera"},
		{"verbs that look like nouns", "A man with grey hair faces us and heads left, with thin hair on top.",
			"man,grey hair,unknown,unknown,unknown,unknown"},
		{"labels", "Top: white blazer. Shoes: black sandals. Man: tall.", "man,unknown,white blazer,unknown,black sandals,unknown"},
		{"gender told", "The pedestrian is a tall man beside a woman.", "tall man,unknown,unknown,unknown,unknown,unknown"},
		{"gender not told", "A person walks beside a woman past the camera.", "person,unknown,unknown,unknown,unknown,unknown"},
		{"possessive", "The man's coat is brown.", "man,unknown,brown coat,unknown,unknown,unknown"},
		{"figure", "The small figure of a bald man.", "man,unknown,unknown,unknown,unknown,unknown"},
		{"unlisted modifiers", "She sports a frobnic purple blouse over paisley leggings.",
			"unknown,unknown,frobnic purple blouse,paisley leggings,unknown,unknown"},
		{"unlisted word after a verb of being", "There are frobnic red shoes on the feet.", "unknown,unknown,unknown,unknown,frobnic red shoes,unknown"},
		{"unlisted verb", "A woman rocks red boots.", "woman,unknown,unknown,unknown,red boots,unknown"},
		{"typographic apostrophe and dash", "The boy’s cap – a red one – and t‑shirt", "boy,cap,t-shirt,unknown,unknown,unknown"},
		{"capitals", "WOMAN IN RED DRESS", "woman,unknown,red dress,unknown,unknown,unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := values(e.Extract(c.caption)); got != c.want {
				t.Errorf("Extract(%q)\n got %s\nwant %s", c.caption, got, c.want)
			}
		})
	}
}

func TestExtractSpans(t *testing.T) {
	e := newExtractor(t)
	caption := "A man in a red coat over a blue shirt; his jeans are dark blue and loose. The man has white socks and a pair of Black Shoes."
	var got [NumSlots][]string
	for s, spans := range e.Extract(caption).Spans {
		for _, sp := range spans {
			got[s] = append(got[s], caption[sp.Start:sp.End])
		}
	}
	want := [NumSlots][]string{
		Gender: {"man", "man"},
		Upper:  {"red coat", "blue shirt"},
		Lower:  {"jeans", "dark blue", "loose"},
		Shoes:  {"Black Shoes", "white socks"}, // the value's phrase first
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("spans of %q (-want +got):\n%s", caption, d)
	}
}

func TestExtractPronounsNeverMatch(t *testing.T) {
	e := newExtractor(t)
	caption := "He and she saw him and her; someone took his and hers, himself, herself, they, them, it, one and everyone."
	for s, spans := range e.Extract(caption).Spans {
		if len(spans) > 0 {
			t.Errorf("slot %v: want no span in %q, got %v", Slot(s), caption, spans)
		}
	}
}

func TestExtractConcurrently(t *testing.T) {
	e := newExtractor(t)
	want := e.Extract(benchCaptions[0])
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 200 {
				if d := cmp.Diff(want, e.Extract(benchCaptions[0])); d != "" {
					t.Errorf("another result (-want +got):\n%s", d)
					return
				}
			}
		})
	}
	wg.Wait()
}

func TestReplacedKeywords(t *testing.T) {
	o := DefaultOptions()
	o.Keywords = "[female]\nqueen\n[head]\ncrown\n[upper]\ncloak/cloaks, mail shirt\n[colours]\npuce, gray=grey\n"
	e, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	got := values(e.Extract("A queen with a gold crown in two puce cloaks and a shirt of steel."))
	if want := "queen,gold crown,puce cloaks,unknown,unknown,unknown"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := e.Class("the queen"); got != Female {
		t.Errorf("Class: want female, got %v", got)
	}
}

func TestNewRefusesBadLists(t *testing.T) {
	for _, c := range []struct{ name, keywords, lexicon, want string }{
		{"no section", "man\n", "", `keywords: line 1: want a [section] before "man"`},
		{"unknown section", "[male]\nman\n[hats]\ncap\n", "", "keywords: line 3: unknown section [hats]"},
		{"open bracket", "[male\n", "", `keywords: line 1: want a closing bracket after "[male"`},
		{"capital", "[male]\nMan\n", "", `keywords: line 2: entry "Man": want lower case, got "Man"`},
		{"only marks", "[male]\n*?\n", "", `keywords: line 2: entry "*?": want a word`},
		{"half a pair", "[opposites]\nman\n", "", `keywords: line 2: want word=word in [opposites], got "man"`},
		{"lexicon", "", "\n[adverbs]\nvery\n", "lexicon: line 2: unknown section [adverbs]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := New(Options{Keywords: c.keywords, Lexicon: c.lexicon})
			if err == nil || err.Error() != c.want {
				t.Errorf("want error %q, got %v", c.want, err)
			}
		})
	}
}

func TestVerbForms(t *testing.T) {
	for base, want := range map[string][3]string{
		"wear": {"wears", "wearing", "weared"}, "carry": {"carries", "carrying", "carried"},
		"step": {"steps", "stepping", "stepped"}, "gaze": {"gazes", "gazing", "gazed"},
		"pass": {"passes", "passing", "passed"}, "cover": {"covers", "covering", "covered"},
		"do": {"dos", "doing", "doed"}, "see": {"sees", "seeing", "seeed"}, "show": {"shows", "showing", "showed"},
	} {
		s, ing, ed := verbForms(base)
		if got := [3]string{s, ing, ed}; got != want {
			t.Errorf("verbForms(%q): want %v, got %v", base, want, got)
		}
	}
}
