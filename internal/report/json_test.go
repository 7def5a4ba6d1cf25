package report

import (
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden text files")

// golden compares got with testdata/name and leaves what it got beside it on a difference.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		if err := os.WriteFile(filepath.Join("testdata", strings.Replace(name, ".", ".got-", 1)), got, 0o644); err != nil {
			t.Error(err)
		}
		t.Errorf("%s: -want +got\n%s", file, diff)
	}
}

func TestWriteJSONGolden(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := WriteJSON(context.Background(), path, sampleFigures()); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", got)
}

// keyPaths collects the paths of every leaf, in the notation of Keys.
func keyPaths(prefix string, v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			switch {
			case prefix == "stages":
				k = "NAME"
			case prefix == "spac.accuracy" || prefix == "spac.majority":
				k = "SLOT"
			case prefix == "annotated" && k != "zeroshot" && k != "chance":
				k = "WHAT"
			case prefix == "annotated.zeroshot" || prefix == "annotated.chance" || prefix == "chance" || prefix == "ceiling" || strings.HasPrefix(prefix, "zeroshot_") ||
				strings.HasPrefix(prefix, "chance_") || strings.HasPrefix(prefix, "ceiling_"):
				k = "RANKING"
			}
			p := k
			if prefix != "" {
				p = prefix + "." + k
			}
			keyPaths(p, e, into)
		}
	case []any:
		for _, e := range v {
			keyPaths(prefix+"[]", e, into)
		}
	default:
		into[prefix] = true
	}
}

func TestKeysAreComplete(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	keyPaths("", v, written)
	var want, got []string
	for k := range written {
		want = append(want, k)
	}
	for line := range strings.Lines(Keys()) {
		key, meaning, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok || strings.TrimSpace(meaning) == "" {
			t.Errorf("key %q has no meaning", key)
		}
		got = append(got, key)
	}
	sort.Strings(want)
	sort.Strings(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys written (-) against keys described (+)\n%s", diff)
	}
}

// The layout other programs rely on: written by name here, so that a renamed tag fails.
func TestFixedKeys(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := WriteJSON(context.Background(), path, sampleFigures()); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	type ranking struct{ R1, R5, R10, MAP, Map_Trapezoid *float64 }
	var v struct {
		Stages map[string]struct {
			Seconds, Items, Items_Per_S, Peak_Bytes *float64
		}
		SPAC                      struct{ Accuracy map[string]float64 }
		Filter                    struct{ Precision, Recall *float64 }
		ZeroShot, Chance, Ceiling *ranking
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	st, ok := v.Stages["caption"]
	if !ok || st.Seconds == nil || st.Items == nil || st.Items_Per_S == nil || st.Peak_Bytes == nil {
		t.Fatalf("stages.caption incomplete: %+v", st)
	}
	if want := 6480 / 58.9; math.Abs(*st.Items_Per_S-want) > 1e-9 {
		t.Errorf("items_per_s: want %v, got %v", want, *st.Items_Per_S)
	}
	for _, slot := range SlotNames() {
		if _, ok := v.SPAC.Accuracy[slot]; !ok {
			t.Errorf("spac.accuracy lacks %q", slot)
		}
	}
	if v.Filter.Precision == nil || v.Filter.Recall == nil {
		t.Error("filter incomplete")
	}
	for name, r := range map[string]*ranking{"zeroshot": v.ZeroShot, "chance": v.Chance, "ceiling": v.Ceiling} {
		if r == nil || r.R1 == nil || r.R5 == nil || r.R10 == nil || r.MAP == nil || r.Map_Trapezoid == nil {
			t.Errorf("%s incomplete: %+v", name, r)
		}
	}
}

func TestUnmeasuredIsNull(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	if err := WriteJSON(context.Background(), path, Figures{}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]json.RawMessage
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string]string{"stages": "{}", "flow": "[]", "spac": "null", "filter": "null", "zeroshot": "null", "chance": "null", "ceiling": "null"} {
		if got := string(v[key]); got != want {
			t.Errorf("%s: want %s, got %s", key, want, got)
		}
	}
	if _, ok := v["zeroshot_without_own"]; ok {
		t.Error("zeroshot_without_own: want it absent")
	}
}

func TestReadJSONRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "report.json")
	want := sampleFigures()
	if err := WriteJSON(context.Background(), path, want); err != nil {
		t.Fatal(err)
	}
	got, err := ReadJSON(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range got.Flow { // an empty list comes back as one
		if len(got.Flow[i].Dropped) == 0 {
			got.Flow[i].Dropped = nil
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func TestValidateNamesEveryProblem(t *testing.T) {
	f := sampleFigures()
	f.Stages[0].Seconds = math.NaN()
	f.Stages[1].Items = -1
	f.Stages[2].Name = "caption"
	f.SPAC.Accuracy.Shoes = 68.8
	f.Filter.Recall = math.Inf(1)
	f.Chance.MAPTrapezoid = -.1
	f.Flow[1].Dropped[0].Count = -3
	err := f.Validate()
	if err == nil {
		t.Fatal("want an error, got none")
	}
	for _, want := range []string{"stages.ingest.seconds", "stages.spac train.items", `"caption" stands twice`,
		"spac.accuracy.shoes: want a fraction in [0 1], got 68.8", "filter.recall", "chance.map_trapezoid", "flow[1].dropped.far from its track"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("want %q in the error, got\n%v", want, err)
		}
	}
	path := filepath.Join(t.TempDir(), "report.json")
	if err := WriteJSON(context.Background(), path, f); err == nil {
		t.Error("WriteJSON: want an error, got none")
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("want no file after the error, got %v", err)
	}
}

func TestReadJSONRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"cut":      `{"stages": {"a": {"seconds": 1`,
		"list":     `{"stages": []}`,
		"text":     `{"stages": {"a": "fast"}}`,
		"twice":    `{"stages": {"a": {}, "a": {}}}`,
		"percent":  `{"zeroshot": {"r1": 56.3}}`,
		"negative": `{"stages": {"a": {"seconds": -1}}}`,
	} {
		path := filepath.Join(t.TempDir(), "report.json")
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadJSON(path); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: want an error that names the file, got %v", name, err)
		}
	}
}

func FuzzStages(f *testing.F) {
	f.Add([]byte(`{"ingest":{"seconds":1.5,"items":3,"items_per_s":2,"peak_bytes":4,"unit":"images"},"b":{}}`))
	f.Add([]byte(`null`))
	f.Add([]byte(`{"a":[]}`))
	f.Add([]byte(`{"\u0000<":{"seconds":1e308}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s Stages
		if err := json.Unmarshal(data, &s); err != nil {
			return
		}
		text, err := json.Marshal(s)
		if err != nil { // items divided by a tiny time can overflow, which JSON cannot hold
			return
		}
		var again Stages
		if err := json.Unmarshal(text, &again); err != nil {
			t.Fatalf("read %s: %v", text, err)
		}
		if s == nil {
			s = Stages{} // null is written as the empty object
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
	})
}
