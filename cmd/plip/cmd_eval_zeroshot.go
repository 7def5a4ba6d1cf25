package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/eval"
	"plip/internal/report"
	"plip/parquet"
)

func evalZeroshotCommand() command {
	return command{
		use:   "zeroshot --model MODEL --data DIR",
		short: "Search every caption of a dataset among its images",
		long: "zeroshot embeds the captions and images of shards that the model was not trained on\n" +
			"and ranks all images for every caption by cosine. Beside it stands a harder test: two\n" +
			"images an identity in the gallery, drawn by --seed, and the query's own picture left\n" +
			"out. --untrained gives chance: the same model before its training.\n\n" +
			"--html writes a page of queries with the best images, right ones framed, sorted by\n" +
			"average precision at a click. The precision auto is fp32 here.",
		example: "plip eval zeroshot --model model --data corpus/test",
		result:  zeroshotResult{},
		docs:    zeroshotDocs(),
		options: &evalZeroshotOptions{},
	}
}

// harderImages is how many images of an identity the harder test leaves in the gallery.
const harderImages = 2

// zeroshotResult is what `plip eval zeroshot --json` prints.
type zeroshotResult struct {
	eval.Result
	Harder   eval.Result       `json:"harder" doc:"the harder test: two images an identity, without the query's own picture"`
	Examples []zeroshotExample `json:"examples" doc:"queries spread evenly over all, with --topk"`
}

// zeroshotExample is one query with the best images for it.
type zeroshotExample struct {
	Text string          `json:"text" doc:"the caption"`
	ID   int64           `json:"id" doc:"identity of its picture"`
	AP   float64         `json:"ap" doc:"average precision"`
	File string          `json:"file" doc:"its picture"`
	Top  []zeroshotEntry `json:"top" doc:"the best images, best first"`
}

type zeroshotEntry struct {
	ID    int64   `json:"id" doc:"identity"`
	File  string  `json:"file" doc:"file path in the dataset"`
	Score float64 `json:"score" doc:"cosine with the caption"`
	Right bool    `json:"right" doc:"whether it is the query's identity"`
}

// zeroshotDocs documents both rankings of the result.
func zeroshotDocs() map[string]string {
	docs := map[string]string{}
	for key, doc := range rankDocs() {
		docs[key], docs["harder."+key] = doc, doc
	}
	return docs
}

type evalZeroshotOptions struct {
	model, data, html string
	untrained         bool
	once              bool
	protocol          eval.Protocol
	examples          int
	workers           int
	device            deviceFlags
}

func (o *evalZeroshotOptions) addFlags(f *pflag.FlagSet) {
	o.protocol = eval.DefaultProtocol()
	f.StringVar(&o.model, "model", "", "`folder` of a model: a checkpoint, or the output of pretrain")
	f.StringVar(&o.data, "data", "", "captioned `shards` to search in")
	f.BoolVar(&o.untrained, "untrained", false, "take the model as it was before its training")
	f.BoolVar(&o.protocol.WithoutOwnPicture, "without-own", o.protocol.WithoutOwnPicture, "leave out the query's own picture")
	f.BoolVar(&o.once, "unique-captions", false, "ask a caption once, however many images of an identity share it")
	f.IntVar(&o.protocol.PerIdentity, "per-identity", o.protocol.PerIdentity, "leave no more than this many `images` of an identity in the gallery; 0 is all")
	f.IntVar(&o.protocol.MaxRank, "max-rank", o.protocol.MaxRank, "`length` of the CMC")
	f.IntVar(&o.protocol.Top, "topk", o.protocol.Top, "best `images` to list for each example query")
	f.IntVar(&o.examples, "examples", 10, "`queries` to list with --topk and --html; 0 is all")
	f.StringVar(&o.html, "html", "", "`file` for a page of the listed queries, each with the best images (--topk, or 10)")
	annotate(f, unrecorded, "html")
	addWorkers(f, &o.workers)
	o.device.addFlags(f)
}

func (o *evalZeroshotOptions) validate([]string) error {
	problems := []error{o.protocol.Validate(), checkWorkers(o.workers), o.device.validate()}
	if o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	if o.data == "" {
		problems = append(problems, errors.New("--data is missing"))
	}
	if o.examples < 0 {
		problems = append(problems, fmt.Errorf("--examples: want 0 or more, got %d", o.examples))
	}
	return errors.Join(problems...)
}

func (o *evalZeroshotOptions) run(ctx context.Context, c *call) error {
	o.protocol.Seed = uint64(c.seed())
	if o.html != "" && o.protocol.Top == 0 {
		o.protocol.Top = 10
	}
	ds, err := parquet.Open(o.data)
	if err != nil {
		return err
	}
	defer ds.Close()
	device, _, err := o.device.apply()
	if err != nil {
		return err
	}
	m, err := openPLIP(device, o.model, o.device.precision == "bf16", o.untrained)
	if err != nil {
		return err
	}
	defer m.Close()
	z, err := embedZeroShot(ctx, m, ds, o.workers, o.once, c.progress.Callback("embed", "images"))
	if err != nil {
		return err
	}
	r, err := z.result(ctx, o.protocol, o.examples)
	if err != nil {
		return err
	}
	if o.html != "" {
		if err := o.page(ctx, ds, r); err != nil {
			return err
		}
	}
	return c.print(*r, r.table)
}

