package check

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"plip/internal/tensor"
	"plip/internal/weights"
)

// root is the module, seen from this folder.
const root = "../../../../"

// sample is a fixture of a kind, kept with the package that it belongs to.
type sample struct {
	file       string
	companions []string // linked beside the fixture, under their own names or after a colon
	// expected tells which numbers are results, so that a change of one must be seen: tensors by name, and places in
	// the metadata or in a JSON file by path.
	expected *regexp.Regexp
	metadata []string // keys of metadata that hold results
}

func expect(s string) *regexp.Regexp { return regexp.MustCompile(s) }

var samples = map[string]sample{
	"adan": {file: "internal/optim/testdata/fixtures/adan-clip.safetensors", expected: expect(`^p\d\.step[1-9]`)},
	"bert": {file: "trainer/testdata/fixtures/bert-tiny.safetensors", companions: []string{"trainer/testdata/fixtures/bert-hub", "trainer/testdata/fixtures/bert-hub-old"},
		expected: expect(`^(out|grad|full|hub)\.`)},
	"bpe":             {file: "internal/text/testdata/bpe.json", expected: expect(`^(cases\.\d+\.(ids|tokens)|decode\.\d+\.(text|skip_special))`)},
	"caption-metrics": {file: "eval/captions/testdata/captionmetrics.json", expected: expect(`^(pairs\.\d+\.(bleu_each|rouge_l|cider)|bleu|rouge_l|cider|distinct_\d)`)},
	"cmpmc":           {file: "trainer/testdata/fixtures/cmpmc-a.safetensors", expected: expect(`^(cmpm|cmpc|total|.*_precision|grad_.*)$`)},
	"gpt2": {file: "spac/testdata/fixtures/gpt2-tiny.safetensors", companions: []string{"spac/testdata/fixtures/gpt2-hub", "spac/testdata/fixtures/gpt2-hub-old"},
		expected: expect(`^p\d+\.(out|grad|greedy|beam)`)},
	"iap":         {file: "trainer/testdata/fixtures/iap-tiny.safetensors", expected: expect(`^(out|grad)\.`)},
	"plip-losses": {file: "trainer/testdata/fixtures/plip-losses-a.safetensors", expected: expect(`^(out|grad)\.`)},
	"preprocess": {file: "internal/pixels/testdata/preprocess/reference.safetensors", companions: []string{"internal/pixels/testdata/preprocess"},
		expected: expect(`^(out|decoded)\.|^files\..*\.(size\.\d|.*_sum)$|^normalise\.`), metadata: []string{"files", "normalise"}},
	"pth": {file: "internal/weights/testdata/pth/expect.json", companions: []string{"internal/weights/testdata/pth/*.pth.tar"},
		expected: expect(`^(files\..*\.(format|names\.\d)|(release|tensors)\..*\.(value|dtype|shape\.\d+|sum|values\.\d+))$`)},
	"rank":            {file: "eval/testdata/fixtures/rank-a.safetensors", expected: expect(`^result$`)},
	"reid":            {file: "eval/testdata/fixtures/reid-b.safetensors", expected: expect(`^out\.|^valid_queries`), metadata: []string{"valid_queries"}},
	"release-outputs": {file: "trainer/testdata/fixtures/release-outputs.safetensors", companions: []string{"internal/weights/testdata/pth/release.pth.tar"}, expected: expect(`^out\.`)},
	"rerank":          {file: "eval/testdata/fixtures/rerank.safetensors", expected: expect(`^out\.`)},
	"schedule":        {file: "internal/optim/testdata/fixtures/schedule.json", expected: expect(`^(finetune|pretrain)\.lr\.|^iap\.(G|by_epoch)\.`)},
	"spac-branches":   {file: "spac/testdata/fixtures/spac-branches.safetensors", expected: expect(`^(out|grad)\.`)},
	"spac-fpn":        {file: "spac/testdata/fixtures/spac-fpn.safetensors", expected: expect(`^(out|grad)\.`)},
	"tic":             {file: "trainer/testdata/fixtures/tic-tiny.safetensors", expected: expect(`^(out|grad)\.`)},
	"visual":          {file: "trainer/testdata/fixtures/visual-tiny.safetensors", expected: expect(`^(eval|train|grad|after)\.`)},
	"wordpiece":       {file: "internal/text/testdata/wordpiece.json", expected: expect(`^(cases|truncation)\.\d+\.(ids|tokens)`)},
}

// lay puts a fixture's companions into a new folder and returns where the fixture itself belongs.
func (s sample) lay(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, c := range s.companions {
		files, err := filepath.Glob(root + c)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: got %d files, %v", c, len(files), err)
		}
		for _, f := range files {
			target, err := filepath.Abs(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(target, filepath.Join(dir, filepath.Base(f))); err != nil {
				t.Fatal(err)
			}
		}
	}
	return filepath.Join(dir, "fixture"+filepath.Ext(s.file))
}

