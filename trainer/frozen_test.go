package trainer

import (
	"context"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"plip/internal/nn/nntest"
	"plip/internal/tensor"
)

// frozenText is an encoder of which one layer trains, with dropout, and a cache of so many bytes; 0: without one.
func frozenText(t *testing.T, cache int64, bf16 bool) *Text {
	t.Helper()
	_, c := textReference(t)
	c.FrozenLayers, c.Dropout, c.AttentionDropout = c.Layers-1, 0.5, 0.5
	c.FrozenEval, c.FrozenCache, c.FrozenBF16 = cache == 0, cache, bf16
	text, store := newText(t, c)
	if err := store.Freeze(c.Frozen); err != nil {
		t.Fatal(err)
	}
	text.keepFrozen()
	t.Cleanup(text.closeFrozen)
	return text
}

// caption is one of so many tokens.
func caption(first, l int32) []int32 {
	ids := make([]int32, l)
	for i := range ids {
		ids[i] = (first+7*int32(i))%90 + 1
	}
	return ids
}

// pass is a training pass over captions and masked ones: the last states of the tokens.
func pass(t *testing.T, text *Text, captions, masked [][]int32) (hidden []float32) {
	t.Helper()
	nntest.Do(t, func() {
		tensor.Seed(3) // the dropout of the layer that trains
		c := newTokens(captions, 0, 0)
		m := newTokens(masked, 0, c.l)
		out := text.forwardTwins(tensor.CPU, c, m)
		_, mask := c.join(m).tensors(tensor.CPU)
		hidden = out.Hidden.Mul(mask.As(tensor.Float32).Unsqueeze(2)).Float32s()
	})
	return hidden
}

// TestFrozenCache compares passes through the cache with those of frozen_eval without one. Captions that share a pass
// there are computed each by itself here, which may change sums' last bits.
func TestFrozenCache(t *testing.T) {
	plain, cached := frozenText(t, 0, false), frozenText(t, 1<<20, false)
	a, b, c, m := caption(1, 5), caption(2, 17), caption(3, 33), caption(4, 17)
	for i, p := range []struct {
		captions, masked [][]int32
		hits, misses     int64 // so far
		computed         int
	}{
		{[][]int32{a, b}, nil, 0, 2, 2},
		{[][]int32{a, b}, nil, 2, 2, 0},
		{[][]int32{c, b, c}, [][]int32{m, a}, 4, 3, 3}, // twice in one batch; the masked ones pass the cache by
		{[][]int32{m, a}, nil, 5, 4, 1},
	} {
		want, got := pass(t, plain, p.captions, p.masked), pass(t, cached, p.captions, p.masked)
		nntest.Near(t, "hidden states", want, got, nntest.Outputs)
		if k := cached.cache; k.hits != p.hits || k.misses != p.misses || len(k.computed) != p.computed {
			t.Errorf("pass %d: want %d hits, %d misses, %d computed, got %d, %d and %v", i, p.hits, p.misses, p.computed, k.hits, k.misses, k.computed)
		}
	}
}

// TestFrozenCacheChangesNoBit holds that a pass gives the same whatever the cache has: a training that goes on has
// nothing in it.
func TestFrozenCacheChangesNoBit(t *testing.T) {
	var captions, masked [][]int32
	for i := range int32(24) {
		captions, masked = append(captions, caption(i, 3+i*2)), append(masked, caption(i+50, 3+i*2))
	}
	for _, bf16 := range []bool{false, true} {
		cold := frozenText(t, 1<<24, bf16)
		want := pass(t, cold, captions, masked)
		for some := 0; some <= len(captions); some += 5 {
			warm := frozenText(t, 1<<24, bf16)
			if some > 0 {
				pass(t, warm, captions[:some], nil)
			}
			got := pass(t, warm, captions, masked)
			for i := range want {
				if math.Float32bits(want[i]) != math.Float32bits(got[i]) {
					t.Fatalf("bf16 %v, %d of %d captions in the cache: value %d: want %v, got %v", bf16, some, len(captions), i, want[i], got[i])
				}
			}
			if warm.cache.hits != int64(some) {
				t.Errorf("want %d hits, got %d", some, warm.cache.hits)
			}
		}
	}
}

// TestFrozenCacheInBF16 holds half the bytes, and rounds what frozen_bf16 alone gives.
func TestFrozenCacheInBF16(t *testing.T) {
	a := caption(1, 16)
	full, half := frozenText(t, 1<<20, false), frozenText(t, 1<<20, true)
	want, got := pass(t, full, [][]int32{a}, nil), pass(t, half, [][]int32{a}, nil)
	most := 0.0
	for i := range want {
		most = max(most, math.Abs(float64(want[i]-got[i])))
	}
	if most == 0 || most > 0.1 {
		t.Errorf("want states that differ by rounding, got %v", most)
	}
	numbers := 16 * full.Config.Width
	if d := full.cache.used - half.cache.used; d != 2*numbers {
		t.Errorf("want %d bytes less than %d, got %d", 2*numbers, full.cache.used, half.cache.used)
	}
}

