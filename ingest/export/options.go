package export

import (
	"errors"
	"fmt"
)

// Options say how a dataset is exported. Start from DefaultOptions.
type Options struct {
	// Config is the command's resolved configuration: no time, host or absolute
	// path. One of its values must change with what the dataset holds, so that a
	// run is not continued with another input.
	Config map[string]string

	PartIdentities int64 // synth-pedes: identities of one PartK folder. Default 30,000 (the release has about 28,400)
	TarBytes       int64 // webdataset: a tar is closed at the first identity border at or past this. Default 256 MiB

	// BatchBytes of pictures are written between two safe points, at which a killed
	// run is continued. It cannot change the output. A tar is a batch of its own.
	// Default 64 MiB.
	BatchBytes int64

	Progress func(done, total int64) // rows, after each identity; may be nil
}

// DefaultOptions returns options without a configuration.
func DefaultOptions() Options {
	return Options{PartIdentities: 30_000, TarBytes: 256 << 20, BatchBytes: 64 << 20}
}

// Validate joins every problem of o.
func (o *Options) Validate() error {
	var problems []error
	for _, n := range []struct {
		name  string
		value int64
	}{
		{"part identities", o.PartIdentities},
		{"tar bytes", o.TarBytes},
		{"batch bytes", o.BatchBytes},
	} {
		if n.value < 1 {
			problems = append(problems, fmt.Errorf("%s: want 1 or more, got %d", n.name, n.value))
		}
	}
	return errors.Join(problems...)
}
