package runlog

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestSame(t *testing.T) {
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 200_000} {
		path := filepath.Join(t.TempDir(), "f")
		data := bytes.Repeat([]byte{7}, size)
		f, err := CreateFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(data); err != nil {
			t.Fatal(err)
		}
		check := func(what string, wantThere, wantSame bool) {
			t.Helper()
			if there, same, err := f.Same(); there != wantThere || same != wantSame || err != nil {
				t.Errorf("%d bytes, %s: want %t %t, got %t %t, %v", size, what, wantThere, wantSame, there, same, err)
			}
		}
		put := func(data []byte) {
			t.Helper()
			if err := os.WriteFile(path, data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		check("none there", false, false)
		put(data)
		check("the same", true, true)
		put(append(data[:size:size], 7))
		check("a longer one", true, false)
		if size > 0 {
			put(data[1:])
			check("a shorter one", true, false)
			other := bytes.Clone(data)
			other[size-1]++
			put(other)
			check("another last byte", true, false)
		}
		if err := f.Abort(); err != nil {
			t.Error(err)
		}
	}
}
