package parquet

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

const cardName = "README.md"

// datasetCard is the dataset card. The datasets library guesses a folder's
// format from its commonest suffix, and a small dataset has more JSON files than
// shards, so the card says it.
const datasetCard = `---
configs:
- config_name: default
  data_files: "*.parquet"
---

Crops of persons with identities and captions in Parquet shards. The counts, the
hashes and the configuration they were made with are in dataset.json.
`

// writeCard leaves a card that is there alone: it may be the user's.
func writeCard(dir string, create createFunc) error {
	_, err := os.Stat(filepath.Join(dir, cardName))
	if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return writeFileAtomic(dir, cardName, []byte(datasetCard), create)
}
