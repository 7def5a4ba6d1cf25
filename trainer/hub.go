package trainer

import (
	"fmt"
	"strings"

	"plip/internal/nn"
	"plip/internal/weights"
)

// LoadHub overwrites the encoder's parameters, made under path, by the weights of a folder in the hub's layout
// (model.safetensors or pytorch_model.bin). Names may carry the "bert." prefix and the old gamma and beta; position
// numbers and the heads of the pre-training tasks are left aside. A folder without the pooler will do where it is not
// used. The sizes come from ReadHubConfig; what does not fit comes as a *nn.MismatchError.
func (t *Text) LoadHub(path nn.Path, dir string) error {
	src, err := weights.Load(dir)
	if err != nil {
		return err
	}
	defer src.Close()
	prefixed := src.Has("bert.embeddings.word_embeddings.weight")
	err = path.Load(src, nn.LoadOptions{
		Rename:       func(name string) string { return bertName(name, prefixed) },
		AllowMissing: func(name string) bool { return t.Config.Pool != PoolPooler && strings.HasPrefix(name, "pooler.") },
	})
	if err != nil {
		return fmt.Errorf("%s: %w", src.Path(), err)
	}
	return nil
}

// bertName is the parameter that a hub file's tensor belongs to, "" for none. Where the encoder has a prefix, what has
// none is a head.
func bertName(name string, prefixed bool) string {
	inner, below := strings.CutPrefix(name, "bert.")
	if prefixed && !below || strings.HasPrefix(inner, "cls.") || strings.HasSuffix(inner, ".position_ids") {
		return ""
	}
	if stem, ok := strings.CutSuffix(inner, ".gamma"); ok {
		return stem + ".weight"
	}
	if stem, ok := strings.CutSuffix(inner, ".beta"); ok {
		return stem + ".bias"
	}
	return inner
}