// checkOne runs one fixture.
func checkOne(t *testing.T, path string) Report {
	t.Helper()
	var got []Report
	if err := Run(context.Background(), []string{path}, nil, func(r Report) { got = append(got, r) }); err != nil {
		t.Fatal(err)
	}
	if len(got) != 1 {
		t.Fatalf("want one report, got %d", len(got))
	}
	return got[0]
}

// TestEveryKind checks a clean fixture of every kind, which passes, and then copies in which one expected number or
// word is wrong, each of which must fail. It also counts tensor handles.
func TestEveryKind(t *testing.T) {
	for kind := range table {
		if _, ok := samples[kind]; !ok {
			t.Errorf("kind %s: no sample", kind)
		}
	}
	for kind, s := range samples {
		t.Run(kind, func(t *testing.T) {
			before := tensor.Live()
			path := s.lay(t)
			data, err := os.ReadFile(root + s.file)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
			r := checkOne(t, path)
			if r.Kind != kind || !r.OK() {
				t.Fatalf("clean fixture of kind %q: %s", r.Kind, failures(r))
			}
			wrong := s.perturbations(t, data)
			if len(wrong) == 0 {
				t.Fatal("no expected number found in the fixture")
			}
			for _, p := range wrong {
				if err := p.write(path); err != nil {
					t.Fatal(err)
				}
				if checkOne(t, path).OK() {
					t.Errorf("%s: changed, and nothing noticed", p.name)
				}
			}
			if live := tensor.Live() - before; live != 0 {
				t.Errorf("%d tensor handles left alive, want 0", live)
			}
		})
	}
}

func failures(r Report) string {
	out := []string{fmt.Sprint("error: ", r.Err)}
	for _, g := range r.Groups {
		if !g.OK {
			out = append(out, g.Name+": "+g.Detail)
		}
	}
	return strings.Join(out, "\n")
}

// TestMissingCompanionFails takes away what lies beside a fixture.
func TestMissingCompanionFails(t *testing.T) {
	for _, kind := range []string{"bert", "gpt2", "preprocess", "pth", "release-outputs"} {
		s := samples[kind]
		data, err := os.ReadFile(root + s.file)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "fixture"+filepath.Ext(s.file))
		if err := os.WriteFile(path, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if r := checkOne(t, path); r.Err == nil || !strings.Contains(r.Err.Error(), "no such file") {
			// An archive that must be refused is not refused by being away.
			if kind != "pth" || r.OK() {
				t.Errorf("%s: want an error that names a missing file, got %v", kind, r.Err)
			}
		}
	}
}

// TestUnreadTensorFails adds a tensor that no kind knows.
func TestUnreadTensorFails(t *testing.T) {
	f, err := weights.OpenSafetensors(root + samples["cmpmc"].file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	extra, err := weights.NewFloat32("out.more", []int64{1}, []float32{1})
	if err != nil {
		t.Fatal(err)
	}
	tensors := []weights.Tensor{extra}
	for _, n := range f.Names() {
		w, err := f.Tensor(n)
		if err != nil {
			t.Fatal(err)
		}
		tensors = append(tensors, w)
	}
	path := filepath.Join(t.TempDir(), "more.safetensors")
	if err := weights.WriteSafetensors(path, tensors, f.Metadata()); err != nil {
		t.Fatal(err)
	}
	if r := checkOne(t, path); r.Err == nil || r.Err.Error() != "1 tensors were not compared: out.more" {
		t.Errorf("want the tensor named, got %v", r.Err)
	}
}

func TestValuesCompare(t *testing.T) {
	for _, c := range []struct {
		want, got []float64
		tol       tolerance
		ok        bool
	}{
		{[]float64{1, 100}, []float64{1.0009, 100}, outputs, true}, // relative to the greatest magnitude
		{[]float64{1, 100}, []float64{1.0011, 100}, outputs, false},
		{[]float64{0}, []float64{9e-7}, outputs, true},
		{[]float64{0}, []float64{2e-6}, outputs, false},
		{[]float64{1}, []float64{math.NaN()}, outputs, false},
		{[]float64{1}, []float64{math.Inf(1)}, outputs, false},
		{[]float64{1}, []float64{1, 1}, outputs, false},
		{[]float64{7}, []float64{7}, exact, true},
		{[]float64{7}, []float64{7 + 1e-12}, exact, false},
	} {
		var g comparison
		g.values("g", "x", c.want, c.got, c.tol)
		if g.groups[0].OK != c.ok || (g.groups[0].Detail == "") != c.ok {
			t.Errorf("%v against %v within %v: want ok %v, got %+v", c.got, c.want, c.tol, c.ok, g.groups[0])
		}
		if e := g.groups[0].Error; math.IsNaN(e) || math.IsInf(e, 0) {
			t.Errorf("%v: want an error that JSON can hold, got %v", c.got, e)
		}
	}
}
