//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/eval"
	"plip/internal/checkpoint"
	"plip/internal/report"
	"plip/parquet"
	"plip/trainer"
)

func evalZeroshotCommand() command {
	return command{
		use:   "zeroshot --model MODEL --data DIR",
		short: "Search every caption of a dataset among its images",
		long: "zeroshot embeds the captions and images of shards that the model was not trained on\n" +
			"and ranks all images for every caption by cosine. Beside it stands a harder test: two\n" +
			"images an identity in the gallery, drawn by --seed, and the query's own picture left\n" +
			"out. --untrained gives chance: the same model before its training.\n\n" +
			"DIR is shards, or CUHK-PEDES, ICFG-PEDES, RSTPReid or another layout that ingest reads:\n" +
			"its test split is copied into the temporary folder (TMPDIR) and removed afterwards.\n\n" +
			"--html writes a page of queries with the best images, right ones framed, sorted by\n" +
			"average precision at a click. What was measured stands in the output: two papers'\n" +
			"figures compare only where the protocols are the same. The precision auto is fp32 here.",
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
	Protocol zeroshotProtocol  `json:"protocol" doc:"how the figures were measured"`
	Examples []zeroshotExample `json:"examples" doc:"queries spread evenly over all, with --topk"`
}

// zeroshotProtocol says how the figures were measured.
type zeroshotProtocol struct {
	Layout     string `json:"layout" doc:"shards, or the format of plip ingest"`
	Split      string `json:"split" doc:"split that was searched, or all"`
	Content    string `json:"content" doc:"hash of the rows' shards"`
	LeftOut    int64  `json:"left_out" doc:"images that could not be read"`
	Queries    string `json:"queries" doc:"what a query is"`
	Gallery    string `json:"gallery" doc:"what the gallery is"`
	Score      string `json:"score" doc:"what images are ranked by"`
	Checkpoint string `json:"checkpoint" doc:"name of the checkpoint, or of the release's file"`
	Selection  string `json:"selection" doc:"how the checkpoint was selected"`
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
	model, html string
	source      evalSource
	untrained   bool
	once        bool
	protocol    eval.Protocol
	examples    int
	workers     int
	device      deviceFlags
}

func (o *evalZeroshotOptions) addFlags(f *pflag.FlagSet) {
	o.protocol = eval.DefaultProtocol()
	f.StringVar(&o.model, "model", "", "`folder` of a model: a checkpoint, or the output of pretrain")
	o.source.addFlags(f)
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
	problems := []error{o.protocol.Validate(), o.source.validate(), checkWorkers(o.workers), o.device.validate()}
	if o.model == "" {
		problems = append(problems, errors.New("--model is missing"))
	}
	if o.examples < 0 {
		problems = append(problems, fmt.Errorf("--examples: want 0 or more, got %d", o.examples))
	}
	return errors.Join(problems...)
}

func (o *evalZeroshotOptions) run(ctx context.Context, c *call) (err error) {
	o.protocol.Seed = uint64(c.seed())
	if o.html != "" && o.protocol.Top == 0 {
		o.protocol.Top = 10
	}
	device, _, err := o.device.apply()
	if err != nil {
		return err
	}
	m, err := openPLIP(device, o.model, o.device.precision == "bf16", o.untrained)
	if err != nil {
		return err
	}
	defer m.Close()
	ds, err := o.source.open(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ds.Close()) }()
	z, err := embedZeroShot(ctx, m, ds, o.workers, o.once, c.progress.Callback("embed", "images"))
	if err != nil {
		return err
	}
	r, err := z.result(ctx, o.protocol, o.examples)
	if err != nil {
		return err
	}
	if r.Protocol, err = o.measured(ds); err != nil {
		return err
	}
	if o.html != "" {
		if err := o.page(ctx, ds, r); err != nil {
			return err
		}
	}
	return c.print(*r, r.table)
}

// measured is what the figures are of.
func (o *evalZeroshotOptions) measured(ds *evalData) (p zeroshotProtocol, err error) {
	p = zeroshotProtocol{Layout: ds.layout, Split: ds.split, Content: contentID(ds.Manifest()), LeftOut: ds.leftOut,
		Queries: "every caption", Gallery: "every image", Score: "cosine"}
	if o.once {
		p.Queries = "every caption of an identity, once"
	}
	if n := o.protocol.PerIdentity; n > 0 {
		p.Gallery = fmt.Sprintf("%d images an identity", n)
	}
	if o.protocol.WithoutOwnPicture {
		p.Gallery += ", without the query's own"
	}
	p.Checkpoint, p.Selection, err = selectionOf(o.model)
	if o.untrained {
		p.Selection = "none: as training began"
	}
	return p, err
}

// selectionOf names the checkpoint that a path stands for, and says how it was selected.
func selectionOf(path string) (name, selection string, err error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
		return filepath.Base(path), "a file of the release", nil
	}
	dir, err := checkpoint.Resolve(path)
	if err != nil {
		return "", "", err
	}
	var at trainer.State
	if err := checkpoint.ReadState(dir, &at); err != nil {
		return "", "", err
	}
	selection = fmt.Sprintf("step %d, not selected by a validation", at.Step)
	if at.BestStep == at.Step && at.Step > 0 {
		selection = fmt.Sprintf("step %d, the best validation, R@1 %.2f %%", at.Step, 100*at.BestScore)
	}
	return filepath.Base(dir), selection, nil
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
	r := &zeroshotResult{Result: *ranked, Harder: *harder, Examples: []zeroshotExample{}}
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
	p := r.Protocol
	fmt.Fprintf(w, "%s of %s, split %s, against %s by %s; content %s, %d images left out\n%s: %s\n", p.Queries, p.Layout, p.Split, p.Gallery, p.Score, p.Content, p.LeftOut, p.Checkpoint, p.Selection)
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
func (o *evalZeroshotOptions) page(ctx context.Context, ds *evalData, r *zeroshotResult) error {
	queries, err := exampleQueries(ctx, ds, r)
	if err != nil {
		return err
	}
	page := report.Queries{}
	page.Title = "Zero-shot search in " + filepath.Base(o.source.data)
	page.Facts = []report.Setting{{Name: "split", Value: r.Protocol.Split}, {Name: "layout", Value: r.Protocol.Layout}, {Name: "queries", Value: r.Protocol.Queries},
		{Name: "gallery", Value: r.Protocol.Gallery}, {Name: "score", Value: r.Protocol.Score}, {Name: "checkpoint", Value: r.Protocol.Checkpoint + ", " + r.Protocol.Selection}}
	page.Lead = fmt.Sprintf("R@1 %.1f %%, mAP %.1f %% (trapezoid %.1f %%) over %d captions among %d images of %d persons. %d of the captions are shown.",
		100*r.R1, 100*r.MAP, 100*r.MAPTrapezoid, r.Queries, r.Gallery, r.Identities, len(queries))
	for i, q := range queries {
		page.Queries = append(page.Queries, report.JudgedQuery{Query: q, AP: r.Examples[i].AP})
	}
	return report.WriteQueries(ctx, o.html, page)
}

// exampleQueries are the example queries of a search with their best images in the dataset that was searched.
func exampleQueries(ctx context.Context, ds *evalData, search *zeroshotResult) ([]report.Query, error) {
	place := map[string]int64{}
	count := map[int64]int{}
	use := ds.use()
	if err := ds.Visit(ctx, parquet.ColMeta, 0, func(i int64, r *parquet.Row) error {
		if use != nil && !use(r) {
			return nil
		}
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
