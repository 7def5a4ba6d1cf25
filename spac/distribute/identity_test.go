package distribute

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
	"plip/spac/attributes"
)

func wording(t testing.TB) Wording {
	t.Helper()
	e, err := attributes.Default()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// image is a row of identity 7 with the given attributes and captions.
func image(n int, attrs string, captions ...string) *parquet.Row {
	if len(captions) == 0 {
		captions = []string{"Somebody walks by."}
	}
	return &parquet.Row{ID: 7, FilePath: fmt.Sprintf("7/%d.jpg", n), Attributes: strings.Split(attrs, ","), Captions: captions}
}

// images repeats one image n times.
func images(n int, attrs string, captions ...string) (rows []*parquet.Row) {
	for i := range n {
		rows = append(rows, image(i, attrs, captions...))
	}
	return rows
}

const (
	man    = "man,black hair,red shirt,blue jeans,black shoes,unknown"
	woman  = "woman,black hair,red shirt,blue jeans,black shoes,unknown"
	boy    = "boy,black hair,red shirt,blue jeans,black shoes,unknown"
	person = "person,black hair,red shirt,blue jeans,black shoes,unknown"
	nobody = "unknown,black hair,red shirt,blue jeans,black shoes,backpack"
)

func TestRules(t *testing.T) {
	w := wording(t)
	loose := Config{MaxUnknown: 3, GenderShare: 0.7, MinImages: 1, MaxImages: 20}
	for _, tc := range []struct {
		name string
		c    Config
		rows []*parquet.Row
		want Report // IdentitiesIn, ImagesIn and captions are filled in by the test
	}{
		{"two unknown stay", loose, images(1, "man,unknown,red shirt,blue jeans,black shoes,unknown"), Report{IdentitiesOut: 1, ImagesOut: 1}},
		{"three go", loose, images(1, "man,unknown,red shirt,blue jeans,unknown,unknown"), Report{Unknown: 1, NoImages: 1}},
		{"upper and lower unknown go", loose, images(1, "man,hat,unknown,unknown,black shoes,bag"), Report{UpperAndLower: 1, NoImages: 1}},
		{"one of them unknown stays", loose, images(1, "man,hat,unknown,blue jeans,black shoes,bag"), Report{IdentitiesOut: 1, ImagesOut: 1}},
		{"a share of exactly 0.7 is too little", loose, append(images(7, man), images(3, woman)...), Report{MixedGender: 1, GenderImages: 10}},
		{"a larger one wins", loose, append(images(3, man), image(9, woman)), Report{IdentitiesOut: 1, ImagesOut: 4, Regendered: 1}},
		{"women win too", loose, append(images(4, woman), image(9, man)), Report{IdentitiesOut: 1, ImagesOut: 5, Regendered: 1}},
		{"an even vote drops", Config{MaxUnknown: 3, GenderShare: 0.5, MinImages: 1, MaxImages: 9}, append(images(2, man), images(2, woman)...), Report{MixedGender: 1, GenderImages: 4}},
		{"neutral words do not count", loose, append(images(9, person), image(9, man)), Report{IdentitiesOut: 1, ImagesOut: 10, Regendered: 9}},
		{"without a vote it goes", loose, append(images(2, person), images(2, nobody)...), Report{NoGender: 1, GenderImages: 4}},
		{"an image that rule 1 drops has no vote", loose, append(images(2, woman), images(9, "man,unknown,unknown,unknown,unknown,unknown")...), Report{IdentitiesOut: 1, ImagesOut: 2, Unknown: 9}},
		{"boys are of the men's class", loose, append(images(2, man), images(2, boy)...), Report{IdentitiesOut: 1, ImagesOut: 4}},
		{"four images are few", DefaultConfig(), images(4, man), Report{Few: 1, FewImages: 4}},
		{"five are enough", DefaultConfig(), images(5, man), Report{IdentitiesOut: 1, ImagesOut: 5}},
		{"twenty stay", DefaultConfig(), images(20, man), Report{IdentitiesOut: 1, ImagesOut: 20}},
		{"of more twenty stay", DefaultConfig(), images(23, man), Report{IdentitiesOut: 1, ImagesOut: 20, Surplus: 3}},
		{"rule 7 switches rule 1 off", Config{MaxUnknown: 7, GenderShare: 0.7, MinImages: 1, MaxImages: 1}, images(1, "man,unknown,red shirt,unknown,unknown,unknown"), Report{IdentitiesOut: 1, ImagesOut: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.want.IdentitiesIn, tc.want.ImagesIn = 1, int64(len(tc.rows))
			tc.want.CaptionsIn, tc.want.CaptionsOut = tc.want.ImagesIn, tc.want.ImagesOut
			kept, rep, err := tc.c.Distribute(tc.rows, w)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, rep); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
			if int64(len(kept)) != tc.want.ImagesOut {
				t.Errorf("want %d rows, got %d", tc.want.ImagesOut, len(kept))
			}
			in := rep.ImagesOut + rep.Unknown + rep.UpperAndLower + rep.NoText + rep.GenderImages + rep.FewImages + rep.Surplus
			if in != rep.ImagesIn || rep.IdentitiesOut+rep.NoImages+rep.NoGender+rep.MixedGender+rep.Few != 1 {
				t.Errorf("the report does not add up: %+v", rep)
			}
		})
	}
}

