package trainer

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"plip/internal/nn"
	"plip/internal/weights"
)

// Backbone is a file of weights for the image encoder (plip.md, section 5).
type Backbone struct {
	File         string // safetensors or a PyTorch archive; "": none
	AllowMissing bool   // what does not fit stays fresh, or is left aside, and is listed
}

// backbonePrefixes are what stands before the encoder's names in files of others, the more special first: a file's
// prefix is the first that some name begins with, else there is none (torchvision).
var backbonePrefixes = [...]string{
	"ImgEncoder_state_dict.",          // release
	"state_dict.module.encoder_q.",    // MoCo v1, v2, and LUP, which was trained by it
	"model.module.encoder_q.",         // the same, saved by other scripts
	"state_dict.module.base_encoder.", // MoCo v3
	"state_dict.base_encoder.",        // the same without the data-parallel wrapper
	"module.encoder_q.", "encoder_q.", // the state dict alone
	"module.base_encoder.", "base_encoder.",
	"module.visual.", "visual.", // CLIP; our checkpoints
	"state_dict.module.", "state_dict.", "module.",
}

// backboneHeads begin the names of what other projects put on top of the encoder: classifiers and projectors.
var backboneHeads = [...]string{"fc.", "head.", "classifier.", "attnpool.", "proj", "num_features."}

// backbone is the encoder's part of a file of weights.
func backbone(src *weights.StateDict) (part *weights.StateDict, prefix string) {
	for _, p := range backbonePrefixes {
		if slices.ContainsFunc(src.Names(), func(name string) bool { return strings.HasPrefix(name, p) }) {
			return src.Sub(strings.TrimSuffix(p, ".")), p
		}
	}
	return src, ""
}

// LoadBackbone overwrites the encoder, made under path, by the image encoder of a file: torchvision's ResNet, MoCo v2 and
// v3, LUP, CLIP (an archive of TorchScript or a state dict), the Python release or ours. Heads of others are left aside,
// and a pooling that the file does not have stays fresh. Any other difference is a *nn.MismatchError, or with
// AllowMissing is told of in the note, which says what was taken from where.
func (v *Visual) LoadBackbone(path nn.Path, b Backbone) (note string, err error) {
	file, err := weights.Load(b.File)
	if err != nil {
		return "", err
	}
	defer file.Close()
	src, prefix := backbone(file)
	pooling := v.pooling()
	pooled := pooling != "" && slices.ContainsFunc(src.Names(), func(n string) bool { return strings.HasPrefix(n, pooling) })
	o := nn.LoadOptions{
		Rename: func(name string) string {
			head := slices.ContainsFunc(backboneHeads[:], func(h string) bool { return strings.HasPrefix(name, h) })
			if head && !(pooled && strings.HasPrefix(name, pooling)) {
				return ""
			}
			return name
		},
		AllowMissing: func(name string) bool {
			return strings.HasSuffix(name, ".num_batches_tracked") || !pooled && strings.HasPrefix(name, pooling)
		},
	}
	where := fmt.Sprintf("%s (%d tensors below %q)", b.File, src.Len(), prefix)
	err = path.Load(src, o)
	var bad *nn.MismatchError
	if !errors.As(err, &bad) {
		if err != nil {
			return "", fmt.Errorf("%s: %w", where, err)
		}
		return "the image encoder starts from " + where, nil
	}
	if !b.AllowMissing {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	misfit := func(name string) bool {
		return slices.ContainsFunc(bad.Shapes, func(s string) bool { return strings.HasPrefix(s, path.Name(name)+":") })
	}
	o.AllowMissing = func(string) bool { return true }
	rename := o.Rename
	o.Rename = func(name string) string {
		if to := rename(name); to != "" && path.Has(to) && !misfit(to) {
			return to
		}
		return ""
	}
	if !slices.ContainsFunc(src.Names(), func(name string) bool { return o.Rename(name) != "" }) {
		return "", fmt.Errorf("%s: nothing there fits the image encoder: %w", where, err)
	}
	if err := path.Load(src, o); err != nil {
		return "", fmt.Errorf("%s: %w", where, err)
	}
	return fmt.Sprintf("the image encoder starts from %s; allowed: %v", where, bad), nil
}

// pooling begins the names of what pools the last map.
func (v *Visual) pooling() string {
	if v.Config.Pool == PoolAttention {
		return "attnpool."
	}
	return "proj."
}
