package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/spf13/pflag"

	"plip/eval"
	"plip/internal/vectors"
)

func evalRankCommand() command {
	return command{
		use:   "rank --query FILE --gallery FILE",
		short: "Score retrieval from embedding files alone",
		long: "rank compares every query embedding with every gallery embedding by cosine and\n" +
			"prints CMC, mAP in both definitions and mINP; a match is an equal id. The files\n" +
			"are those of plip embed. With --camera, entries of the query's own identity and\n" +
			"camera do not count, as in Market-1501's protocol.\n\n" +
			"Ties go to the entry that stands earlier in the gallery. The trapezoid mAP is the\n" +
			"Python release's; it is lower and must not be compared with the other.",
		example: "plip eval rank --query query.parquet --gallery gallery.parquet",
		result:  rankingResult{},
		docs:    rankDocs(),
		options: &evalRankOptions{},
	}
}

// rankDocs documents eval.Result, for every command that prints one.
func rankDocs() map[string]string {
	return map[string]string{
		"r1":            "share of queries with a match at rank 1",
		"r5":            "share of queries with a match among the first 5",
		"r10":           "share of queries with a match among the first 10",
		"map":           "mean average precision, the standard definition",
		"map_trapezoid": "mean average precision by trapezoids, the release's definition",
		"minp":          "mean inverse negative penalty: matches by the rank of the last one",
		"cmc[]":         "at position k-1: share of queries with a match among the first k",
		"queries":       "queries",
		"without_match": "queries without a match in the gallery, left out of the means unless --all-queries",
		"gallery":       "gallery entries that count for some query",
		"identities":    "different ids among those",
		"tied":          "queries with a match whose score another entry has too",
	}
}

type evalRankOptions struct {
	query, gallery string
	ranking        rankingFlags
}

func (o *evalRankOptions) addFlags(f *pflag.FlagSet) {
	f.StringVar(&o.query, "query", "", "embedding `file` of the queries")
	f.StringVar(&o.gallery, "gallery", "", "embedding `file` of the gallery")
	o.ranking.addFlags(f, eval.DefaultProtocol())
}

func (o *evalRankOptions) validate([]string) error {
	problems := []error{o.ranking.validate()}
	if o.query == "" {
		problems = append(problems, errors.New("--query is missing"))
	}
	if o.gallery == "" {
		problems = append(problems, errors.New("--gallery is missing"))
	}
	return errors.Join(problems...)
}

func (o *evalRankOptions) run(ctx context.Context, c *call) error {
	queries, err := readEmbeddings(ctx, o.query)
	if err != nil {
		return err
	}
	gallery, err := readEmbeddings(ctx, o.gallery)
	if err != nil {
		return err
	}
	if o.ranking.protocol.CameraJunk && (queries.Cameras == nil || gallery.Cameras == nil) {
		return usagef("--camera: want a column \"camera\" in %s and %s", o.query, o.gallery)
	}
	if o.ranking.protocol.WithoutOwnPicture && (queries.Keys == nil || gallery.Keys == nil) {
		return usagef("--without-own: want a column \"key\" in %s and %s", o.query, o.gallery)
	}
	if queries.D != gallery.D {
		return fmt.Errorf("read %s: want embeddings of length %d as in %s, got %d", o.gallery, queries.D, o.query, gallery.D)
	}
	result, err := o.ranking.rank(ctx, c, queries, gallery)
	if err != nil {
		return err
	}
	r := rankingResult{*result, o.ranking.measured(filepath.Base(o.query), filepath.Base(o.gallery))}
	return c.print(r, r.table)
}

// rankingResult is what `plip eval rank --json` and `plip eval reid --json` print.
type rankingResult struct {
	eval.Result
	Protocol rankingProtocol `json:"protocol" doc:"how the figures were measured"`
}

