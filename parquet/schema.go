package parquet

import (
	"fmt"
	"reflect"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
	"github.com/parquet-go/parquet-go/encoding"
)

// fileSchema is the Parquet schema of a shard, columns in the order of the
// package comment. Every column may be null, as in the files of other writers:
// the datasets library takes a struct for a picture only if it and both its
// fields are nullable.
func fileSchema(o *WriterOptions) *pq.Schema {
	codec := &zstd.Codec{Level: zstd.SpeedDefault}
	leaf := func(n pq.Node, e encoding.Encoding, c compress.Codec) pq.Node {
		return pq.Optional(pq.Compressed(pq.Encoded(n, e), c))
	}
	text := func() pq.Node { return leaf(pq.String(), &pq.Plain, codec) }
	// A handful of values repeated over all rows: a dictionary is ten times smaller.
	word := func() pq.Node { return leaf(pq.String(), &pq.RLEDictionary, codec) }
	number := func(n pq.Node) pq.Node { return leaf(n, &pq.Plain, codec) }
	listOf := func(n pq.Node) pq.Node { return pq.Optional(pq.List(n)) }

	image, root := structNode{}, structNode{}
	image.add("bytes", leaf(pq.Leaf(pq.ByteArrayType), &pq.Plain, &pq.Uncompressed))
	image.add("path", text())
	root.add("image", pq.Optional(image))
	root.add("id", number(pq.Int(64)))
	root.add("file_path", text())
	if o.Camera {
		root.add("camera", number(pq.Int(32)))
	}
	if o.Split {
		root.add("split", word())
	}
	root.add("source", word())
	root.add("width", number(pq.Int(32)))
	root.add("height", number(pq.Int(32)))
	root.add("attributes", listOf(word()))
	root.add("captions", listOf(text()))
	root.add("prompt_caption", listOf(text()))
	if o.Labels {
		root.add("labels", listOf(number(pq.Int(8))))
	}
	if o.Embedding {
		root.add("embedding", listOf(number(pq.Leaf(pq.FloatType))))
	}
	if o.Truth {
		root.add("truth_id", number(pq.Int(64)))
		root.add("truth_attributes", listOf(word()))
	}
	return pq.NewSchema("schema", root)
}

// structNode is a group whose fields keep the order they were added in; the
// library's own group sorts them by name.
type structNode struct {
	pq.Group
	fields []pq.Field
}

func (n *structNode) add(name string, node pq.Node) {
	n.fields = append(n.fields, structField{Node: node, name: name})
}

func (n structNode) Fields() []pq.Field { return n.fields }

func (n structNode) GoType() reflect.Type {
	group := pq.Group{}
	for _, f := range n.fields {
		group[f.Name()] = f
	}
	return group.GoType()
}

type structField struct {
	pq.Node
	name string
}

func (f structField) Name() string { return f.name }

// Value is part of the library's interface for Go structs, which are never
// written here: rows go to the columns one value at a time.
func (f structField) Value(base reflect.Value) reflect.Value { return base.FieldByName(f.name) }

// leafLines describes a schema by its leaf columns, one line each, with the
// repetition of every level; two files with equal lines have the same columns.
func leafLines(n pq.Node) []string { return appendLeafLines(nil, "", n) }

func appendLeafLines(lines []string, path string, n pq.Node) []string {
	if n.Leaf() {
		return append(lines, fmt.Sprintf("%s %v", path, n.Type()))
	}
	for _, f := range n.Fields() {
		mark := ""
		switch {
		case f.Optional():
			mark = "?"
		case f.Repeated():
			mark = "*"
		}
		lines = appendLeafLines(lines, path+"/"+f.Name()+mark, f)
	}
	return lines
}

// checkSchema compares a file's columns with those that o asks for.
func checkSchema(file *pq.File, o *WriterOptions) error {
	want, got := leafLines(fileSchema(o)), leafLines(file.Root())
	for i := range max(len(want), len(got)) {
		switch {
		case i >= len(got):
			return fmt.Errorf("column %d: want %q, got none", i, want[i])
		case i >= len(want):
			return fmt.Errorf("column %d: want none, got %q", i, got[i])
		case want[i] != got[i]:
			return fmt.Errorf("column %d: want %q, got %q", i, want[i], got[i])
		}
	}
	return nil
}
