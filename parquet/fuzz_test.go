package parquet

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// smallShard is a shard of few bytes, split at its footer.
func smallShard(t testing.TB) (data []byte, footerAt int) {
	t.Helper()
	dir := t.TempDir()
	rows := madeRows(4)
	for i := range rows {
		rows[i].Image = rows[i].Image[:20]
	}
	writeDataset(t, dir, fullOptions(), rows)
	data, err := os.ReadFile(filepath.Join(dir, shardName(0)))
	if err != nil {
		t.Fatal(err)
	}
	length := binary.LittleEndian.Uint32(data[len(data)-8:])
	return data, len(data) - 8 - int(length)
}

// readEverything opens a file of any content and reads it in every way. It may
// fail; it must not panic.
func readEverything(t *testing.T, data []byte) error {
	defer time.AfterFunc(time.Minute, func() { panic("hang") }).Stop()
	s, err := openShardReader("fuzz.parquet", bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return err
	}
	const maxRows = 1000
	for g := range s.groups {
		n := min(s.groups[g].rows, maxRows)
		err := s.scanGroup(t.Context(), g, 0, n, ColAll, keepRows, func(int64, *Row, *columnError) error { return nil })
		if err != nil {
			return err
		}
		err = s.scanGroup(t.Context(), g, n/3, n-n/3, ColAll, lendRows, func(int64, *Row, *columnError) error { return nil })
		if err != nil {
			return err
		}
		c, err := s.newCursor(g, n/2, ColAll, oneRow)
		if err != nil {
			return err
		}
		var row [1]Row
		var bad [1]*columnError
		err = c.next(row[:], bad[:])
		c.close()
		if err != nil && n > 0 {
			return err
		}
	}
	return nil
}

// FuzzFooter replaces the footer of a good shard.
func FuzzFooter(f *testing.F) {
	data, at := smallShard(f)
	footer := data[at : len(data)-8]
	f.Add(footer)
	f.Add([]byte{})
	f.Add(footer[:len(footer)/2])
	f.Add(bytes.ReplaceAll(footer, []byte("id"), []byte("ix")))
	f.Add(bytes.ReplaceAll(footer, []byte("plip.consumed"), []byte("plip.consume2")))
	f.Fuzz(func(t *testing.T, footer []byte) {
		if len(footer) > 1<<16 {
			t.Skip("larger than any seed by far")
		}
		file := append(bytes.Clone(data[:at]), footer...)
		file = binary.LittleEndian.AppendUint32(file, uint32(len(footer)))
		file = append(file, "PAR1"...)
		_ = readEverything(t, file) // any error will do
	})
}

// FuzzPages changes bytes anywhere in a good file, ours or a foreign one.
func FuzzPages(f *testing.F) {
	ours, _ := smallShard(f)
	files := [][]byte{ours}
	for _, name := range []string{"struct.parquet", "bytes.parquet", "delta.parquet", "duckdb.parquet"} {
		data, err := os.ReadFile(filepath.Join("testdata", "foreign", name))
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, data)
	}
	for i := range files {
		f.Add(uint8(i), uint32(0), []byte{})
		f.Add(uint8(i), uint32(4), []byte{0xFF, 0xFF})
		f.Add(uint8(i), uint32(40), []byte{0x00, 0x80})
	}
	f.Fuzz(func(t *testing.T, which uint8, at uint32, change []byte) {
		data := bytes.Clone(files[int(which)%len(files)])
		copy(data[int(at)%len(data):], change)
		_ = readEverything(t, data) // any error will do
	})
}

func FuzzManifest(f *testing.F) {
	m := Manifest{SchemaVersion: 1, Shards: []Shard{}, Config: map[string]string{"a": "b"}}
	m.addShard(Shard{File: shardName(0), Rows: 3, Bytes: 100, SHA256: string(bytes.Repeat([]byte("0a"), 32))})
	good, err := m.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte(`{"schema_version":1,"rows":-1,"shards":[{"file":"../x","rows":-1}]}`))
	f.Add([]byte(`{"schema_version":2}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest(data)
		if err != nil {
			return
		}
		for _, s := range m.Shards {
			if filepath.Base(s.File) != s.File {
				t.Errorf("want a plain name, got %q", s.File)
			}
		}
		again, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		n, err := parseManifest(again)
		if err != nil {
			t.Fatalf("own output: %v", err)
		}
		a, _ := json.Marshal(m)
		b, _ := json.Marshal(n)
		if !bytes.Equal(a, b) {
			t.Errorf("want %s, got %s", a, b)
		}
	})
}
