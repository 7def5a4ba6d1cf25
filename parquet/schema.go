package parquet

import (
	"reflect"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/zstd"
)

// fileSchema is the Parquet schema of a shard, columns in the order of the
// package comment.
func fileSchema(o *WriterOptions) *pq.Schema {
	codec := &zstd.Codec{Level: zstd.SpeedDefault}
	text := func() pq.Node { return compressed(pq.Encoded(pq.String(), &pq.Plain), codec) }
	// A handful of values repeated over all rows: a dictionary is ten times smaller.
	word := func() pq.Node { return compressed(pq.Encoded(pq.String(), &pq.RLEDictionary), codec) }
	number := func(t pq.Type) pq.Node { return compressed(pq.Encoded(pq.Leaf(t), &pq.Plain), codec) }

	image := structNode{}
	image.add("bytes", compressed(pq.Encoded(pq.Leaf(pq.ByteArrayType), &pq.Plain), &pq.Uncompressed))
	image.add("path", text())

	root := structNode{}
	root.add("image", image)
	root.add("id", number(pq.Int64Type))
	root.add("file_path", text())
	if o.Camera {
		root.add("camera", pq.Optional(number(pq.Int32Type)))
	}
	if o.Split {
		root.add("split", pq.Optional(word()))
	}
	root.add("source", word())
	root.add("width", number(pq.Int32Type))
	root.add("height", number(pq.Int32Type))
	root.add("attributes", pq.List(word()))
	root.add("captions", pq.List(text()))
	root.add("prompt_caption", pq.List(text()))
	if o.Labels {
		root.add("labels", pq.Optional(pq.List(compressed(pq.Encoded(pq.Int(8), &pq.Plain), codec))))
	}
	if o.Embedding {
		root.add("embedding", pq.Optional(pq.List(compressed(pq.Encoded(pq.Leaf(pq.FloatType), &pq.Plain), codec))))
	}
	if o.Truth {
		root.add("truth_id", pq.Optional(number(pq.Int64Type)))
		root.add("truth_attributes", pq.Optional(pq.List(word())))
	}
	return pq.NewSchema("schema", root)
}

func compressed(n pq.Node, c compress.Codec) pq.Node { return pq.Compressed(n, c) }

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
