package parquet

import (
	"encoding/json"
	"fmt"
)

// huggingfaceKey is the footer key the datasets library reads its features from.
const huggingfaceKey = "huggingface"

// hubFeatures returns the value of huggingfaceKey for a dataset with these
// columns. Lists are called Sequence because releases before 4 know no other
// name and later ones still read it.
func hubFeatures(o *WriterOptions) (string, error) {
	value := func(dtype string) any {
		return map[string]any{"dtype": dtype, "_type": "Value"}
	}
	list := func(dtype string) any {
		return map[string]any{"feature": value(dtype), "_type": "Sequence"}
	}
	features := map[string]any{
		"image":          map[string]any{"_type": "Image"},
		"id":             value("int64"),
		"file_path":      value("string"),
		"source":         value("string"),
		"width":          value("int32"),
		"height":         value("int32"),
		"attributes":     list("string"),
		"captions":       list("string"),
		"prompt_caption": list("string"),
	}
	if o.Camera {
		features["camera"] = value("int32")
	}
	if o.Split {
		features["split"] = value("string")
	}
	if o.Labels {
		features["labels"] = list("int8")
	}
	if o.Embedding {
		features["embedding"] = list("float32")
	}
	if o.Truth {
		features["truth_id"] = value("int64")
		features["truth_attributes"] = list("string")
	}
	b, err := json.Marshal(map[string]any{"info": map[string]any{"features": features}})
	if err != nil {
		return "", fmt.Errorf("encode features: %w", err)
	}
	return string(b), nil
}
