package ingest

import (
	"context"
	"iter"

	"plip/parquet"
)

// Source is a dataset in the layout of its release.
type Source interface {
	// Layout describes the dataset. It does not change.
	Layout() Layout

	// Identities returns the stream of identities. Each range over it starts
	// anew and gives the same. An error ends the stream: bad data of one image
	// is not an error but Sample.Err. The stream stops when ctx is done.
	Identities(ctx context.Context) iter.Seq2[*Identity, error]

	// Read returns the encoded file of a sample of the stream, untouched. The
	// caller owns the bytes. A *RejectError is about this image alone; any
	// other error ends the run. Safe for concurrent use.
	Read(ctx context.Context, s *Sample) ([]byte, error)

	// Close frees what the source holds. It does not end a Read that runs.
	Close() error
}

// Layout says what a source holds.
type Layout struct {
	Images int64 // samples in the whole stream; 0 when that is not known beforehand

	// Fingerprint changes with what the source lists: a run on another list is
	// not the same run and does not continue it. It never holds a path.
	Fingerprint string

	Camera, Split, Labels bool     // which optional columns its rows have
	LabelNames            []string // one name for each position of labels
}

// Identity is one person or track. It appears once in a stream.
type Identity struct {
	ID      int64    // meaningless when no sample is fit
	Samples []Sample // in the order of the shards; may be empty
}

// Sample is one image of an identity.
type Sample struct {
	// Row is the row without what Write fills: Image, ImagePath, ID, Source,
	// Width and Height. FilePath is unique in the stream.
	Row parquet.Row

	// Err is set when the image is known to be unfit without being read.
	Err *RejectError

	at int64 // where the image is, for readers that find it by number
}
