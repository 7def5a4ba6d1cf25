package parquet

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
)

const (
	manifestName = "dataset.json"
	runName      = "run.json"
	rejectsName  = "rejects.jsonl"

	maxManifestBytes = 64 << 20 // 500,000 shards; a larger file is not a manifest
)

// Manifest is dataset.json: what a finished dataset holds.
type Manifest struct {
	SchemaVersion int    `json:"schema_version"`
	Source        string `json:"source"`
	Rows          int64  `json:"rows"`
	Identities    int64  `json:"identities"`
	Captions      int64  `json:"captions"` // strings in the captions column
	Rejects       int64  `json:"rejects"`  // lines of rejects.jsonl

	Columns      []string `json:"columns"` // optional columns that exist, in file order
	EmbeddingDim int      `json:"embedding_dim,omitempty"`
	LabelNames   []string `json:"label_names,omitempty"`

	Shards    []Shard           `json:"shards"`
	Config    map[string]string `json:"config"`    // the command's resolved configuration
	Libraries map[string]string `json:"libraries"` // module path to version
}

// Shard is one Parquet file of a dataset.
type Shard struct {
	File       string `json:"file"` // relative to the dataset, slash-separated
	Rows       int64  `json:"rows"`
	Identities int64  `json:"identities"`
	Captions   int64  `json:"captions"`
	Bytes      int64  `json:"bytes"`
	SHA256     string `json:"sha256"` // lower-case hex; "" in the manifest made up for foreign files
}

// ReadManifest reads dataset.json of a finished dataset without opening its
// shards. The error is fs.ErrNotExist when there is none.
func ReadManifest(dir string) (*Manifest, error) {
	file := filepath.Join(dir, manifestName)
	b, err := readFileLimited(file, maxManifestBytes)
	if err != nil {
		return nil, fmt.Errorf("read manifest: %w", err)
	}
	m, err := parseManifest(b)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return m, nil
}

func parseManifest(b []byte) (*Manifest, error) {
	m := new(Manifest)
	if err := decodeStrict(b, m); err != nil {
		return nil, err
	}
	if m.SchemaVersion < 1 || m.SchemaVersion > schemaVersion {
		return nil, fmt.Errorf("schema_version: want 1 to %d, got %d", schemaVersion, m.SchemaVersion)
	}
	var rows int64
	for i, s := range m.Shards {
		if want := shardName(i); s.File != want {
			return nil, fmt.Errorf("shard %d: want file %q, got %q", i, want, s.File)
		}
		if s.Rows < 0 || s.Bytes < 0 || s.Identities < 0 || s.Captions < 0 {
			return nil, fmt.Errorf("shard %d: want counts that are not negative, got %+v", i, s)
		}
		if sum, err := hex.DecodeString(s.SHA256); err != nil || len(sum) != 32 {
			return nil, fmt.Errorf("shard %d: sha256: want 64 hex digits, got %q", i, s.SHA256)
		}
		rows += s.Rows
	}
	if rows != m.Rows {
		return nil, fmt.Errorf("rows: want the shards' sum %d, got %d", rows, m.Rows)
	}
	return m, nil
}

// encode returns the bytes of dataset.json; maps are written in key order.
func (m *Manifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode manifest: %w", err)
	}
	return append(b, '\n'), nil
}

func (m *Manifest) addShard(s Shard) {
	m.Shards = append(m.Shards, s)
	m.Rows += s.Rows
	m.Identities += s.Identities
	m.Captions += s.Captions
}

// shardName is the file name of shard i.
func shardName(i int) string { return fmt.Sprintf("part-%05d.parquet", i) }

// libraryVersions names the modules whose versions decide a shard's bytes.
func libraryVersions() map[string]string {
	versions := map[string]string{}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return versions
	}
	for _, m := range info.Deps {
		switch m.Path {
		case "github.com/parquet-go/parquet-go", "github.com/klauspost/compress":
			versions[m.Path] = m.Version
		}
	}
	return versions
}

// decodeStrict decodes one JSON value, refusing unknown keys and what follows.
func decodeStrict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("byte %d: want the end of the file", d.InputOffset())
	}
	return nil
}

func readFileLimited(file string, limit int64) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: want at most %d bytes", file, limit)
	}
	return b, nil
}
