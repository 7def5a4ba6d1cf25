package weights

import (
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestLayoutOfFiles reads files that Python wrote.
func TestLayoutOfFiles(t *testing.T) {
	for file, want := range map[string]string{
		"bert-hub": "bert", "bert-hub-old": "bert", "gpt2-hub": "gpt2", "gpt2-hub-old": "gpt2",
		"pth/release.pth.tar": "release", "pth/release-legacy.pth.tar": "release", "pth/tensors.pth.tar": "",
	} {
		s, err := Load(filepath.Join("testdata", filepath.FromSlash(file)))
		if err != nil {
			t.Fatal(err)
		}
		if l, ok := s.Layout(); l.Name != want || ok != (want != "") {
			t.Errorf("%s: want layout %q, got %q, %v", file, want, l.Name, ok)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

// named is a state dict of tensors [2, 3] float32.
func named(names ...string) *StateDict {
	s := newStateDict("", nil)
	for _, name := range names {
		s.put(name, stateEntry{dtype: F32, shape: []int64{2, 3}})
	}
	return s
}

func TestLayoutByNames(t *testing.T) {
	resnet := []string{"conv1.weight", "layer1.0.conv1.weight", "layer4.2.bn3.bias", "fc.weight"}
	below := func(prefix string) (out []string) {
		for _, name := range resnet {
			out = append(out, prefix+name)
		}
		return out
	}
	for _, c := range []struct {
		names []string
		want  string
	}{
		{resnet, "torchvision"},
		{below("state_dict.module.encoder_q."), "moco-v2"},
		{below("state_dict.module.base_encoder."), "moco-v3"},
		{append(below("visual."), "token_embedding.weight", "logit_scale"), "clip"},
		{append(below("visual."), "text.embeddings.word_embeddings.weight"), "plip"},
		{[]string{"body.conv1.weight", "generator.wte.weight", "styles.0.weight"}, "spac"},
		{below("visual."), ""},
		{nil, ""},
	} {
		if l, _ := named(c.names...).Layout(); l.Name != c.want {
			t.Errorf("%q: want layout %q, got %q", c.names, c.want, l.Name)
		}
	}
}

func TestParts(t *testing.T) {
	s := named("state_dict.module.conv1.weight", "state_dict.module.layer1.0.weight", "state_dict.module.layer1.1.weight")
	s.put("state_dict.module.layer1.steps", stateEntry{dtype: I64})
	want := []Part{
		{"state_dict.module.conv1", 1, 6, map[DType]int64{F32: 6}},
		{"state_dict.module.layer1", 3, 13, map[DType]int64{F32: 12, I64: 1}},
	}
	if diff := cmp.Diff(want, s.Parts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := named("a").Parts(); len(got) != 1 || got[0].Name != "a" || got[0].Numbers != 6 {
		t.Errorf("one tensor: want part a of 6 numbers, got %+v", got)
	}
	if got := named().Parts(); len(got) != 0 {
		t.Errorf("no tensors: want no parts, got %+v", got)
	}
}
