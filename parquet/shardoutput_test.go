package parquet

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// TestShardOutput writes pages and other bytes in turn, values in the room given
// for them and elsewhere, of sizes about the room's, with heads about as long as
// their gap, and compares the file and its hash.
func TestShardOutput(t *testing.T) {
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 17))
		noise := make([]byte, 2*blockBytes)
		for i := range noise {
			noise[i] = byte(rng.Uint32())
		}
		some := func(n int) []byte {
			at := rng.IntN(len(noise) - n)
			return noise[at : at+n]
		}
		dir := t.TempDir()
		file, err := newAtomicFile(dir, "out", createFile)
		if err != nil {
			t.Fatal(err)
		}
		o := newShardOutput(file)
		var want []byte
		for len(want) < 5*blockBytes {
			if rng.IntN(8) == 0 {
				other := some(rng.IntN(blockBytes * 3 / 2))
				want = append(want, other...)
				if _, err := o.Write(other); err != nil {
					t.Fatal(err)
				}
				continue
			}
			values := o.room()
			n := rng.IntN(blockRoom)
			if rng.IntN(4) == 0 {
				n = cap(values) // to its last byte
			}
			values = append(values, some(n)...)
			head := some(20 + rng.IntN(8))
			want = append(append(want, head...), values...)
			if err := o.writePage(head, values); err != nil {
				t.Fatal(err)
			}
			if o.at != int64(len(want)) {
				t.Fatalf("seed %d: want %d bytes so far, got %d", seed, len(want), o.at)
			}
		}
		sum, err := o.commit()
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(dir, "out"))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("seed %d: want the %d bytes that were written, got %d others", seed, len(want), len(got))
		}
		hash := sha256.Sum256(want)
		if sum != hex.EncodeToString(hash[:]) {
			t.Errorf("seed %d: want hash %x, got %s", seed, hash, sum)
		}
	}
}