// result is the ranking by the protocol and by the harder one, with examples.
func (z *zeroShot) result(ctx context.Context, p eval.Protocol, examples int) (*zeroshotResult, error) {
	ranked, err := z.rank(ctx, p)
	if err != nil {
		return nil, err
	}
	hard := eval.DefaultProtocol()
	hard.WithoutOwnPicture, hard.PerIdentity, hard.Seed, hard.MaxRank = true, harderImages, p.Seed, p.MaxRank
	harder, err := z.rank(ctx, hard)
	if err != nil {
		return nil, err
	}
	r := &zeroshotResult{*ranked, *harder, []zeroshotExample{}}
	if p.Top == 0 {
		return r, nil
	}
	n := z.queries.Len()
	if examples > 0 {
		n = min(examples, n)
	}
	for k := range n {
		q := k * z.queries.Len() / n
		e := zeroshotExample{Text: z.texts[q], ID: z.queries.IDs[q], AP: ranked.PerQuery[q].AP, File: z.queries.Keys[q], Top: []zeroshotEntry{}}
		for _, g := range ranked.PerQuery[q].Top {
			e.Top = append(e.Top, zeroshotEntry{z.gallery.IDs[g], z.gallery.Keys[g], z.cosine(q, int(g)), z.gallery.IDs[g] == e.ID})
		}
		r.Examples = append(r.Examples, e)
	}
	return r, nil
}

func (r *zeroshotResult) table(w io.Writer) {
	fmt.Fprintln(w, "\tR@1\tR@5\tR@10\tmAP\tmAP trapezoid\tgallery")
	for _, row := range []struct {
		name string
		*eval.Result
	}{{"zero-shot", &r.Result}, {"harder", &r.Harder}} {
		fmt.Fprintf(w, "%s\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%d\n", row.name, 100*row.R1, 100*row.R5, 100*row.R10, 100*row.MAP, 100*row.MAPTrapezoid, row.Gallery)
	}
	fmt.Fprintf(w, "\n%d queries of %d identities; harder: %d images an identity, without the query's own\n", r.Queries, r.Identities, harderImages)
	for _, e := range r.Examples {
		fmt.Fprintf(w, "\n%d  %s\n", e.ID, e.Text)
		for _, t := range e.Top {
			mark := " "
			if t.Right {
				mark = "*"
			}
			fmt.Fprintf(w, "  %s %s\n", mark, t.File)
		}
	}
}

// page writes the listed queries with their pictures.
func (o *evalZeroshotOptions) page(ctx context.Context, ds *parquet.Dataset, r *zeroshotResult) error {
	queries, err := exampleQueries(ctx, ds, r)
	if err != nil {
		return err
	}
	page := report.Queries{}
	page.Title = "Zero-shot search in " + filepath.Base(o.data)
	page.Lead = fmt.Sprintf("R@1 %.1f %%, mAP %.1f %% (trapezoid %.1f %%) over %d captions among %d images of %d persons. %d of the captions are shown.",
		100*r.R1, 100*r.MAP, 100*r.MAPTrapezoid, r.Queries, r.Gallery, r.Identities, len(queries))
	for i, q := range queries {
		page.Queries = append(page.Queries, report.JudgedQuery{Query: q, AP: r.Examples[i].AP})
	}
	return report.WriteQueries(ctx, o.html, page)
}

// exampleQueries are the example queries of a search with their best images in the dataset that was searched.
func exampleQueries(ctx context.Context, ds *parquet.Dataset, search *zeroshotResult) ([]report.Query, error) {
	place := map[string]int64{}
	count := map[int64]int{}
	if err := ds.Visit(ctx, parquet.ColMeta, 0, func(i int64, r *parquet.Row) error {
		place[r.FilePath] = i
		count[r.ID]++
		return nil
	}); err != nil {
		return nil, err
	}
	picture := func(file string) ([]byte, error) {
		i, ok := place[file]
		if !ok {
			return nil, fmt.Errorf("no row of the searched dataset has the file %q", file)
		}
		r, err := ds.Row(ctx, i, parquet.ColImage)
		if err != nil {
			return nil, err
		}
		return r.Image, nil
	}
	var out []report.Query
	var err error
	for _, e := range search.Examples {
		q := report.Query{Text: e.Text, Label: fmt.Sprintf("person %d", e.ID), Relevant: count[e.ID]}
		if q.Image, err = picture(e.File); err != nil {
			return nil, err
		}
		for _, t := range e.Top {
			h := report.Hit{Score: t.Score, Own: t.File == e.File}
			h.Label, h.Verdict = fmt.Sprintf("person %d", t.ID), report.Wrong
			if t.Right {
				h.Verdict = report.Right
			}
			if h.Image, err = picture(t.File); err != nil {
				return nil, err
			}
			q.Hits = append(q.Hits, h)
		}
		out = append(out, q)
	}
	return out, nil
}
