package spac

import (
	"bytes"
	"fmt"
	"strings"

	"plip/internal/nn"
	"plip/internal/weights"
)

// LoadHub overwrites the generator's parameters, made under path, by the weights of a folder in the hub's layout
// (model.safetensors or pytorch_model.bin). Names may carry the "transformer." prefix; the buffers of the causal mask
// are left aside, and so is the output layer, which must be the token embeddings. The sizes come from ReadHubConfig;
// what does not fit comes as a *nn.MismatchError.
func (g *GPT2) LoadHub(path nn.Path, dir string) error {
	src, err := weights.Load(dir)
	if err != nil {
		return err
	}
	defer src.Close()
	if err = checkTied(src); err == nil {
		err = path.Load(src, nn.LoadOptions{Rename: gpt2Name})
	}
	if err != nil {
		return fmt.Errorf("%s: %w", src.Path(), err)
	}
	return nil
}

// gpt2Name is the parameter that a hub file's tensor belongs to, "" for none.
func gpt2Name(name string) string {
	inner := strings.TrimPrefix(name, "transformer.")
	if inner == "lm_head.weight" || strings.HasSuffix(inner, ".attn.bias") || strings.HasSuffix(inner, ".attn.masked_bias") {
		return ""
	}
	return inner
}

// checkTied refuses an output layer of its own, which this generator has no place for.
func checkTied(src *weights.StateDict) error {
	if !src.Has("lm_head.weight") {
		return nil
	}
	head, err := src.Tensor("lm_head.weight")
	if err != nil {
		return err
	}
	for _, name := range src.Names() {
		if gpt2Name(name) != "wte.weight" {
			continue
		}
		tokens, err := src.Tensor(name)
		if err != nil {
			return err
		}
		if !bytes.Equal(head.Data, tokens.Data) {
			return fmt.Errorf("lm_head.weight: want the token embeddings %s, got other values", name)
		}
	}
	return nil
}
