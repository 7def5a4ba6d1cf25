package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"plip/internal/pixels"
	"plip/parquet"
)

func verifyCommand() command {
	return command{
		use:   "verify DIR",
		short: "Check a dataset: hashes, schema, counts, image headers",
		long: "verify reads every shard of a finished dataset and compares it with the\n" +
			"manifest: sizes, SHA-256, schema, page checksums, rows, identities, captions.\n" +
			"It looks at the header of every picture, or with --decode at all of it. Every\n" +
			"problem is printed; any problem ends in status 1.",
		example: "plip verify corpus/valid",
		args:    exactly(1),
		result:  verifyResult{},
		options: &verifyOptions{},
	}
}

// verifyResult is what `plip verify --json` prints.
type verifyResult struct {
	OK         bool     `json:"ok" doc:"whether nothing is wrong"`
	Rows       int64    `json:"rows" doc:"rows of the manifest"`
	Identities int64    `json:"identities" doc:"identities of the manifest"`
	Shards     int      `json:"shards" doc:"shards of the manifest"`
	Problems   []string `json:"problems" doc:"what is wrong, in the order of the rows"`
}

type verifyOptions struct {
	decode bool
}

func (o *verifyOptions) addFlags(f *pflag.FlagSet) {
	f.BoolVar(&o.decode, "decode", false, "decode every picture instead of reading its header")
}

func (o *verifyOptions) validate([]string) error { return nil }

func (o *verifyOptions) run(ctx context.Context, c *call) error {
	dir := c.args[0]
	m, err := parquet.ReadManifest(dir)
	if err != nil {
		return err
	}
	c.progress.Start("verify", m.Rows, "rows")
	problems, err := parquet.Verify(ctx, dir, func(data []byte) error {
		c.progress.Add(1)
		if o.decode {
			_, err := pixels.Decode(data)
			return err
		}
		_, err := pixels.Probe(data)
		return err
	})
	if err != nil {
		return err
	}
	r := verifyResult{OK: len(problems) == 0, Rows: m.Rows, Identities: m.Identities, Shards: len(m.Shards), Problems: []string{}}
	for _, p := range problems {
		r.Problems = append(r.Problems, p.Error())
	}
	err = c.print(r, func(w io.Writer) {
		for _, p := range r.Problems {
			fmt.Fprintln(w, p)
		}
		if r.OK {
			fmt.Fprintf(w, "ok: %d rows of %d identities in %d shards\n", r.Rows, r.Identities, r.Shards)
		}
	})
	if err == nil && !r.OK {
		err = fmt.Errorf("verify %s: want no problem, got %d", dir, len(problems))
	}
	return err
}
