package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Report is the outcome of one fixture.
type Report struct {
	Fixture string  // its path
	Kind    string  // empty when the file could not be read so far
	Groups  []Group // in the order of the comparisons
	Err     error   // what kept the fixture from being compared as a whole; nil when every number was
}

// OK tells whether everything was compared and agrees.
func (r Report) OK() bool {
	return r.Err == nil && len(r.Groups) > 0 && !slices.ContainsFunc(r.Groups, func(g Group) bool { return !g.OK })
}

// Run checks fixtures one after another and hands each report to done. A path is a fixture, or a folder in which every
// fixture is checked, those of folders below included; in a folder, files without a kind are companions. With kinds,
// only fixtures of these are checked. An error is a path that cannot be read, a path without any fixture, an unknown
// name among kinds, or ctx's; what is wrong with a fixture is in its report.
func Run(ctx context.Context, paths, kinds []string, done func(Report)) error {
	for _, k := range kinds {
		if _, ok := table[k]; !ok {
			return fmt.Errorf("kind %q: want one of %s", k, strings.Join(Kinds(), ", "))
		}
	}
	for _, path := range paths {
		fixtures, err := find(path)
		if err != nil {
			return err
		}
		checked := 0
		for _, f := range fixtures {
			if err := ctx.Err(); err != nil {
				return fmt.Errorf("check: %w", err)
			}
			kind, err := kindOf(f)
			if len(kinds) > 0 && err == nil && !slices.Contains(kinds, kind) {
				continue
			}
			if err == nil && kind == "" && f != path {
				continue // a companion
			}
			done(checkFixture(ctx, f, kind, err))
			checked++
		}
		if checked == 0 {
			return fmt.Errorf("%s: no fixture found", path)
		}
	}
	return nil
}

// checkFixture runs the function of a kind. err is what reading the kind gave.
func checkFixture(ctx context.Context, path, kind string, err error) Report {
	r := Report{Fixture: path, Kind: kind}
	run, known := table[kind]
	switch {
	case err != nil:
		r.Err = err
	case kind == "":
		r.Err = errors.New("want a fixture, this file names no kind")
	case !known:
		r.Err = fmt.Errorf("kind %q is unknown: want one of %s", kind, strings.Join(Kinds(), ", "))
	default:
		r.Groups, r.Err = run.check(ctx, path)
	}
	return r
}

// find lists the files that may be fixtures: path itself, or what lies in the folder.
func find(path string) ([]string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := filepath.Ext(p); !d.IsDir() && (ext == ".safetensors" || ext == ".json") {
			out = append(out, p)
		}
		return nil
	})
	return out, err
}
