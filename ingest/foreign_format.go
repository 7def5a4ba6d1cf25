package ingest

import (
	"context"
	"os"
	"path/filepath"
)

// foreignFormats is the format of Parquet files of other programs.
func foreignFormats() []Format {
	return []Format{{
		Name: "parquet",
		Long: "parquet reads Parquet files of other programs, such as the datasets library writes:\n" +
			"one file, or a folder of them. They need a column image, of bytes or a struct with\n" +
			"bytes, and an integer column id; of the other columns, those of our shards are\n" +
			"read, by these names or by common ones. Rows of an identity may be apart.",
		Open: func(ctx context.Context, src string, o SourceOptions) (Source, error) {
			return OpenForeign(ctx, src, o)
		},
		Detect: detectForeign,
	}}
}

// detectForeign takes a Parquet file, and a folder with some in it or right below.
func detectForeign(src string) (bool, error) {
	info, err := os.Stat(src)
	if err != nil || !info.IsDir() {
		return err == nil && filepath.Ext(src) == ".parquet", err
	}
	for _, pattern := range []string{"*.parquet", "*/*.parquet"} {
		if found, err := filepath.Glob(filepath.Join(globEscape(src), pattern)); err != nil || len(found) > 0 {
			return err == nil, err
		}
	}
	return false, nil
}

// globEscape takes the meaning from what a pattern would read as one.
func globEscape(name string) string {
	var b []byte
	for i := range len(name) {
		if c := name[i]; c == '*' || c == '?' || c == '[' || c == '\\' {
			b = append(b, '\\')
		}
		b = append(b, name[i])
	}
	return string(b)
}
