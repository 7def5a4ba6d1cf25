//go:build cgo

package main

import (
	"context"
	"path/filepath"
	"slices"
	"strconv"
)

// demoRun is one demo: its settings, the line of commands it runs, and what they printed.
type demoRun struct {
	o    *demoOptions
	line *line

	corpus     ingestDemoResult
	folders    ingestResult
	captioner  spacTrainResult
	score      spacScoreResult
	filtered   filterResult
	captioned  spacCaptionResult
	balanced   distributeResult
	split      splitResult
	trained    pretrainResult
	zeroshot   zeroshotResult
	withoutOwn zeroshotResult
	chance     zeroshotResult

	// With annotations.
	annotated       ingestResult
	annotatedScore  spacScoreResult
	annotatedSearch zeroshotResult
	annotatedChance zeroshotResult
}

// demoCorpus are the sizes of the demo. What is learnt from are persons, not pictures: with 6,000 captioned persons of six
// images 76.0 % of the attributes of unseen persons were right, with 18,000 of two, drawn and trained in the same time,
// 77.9 % (one seed). Raw persons have four, because the distribution strategy wants three that are clean.
var demoCorpus = []string{"--captioned", "18000", "--captioned-images", "2", "--raw", "4500", "--raw-images", "4"}

// quickCorpus are the sizes of --quick.
var quickCorpus = []string{"--captioned", "60", "--raw", "60", "--valid", "12", "--test", "12"}

// stage is one command of the line.
type stage struct {
	name   string
	unit   string // of what its speed is counted in
	result any    // where what it prints goes; nil: nowhere
	args   []string
}

// stages are the commands that a person would type, in order.
func (d *demoRun) stages() []stage {
	preset := "demo"
	corpus := []string{"ingest", "demo", "-o", d.path("corpus")}
	sizes := demoCorpus
	if d.o.quick {
		preset, sizes = "tiny", quickCorpus
	}
	corpus = append(corpus, sizes...)
	compute := []string{"--threads", strconv.Itoa(d.o.threads)}
	raw, data := d.path("corpus/raw"), d.path("pedes/train")
	out := []stage{
		{"ingest", "images", &d.corpus, corpus},
		{"spac-train", "images", &d.captioner, with(compute, "spac", "train", "--preset", preset, "--train", d.path("corpus/captioned"), "--valid", d.path("corpus/valid"), "-o", d.path("captioner"))},
		{"spac-test", "images", nil, with(compute, "spac", "caption", d.path("corpus/test"), "--model", d.path("captioner"), "-o", d.path("test-captioned"))},
		{"spac-score", "images", &d.score, []string{"spac", "score", d.path("test-captioned"), "--reference", d.path("corpus/test")}},
	}
	if d.o.images != "" {
		raw, data = d.path("raw"), d.path("balanced")
		out = append(out, stage{"ingest-folders", "images", &d.folders, []string{"ingest", "folders", d.o.images, "-o", raw}})
	}
	out = append(out,
		stage{"embed", "images", nil, with(compute, "embed", "--model", d.path("captioner"), "--images", raw, "--into", d.path("raw-embedded"))},
		stage{"embed-valid", "images", nil, with(compute, "embed", "--model", d.path("captioner"), "--images", d.path("corpus/valid-noisy"), "--into", d.path("valid-embedded"))},
		stage{"filter", "images", &d.filtered, []string{"filter", d.path("raw-embedded"), "--tune", d.path("valid-embedded"), "-o", d.path("filtered")}},
		stage{"caption", "images", &d.captioned, with(compute, "spac", "caption", d.path("filtered"), "--model", d.path("captioner"), "-o", d.path("captioned"))},
		stage{"distribute", "images", &d.balanced, with(d.balance(), "distribute", d.path("captioned"), "-o", d.path("balanced"))},
	)
	if d.o.images == "" {
		out = append(out, stage{"split", "images", &d.split, []string{"split", d.path("balanced"), "-o", d.path("pedes")}})
	}
	pretrain := []string{"pretrain", "--preset", preset, "--captions", "prompt+two", "--data", data, "-o", d.path("plip")}
	if !d.o.quick && d.o.images == "" {
		pretrain = append(pretrain, "--epochs", "5") // of some 15,000 images
	}
	if d.o.truth {
		pretrain = []string{"pretrain", "--preset", preset, "--captions", "human", "--data", d.path("corpus/captioned"), "-o", d.path("plip")}
		if !d.o.quick {
			pretrain = append(pretrain, "--epochs", "6") // of 36,000 images: about as long as 12 of half of them
		}
	}
	out = append(out,
		stage{"pretrain", "images", &d.trained, with(compute, pretrain...)},
		stage{"zeroshot", "queries", &d.zeroshot, with(compute, "eval", "zeroshot", "--model", d.path("plip"), "--data", d.path("corpus/test"), "--topk", "10")},
		stage{"zeroshot-without-own", "queries", &d.withoutOwn, with(compute, "eval", "zeroshot", "--model", d.path("plip"), "--data", d.path("corpus/test"), "--without-own")},
		stage{"chance", "queries", &d.chance, with(compute, "eval", "zeroshot", "--model", d.path("plip"), "--data", d.path("corpus/test"), "--untrained")},
	)
	if d.o.annotations == "" {
		return out
	}
	search := with(compute, "eval", "zeroshot", "--model", d.path("plip"), "--data", d.path("annotated"), "--unique-captions")
	return append(out,
		stage{"annotated", "images", &d.annotated, []string{"ingest", "folders", d.o.images, "--annotations", d.o.annotations, "-o", d.path("annotated")}},
		stage{"annotated-caption", "images", nil, with(compute, "spac", "caption", d.path("annotated"), "--model", d.path("captioner"), "-o", d.path("annotated-captioned"))},
		stage{"annotated-score", "images", &d.annotatedScore, []string{"spac", "score", d.path("annotated-captioned"), "--reference", d.path("annotated")}},
		stage{"annotated-search", "queries", &d.annotatedSearch, with([]string{"--topk", "10"}, search...)},
		stage{"annotated-chance", "queries", &d.annotatedChance, with([]string{"--untrained"}, search...)},
	)
}

// with is a command line followed by further flags.
func with(flags []string, args ...string) []string { return slices.Concat(args, flags) }

// balance are the thresholds of the distribution strategy: the paper drops identities of fewer than 5 images, which
// would leave next to nothing of the quick corpus.
func (d *demoRun) balance() []string {
	if d.o.quick {
		return []string{"--min-images", "1", "--max-unknown", "7", "--gender-share", "0.5"}
	}
	return []string{"--min-images", "3"}
}

// run runs the line.
func (d *demoRun) run(ctx context.Context) error {
	seed := []string{"--seed", strconv.FormatInt(d.line.c.seed(), 10)}
	for _, s := range d.stages() {
		if err := d.line.run(ctx, s.name, s.result, append(s.args, seed...)...); err != nil {
			return err
		}
	}
	return nil
}

func (d *demoRun) path(name string) string { return filepath.Join(d.o.out, name) }