// TestFrozenCacheIsBounded fills a cache that has room for two captions.
func TestFrozenCacheIsBounded(t *testing.T) {
	_, c := textReference(t)
	one := 16*c.Width*4 + 16*4 + entryOverhead
	before := tensor.Live()
	text := frozenText(t, 2*one, false)
	made := tensor.Live() - before
	a, b, d := caption(1, 16), caption(2, 16), caption(3, 16)
	for i, p := range []struct {
		captions [][]int32
		hits     int64
		entries  int
	}{
		{[][]int32{a, b}, 0, 2},
		{[][]int32{a}, 1, 2},
		{[][]int32{d}, 1, 2}, // in place of b
		{[][]int32{a, d}, 3, 2},
		{[][]int32{b, d, a}, 4, 2},          // a goes for b and is computed again
		{[][]int32{caption(4, 60)}, 4, 2},   // too long to be kept
		{[][]int32{caption(5, 8), a}, 5, 2}, // a shorter one in place of d
		{[][]int32{caption(5, 8), a}, 7, 2},
		{[][]int32{a, b, d, a, b, d}, 8, 2}, // three in turn where two have room: the first alone is found
	} {
		pass(t, text, p.captions, nil)
		if text.cache.hits != p.hits {
			t.Errorf("pass %d: want %d hits, got %d", i, p.hits, text.cache.hits)
		}
		k := text.cache
		if k.used > k.limit || len(k.entries) > p.entries || k.recent.Len() != len(k.entries) {
			t.Errorf("pass %d: want at most %d bytes and %d captions, got %d and %d", i, k.limit, p.entries, k.used, len(k.entries))
		}
		if live := tensor.Live() - before - made; live != int64(len(k.entries)) {
			t.Errorf("pass %d: want a tensor for each of %d captions, got %d", i, len(k.entries), live)
		}
	}
	text.closeFrozen()
	if live := tensor.Live() - before - made; live != 0 {
		t.Errorf("after closing: %d tensor handles left alive, want 0", live)
	}
}

// TestFrozenCacheRefuses keeps its tensors where a pass fails, and no others.
func TestFrozenCacheRefuses(t *testing.T) {
	text := frozenText(t, 1<<20, false)
	pass(t, text, [][]int32{caption(1, 5)}, nil)
	nntest.Refuses(t, "index out of range", func() {
		text.forwardTwins(tensor.CPU, newTokens([][]int32{caption(1, 5), {1, 1000}}, 0, 0), tokens{})
	})
	if n := len(text.cache.entries); n != 1 {
		t.Errorf("want the one caption that was computed, got %d", n)
	}
}

// TestFrozenCacheTrains compares a training's losses with those of frozen_eval, and reads what it tells at the end.
func TestFrozenCacheTrains(t *testing.T) {
	ds := colourDataset(t, t.TempDir(), 4, nil)
	losses := func(change func(c *Config)) (out []float64, told string) {
		c := tinyConfig(t)
		threeTasks(&c)
		c.Text.Layers, c.Text.FrozenLayers, c.ValidateEvery, c.Schedule.Epochs = 2, 1, 0, 3
		change(&c)
		run := tinyRun(t, t.TempDir(), ds)
		run.Note = func(text string) { told += text + "\n" }
		before := tensor.Live()
		if _, err := Train(context.Background(), c, run); err != nil {
			t.Fatal(err)
		}
		if n := tensor.Live() - before; n != 0 {
			t.Errorf("%d tensor handles left alive, want 0", n)
		}
		for line := range strings.Lines(metricsOf(t, run.Dir)) {
			var at struct{ Loss float64 }
			if err := json.Unmarshal([]byte(line), &at); err != nil {
				t.Fatal(err)
			}
			out = append(out, at.Loss)
		}
		return out, told
	}
	want, _ := losses(func(c *Config) { c.Text.FrozenEval = true })
	got, told := losses(func(c *Config) { c.Text.FrozenCache = 1 << 20 })
	if len(want) == 0 || len(want) != len(got) {
		t.Fatalf("want %d losses, got %d", len(want), len(got))
	}
	for i := range want {
		if d := math.Abs(want[i] - got[i]); !(d <= 1e-3*math.Abs(want[i])) { // roundings of the frozen layers, as training lets them grow
			t.Errorf("loss %d: want %v, got %v", i, want[i], got[i])
		}
	}
	if !strings.Contains(told, "text.frozen_cache: ") || strings.Contains(told, ": 0 of") {
		t.Errorf("want the hits told, got %q", told)
	}
}

func TestFrozenCacheNeedsFrozenLayers(t *testing.T) {
	c := DefaultTextConfig()
	for _, bad := range []struct{ layers, bytes int64 }{{0, 1}, {8, -1}} {
		c.FrozenLayers, c.FrozenCache = bad.layers, bad.bytes
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "text.frozen_cache: want 0 or more bytes") {
			t.Errorf("%+v: want the setting refused, got %v", bad, err)
		}
	}
	c.FrozenLayers, c.FrozenCache = 8, 1
	if err := c.Validate(); err != nil {
		t.Errorf("want it taken with frozen layers, got %v", err)
	}
}
