package ingest

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"plip/parquet"
)

// CountImages is the number of samples in the stream of s: what its layout tells,
// else counted. With the stream's error it is that of the samples before.
func CountImages(ctx context.Context, s Source) (int64, error) {
	if n := s.Layout().Images; n > 0 {
		return n, nil
	}
	var n int64
	for identity, err := range s.Identities(ctx) {
		if err != nil {
			return n, err
		}
		n += int64(len(identity.Samples))
	}
	return n, nil
}

// Part is the section of task index, from 0, of count: about an equal share of the
// images.
//
// Of a list that ends in a fault (*RecordError) the number of images is not known,
// nor where the parts begin but the first. Whatever mends the list makes the first
// one longer, if anything, so it holds what it would hold of the list up to there,
// and ends in the fault: Write keeps its whole shards. Shards of any other part
// would begin with an identity that the mended list most likely gives to another
// task, so that part is refused, and nothing of it is kept.
func Part(ctx context.Context, s Source, index, count int) (Source, error) {
	total, err := CountImages(ctx, s)
	var fault *RecordError
	switch {
	case errors.As(err, &fault) && index > 0:
		return nil, fmt.Errorf("%w: part %d of %d begins where the number of all images says, which a list with a fault does not tell, so nothing of it is kept: mend the list and run the same command again", err, index, count)
	case fault != nil:
		return &section{Source: s, to: parquet.Share(total, 1, count), layout: unknownImages(s.Layout()), fault: err}, nil
	case err != nil:
		return nil, err
	}
	return Section(ctx, s, parquet.Share(total, index, count), parquet.Share(total, index+1, count))
}

func unknownImages(l Layout) Layout {
	l.Images = 0
	return l
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
	part := &section{Source: s, from: from, to: to, layout: unknownImages(s.Layout())}
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
	fault    error // of the list, which ends the stream; nil of one that is whole
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
				break
			}
			if at >= s.from && !yield(identity, nil) {
				return
			}
			at += int64(len(identity.Samples))
		}
		if s.fault != nil {
			yield(nil, s.fault)
		}
	}
}

// Continues implements Continuer: the first part alone is the beginning of
// anything.
func (s *section) Continues(ctx context.Context, fingerprint string) (identities int64, ok bool, err error) {
	c, ok := s.Source.(Continuer)
	if !ok || s.from > 0 {
		return 0, false, nil
	}
	return c.Continues(ctx, fingerprint)
}
