//go:build cgo

package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"plip/parquet"
	"plip/trainer"
	"plip/trainer/presets"
)

func ablationCommand() command {
	return command{
		use:   "ablation --data DIR --test DIR -o DIR",
		short: "Train every row of the paper's ablation tables at demo size",
		long: "ablation trains the presets ablation/... of pretrain, one after the other, each for as\n" +
			"many steps as two cores make in a minute and a half, and searches the captions of\n" +
			"--test among its images with each. The tables have the paper's figures beside ours.\n" +
			"Each training is an ordinary command, printed as it starts; an interrupted ablation\n" +
			"goes on where it was, and further --groups add to the same folder.\n\n" +
			"The rows of the group tasks are trained with --seeds seeds, the others with one. Rows\n" +
			"of the same settings are one training.",
		example: "plip ablation --groups distance --max-steps 2 --data corpus/captioned --test corpus/test -o ablation",
		result:  ablationResult{},
		resumes: true,
		options: &ablationOptions{},
	}
}

// ablationResult is what `plip ablation --json` prints.
type ablationResult struct {
	Output string          `json:"output" doc:"folder of the trainings"`
	Tables []ablationTable `json:"tables" doc:"one per group"`
}

type ablationTable struct {
	Name  string        `json:"name" doc:"of the group"`
	Title string        `json:"title" doc:"what its rows differ in"`
	Paper string        `json:"paper" doc:"what the paper's figures are; empty: it has none for these rows"`
	Rows  []ablationRow `json:"rows" doc:"in the paper's order"`
}

type ablationRow struct {
	Preset  string    `json:"preset" doc:"of pretrain"`
	Label   string    `json:"label" doc:"what is different"`
	Chosen  bool      `json:"chosen" doc:"whether the paper's model has it"`
	Paper   float64   `json:"paper" doc:"the paper's figure as a fraction; 0: none"`
	R1      []float64 `json:"r1" doc:"zero-shot R@1, one a seed"`
	R10     []float64 `json:"r10" doc:"zero-shot R@10, one a seed"`
	MAP     []float64 `json:"map" doc:"mean average precision, one a seed"`
	Seconds float64   `json:"seconds" doc:"of the trainings, by the clock"`
}

type ablationOptions struct {
	out, data, test string
	groups          []string
	seeds, threads  int
	maxSteps        int64
	force           bool
}

func (o *ablationOptions) addFlags(f *pflag.FlagSet) {
	addOutput(f, &o.out, "`folder` for the trainings")
	f.StringVar(&o.data, "data", "", "captioned `shards` to learn from, with prompt captions and two generated ones")
	f.StringVar(&o.test, "test", "", "captioned `shards` of other identities to search in")
	f.StringSliceVar(&o.groups, "groups", ablationGroups(), "`tables` to train")
	f.IntVar(&o.seeds, "seeds", 3, "trainings of each row of the group tasks, from `seed` on")
	f.IntVar(&o.threads, "threads", 0, "compute `threads`; 0 is one per core")
	f.Int64Var(&o.maxSteps, "max-steps", 0, "end each training after so many `steps`; 0 is what the presets say")
	annotate(f, unrecorded, "groups", "seeds")
	addForce(f, &o.force)
}

func ablationGroups() (names []string) {
	for _, a := range presets.Ablations() {
		names = append(names, a.Name)
	}
	return names
}

func (o *ablationOptions) validate([]string) error {
	problems := []error{checkOutput(o.out)}
	for _, g := range o.groups {
		if !slices.Contains(ablationGroups(), g) {
			problems = append(problems, newUnknownName("group", g, ablationGroups()))
		}
	}
	if o.data == "" || o.test == "" {
		problems = append(problems, errors.New("--data and --test: want both"))
	}
	if o.seeds < 1 {
		problems = append(problems, fmt.Errorf("--seeds: want 1 or more, got %d", o.seeds))
	}
	if o.threads < 0 {
		problems = append(problems, fmt.Errorf("--threads: want 0 or more, got %d", o.threads))
	}
	if o.maxSteps < 0 {
		problems = append(problems, fmt.Errorf("--max-steps: want 0 or more, got %d", o.maxSteps))
	}
	return errors.Join(problems...)
}

