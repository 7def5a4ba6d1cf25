package trainer

import (
	"fmt"
	"strings"

	"plip/internal/nn"
	"plip/internal/weights"
)

// LoadRelease overwrites both encoders, made under the paths visual and text, by a checkpoint of the Python release: a
// PyTorch archive with ImgEncoder_state_dict and TxtEncoder_state_dict (BERT below "encoder."). Its encoders pool by
// attention and by the pooler. What else the archive holds is left aside; what does not fit comes as a
// *nn.MismatchError.
func LoadRelease(file string, visual, text nn.Path) error {
	src, err := weights.Load(file)
	if err != nil {
		return err
	}
	defer src.Close()
	for _, part := range []struct {
		prefix string
		path   nn.Path
		rename func(string) string
	}{{"ImgEncoder_state_dict", visual, nil}, {"TxtEncoder_state_dict.encoder", text, releaseTextName}} {
		dict := src.Sub(part.prefix)
		if dict.Len() == 0 {
			return fmt.Errorf("%s: want tensors below %s, got none", file, part.prefix)
		}
		if err := part.path.Load(dict, nn.LoadOptions{Rename: part.rename}); err != nil {
			return fmt.Errorf("%s: %s: %w", file, part.prefix, err)
		}
	}
	return nil
}

// releaseTextName leaves the position numbers aside.
func releaseTextName(name string) string {
	if strings.HasSuffix(name, ".position_ids") {
		return ""
	}
	return name
}
