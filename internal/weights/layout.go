package weights

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// Layout is a convention of tensor names, as some project writes them.
type Layout struct {
	Name  string // short: "release", "torchvision", "bert", ...
	Holds string // in words
}

// layouts are the conventions that are told apart, the more special first. A
// layout is recognised when for each of its marks a tensor's name starts or ends
// with it.
var layouts = [...]struct {
	Layout
	starts, ends []string
}{
	{Layout{"release", "checkpoint of the Python release of PLIP: image encoder, BERT"}, []string{"ImgEncoder_state_dict.", "TxtEncoder_state_dict."}, nil},
	{Layout{"plip", "our PLIP: visual and text encoder, task heads"}, []string{"visual.", "text.embeddings.word_embeddings."}, nil},
	{Layout{"spac", "our captioner: prefix encoder, branches, generator"}, []string{"body.", "generator.wte.", "styles."}, nil},
	{Layout{"clip", "OpenAI CLIP: image and text encoder"}, []string{"visual.", "token_embedding.", "logit_scale"}, nil},
	{Layout{"moco-v2", "MoCo v2: query and key encoder under a data-parallel wrapper"}, []string{"state_dict.module.encoder_q."}, nil},
	{Layout{"moco-v3", "MoCo v3: base and momentum encoder"}, []string{"state_dict.module.base_encoder."}, nil},
	{Layout{"lup", "LUP: a re-ID ResNet pre-trained by momentum contrast"}, []string{"model.module.encoder_q."}, nil},
	{Layout{"gpt2", "GPT-2 of the hub"}, nil, []string{"wte.weight", "wpe.weight", "h.0.attn.c_attn.weight"}},
	{Layout{"bert", "BERT of the hub"}, nil, []string{"embeddings.word_embeddings.weight", "encoder.layer.0.attention.self.query.weight"}},
	{Layout{"torchvision", "ResNet of torchvision"}, []string{"conv1.weight", "layer1.0.conv1.weight", "layer4."}, nil},
}

// Layout tells whose names a state dict has; ok is false where they are nobody's
// that is known.
func (s *StateDict) Layout() (l Layout, ok bool) {
	for _, known := range layouts {
		has := func(mark string, in func(s, mark string) bool) bool {
			return slices.ContainsFunc(s.names, func(name string) bool { return in(name, mark) })
		}
		missing := slices.ContainsFunc(known.starts, func(m string) bool { return !has(m, strings.HasPrefix) }) ||
			slices.ContainsFunc(known.ends, func(m string) bool { return !has(m, strings.HasSuffix) })
		if !missing {
			return known.Layout, true
		}
	}
	return Layout{}, false
}

// Part is the tensors that share the first piece of their names.
type Part struct {
	Name    string
	Tensors int
	Numbers int64           // elements of all
	DTypes  map[DType]int64 // elements by type
}

// Parts sums the tensors up by the first piece of their names, in order; a piece
// that wraps the whole file ("state_dict.") is passed over.
func (s *StateDict) Parts() []Part {
	parts := map[string]*Part{}
	wrap := s.wrapper()
	for _, name := range s.names {
		dtype, shape, _ := s.Info(name)
		first, _, _ := strings.Cut(strings.TrimPrefix(name, wrap), ".")
		p := parts[wrap+first]
		if p == nil {
			p = &Part{Name: wrap + first, DTypes: map[DType]int64{}}
			parts[wrap+first] = p
		}
		n := int64(1)
		for _, d := range shape {
			n *= d
		}
		p.Tensors++
		p.Numbers += n
		p.DTypes[dtype] += n
	}
	out := make([]Part, 0, len(parts))
	for _, p := range slices.SortedFunc(maps.Values(parts), func(a, b *Part) int { return cmp.Compare(a.Name, b.Name) }) {
		out = append(out, *p)
	}
	return out
}

// wrapper is the longest run of leading pieces that all names share.
func (s *StateDict) wrapper() string {
	wrap := ""
	for {
		if len(s.names) == 0 {
			return wrap
		}
		first, _, ok := strings.Cut(strings.TrimPrefix(s.names[0], wrap), ".")
		next := wrap + first + "."
		if !ok || slices.ContainsFunc(s.names, func(name string) bool { return !strings.HasPrefix(name, next) }) {
			return wrap
		}
		wrap = next
	}
}