func (o *ablationOptions) run(ctx context.Context, c *call) error {
	same, of, err := sameAblations()
	if err != nil {
		return err
	}
	settings := c.settings.recorded()
	settings["presets"] = of
	line, err := openLine(o.out, c, settings, o.force)
	if err != nil {
		return err
	}
	defer line.close()
	if slices.Contains(o.groups, "captions") {
		if err := requirePrompts(ctx, o.data); err != nil {
			return err
		}
	}
	result := ablationResult{o.out, []ablationTable{}}
	for _, a := range presets.Ablations() {
		if !slices.Contains(o.groups, a.Name) {
			continue
		}
		seeds := 1
		if a.Seeded {
			seeds = o.seeds
		}
		table := ablationTable{a.Name, a.Title, a.Paper, []ablationRow{}}
		for _, r := range a.Rows {
			row := ablationRow{r.Preset, r.Label, r.Chosen, r.Paper / 100, []float64{}, []float64{}, []float64{}, 0}
			for k := range seeds {
				if err := o.train(ctx, line, same[r.Preset], c.seed()+int64(k), &row); err != nil {
					return err
				}
			}
			table.Rows = append(table.Rows, row)
		}
		result.Tables = append(result.Tables, table)
	}
	return c.print(result, result.table)
}

// requirePrompts refuses shards whose first thousand rows have no prompt caption: the rows of the group captions would all
// be trained on the same texts.
func requirePrompts(ctx context.Context, dir string) error {
	d, err := parquet.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	const most = 1000
	enough, found := errors.New("enough rows"), false
	if err := d.Visit(ctx, parquet.ColText, 0, func(i int64, r *parquet.Row) error {
		if found = len(r.PromptCaption) > 0; found || i == most-1 {
			return enough
		}
		return nil
	}); err != nil && !errors.Is(err, enough) {
		return err
	}
	if !found {
		return fmt.Errorf("%s: the group captions wants rows with a prompt caption and two generated ones (plip spac caption writes them), got none in the first %d", dir, most)
	}
	return nil
}

// sameAblations gives for every row's preset the first one of the same settings, and what identifies all of them: a
// program with other presets must not go on with the same folder.
func sameAblations() (same map[string]string, id string, err error) {
	first, same := map[string]string{}, map[string]string{}
	all := sha256.New()
	for _, a := range presets.Ablations() {
		for _, r := range a.Rows {
			c, err := trainer.Preset(r.Preset)
			if err != nil {
				return nil, "", err
			}
			text, err := yaml.Marshal(c)
			if err != nil {
				return nil, "", err
			}
			fmt.Fprintf(all, "%s\n%s", r.Preset, text)
			if _, ok := first[string(text)]; !ok {
				first[string(text)] = r.Preset
			}
			same[r.Preset] = first[string(text)]
		}
	}
	return same, fmt.Sprintf("%x", all.Sum(nil)[:8]), nil
}

// train makes sure that a preset was trained with a seed, and adds its figures to the row.
func (o *ablationOptions) train(ctx context.Context, line *line, preset string, seed int64, row *ablationRow) error {
	name := fmt.Sprintf("%s-seed%d", path.Base(preset), seed)
	dir := filepath.Join(o.out, name)
	common := []string{"--threads", strconv.Itoa(o.threads), "--seed", strconv.FormatInt(seed, 10)}
	args := with(common, "pretrain", "--preset", preset, "--data", o.data, "-o", dir)
	if o.maxSteps > 0 {
		args = append(args, "--max-steps", strconv.FormatInt(o.maxSteps, 10))
	}
	if err := line.run(ctx, name, nil, args...); err != nil {
		return err
	}
	var found zeroshotResult
	if err := line.run(ctx, name+"-zeroshot", &found, with(common, "eval", "zeroshot", "--model", dir, "--data", o.test)...); err != nil {
		return err
	}
	row.R1, row.R10, row.MAP = append(row.R1, found.R1), append(row.R10, found.R10), append(row.MAP, found.MAP)
	row.Seconds += line.state.Done[name].Seconds
	return nil
}

// table writes the tables; a row of several seeds has their mean and the least and greatest of them.
func (r ablationResult) table(w io.Writer) {
	for i, t := range r.Tables {
		if i > 0 {
			fmt.Fprintln(w)
		}
		paper := "paper"
		if t.Paper != "" {
			paper += ": " + t.Paper
		}
		fmt.Fprintf(w, "%s\tR@1\t\tR@10\tmAP\t%s\n", t.Title, paper)
		for _, row := range t.Rows {
			spread, own := "", ""
			if len(row.R1) > 1 {
				spread = fmt.Sprintf("%.1f to %.1f", 100*slices.Min(row.R1), 100*slices.Max(row.R1))
			}
			if row.Paper > 0 {
				own = fmt.Sprintf("%.1f", 100*row.Paper)
			}
			if row.Chosen {
				own += " *"
			}
			fmt.Fprintf(w, "  %s\t%.1f\t%s\t%.1f\t%.1f\t%s\n", row.Label, 100*mean(row.R1), spread, 100*mean(row.R10), 100*mean(row.MAP), own)
		}
	}
	fmt.Fprintln(w, "\nFigures in percent; * is what the paper's model has.")
}

func mean(values []float64) float64 {
	var sum float64
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}
