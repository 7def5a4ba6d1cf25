package export

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"plip/parquet"
)

// field is a key of a JSON object and its value.
type field struct {
	name  string
	value any
}

// object encodes fields as a JSON object in their order, without a line end.
func object(fields []field) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	for i, f := range fields {
		b.WriteString([]string{"{", ", "}[min(i, 1)])
		if err := e.Encode(f.name); err != nil {
			return nil, err
		}
		b.Truncate(b.Len() - 1) // Encode ends with a line end
		b.WriteString(": ")
		if err := e.Encode(f.value); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		b.Truncate(b.Len() - 1)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// rowFields are all columns of a row but the picture and the id, as the shards
// have them; columns are the optional ones that exist.
func rowFields(r *parquet.Row, columns []string) []field {
	fields := []field{{"file_path", r.FilePath}}
	optional := func(name string, value any) {
		if slices.Contains(columns, name) {
			fields = append(fields, field{name, value})
		}
	}
	var split any // null for none
	if r.Split != "" {
		split = r.Split
	}
	optional("camera", r.Camera)
	optional("split", split)
	fields = append(fields, field{"source", r.Source}, field{"width", r.Width}, field{"height", r.Height},
		field{"attributes", list(r.Attributes)}, field{"captions", list(r.Captions)}, field{"prompt_caption", list(r.PromptCaption)})
	optional("labels", r.Labels)
	optional("embedding", r.Embedding)
	optional("truth_id", r.TruthID)
	optional("truth_attributes", r.TruthAttributes)
	return fields
}

// list is an empty list for none, so that JSON says [].
func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

var errNoPicture = errors.New("want a JPEG, PNG, BMP, WebP or GIF file, got another one")

// suffix is the ending of a name for an encoded image: that of its format,
// whatever the shards call it.
func suffix(image []byte) (string, error) {
	for _, format := range []struct{ magic, suffix string }{
		{"\xff\xd8", ".jpg"},
		{"\x89PNG\r\n\x1a\n", ".png"},
		{"BM", ".bmp"},
		{"GIF8", ".gif"},
	} {
		if bytes.HasPrefix(image, []byte(format.magic)) {
			return format.suffix, nil
		}
	}
	if len(image) >= 12 && string(image[:4]) == "RIFF" && string(image[8:12]) == "WEBP" {
		return ".webp", nil
	}
	return "", errNoPicture
}
