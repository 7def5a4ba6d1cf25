package demo

import (
	"bytes"
	"image/jpeg"
	"math"
	"reflect"
	"strings"
	"testing"

	"plip/ingest/demo/person"
)

// small is a corpus for tests.
func small(t *testing.T) *Corpus {
	t.Helper()
	cfg := DefaultConfig()
	cfg.Captioned, cfg.Raw, cfg.Valid, cfg.Test, cfg.Cameras = 40, 60, 12, 12, 6
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func part(t *testing.T, c *Corpus, name string) *Part {
	t.Helper()
	p, err := c.Part(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRenderIsPure(t *testing.T) {
	a, b := small(t), small(t)
	for i, pa := range a.Parts() {
		pb := b.Parts()[i]
		// b draws other tracks before, and in another order: nothing may be left over in its canvas or streams.
		for _, k := range []int{5, 3, 0} {
			if _, err := pb.Render(k); err != nil {
				t.Fatal(err)
			}
		}
		want, err := pa.Render(2)
		if err != nil {
			t.Fatal(err)
		}
		got, err := pb.Render(2)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("part %s: track 2 differs between two corpora of one configuration", pa.Name())
		}
	}
}

func TestSeedAndSizeMatterAsTheyShould(t *testing.T) {
	a := small(t)
	cfg := a.Config()
	cfg.Captioned *= 2
	grown, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	cfg.Seed++
	other, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	want, err := part(t, a, "captioned").Render(7)
	if err != nil {
		t.Fatal(err)
	}
	same, err := part(t, grown, "captioned").Render(7)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(same, want) {
		t.Error("a larger part does not begin with the smaller one's identities")
	}
	differs, err := part(t, other, "captioned").Render(7)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Equal(differs[0].JPEG, want[0].JPEG) {
		t.Error("another seed gives the same picture")
	}
}

func TestSamples(t *testing.T) {
	c := small(t)
	seen := map[int64]string{} // identity to part
	paths := map[string]bool{}
	for _, p := range c.Parts() {
		for k := range p.Tracks() {
			samples, err := p.Render(k)
			if err != nil {
				t.Fatal(err)
			}
			cameras := map[int32]bool{}
			for _, s := range samples {
				if before, ok := seen[s.ID]; ok && before != p.Name() {
					t.Fatalf("id %d is in %s and in %s", s.ID, before, p.Name())
				}
				seen[s.ID] = p.Name()
				if paths[s.FilePath] {
					t.Fatalf("path %s occurs twice", s.FilePath)
				}
				paths[s.FilePath] = true
				cameras[s.Camera] = true
				cfg, err := jpeg.DecodeConfig(bytes.NewReader(s.JPEG))
				if err != nil {
					t.Fatal(err)
				}
				if cfg.Width != int(s.Width) || cfg.Height != int(s.Height) {
					t.Fatalf("%s: want %dx%d pixels, got %dx%d", s.FilePath, s.Width, s.Height, cfg.Width, cfg.Height)
				}
				if p.Noisy() {
					if s.Captions != nil || s.Attributes != nil || s.TruthID == nil || len(s.TruthAttributes) != person.NumSlots {
						t.Fatalf("%s: a noisy part has truth and no text, got %+v", s.FilePath, s)
					}
				} else if len(s.Captions) != 2 || len(s.Attributes) != person.NumSlots || s.TruthID != nil || s.TruthAttributes != nil {
					t.Fatalf("%s: a clean part has text and no truth, got %+v", s.FilePath, s)
				}
			}
			if n := len(samples); !p.Noisy() && (n < c.cfg.MinImages || n > c.cfg.MaxImages || len(cameras) < 2) {
				t.Errorf("%s track %d: got %d images of %d cameras", p.Name(), k, n, len(cameras))
			}
		}
	}
}

func TestValidNoisyShowsThePicturesOfValid(t *testing.T) {
	c := small(t)
	clean := map[string]bool{}
	for k := range part(t, c, "valid").Tracks() {
		samples, err := part(t, c, "valid").Render(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			clean[string(s.JPEG)] = true
		}
	}
	shared, all := 0, 0
	p := part(t, c, "valid-noisy")
	for k := range p.Tracks() {
		samples, err := p.Render(k)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			all++
			if clean[string(s.JPEG)] {
				shared++
			}
		}
	}
	if ratio := float64(shared) / float64(all); ratio < 0.8 || ratio == 1 {
		t.Errorf("want most but not all pictures of valid-noisy to be those of valid, got %d of %d", shared, all)
	}
}

// TestNoise counts splits and foreign persons in a plan large enough for the rates to show.
func TestNoise(t *testing.T) {
	for _, rate := range []float64{0, 0.1, 0.3} {
		cfg := DefaultConfig()
		cfg.Captioned, cfg.Cameras, cfg.NoiseRate = 1, 2, rate
		c, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		p := part(t, c, "raw")
		foreign, near, all := 0, 0, 0
		for i, tr := range p.tracks {
			own := 0
			for _, pl := range tr.places {
				all++
				if pl.identity == tr.owner {
					own++
					continue
				}
				foreign++
				for j := max(0, i-2); j <= min(len(p.tracks)-1, i+2); j++ {
					if p.tracks[j].owner == pl.identity {
						near++
						break
					}
				}
			}
			if 2*own <= len(tr.places) {
				t.Fatalf("rate %v: track %d: the owner has %d of %d pictures", rate, i, own, len(tr.places))
			}
			if i > 0 && tr.id != p.tracks[i-1].id+1 {
				t.Fatalf("tracks are not in sequence at %d", i)
			}
		}
		split := float64(len(p.tracks)-p.identities) / float64(p.identities)
		if math.Abs(split-rate) > 0.03 {
			t.Errorf("rate %v: split %v of the identities", rate, split)
		}
		// The owner keeps the majority, so high rates fall short by up to a quarter.
		if got := float64(foreign) / float64(all); got > rate+0.012 || got < 0.74*rate || rate < 0.2 && got < 0.9*rate {
			t.Errorf("rate %v: foreign pictures %v", rate, got)
		}
		if foreign > 0 {
			if got := float64(near) / float64(foreign); math.Abs(got-0.7) > 0.05 {
				t.Errorf("rate %v: want 0.7 of the foreign persons from neighbouring tracks, got %v", rate, got)
			}
		}
	}
}

func TestImagesOfAPart(t *testing.T) {
	c := DefaultConfig()
	c.Captioned, c.Raw, c.Valid, c.Test, c.NoiseRate = 40, 40, 40, 40, 0
	c.CaptionedImages, c.RawImages = 2, 5
	corpus, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"captioned": 2 * 40, "raw": 5 * 40}
	for _, p := range corpus.Parts() {
		got := p.Images()
		if n, ok := want[p.Name()]; ok && got != n {
			t.Errorf("%s: want %d images, got %d", p.Name(), n, got)
		} else if !ok && (got < 5*40 || got > 7*40) {
			t.Errorf("%s: want 4 to 8 images an identity, got %d of 40", p.Name(), got)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	c := DefaultConfig()
	c.Captioned, c.MinImages, c.MaxImages, c.Cameras, c.NoiseRate = -1, 9, 4, 1, math.NaN()
	c.CaptionedImages, c.RawImages = 65, -1
	err := c.Validate()
	if err == nil {
		t.Fatal("want an error")
	}
	for _, name := range []string{"captioned", "max images", "captioned images", "raw images", "cameras", "noise rate"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("the error does not name %q: %v", name, err)
		}
	}
	if _, err := New(c); err == nil {
		t.Error("New takes an invalid configuration")
	}
	if err := DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
}

func TestRenderRange(t *testing.T) {
	p := part(t, small(t), "test")
	for _, k := range []int{-1, p.Tracks()} {
		if _, err := p.Render(k); err == nil {
			t.Errorf("track %d: want an error", k)
		}
	}
}
