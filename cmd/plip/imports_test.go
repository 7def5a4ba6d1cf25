package main

import (
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
)

// mayImport is the table of who may import whom: the folders of this module
// that the code of a folder may use beside its own. A longer folder wins over
// a shorter one. A folder that is not listed may import nothing of ours.
var mayImport = map[string][]string{
	"templates":       nil,
	"parquet":         nil,
	"ingest":          {"parquet"},
	"spac":            {"parquet", "templates", "internal"},
	"spac/attributes": nil,
	"spac/filter":     {"parquet"},
	"spac/distribute": {"parquet", "spac/attributes"},
	"trainer":         {"parquet", "internal", "spac/attributes"},
	"eval":            {"parquet"},
	"cmd/plip":        {"."},

	// What both spac and trainer stand on knows nothing above itself.
	"internal":        {"internal"},
	"internal/feed":   {"internal", "parquet"},
	"internal/optim":  {"internal", "parquet"},
	"internal/runlog": {"internal", "parquet"},
	"internal/report": {"internal", "parquet", "eval"},
	"internal/serve":  {"internal", "parquet"},
}

// withoutLibtorch builds and tests where there is no libtorch.
var withoutLibtorch = []string{
	"templates", "parquet", "ingest", "eval", "spac/attributes", "spac/filter", "spac/distribute",
	"internal/runlog", "internal/vectors", "internal/weights", "internal/text", "internal/pixels",
	"internal/index", "internal/report", "internal/serve",
}

type listedPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// TestImports holds both tables against what `go list` says of every package.
func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	seen := 0
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); seen++ {
		var p listedPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		checkImports(t, p)
		checkWithoutLibtorch(t, p)
	}
	if seen < 3 {
		t.Errorf("want every package of the module, go list named %d", seen)
	}
}

func checkImports(t *testing.T, p listedPackage) {
	folder := strings.TrimPrefix(p.ImportPath, "plip/")
	rule := longestPrefix(folder)
	for _, imported := range p.Imports {
		target, ours := strings.CutPrefix(imported, "plip/")
		if !ours || within(target, rule) {
			continue
		}
		allowed := false
		for _, a := range mayImport[rule] {
			allowed = allowed || a == "." || within(target, a)
		}
		if !allowed {
			t.Errorf("%s imports %s: want only %v (rule of %q)", folder, target, mayImport[rule], rule)
		}
	}
}

func checkWithoutLibtorch(t *testing.T, p listedPackage) {
	folder := strings.TrimPrefix(p.ImportPath, "plip/")
	for _, free := range withoutLibtorch {
		if !within(folder, free) {
			continue
		}
		for _, dep := range p.Deps {
			if dep == "plip/internal/tensor" || strings.HasPrefix(dep, "github.com/sugarme/gotch") {
				t.Errorf("%s depends on %s: want it free of libtorch", folder, dep)
			}
		}
	}
}

// longestPrefix is the key of mayImport that governs a folder.
func longestPrefix(folder string) string {
	best := ""
	for rule := range mayImport {
		if within(folder, rule) && len(rule) > len(best) {
			best = rule
		}
	}
	return best
}

// within reports whether folder is parent or lies below it.
func within(folder, parent string) bool {
	return folder == parent || strings.HasPrefix(folder, parent+"/")
}
