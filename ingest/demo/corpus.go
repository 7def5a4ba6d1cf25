package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"sync"

	"plip/ingest/demo/draw"
	"plip/ingest/demo/wording"
)

// An Encoder makes a JPEG of quality 1 to 100. It must not keep the image and must be safe for concurrent use.
type Encoder func(m *image.RGBA, quality int) ([]byte, error)

// A Corpus draws the demo corpus. It is immutable and safe for concurrent use.
type Corpus struct {
	cfg      Config
	encode   Encoder
	studio   *draw.Studio
	writer   *wording.Writer
	canvases *sync.Pool // of *draw.Canvas
	parts    []*Part
}

// New sets up the cameras (about 10 ms each) and plans the tracks; pictures are drawn by Part.Render. Images are encoded by the standard
// library, whose bytes are the same on every machine.
func New(cfg Config) (*Corpus, error) { return NewWithEncoder(cfg, encodeStandard) }

// NewWithEncoder is New with another JPEG encoder.
func NewWithEncoder(cfg Config, encode Encoder) (*Corpus, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	w, err := wording.NewWriter()
	if err != nil {
		return nil, fmt.Errorf("demo corpus: %w", err)
	}
	c := &Corpus{
		cfg: cfg, encode: encode, writer: w, studio: draw.NewStudio(cfg.Seed, cfg.Cameras),
		canvases: &sync.Pool{New: func() any { return draw.NewCanvas() }},
	}
	c.parts = []*Part{
		{corpus: c, name: "captioned", people: "captioned", split: "train", identities: cfg.Captioned, base: 100_001},
		{corpus: c, name: "raw", people: "raw", split: "train", identities: cfg.Raw, base: 200_001, trackBase: 500_001, noise: cfg.NoiseRate},
		{corpus: c, name: "valid", people: "valid", split: "valid", identities: cfg.Valid, base: 300_001},
		{corpus: c, name: "test", people: "test", split: "test", identities: cfg.Test, base: 400_001},
		{corpus: c, name: "valid-noisy", people: "valid", split: "valid", identities: cfg.Valid, base: 300_001, trackBase: 600_001, noise: cfg.NoiseRate},
	}
	for _, p := range c.parts {
		p.tracks = p.plan()
	}
	return c, nil
}

// Parts returns captioned, raw, valid, test and valid-noisy, in this order.
func (c *Corpus) Parts() []*Part { return append([]*Part(nil), c.parts...) }

// Part returns a part by its name.
func (c *Corpus) Part(name string) (*Part, error) {
	for _, p := range c.parts {
		if p.name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("demo corpus: want part captioned, raw, valid, test or valid-noisy, got %q", name)
}

// Config returns the configuration in force.
func (c *Corpus) Config() Config { return c.cfg }

func encodeStandard(m *image.RGBA, quality int) ([]byte, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("encode jpeg: %w", err)
	}
	return b.Bytes(), nil
}
