package trainer

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"plip/internal/nn"
	"plip/internal/nn/nntest"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// backboneModel makes an image encoder whose parameters are its own seed's.
func backboneModel(t *testing.T, seed int64, form, pool string) (*Visual, *nn.Store) {
	t.Helper()
	s := nn.NewStore(tensor.CPU)
	t.Cleanup(s.Close)
	var v *Visual
	nntest.Do(t, func() {
		tensor.Seed(seed)
		v = NewVisual(s.Root().Sub("visual"), VisualConfig{Form: form, Layers: []int{1, 2, 1, 1}, Width: 4, Height: 64, Px: 32, Pool: pool, Heads: 8, Dim: 16})
	})
	return v, s
}

// foreign writes the encoder's tensors as others would: below a prefix, without the pooling, and with a head of theirs.
func foreign(t *testing.T, s *nn.Store, prefix string, archive bool, heads ...string) (file string) {
	t.Helper()
	var out []weights.Tensor
	nntest.Do(t, func() {
		all, err := s.Weights()
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range all {
			if name := strings.TrimPrefix(w.Name, "visual."); !strings.HasPrefix(name, "proj.") {
				w.Name = prefix + name
				out = append(out, w)
			}
		}
	})
	for _, h := range heads {
		w, err := weights.NewFloat32(h, []int64{2}, []float32{1, 2})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, w)
	}
	file = filepath.Join(t.TempDir(), "weights")
	err := weights.WriteSafetensors(file, out, nil)
	if first, _, ok := strings.Cut(prefix, "."); archive && ok { // the first piece is a key of the archive
		for i := range out {
			out[i].Name = strings.TrimPrefix(out[i].Name, first+".")
		}
		err = weights.WriteArchive(file, []weights.ArchiveEntry{{Key: "epoch", Number: 3}, {Key: first, Tensors: out}})
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// differing are the parameters in which two stores differ.
func differing(t *testing.T, a, b *nn.Store) (names []string) {
	t.Helper()
	nntest.Do(t, func() {
		for _, p := range a.Params() {
			if q, ok := b.Lookup(p.Name); !ok || !slices.Equal(p.Tensor.Bytes(), q.Tensor.Bytes()) {
				names = append(names, p.Name)
			}
		}
	})
	return names
}

func TestBackboneOfOthers(t *testing.T) {
	for _, c := range []struct {
		name, form, prefix string
		archive            bool
		heads              []string
	}{
		{"torchvision", FormResNet, "", false, []string{"fc.weight", "fc.bias"}},
		{"moco v2", FormResNet, "state_dict.module.encoder_q.", true, []string{"state_dict.module.encoder_q.fc.0.weight", "state_dict.module.encoder_k.conv1.weight", "state_dict.module.queue"}},
		{"moco v3", FormResNet, "state_dict.module.base_encoder.", true, []string{"state_dict.module.base_encoder.fc.0.weight", "state_dict.module.momentum_encoder.conv1.weight"}},
		{"lup", FormResNet, "model.module.encoder_q.", true, []string{"model.module.encoder_q.fc.0.weight"}},
		{"clip", FormCLIP, "visual.", false, []string{"visual.attnpool.positional_embedding", "logit_scale", "transformer.resblocks.0.ln_1.weight"}},
		{"release", FormCLIP, "ImgEncoder_state_dict.", true, []string{"ImgEncoder_state_dict.attnpool.c_proj.weight"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, theirs := backboneModel(t, 1, c.form, PoolMax)
			v, ours := backboneModel(t, 2, c.form, PoolMax)
			file := foreign(t, theirs, c.prefix, c.archive, c.heads...)
			note, err := v.LoadBackbone(ours.Root().Sub("visual"), Backbone{File: file})
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(note, file) || !strings.Contains(note, `below "`+c.prefix+`"`) {
				t.Errorf("want file and prefix told, got %q", note)
			}
			if got, want := differing(t, ours, theirs), []string{"visual.proj.weight", "visual.proj.bias"}; !slices.Equal(got, want) {
				t.Errorf("want the pooling's layer alone to stay fresh, got %v", got)
			}
		})
	}
}

// TestBackboneMismatch loads the usual ResNet into the paper's form: their stems differ.
func TestBackboneMismatch(t *testing.T) {
	_, theirs := backboneModel(t, 1, FormResNet, PoolMax)
	v, ours := backboneModel(t, 2, FormCLIP, PoolMax)
	_, before := backboneModel(t, 2, FormCLIP, PoolMax)
	file := foreign(t, theirs, "", false, "fc.weight", "layer5.0.conv1.weight")
	_, err := v.LoadBackbone(ours.Root().Sub("visual"), Backbone{File: file})
	var bad *nn.MismatchError
	if !errors.As(err, &bad) {
		t.Fatalf("want a *nn.MismatchError, got %v", err)
	}
	if len(bad.Shapes) != 5 || len(bad.Missing) != 10 || !slices.Equal(bad.Unused, []string{"layer5.0.conv1.weight"}) {
		t.Errorf("want five shapes of the stem, its ten other tensors missing and one not used, got %+v", bad)
	}
	if got := differing(t, ours, before); len(got) > 0 {
		t.Errorf("want nothing changed by the refusal, got %v", got)
	}
	note, err := v.LoadBackbone(ours.Root().Sub("visual"), Backbone{File: file, AllowMissing: true})
	if err != nil || !strings.Contains(note, "allowed: ") || !strings.Contains(note, "visual.conv1.weight: want [2 3 3 3], got [4 3 7 7]") {
		t.Errorf("want the differences listed, got %q, %v", note, err)
	}
	for _, name := range differing(t, ours, theirs) {
		if !strings.HasPrefix(name, "visual.conv") && !strings.HasPrefix(name, "visual.bn") && !strings.HasPrefix(name, "visual.proj") {
			t.Errorf("%s: want it from the file", name)
		}
	}
	strange := foreign(t, nn.NewStore(tensor.CPU), "", false, "some.weight")
	if _, err := v.LoadBackbone(ours.Root().Sub("visual"), Backbone{File: strange, AllowMissing: true}); err == nil || !strings.Contains(err.Error(), "nothing there fits") {
		t.Errorf("want a file of other things refused, got %v", err)
	}
}

// TestAttentionPoolOfTheRelease takes the pooling too where the file has it.
func TestAttentionPoolOfTheRelease(t *testing.T) {
	_, theirs := backboneModel(t, 1, FormCLIP, PoolAttention)
	v, ours := backboneModel(t, 2, FormCLIP, PoolAttention)
	file := foreign(t, theirs, "ImgEncoder_state_dict.", true)
	if _, err := v.LoadBackbone(ours.Root().Sub("visual"), Backbone{File: file}); err != nil {
		t.Fatal(err)
	}
	if got := differing(t, ours, theirs); len(got) > 0 {
		t.Errorf("want everything from the file, %v differ", got)
	}
}
