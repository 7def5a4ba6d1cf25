package parquet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestVerify(t *testing.T) {
	good := t.TempDir()
	m := writeDataset(t, good, fullOptions(), madeRows(120))
	if problems, err := Verify(t.Context(), good, nil); err != nil || len(problems) != 0 {
		t.Fatalf("want no problem, got %v and %v", problems, err)
	}
	edit := func(name, old, new string) func(dir string) error {
		return func(dir string) error {
			file := filepath.Join(dir, name)
			data, err := os.ReadFile(file)
			if err == nil && !strings.Contains(string(data), old) {
				err = fmt.Errorf("want %q in %s", old, name)
			}
			return errors.Join(err, os.WriteFile(file, []byte(strings.Replace(string(data), old, new, 1)), 0o666))
		}
	}
	for _, test := range []struct {
		name  string
		spoil func(dir string) error
		want  string
	}{
		{"hash", edit(manifestName, m.Shards[1].SHA256, strings.Repeat("0", 64)), "part-00001.parquet: want {File:part-00001.parquet"},
		{"rejects", edit(manifestName, `"rejects": 0`, `"rejects": 2`), "rejects.jsonl: want 2 lines, got no file"},
		{"identities", edit(manifestName, `"identities": 40`, `"identities": 41`), "dataset.json: identities: want the shards' sum 40, got 41"},
		{"columns", edit(manifestName, `"labels",`, ``), `column 12: want "/embedding`},
		{"caption", edit(shardName(0), "plip.captions", "plip.capshuns"), `footer key "plip.captions": want a number from 0, got ""`},
		{"extra shard", func(dir string) error {
			return os.Link(filepath.Join(dir, shardName(0)), filepath.Join(dir, shardName(99)))
		}, "part-00099.parquet: want the shards of the manifest, got one more"},
		{"missing shard", func(dir string) error { return os.Remove(filepath.Join(dir, shardName(2))) }, "part-00002.parquet: no such file"},
		{"truncated shard", func(dir string) error { return os.Truncate(filepath.Join(dir, shardName(2)), 5000) }, "open part-00002.parquet: want a Parquet file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "d")
			if err := os.CopyFS(dir, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			if err := test.spoil(dir); err != nil {
				t.Fatal(err)
			}
			problems, err := Verify(t.Context(), dir, nil)
			if err != nil {
				t.Fatal(err)
			}
			if got := errors.Join(problems...); got == nil || !strings.Contains(got.Error(), test.want) {
				t.Errorf("want a problem with %q, got %v", test.want, got)
			}
		})
	}
}

// TestVerifyBytes flips single bytes all over a shard: the hash sees each.
func TestVerifyBytes(t *testing.T) {
	dir := t.TempDir()
	m := writeDataset(t, dir, fullOptions(), madeRows(9))
	file := filepath.Join(dir, shardName(0))
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := int64(0); at < m.Shards[0].Bytes; at += 211 {
		data[at] ^= 0x40
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		if problems, err := Verify(t.Context(), dir, nil); err != nil || len(problems) == 0 {
			t.Errorf("byte %d: want a problem, got %v and %v", at, problems, err)
		}
		data[at] ^= 0x40
	}
}

func TestVerifyImages(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(30)
	writeDataset(t, dir, fullOptions(), rows)
	broken := errors.New("want a picture")
	n := 0
	problems, err := Verify(t.Context(), dir, func(data []byte) error {
		n++
		if string(data) == string(rows[7].Image) || string(data) == string(rows[29].Image) {
			return broken
		}
		return nil
	})
	if err != nil || n != 30 || len(problems) != 2 {
		t.Fatalf("want 2 problems in 30 pictures, got %v in %d and %v", problems, n, err)
	}
	var bad *RowError
	if !errors.As(problems[0], &bad) || bad.Row != 7 || !errors.Is(bad, broken) {
		t.Errorf("want row 7 of the first shard, got %v", problems[0])
	}
}
