package parquet

import (
	"encoding/json"
	"fmt"
	"strconv"

	pq "github.com/parquet-go/parquet-go"
)

// schemaVersion is the version of the columns and footer keys in the package
// comment. A reader refuses a later one.
const schemaVersion = 1

const (
	versionKey      = "plip.schema_version"
	consumedKey     = "plip.consumed"
	rejectsBytesKey = "plip.rejects_bytes"
	identitiesKey   = "plip.identities"
	captionsKey     = "plip.captions"
	embeddingDimKey = "plip.embedding_dim"
	labelNamesKey   = "plip.label_names"
)

// footer is what a shard says about itself in its key-value metadata.
type footer struct {
	consumed     int64 // inputs represented up to the end of this shard; -1 when unknown
	rejectsBytes int64 // length of rejects.jsonl that belongs to those inputs
	identities   int64
	captions     int64
	embeddingDim int
	labelNames   []string
}

// metadata returns the footer's keys and values in a fixed order.
func (f *footer) metadata() ([][2]string, error) {
	pairs := [][2]string{
		{versionKey, strconv.Itoa(schemaVersion)},
		{consumedKey, strconv.FormatInt(f.consumed, 10)},
		{rejectsBytesKey, strconv.FormatInt(f.rejectsBytes, 10)},
		{identitiesKey, strconv.FormatInt(f.identities, 10)},
		{captionsKey, strconv.FormatInt(f.captions, 10)},
	}
	if f.embeddingDim > 0 {
		pairs = append(pairs, [2]string{embeddingDimKey, strconv.Itoa(f.embeddingDim)})
	}
	if len(f.labelNames) > 0 {
		names, err := json.Marshal(f.labelNames)
		if err != nil {
			return nil, fmt.Errorf("encode label names: %w", err)
		}
		pairs = append(pairs, [2]string{labelNamesKey, string(names)})
	}
	return pairs, nil
}

// readFooter parses the footer of one of our shards. ok is false for a foreign
// file, which has no version key.
func readFooter(file *pq.File) (f footer, ok bool, err error) {
	version, ok := file.Lookup(versionKey)
	if !ok {
		return footer{}, false, nil
	}
	n, err := strconv.Atoi(version)
	if err != nil || n < 1 || n > schemaVersion {
		return footer{}, false, fmt.Errorf("footer key %q: want 1 to %d, got %q", versionKey, schemaVersion, version)
	}
	for _, field := range []struct {
		key string
		dst *int64
		min int64
	}{
		{consumedKey, &f.consumed, -1},
		{rejectsBytesKey, &f.rejectsBytes, 0},
		{identitiesKey, &f.identities, 0},
		{captionsKey, &f.captions, 0},
	} {
		s, _ := file.Lookup(field.key)
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil || v < field.min {
			return footer{}, false, fmt.Errorf("footer key %q: want a number from %d, got %q", field.key, field.min, s)
		}
		*field.dst = v
	}
	if s, ok := file.Lookup(embeddingDimKey); ok {
		if f.embeddingDim, err = strconv.Atoi(s); err != nil || f.embeddingDim < 1 {
			return footer{}, false, fmt.Errorf("footer key %q: want a number from 1, got %q", embeddingDimKey, s)
		}
	}
	if s, ok := file.Lookup(labelNamesKey); ok {
		if err := json.Unmarshal([]byte(s), &f.labelNames); err != nil {
			return footer{}, false, fmt.Errorf("footer key %q: %w", labelNamesKey, err)
		}
	}
	return f, true, nil
}
