//go:build cgo

package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"plip/cmd/plip/internal/check"
	"plip/internal/tensor"
)

func checkCommand() command {
	return command{
		use:   "check FIXTURE...",
		short: "Compare every component with reference numbers",
		long: "check runs components on the inputs of fixtures and compares what comes out with\n" +
			"the numbers there: one line per group of tensors with its largest error. A\n" +
			"fixture is a safetensors or JSON file that names its kind; in a folder every\n" +
			"fixture is checked, and files without a kind are companions. Any difference over\n" +
			"what is allowed, and any kind that is not known, ends in status 1.\n\n" +
			"Kinds: " + strings.Join(check.Kinds(), ", ") + ".",
		example: "plip check fixtures",
		args:    atLeast(1),
		result:  checkResult{},
		options: &checkOptions{},
	}
}

// checkResult is what `plip check --json` prints.
type checkResult struct {
	OK       bool           `json:"ok" doc:"whether everything agrees"`
	Fixtures []checkFixture `json:"fixtures" doc:"the fixtures, in the order they were checked"`
}

type checkFixture struct {
	Path   string       `json:"path" doc:"file"`
	Kind   string       `json:"kind" doc:"kind that it names"`
	OK     bool         `json:"ok" doc:"whether everything in it was compared and agrees"`
	Error  string       `json:"error" doc:"what kept it from being compared as a whole, else empty"`
	Groups []checkGroup `json:"groups" doc:"groups of tensors"`
}

type checkGroup struct {
	Name    string  `json:"name" doc:"name of the group"`
	Values  int     `json:"values" doc:"numbers compared"`
	Error   float64 `json:"error" doc:"largest difference, measured by what is allowed for its tensor"`
	Allowed float64 `json:"allowed" doc:"difference allowed there"`
	OK      bool    `json:"ok" doc:"whether every number agrees"`
	Detail  string  `json:"detail" doc:"first failure: tensor, index, want, got; else empty"`
}

type checkOptions struct {
	kinds   []string
	threads int
}

func (o *checkOptions) addFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.kinds, "kind", nil, "check only fixtures of these `kinds`, separated by commas")
	f.IntVar(&o.threads, "threads", 0, "compute `threads`; 0 is one per core")
}

func (o *checkOptions) validate([]string) error {
	if o.threads < 0 {
		return fmt.Errorf("--threads: want 0 or more, got %d", o.threads)
	}
	return nil
}

func (o *checkOptions) run(ctx context.Context, c *call) error {
	if o.threads > 0 {
		tensor.SetThreads(o.threads)
	}
	r := checkResult{OK: true, Fixtures: []checkFixture{}}
	err := check.Run(ctx, c.args, o.kinds, func(report check.Report) {
		r.Fixtures = append(r.Fixtures, newCheckFixture(report))
		r.OK = r.OK && report.OK()
	})
	if err != nil {
		return err
	}
	failed := 0
	for _, f := range r.Fixtures {
		if !f.OK {
			failed++
		}
	}
	if err := c.print(r, r.table); err != nil {
		return err
	}
	if failed > 0 {
		return fmt.Errorf("check: want every fixture to agree, got %d of %d that do not", failed, len(r.Fixtures))
	}
	return nil
}

func newCheckFixture(report check.Report) checkFixture {
	f := checkFixture{Path: report.Fixture, Kind: report.Kind, OK: report.OK(), Groups: []checkGroup{}}
	if report.Err != nil {
		f.Error = report.Err.Error()
	}
	for _, g := range report.Groups {
		f.Groups = append(f.Groups, checkGroup{g.Name, g.Values, g.Error, g.Allowed, g.OK, g.Detail})
	}
	return f
}

// table writes one line per group, then what is wrong.
func (r checkResult) table(w io.Writer) {
	fmt.Fprintln(w, "fixture\tgroup\tvalues\tlargest error\tallowed\t")
	groups := 0
	var problems []string
	for _, f := range r.Fixtures {
		for _, g := range f.Groups {
			verdict := "ok"
			if !g.OK {
				verdict = "FAIL"
				problems = append(problems, fmt.Sprintf("%s: %s", f.Path, g.Detail))
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%.2g\t%.2g\t%s\n", f.Path, g.Name, g.Values, g.Error, g.Allowed, verdict)
		}
		if f.Error != "" {
			fmt.Fprintf(w, "%s\t-\t-\t-\t-\tFAIL\n", f.Path)
			problems = append(problems, fmt.Sprintf("%s: %s", f.Path, f.Error))
		}
		groups += len(f.Groups)
	}
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	if r.OK {
		fmt.Fprintf(w, "ok: %d groups of %d fixtures\n", groups, len(r.Fixtures))
	}
}
