package export

import (
	"fmt"
	"path"
	"strings"

	"plip/parquet"
)

const (
	metadataName = "metadata.jsonl" // the name that the datasets library looks for
	cardName     = "README.md"

	// unsplit is the folder of rows without a split. The library takes folders of
	// other names for splits and keeps the word "all" for itself.
	unsplit = "unsplit"
)

// imageFolder is the layout that the datasets library calls imagefolder: a folder
// a split, and below it a metadata file whose file_name is relative to it.
type imageFolder struct {
	columns []string
	bytes   int64
}

func newImageFolder(d *parquet.Dataset, o *Options) layout {
	return &imageFolder{d.Manifest().Columns, o.BatchBytes}
}

func (l *imageFolder) config() map[string]string { return nil }

func (l *imageFolder) batchBytes() int64 { return l.bytes }

func (l *imageFolder) add(s *stage, at place, r *parquet.Row) error {
	split := r.Split
	if split == "" {
		split = unsplit
	}
	if !isWord(split) {
		return fmt.Errorf("split: want letters, digits and _ as the name of a folder, got %q", split)
	}
	ext, err := suffix(r.Image)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("%d/%d%s", r.ID, at.n, ext)
	if err := s.put(path.Join(split, name), r.Image); err != nil {
		return err
	}
	line, err := object(append([]field{{"file_name", name}, {"id", r.ID}}, rowFields(r, l.columns)...))
	if err != nil {
		return err
	}
	return s.append(path.Join(split, metadataName), append(line, '\n'))
}

// isWord reports whether s is a name that the library takes for a split.
func isWord(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

func (l *imageFolder) endBatch(*stage) error { return nil }

// end writes the dataset card. Without it the library would find the splits that
// it knows by name, and pass over query and gallery.
func (l *imageFolder) end(s *stage) error {
	var card strings.Builder
	card.WriteString("---\nconfigs:\n- config_name: default\n  data_files:\n")
	names := s.textNames()
	if len(names) == 0 {
		card.WriteString("  []\n")
	}
	for _, name := range names {
		split := path.Dir(name)
		fmt.Fprintf(&card, "  - split: %s\n    path: %s/**\n", split, split)
	}
	card.WriteString("---\n\nCrops of persons with identities and captions, one folder a split and an identity.\n" +
		"What is known of a picture stands in the " + metadataName + " of its split.\n")
	return s.append(cardName, []byte(card.String()))
}