// rankingProtocol says how the figures were measured.
type rankingProtocol struct {
	Queries     string `json:"queries" doc:"file or split of the queries"`
	Gallery     string `json:"gallery" doc:"file or split of the gallery"`
	Distance    string `json:"distance" doc:"cosine, or what re-ranking made of it"`
	Camera      bool   `json:"camera_junk" doc:"entries of the query's identity and camera do not count"`
	Junk        bool   `json:"junk_id" doc:"entries with id -1 do not count"`
	WithoutOwn  bool   `json:"without_own" doc:"the query's own picture does not count"`
	PerIdentity int    `json:"per_identity" doc:"most entries of an identity in the gallery, 0 all"`
	AllQueries  bool   `json:"all_queries" doc:"means are over all queries, also those without a match"`
	Flip        bool   `json:"flip" doc:"embeddings are means with those of mirrored pictures"`
	Checkpoint  string `json:"checkpoint,omitempty" doc:"name of the checkpoint, or of the release's file"`
	Selection   string `json:"selection,omitempty" doc:"how the checkpoint was selected"`
}

// rankingFlags say how embeddings are ranked.
type rankingFlags struct {
	protocol     eval.Protocol
	rerank       bool
	rerankConfig eval.RerankConfig
}

// addFlags defines the flags, with the protocol's values as defaults.
func (r *rankingFlags) addFlags(f *pflag.FlagSet, p eval.Protocol) {
	r.protocol, r.rerankConfig = p, eval.DefaultRerankConfig()
	addProtocol(f, &r.protocol)
	f.BoolVar(&r.rerank, "rerank", false, "re-rank by k-reciprocal neighbours before scoring")
	f.IntVar(&r.rerankConfig.K1, "rerank-k1", r.rerankConfig.K1, "`neighbours` that are reciprocal")
	f.IntVar(&r.rerankConfig.K2, "rerank-k2", r.rerankConfig.K2, "`neighbours` averaged over in query expansion")
	f.Float64Var(&r.rerankConfig.Lambda, "rerank-lambda", r.rerankConfig.Lambda, "`weight` of the original distance")
}

func (r *rankingFlags) validate() error {
	return errors.Join(r.protocol.Validate(), r.rerankConfig.Validate())
}

// rank ranks the gallery for every query and shows how far it is.
func (r *rankingFlags) rank(ctx context.Context, c *call, queries, gallery *embeddedSet) (*eval.Result, error) {
	r.protocol.Seed = uint64(c.seed())
	scores, err := r.scores(ctx, queries, gallery)
	if err != nil {
		return nil, err
	}
	c.progress.Start("rank", int64(queries.Len()), "queries")
	counted := func(from, to int, dst []float32) error {
		c.progress.Add(int64(to - from))
		return scores(from, to, dst)
	}
	return eval.Rank(ctx, queries.Set, gallery.Set, counted, r.protocol)
}

// scores are the cosines, or what re-ranking makes of them.
func (r *rankingFlags) scores(ctx context.Context, queries, gallery *embeddedSet) (eval.Scores, error) {
	if !r.rerank {
		return eval.Cosine(queries.Embeddings, gallery.Embeddings)
	}
	return eval.Rerank(ctx, normalized(queries.Embeddings), normalized(gallery.Embeddings), nil, r.rerankConfig)
}

// measured is what the figures of a ranking are of.
func (r *rankingFlags) measured(queries, gallery string) rankingProtocol {
	p := r.protocol
	out := rankingProtocol{Queries: queries, Gallery: gallery, Distance: "cosine", Camera: p.CameraJunk, Junk: p.JunkID,
		WithoutOwn: p.WithoutOwnPicture, PerIdentity: p.PerIdentity, AllQueries: p.AllQueries}
	if k := r.rerankConfig; r.rerank {
		out.Distance = fmt.Sprintf("k-reciprocal re-ranking of cosine, k1 %d, k2 %d, lambda %g", k.K1, k.K2, k.Lambda)
	}
	return out
}