func TestTextsFollowTheVote(t *testing.T) {
	w := wording(t)
	rows := images(4, man, "A man in a red shirt.")
	rows = append(rows, images(2, boy, "A boy.")...)
	rows = append(rows,
		image(10, woman, "A woman in a red shirt; she carries her bag.", "She wears blue jeans."),
		image(11, person, "A person with black hair."),
		image(12, man, "A man in jeans.", "a man  in jeans", "", "  "),
		image(13, woman, "A woman.", "A man."),
	)
	rows[6].PromptCaption = []string{"The woman has black hair and her shoes are black."}
	before := rows[6].Attributes
	kept, rep, err := Config{MaxUnknown: 3, GenderShare: 0.7, MinImages: 1, MaxImages: 20}.Distribute(rows, w)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range kept[4:] {
		got = append(got, r.Attributes[0]+": "+strings.Join(append(slices.Clone(r.Captions), r.PromptCaption...), " | "))
	}
	want := []string{
		"boy: A boy.",
		"boy: A boy.",
		"man: A man in a red shirt; he carries his bag. | He wears blue jeans. | The man has black hair and his shoes are black.",
		"man: A man with black hair.",
		"man: A man in jeans.",
		"man: A man.",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
	wantReport := Report{ImagesIn: 10, ImagesOut: 10, IdentitiesIn: 1, IdentitiesOut: 1, Regendered: 3, Rewritten: 5, Empty: 2, Repeated: 2, CaptionsIn: 16, CaptionsOut: 12}
	if diff := cmp.Diff(wantReport, rep); diff != "" {
		t.Errorf("report (-want +got):\n%s", diff)
	}
	if before[0] != "woman" {
		t.Error("the caller's attributes were written to")
	}
}

// stubborn rewrites nothing, so that contradictions remain.
type stubborn struct{ Wording }

func (stubborn) RewriteGender(s string, _ attributes.Class, _ string) string { return s }

func TestContradictionsAndLastSentences(t *testing.T) {
	rows := append(images(4, man, "A man in a red shirt."), image(9, man, "A woman in a red shirt."))
	_, rep, err := Config{MaxUnknown: 3, GenderShare: 0.7, MinImages: 1, MaxImages: 20}.Distribute(rows, stubborn{wording(t)})
	if err != nil {
		t.Fatal(err)
	}
	if rep.Contradict != 1 || rep.NoText != 1 || rep.ImagesOut != 4 || rep.CaptionsOut != 4 {
		t.Errorf("want one caption and its image dropped, got %+v", rep)
	}
}

func TestCommonestWord(t *testing.T) {
	w := wording(t)
	for _, tc := range []struct {
		words string
		want  string
	}{
		{"man man boy person", "man"},
		{"guy man guy man", "guy"}, // a tie goes to the alphabet
		{"woman girl girl", "girl"},
	} {
		var rows []*parquet.Row
		for i, word := range strings.Fields(tc.words) {
			rows = append(rows, image(i, word+",a,b,c,d,e"))
		}
		if e := vote(rows, w); e.word != tc.want || e.share != 1 {
			t.Errorf("%s: want %s with all votes, got %+v", tc.words, tc.want, e)
		}
	}
}

func TestDrawIsFairAndStable(t *testing.T) {
	c := DefaultConfig()
	paths := func(rows []*parquet.Row) (s []string) {
		for _, r := range rows {
			s = append(s, r.FilePath)
		}
		return s
	}
	counts := make([]int, 40)
	for seed := range uint64(400) {
		c.Seed = seed
		rows := images(40, man)
		a := c.draw(rows, &Report{})
		if !slices.IsSortedFunc(a, func(x, y *parquet.Row) int { return slices.Index(rows, x) - slices.Index(rows, y) }) {
			t.Fatal("the drawn rows are out of order")
		}
		for _, r := range a {
			counts[slices.Index(rows, r)]++
		}
		slices.Reverse(rows)
		b := paths(c.draw(rows, &Report{}))
		slices.Reverse(b)
		if diff := cmp.Diff(paths(a), b); diff != "" {
			t.Fatalf("seed %d: the draw depends on the order:\n%s", seed, diff)
		}
	}
	for i, n := range counts { // 400 draws at one half: 200, deviation 10
		if n < 150 || n > 250 {
			t.Errorf("image %d was drawn %d times of 400", i, n)
		}
	}
}

func TestDistributeRefuses(t *testing.T) {
	_, _, err := DefaultConfig().Distribute([]*parquet.Row{image(0, man), image(1, "man")}, wording(t))
	var bad *parquet.RowError
	if !errors.As(err, &bad) || bad.Row != 1 || bad.Column != "attributes" {
		t.Errorf("want a row error for row 1, got %v", err)
	}
	err = Config{MaxUnknown: 0, GenderShare: 2, MinImages: 9, MaxImages: 8}.Validate()
	for _, want := range []string{"MaxUnknown: want 1..7 attributes, got 0", "GenderShare: want a share in 0..1, got 2", "MaxImages: want 9 images or more"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}
