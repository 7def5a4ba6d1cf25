package demo

import (
	"errors"
	"fmt"
	"strconv"
)

// maxIdentities bounds a part: identity numbers of different parts must not meet.
const maxIdentities = 99_999

// Config says how large a corpus is and how noisy.
type Config struct {
	Seed uint64 // of everything drawn. Default 1

	Captioned int // identities of the captioned part. Default 1500: rare kinds and colours need many (ours)
	Raw       int // identities of the raw part, before tracks are split. Default 1200
	Valid     int // identities of valid and valid-noisy. Default 100
	Test      int // identities of test. Default 100

	MinImages int // fewest images of an identity. Default 4
	MaxImages int // most images of an identity. Default 8

	// Images of every identity of the captioned and of the raw part, in place of MinImages to MaxImages. Default 0: not.
	CaptionedImages, RawImages int

	Cameras int // cameras in the corpus; an identity is seen by 2 to 6 of them. Default 16

	// NoiseRate is the rate of splits and of foreign persons in raw and valid-noisy, 0 to 0.4. Default 0.1.
	// Above about 0.15 fewer places are foreign than it says, because the owner keeps the majority of a track.
	NoiseRate float64
}

// DefaultConfig is the corpus of plip demo.
func DefaultConfig() Config {
	return Config{Seed: 1, Captioned: 1500, Raw: 1200, Valid: 100, Test: 100, MinImages: 4, MaxImages: 8, Cameras: 16, NoiseRate: 0.1}
}

// Validate reports every setting out of range.
func (c Config) Validate() error {
	var errs []error
	check := func(name string, got, low, high int) {
		if got < low || got > high {
			errs = append(errs, fmt.Errorf("demo corpus: %s: want %d to %d, got %d", name, low, high, got))
		}
	}
	check("captioned", c.Captioned, 0, maxIdentities)
	check("raw", c.Raw, 0, maxIdentities)
	check("valid", c.Valid, 0, maxIdentities)
	check("test", c.Test, 0, maxIdentities)
	check("min images", c.MinImages, 2, 64)
	check("max images", c.MaxImages, max(2, c.MinImages), 64)
	check("captioned images", c.CaptionedImages, 0, 64)
	check("raw images", c.RawImages, 0, 64)
	check("cameras", c.Cameras, 2, 64)
	if !(c.NoiseRate >= 0 && c.NoiseRate <= 0.4) {
		errs = append(errs, fmt.Errorf("demo corpus: noise rate: want 0 to 0.4, got %v", c.NoiseRate))
	}
	return errors.Join(errs...)
}

// images returns the fewest and the most images of an identity of a part.
func (c Config) images(part string) (fewest, most int) {
	n := 0
	switch part {
	case "captioned":
		n = c.CaptionedImages
	case "raw":
		n = c.RawImages
	}
	if n > 0 {
		return n, n
	}
	return c.MinImages, c.MaxImages
}

// settings are the keys that a dataset's manifest keeps.
func (c Config) settings(part string) map[string]string {
	fewest, most := c.images(part)
	return map[string]string{
		"format": "demo", "part": part,
		"seed":       strconv.FormatUint(c.Seed, 10),
		"captioned":  strconv.Itoa(c.Captioned),
		"raw":        strconv.Itoa(c.Raw),
		"valid":      strconv.Itoa(c.Valid),
		"test":       strconv.Itoa(c.Test),
		"min_images": strconv.Itoa(fewest),
		"max_images": strconv.Itoa(most),
		"cameras":    strconv.Itoa(c.Cameras),
		"noise_rate": strconv.FormatFloat(c.NoiseRate, 'g', -1, 64),
	}
}
