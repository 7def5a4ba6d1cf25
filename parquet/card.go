package parquet

import (
	"fmt"
	"strconv"
)

const cardName = "README.md"

// card is the dataset card: the datasets library guesses a folder's format from
// its commonest suffix, and a small dataset has more JSON files than shards.
func (m *Manifest) card() []byte {
	name := "dataset"
	if m.Source != "" {
		name = m.Source
	}
	return fmt.Appendf(nil, `---
pretty_name: %s
configs:
- config_name: default
  data_files: "*.parquet"
---

%d crops of %d identities with %d captions in %d Parquet shards.
The counts, hashes and the configuration they were made with are in %s.
`, strconv.Quote(name), m.Rows, m.Identities, m.Captions, len(m.Shards), manifestName)
}
