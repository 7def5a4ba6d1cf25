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

	"plip/internal/index"
	"plip/internal/pixels"
	"plip/internal/report"
	"plip/parquet"
	"plip/spac"
)

func searchCommand() command {
	return command{
		use:   "search --model MODEL --gallery DIR [TEXT]",
		short: "Find the best crops for a sentence or a picture",
		long: "search ranks all images of a gallery of shards by cosine with a sentence, or with\n" +
			"--image a picture. The gallery's embeddings are kept in a file beside the folder DIR,\n" +
			"named for the model's weights and the shards, and read by the next search;\n" +
			"making it can be interrupted and goes on where it was.\n" +
			"--html writes a page with the crops.",
		example: `plip search --model model --gallery corpus/test 'a man in a red jacket with a backpack'`,
		args:    atMost(1),
		result:  searchResult{},
		options: &searchOptions{},
	}
}

// searchResult is what `plip search --json` prints.
type searchResult struct {
	Text    string      `json:"text" doc:"the sentence, empty with --image"`
	Gallery int64       `json:"gallery" doc:"images that were ranked"`
	Hits    []searchHit `json:"hits" doc:"the best, best first"`
}

type searchHit struct {
	ID         int64    `json:"id" doc:"identity"`
	File       string   `json:"file" doc:"file path in the gallery"`
	Score      float64  `json:"score" doc:"cosine"`
	Attributes []string `json:"attributes" doc:"the six slots, or none"`
	Captions   []string `json:"captions" doc:"captions of the crop"`
	image      []byte
}

type searchOptions struct {
	model, gallery, image, html string
	topK, workers               int
	device                      deviceFlags
}

func (o *searchOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.model, "model", "", "`folder` of a model: a checkpoint, or the output of pretrain")
	f.StringVar(&o.gallery, "gallery", "", "`shards` to search in")
	f.StringVar(&o.image, "image", "", "picture `file` to search for in place of a sentence")
	f.StringVar(&o.html, "html", "", "`file` for a page with the crops")
	f.IntVar(&o.topK, "topk", 10, "best `images` to show")
	addWorkers(f, &o.workers)
	o.device.addFlags(f)
}

func (o *searchOptions) validate(args []string) error {
	problems := []error{checkWorkers(o.workers), o.device.validate()}
	for _, required := range []struct{ name, value string }{{"model", o.model}, {"gallery", o.gallery}} {
		if required.value == "" {
			problems = append(problems, fmt.Errorf("--%s is missing", required.name))
		}
	}
	if (o.image == "") == (len(args) == 0 || args[0] == "") {
		problems = append(problems, errors.New("want a sentence or --image, one of the two"))
	}
	if o.topK < 1 {
		problems = append(problems, fmt.Errorf("--topk: want 1 or more, got %d", o.topK))
	}
	return errors.Join(problems...)
}

func (o *searchOptions) run(ctx context.Context, c *call) error {
	ds, err := parquet.Open(o.gallery)
	if err != nil {
		return err
	}
	defer ds.Close()
	device, _, err := o.device.apply()
	if err != nil {
		return err
	}
	e, err := openEncoder(device, o.model, o.device.precision == "bf16")
	if err != nil {
		return err
	}
	defer e.Close()
	r := searchResult{Gallery: ds.NumRows(), Hits: []searchHit{}}
	query, picture, err := o.query(ctx, c, e, &r)
	if err != nil {
		return err
	}
	x, err := openIndex(ctx, c, e, ds, o.gallery, o.workers)
	if err != nil {
		return err
	}
	defer x.Close()
	if err := o.find(ctx, ds, x, query, &r); err != nil {
		return err
	}
	if o.html != "" {
		if err := report.WriteSearch(ctx, o.html, o.page(&r, picture)); err != nil {
			return err
		}
	}
	return c.print(r, func(w io.Writer) {
		fmt.Fprintln(w, "score\tperson\tfile")
		for _, h := range r.Hits {
			fmt.Fprintf(w, "%.4f\t%d\t%s\n", h.Score, h.ID, h.File)
		}
	})
}

// query embeds what is searched for. picture is the file's bytes with --image.
func (o *searchOptions) query(ctx context.Context, c *call, e encoder, r *searchResult) (embedding []float32, picture []byte, err error) {
	if o.image != "" {
		embedding, picture, err = embedPicture(e, o.image)
		return embedding, picture, err
	}
	t, ok := e.(textEncoder)
	if !ok {
		return nil, nil, usagef("%s embeds images alone: want --image", o.model)
	}
	r.Text = c.args[0]
	embedding, err = embedTexts(ctx, t, c.args[:1], func(int) {})
	return embedding, nil, err
}

// embedPicture embeds one picture file.
func embedPicture(e encoder, file string) (embedding []float32, data []byte, err error) {
	if data, err = os.ReadFile(file); err != nil {
		return nil, nil, err
	}
	picture, err := pixels.Decode(data)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	embedding, err = embedPixels(e, picture)
	return embedding, data, err
}

// embedPixels embeds one picture.
func embedPixels(e encoder, picture *pixels.Image) ([]float32, error) {
	height, px, norm := e.Input()
	rgb := make([]uint8, 3*height*px)
	pixels.ResizeBicubic(rgb, picture, px, height)
	input := make([]float32, 3*height*px) // [3, H, W]
	norm.CHW(input, rgb, px, height, false)
	return e.EmbedImages(input)
}

// find ranks the gallery and reads the best rows.
func (o *searchOptions) find(ctx context.Context, ds *parquet.Dataset, x *index.Index, query []float32, r *searchResult) error {
	found, err := x.Search(ctx, query, o.topK)
	if err != nil {
		return err
	}
	for _, f := range found[0] {
		hit, err := readHit(ctx, ds, f)
		if err != nil {
			return err
		}
		r.Hits = append(r.Hits, hit)
	}
	return nil
}

func readHit(ctx context.Context, ds *parquet.Dataset, found index.Found) (searchHit, error) {
	row, err := ds.Row(ctx, found.Row, parquet.ColImage|parquet.ColText|parquet.ColMeta)
	if err != nil {
		return searchHit{}, err
	}
	return searchHit{ID: row.ID, File: row.FilePath, Score: float64(found.Score), Attributes: append([]string{}, row.Attributes...),
		Captions: append([]string{}, row.Captions...), image: row.Image}, nil
}

// page is the search as a page.
func (o *searchOptions) page(r *searchResult, picture []byte) report.Search {
	s := report.Search{Text: r.Text, Image: picture, Gallery: r.Gallery}
	s.Title = "Search in " + filepath.Base(o.gallery)
	s.Facts = []report.Setting{{Name: "model", Value: filepath.Base(o.model)}}
	for _, h := range r.Hits {
		crop := report.Crop{Image: h.image, Label: fmt.Sprintf("person %d", h.ID)}
		for k, v := range h.Attributes {
			if k < spac.Slots {
				crop.Attributes = append(crop.Attributes, report.Attribute{Slot: report.SlotNames()[k], Value: v})
			}
		}
		for k, text := range h.Captions {
			crop.Captions = append(crop.Captions, report.Caption{Label: fmt.Sprintf("caption %d", k+1), Text: text})
		}
		s.Hits = append(s.Hits, report.Hit{Crop: crop, Score: h.Score})
	}
	return s
}
