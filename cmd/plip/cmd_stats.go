package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/pflag"

	"plip/parquet"
)

func statsCommand() command {
	return command{
		use:   "stats DIR",
		short: "Print the figures of a dataset",
		long: "stats reads the texts and numbers of a dataset of shards, not its pictures, and\n" +
			"prints how many rows, identities and captions it has and how they are spread.",
		example: "plip stats corpus/captioned",
		args:    exactly(1),
		result:  parquet.Stats{},
		docs: map[string]string{
			"rows":                        "images",
			"identities":                  "different ids",
			"shards":                      "Parquet files",
			"bytes":                       "size of all shards",
			"rejects":                     "inputs left out when it was made",
			"max_rows_per_identity":       "most images of one identity",
			"splits[]":                    "rows by split, the commonest first, rows without one left out",
			"splits[].value":              "split",
			"splits[].rows":               "rows that have it",
			"sources[]":                   "rows by dataset name",
			"sources[].value":             "dataset name",
			"sources[].rows":              "rows that have it",
			"cameras[]":                   "rows by camera",
			"cameras[].value":             "camera",
			"cameras[].rows":              "rows that have it",
			"captions":                    "the captions column",
			"captions.texts":              "strings",
			"captions.distinct":           "different strings",
			"captions.words":              "words between white space",
			"captions.mean_words":         "words a string",
			"prompt_captions":             "the prompt_caption column",
			"prompt_captions.texts":       "strings",
			"prompt_captions.distinct":    "different strings",
			"prompt_captions.words":       "words between white space",
			"prompt_captions.mean_words":  "words a string",
			"attributes[]":                "the six slots, in order",
			"attributes[].slot":           "gender, head, upper, lower, shoes or belongings",
			"attributes[].known":          "rows with a value other than unknown",
			"attributes[].values[]":       "the commonest 20 values",
			"attributes[].values[].value": "phrase",
			"attributes[].values[].rows":  "rows that have it",
		},
		options: &statsOptions{},
	}
}

// statsOptions has no settings of its own.
type statsOptions struct{}

func (*statsOptions) addFlags(*pflag.FlagSet) {}

func (*statsOptions) validate([]string) error { return nil }

func (*statsOptions) run(ctx context.Context, c *call) error {
	d, err := parquet.Open(c.args[0])
	if err != nil {
		return err
	}
	defer d.Close()
	stats, err := d.Stats(ctx)
	if err != nil {
		return err
	}
	return c.print(*stats, func(w io.Writer) { statsTable(w, stats) })
}

// statsTable writes the figures for people, of each slot the three commonest
// values.
func statsTable(w io.Writer, s *parquet.Stats) {
	fmt.Fprintf(w, "rows\t%d\nidentities\t%d\nrejects\t%d\nshards\t%d\t%d bytes\n", s.Rows, s.Identities, s.Rejects, s.Shards, s.Bytes)
	if s.Identities > 0 {
		fmt.Fprintf(w, "rows an identity\t%.2f\tmost %d\n", float64(s.Rows)/float64(s.Identities), s.MaxRowsPerIdentity)
	}
	writeTexts(w, "captions", s.Captions)
	writeTexts(w, "prompt captions", s.PromptCaptions)
	for _, list := range []struct {
		name   string
		values []parquet.ValueCount
	}{{"split", s.Splits}, {"source", s.Sources}, {"camera", s.Cameras}} {
		for _, v := range list.values {
			fmt.Fprintf(w, "%s %s\t%d\n", list.name, v.Value, v.Rows)
		}
	}
	for _, a := range s.Attributes {
		fmt.Fprintf(w, "%s\t%d", a.Slot, a.Known)
		for _, v := range a.Values[:min(3, len(a.Values))] {
			fmt.Fprintf(w, "\t%s %d", v.Value, v.Rows)
		}
		fmt.Fprintln(w)
	}
}

func writeTexts(w io.Writer, name string, t parquet.TextStats) {
	fmt.Fprintf(w, "%s\t%d\t%d different\t%.1f words each\n", name, t.Texts, t.Distinct, t.MeanLen)
}
