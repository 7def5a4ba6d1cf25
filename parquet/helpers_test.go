package parquet

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"

	pq "github.com/parquet-go/parquet-go"
)

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, data, 0o666); err != nil {
		t.Fatal(err)
	}
}

// writeForeign writes one value, or a slice of them, as any program would.
func writeForeign(t testing.TB, file string, schema *pq.Schema, values reflect.Value) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pq.NewGenericWriter[any](f, schema)
	if values.Kind() != reflect.Slice {
		one := reflect.MakeSlice(reflect.SliceOf(values.Type()), 0, 1)
		values = reflect.Append(one, values)
	}
	for i := range values.Len() {
		if _, err := w.Write([]any{values.Index(i).Interface()}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}