// addProtocol defines the flags of a ranking protocol.
func addProtocol(f *pflag.FlagSet, p *eval.Protocol) {
	f.BoolVar(&p.CameraJunk, "camera", p.CameraJunk, "leave out entries of the query's own identity and camera")
	f.BoolVar(&p.JunkID, "junk", p.JunkID, "leave out entries with id -1, Market-1501's detections of nobody")
	f.BoolVar(&p.WithoutOwnPicture, "without-own", p.WithoutOwnPicture, "leave out the query's own picture, told by its key")
	f.IntVar(&p.PerIdentity, "per-identity", p.PerIdentity, "leave no more than this many `entries` of an identity in the gallery; 0 is all")
	f.BoolVar(&p.AllQueries, "all-queries", p.AllQueries, "divide by all queries, also those without a match, as the release does")
	f.IntVar(&p.MaxRank, "max-rank", p.MaxRank, "`length` of the CMC")
}

// normalized returns the embeddings at length 1, in place.
func normalized(e eval.Embeddings) eval.Embeddings {
	for i := 0; i < e.N; i++ {
		row, sum := e.Row(i), 0.0
		for _, v := range row {
			sum += float64(v) * float64(v)
		}
		if sum == 0 {
			continue
		}
		scale := float32(1 / math.Sqrt(sum))
		for k := range row {
			row[k] *= scale
		}
	}
	return e
}

// embeddedSet is an embedding file in memory.
type embeddedSet struct {
	eval.Set
	eval.Embeddings
}

// Len is the number of entries.
func (s *embeddedSet) Len() int { return s.Set.Len() }

// noCamera stands for an unknown camera, which equals none.
const noCamera = -1

// readEmbeddings reads an embedding file whose rows all have an identity.
func readEmbeddings(ctx context.Context, path string) (*embeddedSet, error) {
	f, err := vectors.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var s embeddedSet
	err = f.Scan(ctx, func(i int64, r *vectors.Row) error {
		if r.ID == nil {
			return &vectors.RowError{File: path, Row: i, Column: "id", Err: errors.New("want an identity, got null")}
		}
		s.IDs = append(s.IDs, *r.ID)
		if f.Has("camera") {
			camera := int32(noCamera)
			if r.Camera != nil {
				camera = *r.Camera
			}
			s.Cameras = append(s.Cameras, camera)
		}
		if f.Has("key") {
			s.Keys = append(s.Keys, r.Key)
		}
		s.N++
		s.D = len(r.Embedding)
		s.Data = append(s.Data, r.Embedding...)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if s.N == 0 {
		return nil, fmt.Errorf("read %s: want one row or more, got none", path)
	}
	return &s, nil
}

// table writes the figures in percent, and what they are of.
func (r rankingResult) table(w io.Writer) {
	fmt.Fprintln(w, "R@1\tR@5\tR@10\tmAP\tmAP trapezoid\tmINP")
	fmt.Fprintf(w, "%.2f\t%.2f\t%.2f\t%.2f\t%.2f\t%.2f\n", 100*r.R1, 100*r.R5, 100*r.R10, 100*r.MAP, 100*r.MAPTrapezoid, 100*r.MINP)
	p := r.Protocol
	fmt.Fprintf(w, "\n%d queries, %d without a match, %d with a tie; %d gallery entries of %d identities\n", r.Queries, r.WithoutMatch, r.Tied, r.Gallery, r.Identities)
	fmt.Fprintf(w, "%s against %s; %s; own camera left out: %t; id -1 left out: %t; own picture left out: %t; flip: %t\n",
		p.Queries, p.Gallery, p.Distance, p.Camera, p.Junk, p.WithoutOwn, p.Flip)
	if p.PerIdentity > 0 {
		fmt.Fprintf(w, "%d entries of an identity at most\n", p.PerIdentity)
	}
	if p.Checkpoint != "" {
		fmt.Fprintf(w, "%s: %s\n", p.Checkpoint, p.Selection)
	}
}
