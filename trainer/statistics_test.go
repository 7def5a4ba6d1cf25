package trainer

import (
	"math"
	"strings"
	"testing"

	"plip/internal/tensor"
)

// TestOwnStatistics encodes one batch by models that differ in colorize.statistics: in training the features are the
// same; of own statistics the colour images' are those of a model without colourisation, and the gray images' lie in
// tic.visual, where they are used afterwards.
func TestOwnStatistics(t *testing.T) {
	with := func(statistics string) func(*Config) {
		return func(c *Config) {
			threeTasks(c)
			c.Colorize.Statistics = statistics
		}
	}
	shared, own := newTestModel(t, with(StatisticsShared)), newTestModel(t, with(StatisticsOwn))
	without := newTestModel(t, func(c *Config) { threeTasks(c); c.Loss.TIC = 0 })
	var maps [2][]float32
	if err := tensor.Do(func(*tensor.Scope) error {
		for i, m := range []*Model{shared, own, without} {
			e, err := m.encode(newTestBatch(m))
			defer e.free()
			if err != nil {
				return err
			}
			if i < len(maps) {
				maps[i] = e.gray[3].Float32s()
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if !near(maps[0], maps[1]) {
		t.Error("want the same gray maps in training")
	}
	value := func(m *Model, name string) []float32 {
		p, ok := m.Store.Lookup(name)
		if !ok {
			t.Fatalf("want a tensor %s", name)
		}
		return p.Tensor.Float32s()
	}
	moved := 0
	for _, p := range own.Store.Params() {
		name, ok := strings.CutPrefix(p.Name, "visual.")
		if !ok || !strings.HasSuffix(p.Name, "running_mean") {
			continue
		}
		if !near(value(own, p.Name), value(without, p.Name)) {
			t.Errorf("%s: want it untouched by gray images", p.Name)
		}
		if near(value(own, "tic.visual."+name), value(own, p.Name)) {
			t.Errorf("tic.visual.%s: want statistics of gray images", name)
		}
		if !near(value(shared, p.Name), value(own, p.Name)) {
			moved++
		}
	}
	if moved == 0 {
		t.Error("want shared statistics to follow gray images")
	}
	gray := randomImages(own, 3)
	captions := []string{"red", "blue", "a shirt"}
	a, err := own.Colorize(gray, captions)
	if err != nil {
		t.Fatal(err)
	}
	own.Gray = own.Visual
	b, err := own.Colorize(gray, captions)
	if err != nil {
		t.Fatal(err)
	}
	if len(a) != len(gray) || near(a, b) {
		t.Error("want gray images colourised by their own statistics")
	}
	if _, err := without.Colorize(gray, captions); err == nil {
		t.Error("want an error of a model without colourisation")
	}
}

// near tells whether two vectors differ by no more than sums in another order do.
func near(a, b []float32) bool {
	for i := range a {
		if math.Abs(float64(a[i]-b[i])) > 1e-5 {
			return false
		}
	}
	return len(a) == len(b)
}
