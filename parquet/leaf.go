package parquet

import (
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/format"
)

// leaf is a leaf column of a shard: where it lies in the schema and how its
// pages are encoded.
type leaf struct {
	path           []string
	typ            pq.Type
	maxRep, maxDef byte
	dictionary     bool
	codec          compress.Codec
	bounds         bool // the footer and the page index say its least and greatest value
}

// leavesOf lists the leaf columns of fileSchema in file order.
func leavesOf(schema pq.Node) []leaf {
	return appendLeaves(nil, leaf{}, schema)
}

func appendLeaves(leaves []leaf, parent leaf, n pq.Node) []leaf {
	if n.Leaf() {
		parent.typ, parent.codec = n.Type(), n.Compression()
		if parent.codec.CompressionCodec() == format.Zstd {
			// The library's own, of the same level, has encoders left from the shard
			// before; each is of two megabytes.
			parent.codec = &pq.Zstd
		}
		parent.dictionary = n.Encoding().Encoding() == format.RLEDictionary
		parent.bounds = boundedLeaf(parent.path)
		return append(leaves, parent)
	}
	for _, f := range n.Fields() {
		child := parent
		child.path = append(slices.Clone(parent.path), f.Name())
		switch {
		case f.Optional():
			child.maxDef++
		case f.Repeated():
			child.maxDef++
			child.maxRep++
		}
		leaves = appendLeaves(leaves, child, f)
	}
	return leaves
}

// boundedLeaf leaves out pictures, sentences and vectors: their bounds are of no
// use to a reader and as long as the values.
func boundedLeaf(path []string) bool {
	switch path[0] {
	case "image", "captions", "prompt_caption", "embedding":
		return false
	}
	return true
}

func (l *leaf) compressed() bool { return l.codec.CompressionCodec() != format.Uncompressed }

// encoding is that of the data pages.
func (l *leaf) encoding() format.Encoding {
	if l.dictionary {
		return format.RLEDictionary
	}
	return format.Plain
}

// encodings lists every encoding in a chunk: of levels, values and indices.
func (l *leaf) encodings() []format.Encoding {
	if l.dictionary {
		return []format.Encoding{format.Plain, format.RLE, format.RLEDictionary}
	}
	return []format.Encoding{format.Plain, format.RLE}
}
