package main

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
)

// jsonKey is one documented key of a result.
type jsonKey struct {
	path, kind, doc string
}

// helpJSON writes the keys of every object that --json prints. They are the
// json and doc tags of the result types, so they cannot go stale; a type of
// another package has no doc tags, there the command's docs say what they mean.
func helpJSON(out io.Writer, list []command) error {
	fmt.Fprint(out, "With --json a command prints one object on standard output. Shares and scores are\n"+
		"fractions; [] is a list, NAME a key that the data gives.\n")
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	walk(list, "plip", func(path string, c command) {
		if c.result == nil {
			return
		}
		fmt.Fprintf(w, "\n%s --json\n", path)
		for _, k := range c.jsonKeys() {
			fmt.Fprintf(w, "  %s\t%s\t%s\n", k.path, k.kind, k.doc)
		}
	})
	return w.Flush()
}

// jsonKeys lists the keys of the command's result.
func (c command) jsonKeys() []jsonKey {
	if c.result == nil {
		return nil
	}
	if c.keys != "" {
		var keys []jsonKey
		for line := range strings.Lines(c.keys) {
			path, doc, _ := strings.Cut(strings.TrimSpace(line), "  ")
			keys = append(keys, jsonKey{path: path, doc: strings.TrimSpace(doc)})
		}
		return keys
	}
	keys := jsonKeys("", reflect.TypeOf(c.result))
	docs := map[string]string{}
	for path, doc := range c.docs {
		docs[plainPath(path)] = doc
	}
	for i, k := range keys {
		if k.doc == "" {
			keys[i].doc = docs[plainPath(k.path)]
		}
	}
	return keys
}

// plainPath is the path of a key without the marks of lists and maps, which docs
// may leave out.
func plainPath(path string) string {
	return strings.NewReplacer("[]", "", ".NAME", "").Replace(path)
}

// jsonKeys lists the keys of a struct in order, nested ones after their parent.
func jsonKeys(prefix string, t reflect.Type) []jsonKey {
	var keys []jsonKey
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && name == "" {
			keys = append(keys, jsonKeys(prefix, f.Type)...)
			continue
		}
		if name == "-" || !f.IsExported() {
			continue
		}
		path, kind, element := jsonKind(prefix+name, f.Type)
		keys = append(keys, jsonKey{path, kind, f.Tag.Get("doc")})
		if element != nil {
			keys = append(keys, jsonKeys(path+".", element)...)
		}
	}
	return keys
}

// jsonKind describes the JSON value of a Go type: path grows by [] and .NAME
// for lists and maps, and element is the struct at the end, if there is one.
func jsonKind(path string, t reflect.Type) (grown, kind string, element reflect.Type) {
	switch t.Kind() {
	case reflect.Pointer:
		path, kind, element = jsonKind(path, t.Elem())
		return path, kind + " or null", element
	case reflect.Slice, reflect.Array:
		return jsonKind(path+"[]", t.Elem())
	case reflect.Map:
		return jsonKind(path+".NAME", t.Elem())
	case reflect.Struct:
		return path, "object", t
	case reflect.Bool:
		return path, "true or false", nil
	case reflect.String:
		return path, "text", nil
	case reflect.Float32, reflect.Float64:
		return path, "number", nil
	default:
		return path, "integer", nil
	}
}
