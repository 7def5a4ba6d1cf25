package attributes

import "testing"

func TestClass(t *testing.T) {
	e := newExtractor(t)
	for phrase, want := range map[string]Class{
		"man": Male, "young boy": Male, "lady": Female, "female student": Female, "women": Female,
		"person": Neutral, "pedestrian": Neutral, "unknown": Neutral, "": Neutral, "he": Neutral,
		"the person is a woman": Female,
	} {
		if got := e.Class(phrase); got != want {
			t.Errorf("Class(%q): want %v, got %v", phrase, want, got)
		}
	}
}

func TestContradictsGender(t *testing.T) {
	e := newExtractor(t)
	for _, c := range []struct {
		caption string
		class   Class
		want    bool
	}{
		{"A man in a red shirt.", Female, true},
		{"A man in a red shirt.", Male, false},
		{"A person in a red shirt.", Female, false},
		{"A person in her red shirt.", Male, true},
		{"The person is a woman.", Male, true},
		{"A man and her bag.", Male, true},
		{"A man walks beside a woman and her dog.", Male, false},
		{"A woman looks at a man; she waits.", Male, true},
		{"A female pedestrian.", Male, true},
		{"Red shirt and black shoes.", Male, false},
		{"A man in a red shirt.", Neutral, false},
	} {
		if got := e.ContradictsGender(c.caption, c.class); got != c.want {
			t.Errorf("ContradictsGender(%q, %v): want %v, got %v", c.caption, c.class, c.want, got)
		}
	}
}

func TestRewriteGender(t *testing.T) {
	e := newExtractor(t)
	for _, c := range []struct {
		to                  Class
		word, caption, want string
	}{
		{Female, "", "A man holds his bag himself. He likes him.", "A woman holds her bag herself. She likes her."},
		{Male, "", "A woman holds her bag; it is hers. A dog follows her.", "A man holds his bag; it is his. A dog follows him."},
		{Male, "man", "She has her left hand in her very long coat. We see her today.",
			"He has his left hand in his very long coat. We see him today."},
		{Female, "girl", "An individual in blue walks. The person is tall.", "A girl in blue walks. The girl is tall."},
		{Male, "individual", "A person walks.", "An individual walks."},
		{Female, "", "A person walks. They wear a hat and carry a bag, and their shoes are black. They are alone.",
			"A woman walks. She wears a hat and carries a bag, and her shoes are black. She is alone."},
		{Female, "", "A man wears shoes and they are white.", "A woman wears shoes and they are white."},
		{Male, "", "A boy with his shoes; they are white.", "A boy with his shoes; they are white."},
		{Female, "", "A boy and his gentlemen friends, guys.", "A girl and her ladies friends, women."},
		{Male, "", "A man walks beside a woman and her dog.", "A man walks beside a woman and her dog."},
		{Female, "", "A male pedestrian walks past people.", "A female pedestrian walks past people."},
		{Neutral, "", "A woman carries her bag. She is alone, by herself, and it is hers. Look at her.",
			"A person carries their bag. The person is alone, by themselves, and it is theirs. Look at them."},
		{Female, "", "The pedestrian is a tall man.", "The pedestrian is a tall woman."},
		{Neutral, "", "A male student.", "An adult student."},
		{Male, "", "WOMAN in red. Her hat.", "Man in red. His hat."},
		{Male, "", "A woman’s coat.", "A man’s coat."},
		{Male, "", "", ""},
		{Male, "", "A red shirt.", "A red shirt."},
	} {
		got := e.RewriteGender(c.caption, c.to, c.word)
		if got != c.want {
			t.Errorf("RewriteGender(%q, %v, %q)\n got %q\nwant %q", c.caption, c.to, c.word, got, c.want)
		}
	}
}

// A rewritten caption agrees with the class it was written for, whatever it said before.
func TestRewriteGenderIsConsistent(t *testing.T) {
	e := newExtractor(t)
	for _, caption := range append(benchCaptions[:], "A lady in his coat.", "She meets a boy.", "A guy, she says, has her hat.") {
		for _, to := range []Class{Male, Female} {
			got := e.RewriteGender(caption, to, "")
			if e.ContradictsGender(got, to) {
				t.Errorf("RewriteGender(%q, %v) still contradicts: %q", caption, to, got)
			}
			if again := e.RewriteGender(got, to, ""); again != got {
				t.Errorf("RewriteGender twice: %q became %q", got, again)
			}
		}
	}
}
