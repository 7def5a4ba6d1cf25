package spac

import (
	"plip/internal/nn"
	"plip/internal/tensor"
)

// Sequences are a group of token sequences, padded at their ends, each of which continues a prefix.
type Sequences struct {
	Prefix    tensor.Tensor // [N, P, D]
	IDs, Mask tensor.Tensor // [N, T] int64; 1 where a token is predicted
}

// packing is several groups' sequences as the rows of one pass: T rows to feed, in the order of groups, sequences and
// positions, and R rows at which tokens are predicted. Both are rounded up by nn.FewSizes with copies that nothing reads.
type packing struct {
	fed       tensor.Tensor // [K] int64, tokens that are fed: of each sequence all before the last one predicted
	source    tensor.Tensor // [T] int64, each row's place among all prefixes' rows followed by the fed tokens
	positions tensor.Tensor // [T] int64, in its sequence
	read      tensor.Tensor // [R] int64, rows of T
	targets   tensor.Tensor // [R] int64
	groups    []packedGroup
}

// packedGroup is one group's part: attention sees its sequences side by side, [N, L].
type packedGroup struct {
	n, l         int64
	places       tensor.Tensor // [N*L] int64, the row at each place; at padding some row
	rows         tensor.Tensor // int64, the place in [N*L] of each of its rows
	read         tensor.Tensor // int64, the place of each of its rows in R
	first, count int64         // of R
}

// packer collects the numbers of a packing.
type packer struct{ fed, source, positions, read, targets []int64 }

// pack reads the groups' ids and masks. The tensors belong to the scope in force. A CUDA device is waited for.
func (g *GPT2) pack(groups []Sequences) *packing {
	dev := g.tokens.Weight.Device()
	p, out := &packer{}, &packing{}
	prefixes := int64(0) // rows of all prefixes
	for _, s := range groups {
		n, l, _ := s.Prefix.Dims3()
		prefixes += n * l
	}
	vector := func(v []int64) tensor.Tensor { return tensor.FromInt64(dev, v, int64(len(v))) }
	base := int64(0)
	for i, s := range groups {
		at := p.group(s, base, prefixes, i == len(groups)-1)
		n, l, _ := s.Prefix.Dims3()
		tensor.Check(at.l <= g.Config.Positions, "gpt2", "want at most %d positions, got %d", g.Config.Positions, at.l)
		base += n * l
		out.groups = append(out.groups, packedGroup{n, at.l, vector(at.places), vector(at.rows), vector(at.read), at.first, at.count})
	}
	out.fed, out.source, out.positions = vector(p.fed), vector(p.source), vector(p.positions)
	out.read, out.targets = vector(p.read), vector(p.targets)
	return out
}

// groupNumbers are a packedGroup's numbers.
type groupNumbers struct {
	l                  int64
	places, rows, read []int64
	first, count       int64
}

// group appends one group, whose prefixes begin at row base of all prefixes' rows. The last one gets the copies.
func (p *packer) group(s Sequences, base, prefixes int64, last bool) (g groupNumbers) {
	n, width, _ := s.Prefix.Dims3()
	ids, mask := s.IDs.Int64s(), s.Mask.Int64s()
	t := int64(len(ids)) / n
	g.l, g.first = width, int64(len(p.read))
	for i := range n { // positions: those before the last token
		for k := range t {
			if mask[i*t+k] != 0 {
				g.l = max(g.l, width+k)
			}
		}
	}
	begin := int64(len(p.source))
	for i := range n {
		p.sequence(&g, i, base+i*width, prefixes, width, ids[i*t:][:t], mask[i*t:][:t], begin)
	}
	g.count = int64(len(p.read)) - g.first
	if last {
		p.round(&g)
	}
	return g
}

// sequence appends sequence i of a group, whose prefix begins at row base; begin is the group's first row.
func (p *packer) sequence(g *groupNumbers, i, base, prefixes, width int64, ids, mask []int64, begin int64) {
	start, length := int64(len(p.source)), int64(0) // rows
	for k, m := range mask {
		if m != 0 {
			length = width + int64(k)
		}
	}
	for k := range g.l {
		if k >= length { // padding
			g.places = append(g.places, begin)
			continue
		}
		g.places, g.rows = append(g.places, start+k), append(g.rows, i*g.l+k)
		p.positions = append(p.positions, k)
		if k < width {
			p.source = append(p.source, base+k)
		} else {
			p.source, p.fed = append(p.source, prefixes+int64(len(p.fed))), append(p.fed, ids[k-width])
		}
	}
	for k, m := range mask {
		if m != 0 {
			at := width - 1 + int64(k) // what stands before the token
			p.read, p.targets, g.read = append(p.read, start+at), append(p.targets, ids[k]), append(g.read, i*g.l+at)
		}
	}
}

// round appends copies of a first row, which nothing reads, to the last group.
func (p *packer) round(g *groupNumbers) {
	for range nn.FewSizes(len(p.source)) - len(p.source) {
		p.source, p.positions, g.rows = append(p.source, p.source[0]), append(p.positions, p.positions[0]), append(g.rows, 0)
	}
	for range nn.FewSizes(len(p.read)) - len(p.read) {
		p.read, p.targets, g.read = append(p.read, p.read[0]), append(p.targets, noToken), append(g.read, 0)
	}
}

// enter gives the rows their embeddings: prefixes as they are, tokens by the table, each at its position.
func (g *GPT2) enter(groups []Sequences, p *packing) tensor.Tensor { // [T, D]
	parts := make([]tensor.Tensor, 0, len(groups)+1)
	for _, s := range groups {
		n, l, d := s.Prefix.Dims3()
		parts = append(parts, s.Prefix.Reshape(n*l, d))
	}
	if p.fed.NumElements() > 0 {
		parts = append(parts, g.tokens.Forward(p.fed)) // [K, D]
	}
	return tensor.Cat(0, parts...).Embedding(p.source).Add(g.places.Forward(p.positions))
}

// packedLayer runs a layer on rows [T, D]; the last one gives those alone at which tokens are predicted, [R, D].
func (g *GPT2) packedLayer(l *gpt2Layer, x tensor.Tensor, p *packing, last, train bool) tensor.Tensor {
	rows := tensor.Tensor{}
	if last {
		rows = p.read
	}
	return l.forward(x, rows, func(qkv tensor.Tensor, dropout float64) tensor.Tensor { // [T, 3 D] to [T or R, D]
		parts := make([]tensor.Tensor, len(p.groups))
		for i, of := range p.groups {
			d := g.Config.Width
			y := l.attend(qkv.Embedding(of.places).Reshape(of.n, of.l, 3*d), dropout).Reshape(of.n*of.l, d) // [N*L, D]
			if last {
				parts[i] = y.Embedding(of.read)
			} else {
				parts[i] = y.Embedding(of.rows)
			}
		}
		return tensor.Cat(0, parts...)
	}, g.Config.Dropout, train)
}
