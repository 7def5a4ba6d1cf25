package trainer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"go.yaml.in/yaml/v3"

	"plip/internal/nn"
	"plip/internal/runlog"
	"plip/internal/tensor"
	"plip/internal/weights"
)

// The files of an export.
const (
	ReleaseFile      = "plip.pth.tar"      // of ExportRelease
	HubWeightsFile   = "model.safetensors" // BERT, by the hub's names
	HubConfigFile    = "config.json"       // BERT's sizes
	HubTokenizerFile = "tokenizer_config.json"
	VisualFile       = "visual.safetensors" // the image encoder of ExportHub, by the release's names
	VisualConfigFile = "visual.yaml"        // its VisualConfig
)

// ExportHub writes the model to a new folder: BERT as the transformers library opens it (HubConfigFile, HubWeightsFile,
// VocabularyFile, HubTokenizerFile), and the image encoder beside it. Heads of tasks and the classifier stay behind; a
// probe is refused, for both encoders would lack a layer. An error leaves no folder.
func (m *Model) ExportHub(dir string) error {
	if m.Probe != nil {
		return errors.New("export: want a model without a probe: its linear layers have no place among BERT's")
	}
	return newFolder(dir, func(tmp string) error {
		for file, prefix := range map[string]string{HubWeightsFile: "text.", VisualFile: "visual."} {
			tensors, err := m.below(prefix)
			if err != nil {
				return err
			}
			if err := weights.WriteSafetensors(filepath.Join(tmp, file), tensors, map[string]string{"format": "pt"}); err != nil {
				return err
			}
		}
		visual, err := yaml.Marshal(m.Config.Visual)
		if err != nil {
			return err
		}
		if err := runlog.WriteFile(filepath.Join(tmp, VisualConfigFile), visual); err != nil {
			return err
		}
		return m.writeTokenizer(tmp)
	})
}

// ExportRelease writes the model to a new folder as the Python release loads it: ReleaseFile, with VocabularyFile and
// HubConfigFile for BERT beside. The release pools by attention and by the pooler: any other model is refused, and a
// probe. The colouriser, where there is one, becomes Decoder_state_dict under our names. epoch is the number that the
// file tells. positionIDs adds embeddings.position_ids, which transformers before 4.31 wants and later ones refuse.
func (m *Model) ExportRelease(dir string, epoch int64, positionIDs bool) error {
	if m.Probe != nil {
		return errors.New("export: want a model without a probe: the release has no place for its linear layers")
	}
	if v, t := m.Config.Visual, m.Config.Text; v.Pool != PoolAttention || t.Pool != PoolPooler || v.Form != FormCLIP {
		return fmt.Errorf("export: want visual.form %s, visual.pool %s and text.pool %s, which is all that the release computes, got %s, %s and %s",
			FormCLIP, PoolAttention, PoolPooler, v.Form, v.Pool, t.Pool)
	}
	image, err := m.below("visual.")
	if err != nil {
		return err
	}
	text, err := m.below("text.")
	if err != nil {
		return err
	}
	for i := range text {
		text[i].Name = "encoder." + text[i].Name
	}
	if positionIDs {
		numbers := make([]int64, m.Config.Text.Positions)
		for i := range numbers {
			numbers[i] = int64(i)
		}
		ids, err := weights.NewInt64("encoder.embeddings.position_ids", []int64{1, m.Config.Text.Positions}, numbers)
		if err != nil {
			return err
		}
		text = append(text, ids)
	}
	entries := []weights.ArchiveEntry{{Key: "epoch", Number: epoch}, {Key: releaseImage, Tensors: image}, {Key: releaseText, Tensors: text}}
	if m.Colorizer != nil {
		decoder, err := m.below("tic.")
		if err != nil {
			return err
		}
		entries = append(entries, weights.ArchiveEntry{Key: releaseDecoder, Tensors: decoder})
	}
	return newFolder(dir, func(tmp string) error {
		if err := weights.WriteArchive(filepath.Join(tmp, ReleaseFile), entries); err != nil {
			return err
		}
		return m.writeTokenizer(tmp)
	})
}

// below copies the parameters and buffers below a prefix, without it.
func (m *Model) below(prefix string) (out []weights.Tensor, err error) {
	err = tensor.Do(func(*tensor.Scope) error {
		for _, p := range m.Store.Params() {
			name, ok := strings.CutPrefix(p.Name, prefix)
			if !ok {
				continue
			}
			w, err := nn.ToWeights(name, p.Tensor)
			if err != nil {
				return err
			}
			out = append(out, w)
		}
		return nil
	})
	return out, err
}

// hubConfig is BERT's config.json.
type hubConfig struct {
	Architectures []string `json:"architectures"`
	ModelType     string   `json:"model_type"`
	Act           string   `json:"hidden_act"`
	Vocab         int64    `json:"vocab_size"`
	Width         int64    `json:"hidden_size"`
	Layers        int64    `json:"num_hidden_layers"`
	Heads         int64    `json:"num_attention_heads"`
	Inner         int64    `json:"intermediate_size"`
	Positions     int64    `json:"max_position_embeddings"`
	Types         int64    `json:"type_vocab_size"`
	Eps           float64  `json:"layer_norm_eps"`
	Dropout       float64  `json:"hidden_dropout_prob"`
	Attention     float64  `json:"attention_probs_dropout_prob"`
	InitStd       float64  `json:"initializer_range"`
	Pad           int32    `json:"pad_token_id"`
}

// writeTokenizer writes what BERT needs beside its weights.
func (m *Model) writeTokenizer(dir string) error {
	t := m.Config.Text
	config, err := json.MarshalIndent(hubConfig{[]string{"BertModel"}, "bert", "gelu", t.Vocab, t.Width, t.Layers, t.Heads, t.Inner, t.Positions, t.Types,
		t.Eps, t.Dropout, t.AttentionDropout, t.InitStd, m.Words.PadID()}, "", "  ")
	if err != nil {
		return err
	}
	tokenizer, err := json.MarshalIndent(map[string]any{"tokenizer_class": "BertTokenizer", "do_lower_case": true, "model_max_length": t.MaxLength}, "", "  ")
	if err != nil {
		return err
	}
	return errors.Join(
		runlog.WriteFile(filepath.Join(dir, HubConfigFile), append(config, '\n')),
		runlog.WriteFile(filepath.Join(dir, HubTokenizerFile), append(tokenizer, '\n')),
		runlog.WriteFile(filepath.Join(dir, VocabularyFile), m.Words.file))
}

// newFolder makes a folder that is there whole or not at all. One that is there already, and not empty, is fs.ErrExist.
func newFolder(dir string, fill func(tmp string) error) (err error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return fmt.Errorf("export to %s: the folder is not empty: %w", dir, fs.ErrExist)
	}
	parent := filepath.Dir(filepath.Clean(dir))
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	tmp, err := os.MkdirTemp(parent, "."+filepath.Base(dir)+".*.tmp")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.RemoveAll(tmp)
		}
	}()
	if err := fill(tmp); err != nil {
		return err
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return os.Rename(tmp, dir) // over an empty folder too
}
