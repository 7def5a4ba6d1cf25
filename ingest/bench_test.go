package ingest

import (
	"fmt"
	"testing"
)

// BenchmarkWrite ingests folders of 40 kB files, which is about a crop of 256x512,
// from the page cache. The peer of `plip ingest folders` is internal/reference/ingest_peer.py.
func BenchmarkWrite(b *testing.B) {
	const identities, perIdentity = 100, 20
	dir := b.TempDir()
	data := append(picture(b, 1), make([]byte, 40_000)...)
	for i := range identities * perIdentity {
		writeFile(b, dir, fmt.Sprintf("%d/%d.jpg", i/perIdentity, i%perIdentity), data)
	}
	for _, workers := range []int{1, 2} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			o := testOptions()
			o.Workers = workers
			b.ReportAllocs()
			b.SetBytes(int64(identities * perIdentity * len(data)))
			for b.Loop() {
				s, err := OpenFolders(b.Context(), dir)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := Write(b.Context(), s, b.TempDir(), o); err != nil {
					b.Fatal(err)
				}
				if err := s.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*identities*perIdentity)/b.Elapsed().Seconds(), "images/s")
		})
	}
}
