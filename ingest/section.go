package ingest

import (
	"context"
	"fmt"
	"iter"
)

// CountImages is the number of samples in the stream of s: what its layout tells,
// else counted.
func CountImages(ctx context.Context, s Source) (int64, error) {
	if n := s.Layout().Images; n > 0 {
		return n, nil
	}
	var n int64
	for identity, err := range s.Identities(ctx) {
		if err != nil {
			return 0, err
		}
		n += int64(len(identity.Samples))
	}
	return n, nil
}

// Section is the identities of s that begin with its image from (included) to to
// (excluded), counted along the stream from 0: the share of one task of an array
// job. Ids, columns and the fingerprint are those of the whole, so sections whose
// borders meet are, one after the other, the rows of s. It lists s once to count
// its own images. Closing it closes s.
func Section(ctx context.Context, s Source, from, to int64) (Source, error) {
	if from < 0 || to < from {
		return nil, fmt.Errorf("section: want images from 0 in ascending order, got %d to %d", from, to)
	}
	part := &section{Source: s, from: from, to: to, layout: s.Layout()}
	part.layout.Images = 0
	for identity, err := range part.Identities(ctx) {
		if err != nil {
			return nil, fmt.Errorf("section: %w", err)
		}
		part.layout.Images += int64(len(identity.Samples))
	}
	return part, nil
}

// section is a Source of some identities of another.
type section struct {
	Source
	from, to int64
	layout   Layout
}

// Layout implements Source.
func (s *section) Layout() Layout { return s.layout }

// Identities implements Source.
func (s *section) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		var at int64 // images before the identity
		for identity, err := range s.Source.Identities(ctx) {
			if err != nil {
				yield(nil, err)
				return
			}
			if at >= s.to {
				return
			}
			if at >= s.from && !yield(identity, nil) {
				return
			}
			at += int64(len(identity.Samples))
		}
	}
}
