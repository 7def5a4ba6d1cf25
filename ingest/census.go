package ingest

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
)

// Census is what a source lists: the counts that its release publishes, and what
// a reader of it should know (text-reid.md, section 5.8).
type Census struct {
	Splits []SplitCount `json:"splits" doc:"the splits by name, the whole last"`

	CaptionCounts []CaptionCount `json:"caption_counts" doc:"images by their number of captions"`
	Single        int64          `json:"single" doc:"identities of one image"`
	Straddling    int64          `json:"straddling" doc:"identities with images in two splits or more"`
	Unfit         []UnfitCount   `json:"unfit" doc:"images that cannot be read, by reason and folder"`
}

// SplitCount counts one split. Published is what the release says, nil where it
// says nothing.
type SplitCount struct {
	Split      string     `json:"split" doc:"name; empty is the whole"`
	Identities int64      `json:"identities" doc:"identities with a fit image"`
	Images     int64      `json:"images" doc:"fit images"`
	Captions   int64      `json:"captions" doc:"captions of those"`
	Published  *Published `json:"published" doc:"the same as published, -1 where no number is given; null where none is"`
}

// CaptionCount is how many images have that many captions.
type CaptionCount struct {
	Captions int   `json:"captions" doc:"captions of an image"`
	Images   int64 `json:"images" doc:"images with that many"`
}

// UnfitCount is how many images of a folder are unfit for one reason.
type UnfitCount struct {
	Reason string `json:"reason" doc:"reason as in rejects.jsonl"`
	Folder string `json:"folder" doc:"first part of the path"`
	Images int64  `json:"images" doc:"images"`
}

// Stater is a Source that can tell without reading whether a sample's file is
// there.
type Stater interface {
	// Stat returns a *RejectError for a file that Read would refuse for its kind
	// or absence; any other error ends the run. Safe for concurrent use.
	Stat(ctx context.Context, s *Sample) error
}

// TakeCensus lists a whole source and counts it. No image is read; where the
// source is a Stater, each is looked for.
func TakeCensus(ctx context.Context, s Source, published []Published, progress func(done, total int64)) (*Census, error) {
	c := &census{splits: map[string]*SplitCount{"": {}}, captions: map[int]int64{}, unfit: map[UnfitCount]int64{}}
	total := s.Layout().Images
	for identity, err := range s.Identities(ctx) {
		if err != nil {
			return nil, err
		}
		if err := c.add(ctx, s, identity); err != nil {
			return nil, err
		}
		if progress != nil {
			progress(c.seen, total)
		}
	}
	return c.result(published), nil
}

// census is one under way.
type census struct {
	splits             map[string]*SplitCount
	captions           map[int]int64
	unfit              map[UnfitCount]int64
	single, straddling int64
	seen               int64
}

func (c *census) add(ctx context.Context, s Source, identity *Identity) error {
	stater, _ := s.(Stater)
	var in []string // splits of this identity
	fit := 0
	for i := range identity.Samples {
		sample := &identity.Samples[i]
		c.seen++
		err := error(nil)
		if sample.Err != nil {
			err = sample.Err
		} else if stater != nil {
			err = stater.Stat(ctx, sample)
		}
		if err != nil {
			var reject *RejectError
			if !errors.As(err, &reject) {
				return err
			}
			folder, _, below := strings.Cut(sample.Row.FilePath, "/")
			if !below {
				folder = "."
			}
			c.unfit[UnfitCount{Reason: reject.Reason, Folder: folder}]++
			continue
		}
		fit++
		c.captions[len(sample.Row.Captions)]++
		for _, split := range slices.Compact([]string{"", sample.Row.Split}) {
			n := c.splits[split]
			if n == nil {
				n = &SplitCount{Split: split}
				c.splits[split] = n
			}
			n.Images++
			n.Captions += int64(len(sample.Row.Captions))
			if !slices.Contains(in, split) {
				in = append(in, split)
				n.Identities++
			}
		}
	}
	if fit == 1 {
		c.single++
	}
	if len(in) > 2 { // the whole is one of them
		c.straddling++
	}
	return nil
}

func (c *census) result(published []Published) *Census {
	r := &Census{Single: c.single, Straddling: c.straddling, Splits: []SplitCount{}, CaptionCounts: []CaptionCount{}, Unfit: []UnfitCount{}}
	for _, p := range published {
		if c.splits[p.Split] == nil {
			c.splits[p.Split] = &SplitCount{Split: p.Split}
		}
		c.splits[p.Split].Published = &p
	}
	for _, n := range c.splits {
		r.Splits = append(r.Splits, *n)
	}
	slices.SortFunc(r.Splits, func(a, b SplitCount) int {
		if (a.Split == "") != (b.Split == "") { // the whole last
			return cmp.Compare(b.Split, a.Split)
		}
		return cmp.Compare(a.Split, b.Split)
	})
	for n, images := range c.captions {
		r.CaptionCounts = append(r.CaptionCounts, CaptionCount{n, images})
	}
	slices.SortFunc(r.CaptionCounts, func(a, b CaptionCount) int { return cmp.Compare(a.Captions, b.Captions) })
	for u, images := range c.unfit {
		u.Images = images
		r.Unfit = append(r.Unfit, u)
	}
	slices.SortFunc(r.Unfit, func(a, b UnfitCount) int {
		return cmp.Or(cmp.Compare(a.Reason, b.Reason), cmp.Compare(a.Folder, b.Folder))
	})
	return r
}
