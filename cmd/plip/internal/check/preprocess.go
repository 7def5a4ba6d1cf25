package check

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"plip/internal/pixels"
	"plip/internal/tensor"
)

// checkPreprocess decodes the images beside the fixture, resizes and normalises them: decoded.NAME, out.NAME.HxW.u8 and
// .f32, and the sums of the metadata at 256x128. Resizing and normalising are checked from the file and, where
// decoded.NAME is there, from those pixels too, so that a decoder's difference does not hide one of theirs.
func checkPreprocess(f *tensorFixture) error {
	type file struct {
		Size       [2]int
		Mode       string
		DecodedSum int64   `json:"decoded_sum"`
		U8Sum      int64   `json:"u8_sum"`
		RedSum     float64 `json:"red_sum"`
	}
	var files map[string]file
	var normalise struct{ Mean, Std []float64 }
	if err := f.configs(map[string]any{"files": &files, "normalise": &normalise}); err != nil {
		return err
	}
	n := pixels.PLIP()
	f.values("normalise", "normalise.mean", float32Values(normalise.Mean), widen(n.Mean[:]), exact)
	f.values("normalise", "normalise.std", float32Values(normalise.Std), widen(n.Std[:]), exact)
	return tensor.Do(func(*tensor.Scope) error {
		for _, name := range sortedKeys(files) {
			want := files[name]
			data, err := os.ReadFile(filepath.Join(f.dir, "preprocess", name))
			if err != nil {
				return err
			}
			info, err := pixels.Probe(data)
			if err != nil {
				return fmt.Errorf("preprocess/%s: %w", name, err)
			}
			m, err := pixels.Decode(data)
			if err != nil {
				return fmt.Errorf("preprocess/%s: %w", name, err)
			}
			f.values("size", name, widen(want.Size[:]), []float64{float64(info.W), float64(info.H)}, exact)
			f.values("decoded", name+" decoded_sum", []float64{float64(want.DecodedSum)}, []float64{sum(m.Pix)}, exact)
			stem := strings.TrimSuffix(name, filepath.Ext(name))
			sources := []*pixels.Image{m}
			if has(f.names("decoded."), stem) {
				pix, shape := f.expected("decoded." + stem)
				f.values("decoded", "decoded."+stem, pix, widen(m.Pix), exact)
				if len(shape) == 3 && shape[2] == 3 {
					given := pixels.NewImage(int(shape[1]), int(shape[0]))
					for i, v := range pix {
						given.Pix[i] = uint8(v)
					}
					sources = append(sources, given)
				}
			}
			for i, m := range sources {
				group := []string{"resized", "resized given pixels"}[i]
				f.resized(group, stem, m)
			}
			full := m.Resized(128, 256)
			f.values("resized", name+" u8_sum", []float64{float64(want.U8Sum)}, []float64{sum(full.Pix)}, exact)
			planes := make([]float32, len(full.Pix))
			n.CHW(planes, full.Pix, full.W, full.H, false)
			// The reference added float32 numbers up, whose sums are as exact as the largest of them allows.
			f.values("normalised", name+" red_sum", []float64{want.RedSum}, []float64{sum(planes[:len(planes)/3])}, tolerance{relative: 1e-6, absolute: 1e-3})
		}
		return nil
	})
}

// resized compares an image at every size that the file holds.
func (f *tensorFixture) resized(group, stem string, m *pixels.Image) {
	for _, rest := range f.names("out." + stem + ".") {
		name := "out." + stem + "." + rest
		var h, w int
		size, kind, _ := strings.Cut(rest, ".")
		if _, err := fmt.Sscanf(size, "%dx%d", &h, &w); err != nil || h < 1 || w < 1 {
			continue // leftover reports it
		}
		small := m.Resized(w, h)
		want, _ := f.expected(name)
		if kind == "f32" {
			planes := make([]float32, len(small.Pix))
			pixels.PLIP().CHW(planes, small.Pix, w, h, false)
			f.values("normalised", name, want, widen(planes), stored)
			continue
		}
		f.values(group, name, want, widen(small.Pix), exact)
	}
}

// float32Values rounds to float32.
func float32Values(v []float64) []float64 {
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = float64(float32(x))
	}
	return out
}

func sum[T uint8 | float32](v []T) float64 {
	total := 0.0
	for _, x := range v {
		total += float64(x)
	}
	return total
}

func has(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}
