package demo

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"

	"plip/ingest/demo/draw"
	"plip/ingest/demo/person"
	"plip/ingest/demo/wording"
)

// A Part is one dataset of the corpus.
type Part struct {
	corpus     *Corpus
	name       string
	people     string // the part whose identities it shows: valid-noisy shows those of valid
	split      string
	identities int
	base       int64 // number of its first identity
	trackBase  int64 // number of its first track; 0: tracks are identities and keep their numbers
	noise      float64
	tracks     []track
}

// A Sample is one picture.
type Sample struct {
	ID            int64 // identity, or the track's number in a noisy part
	FilePath      string
	Camera        int32
	Width, Height int32
	JPEG          []byte

	Attributes []string // six phrases, "unknown" for what is not there or hidden here; nil in a noisy part
	Captions   []string // terse and flowing; nil in a noisy part

	TruthID         *int64   // identity shown, in a noisy part; nil elsewhere
	TruthAttributes []string // of that identity, hidden or not, in a noisy part; nil elsewhere
}

// Name is captioned, raw, valid, test or valid-noisy.
func (p *Part) Name() string { return p.name }

// Identities is the number of persons drawn.
func (p *Part) Identities() int { return p.identities }

// Tracks is the number of sequences to render: one an identity, or more in a noisy part, where some are split.
func (p *Part) Tracks() int { return len(p.tracks) }

// Images is the number of pictures in all tracks.
func (p *Part) Images() int {
	n := 0
	for _, t := range p.tracks {
		n += len(t.places)
	}
	return n
}

// Noisy reports whether tracks hold foreign persons, and samples their truth in place of text.
func (p *Part) Noisy() bool { return p.trackBase != 0 }

// stream is the random stream of one thing in the corpus.
func (p *Part) stream(what string, numbers ...int) *rand.Rand {
	h := fnv.New64a()
	fmt.Fprint(h, p.corpus.cfg.Seed, p.people, what, numbers)
	a := h.Sum64()
	fmt.Fprint(h, "second half")
	return rand.New(rand.NewPCG(a, h.Sum64()))
}

// person draws an identity; identities count from 0.
func (p *Part) person(identity int) person.Person { return person.Sample(p.stream("person", identity)) }

// Render draws the pictures of one track, in order. It is a pure function of the configuration and the track's index, and safe for
// concurrent use. An index out of range is an error.
func (p *Part) Render(index int) ([]Sample, error) {
	if index < 0 || index >= len(p.tracks) {
		return nil, fmt.Errorf("demo corpus: part %s: want track 0 to %d, got %d", p.name, len(p.tracks)-1, index)
	}
	canvas := p.corpus.canvases.Get().(*draw.Canvas)
	defer p.corpus.canvases.Put(canvas)
	t := p.tracks[index]
	out := make([]Sample, len(t.places))
	for i, place := range t.places {
		s, err := p.sample(canvas, place)
		if err != nil {
			return nil, fmt.Errorf("demo corpus: part %s: track %d: image %d: %w", p.name, index, i, err)
		}
		s.ID = t.id
		s.FilePath = fmt.Sprintf("%s/%06d/c%02d_%03d.jpg", p.name, t.id, s.Camera, i)
		out[i] = s
	}
	return out, nil
}

// sample draws one picture of an identity, and its text or truth.
func (p *Part) sample(canvas *draw.Canvas, place place) (Sample, error) {
	who := p.person(place.identity)
	cam := p.camera(place)
	r := p.stream("image", place.identity, place.image)
	shot := p.corpus.studio.Shoot(canvas, &who, cam, r)
	m := canvas.Image()
	jpeg, err := p.corpus.encode(m, shot.Quality)
	if err != nil {
		return Sample{}, err
	}
	s := Sample{Camera: int32(cam), Width: int32(m.Rect.Dx()), Height: int32(m.Rect.Dy()), JPEG: jpeg}
	attributes := who.Attributes()
	if p.Noisy() {
		id := p.base + int64(place.identity)
		s.TruthID, s.TruthAttributes = &id, attributes
		return s, nil
	}
	if !shot.ShoesVisible {
		attributes[person.SlotShoes] = person.Unknown
	}
	s.Attributes = attributes
	seen := wording.Seen{Shoes: shot.ShoesVisible, Inner: shot.InnerVisible}
	s.Captions, err = p.corpus.writer.Captions(&who, seen, p.stream("captions", place.identity, place.image))
	return s, err
}

// camera is the camera of a picture: the identity's cameras, 2 to 6 of them, take turns.
func (p *Part) camera(place place) int {
	r := p.stream("cameras", place.identity)
	n := min(2+r.IntN(5), p.corpus.studio.Cameras())
	return r.Perm(p.corpus.studio.Cameras())[place.image%n]
}
