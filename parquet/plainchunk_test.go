package parquet

import (
	"bytes"
	"errors"
	"io"
	"math/bits"
	"slices"
	"testing"

	"github.com/parquet-go/parquet-go/encoding/rle"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// TestVisit looks at rows while they are lent, and at their strings afterwards.
func TestVisit(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(700)
	o := fullOptions()
	o.RowGroupBytes = 1 << 20
	o.ShardBytes = 1 << 20
	writeDataset(t, dir, o, rows)
	d := openTest(t, dir)
	for _, from := range []int64{0, 1, 333, 699, 700} {
		var paths, captions []string
		next := from
		err := d.Visit(t.Context(), ColAll, from, func(i int64, r *Row) error {
			if i != next {
				t.Fatalf("row: want %d, got %d", next, i)
			}
			next++
			if diff := diffRows(&rows[i], r); diff != "" {
				t.Fatalf("row %d (-want +got):\n%s", i, diff)
			}
			paths = append(paths, r.FilePath)
			captions = append(captions, r.Captions...)
			return nil
		})
		if err != nil || next != int64(len(rows)) {
			t.Fatalf("from %d: want every row, got up to %d and %v", from, next, err)
		}
		var wantPaths, wantCaptions []string
		for _, r := range rows[from:] {
			wantPaths = append(wantPaths, r.FilePath)
			wantCaptions = append(wantCaptions, r.Captions...)
		}
		if !slices.Equal(wantPaths, paths) || !slices.Equal(wantCaptions, captions) {
			t.Errorf("from %d: want strings that stay as they were, got others", from)
		}
	}
}

// TestVisitMemory keeps a scan that lends from allocating with the dataset.
func TestVisitMemory(t *testing.T) {
	dir := t.TempDir()
	rows := madeRows(2000)
	o := fullOptions()
	o.RowGroupBytes, o.ShardBytes = 4<<20, 64<<20
	writeDataset(t, dir, o, rows)
	d := openTest(t, dir)
	bytesOf := func(scan func() error) uint64 {
		r := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := scan(); err != nil {
					b.Fatal(err)
				}
			}
		})
		return uint64(r.AllocedBytesPerOp())
	}
	visit := bytesOf(func() error {
		return d.Visit(t.Context(), ColImage, 0, func(int64, *Row) error { return nil })
	})
	if size := uint64(4 << 20); visit > size/2 {
		t.Errorf("pictures of %d bytes: want to read them in a few pages' memory, got %d bytes", size, visit)
	}
}

// TestHybridIsTheLibrarys decodes what the library encodes.
func TestHybridIsTheLibrarys(t *testing.T) {
	for _, n := range []int{1, 7, 8, 9, 64, 1000} {
		for _, limit := range []uint32{1, 2, 3, 100, 255, 256, 70000, 1 << 31} {
			values := make([]int32, n)
			for i := range values {
				values[i] = int32(uint32(i*i*2654435761>>3) % limit)
				if i%50 > 20 {
					values[i] = int32(limit - 1)
				}
			}
			encoded, err := new(rle.DictionaryEncoding).EncodeInt32(nil, values)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]uint32, n)
			if err := unpackHybrid(got, encoded[1:], int(encoded[0])); err != nil {
				t.Fatalf("%d values below %d: %v", n, limit, err)
			}
			for i := range got {
				if got[i] != uint32(values[i]) {
					t.Fatalf("%d values below %d: value %d: want %d, got %d", n, limit, i, values[i], got[i])
				}
			}
			if err := unpackHybrid(make([]uint32, n+8), encoded[1:], int(encoded[0])); err != io.ErrUnexpectedEOF && encoded[0] > 0 {
				t.Errorf("%d values below %d: eight more: want %v, got %v", n, limit, io.ErrUnexpectedEOF, err)
			}
		}
	}
}

// FuzzHybrid fills its output from any bytes or fails, and gives back levels that
// the library encoded.
func FuzzHybrid(f *testing.F) {
	f.Add([]byte{0, 1, 1, 0, 1, 1, 1, 0, 0}, uint8(1))
	f.Add([]byte{3, 3, 3, 0, 1, 2, 3}, uint8(3))
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 7}, uint8(7))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, levels []byte, highest uint8) {
		_ = unpackHybrid(make([]uint8, 100), levels, int(highest%9))   // any error will do
		_ = unpackHybrid(make([]uint32, 100), levels, int(highest%40)) // any error will do
		if highest == 0 || highest > 7 {
			return
		}
		for i := range levels {
			levels[i] = min(levels[i], highest)
		}
		encoded, err := encodeLevels(nil, levels, highest)
		if err != nil {
			t.Fatal(err)
		}
		got := make([]uint8, len(levels))
		if err := unpackHybrid(got, encoded, bits.Len8(highest)); err != nil || !bytes.Equal(levels, got) {
			t.Errorf("want %v, got %v and %v", levels, got, err)
		}
	})
}

// FuzzPageHeader compares the parser with the library's on headers that both read.
func FuzzPageHeader(f *testing.F) {
	encode := func(h format.PageHeader) []byte {
		b, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	f.Add(encode(format.PageHeader{
		Type: format.DataPageV2, UncompressedPageSize: 300, CompressedPageSize: 200, CRC: -5,
		DataPageHeaderV2: thrift.New(format.DataPageHeaderV2{NumValues: 9, NumNulls: 2, NumRows: 3, Encoding: format.RLEDictionary,
			DefinitionLevelsByteLength: 4, RepetitionLevelsByteLength: 5, IsCompressed: thrift.New(true),
			Statistics: format.Statistics{MinValue: []byte("a"), MaxValue: []byte("b")}}),
	}))
	f.Add(encode(format.PageHeader{
		Type: format.DictionaryPage, UncompressedPageSize: 30, CompressedPageSize: 20, CRC: 7,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: 3, Encoding: format.Plain}),
	}))
	f.Add(encode(format.PageHeader{Type: format.DataPage, DataPageHeader: thrift.New(format.DataPageHeader{NumValues: 3})}))
	f.Add([]byte{0x15})
	f.Fuzz(func(t *testing.T, b []byte) {
		var got pageHeader
		n, err := got.parse(b)
		if err != nil {
			if n != 0 {
				t.Errorf("want no length with error %v, got %d", err, n)
			}
			return
		}
		if n > len(b) {
			t.Fatalf("want a length of at most %d, got %d", len(b), n)
		}
		var want format.PageHeader
		if guard(func() error { return thrift.Unmarshal(new(thrift.CompactProtocol), b[:n], &want) }) != nil {
			return // the library wants more of a header than we need
		}
		// What our writer writes must read the same; odd headers need not.
		if again, err := thrift.Marshal(new(thrift.CompactProtocol), &want); err != nil || !bytes.Equal(again, b[:n]) {
			return
		}
		if got.kind != want.Type || got.plain != int64(want.UncompressedPageSize) || got.packed != int64(want.CompressedPageSize) || got.crc != uint32(want.CRC) {
			t.Errorf("want %+v, got %+v", want, got)
		}
		if h := want.DataPageHeaderV2; h.Valid && !want.DictionaryPageHeader.Valid {
			v := h.V
			if got.values != int64(v.NumValues) || got.nulls != int64(v.NumNulls) || got.rows != int64(v.NumRows) || got.encoding != v.Encoding ||
				got.defs != int64(v.DefinitionLevelsByteLength) || got.reps != int64(v.RepetitionLevelsByteLength) {
				t.Errorf("want %+v, got %+v", v, got)
			}
		}
	})
}

// TestPageHeaderCut parses every part of a header: short, never wrong.
func TestPageHeaderCut(t *testing.T) {
	h := format.PageHeader{Type: format.DictionaryPage, UncompressedPageSize: 3000, CompressedPageSize: 2000, CRC: 7,
		DictionaryPageHeader: thrift.New(format.DictionaryPageHeader{NumValues: 300, Encoding: format.Plain})}
	b, err := thrift.Marshal(new(thrift.CompactProtocol), &h)
	if err != nil {
		t.Fatal(err)
	}
	for n := range len(b) {
		if _, err := new(pageHeader).parse(b[:n]); !errors.Is(err, errThriftShort) {
			t.Errorf("%d of %d bytes: want %v, got %v", n, len(b), errThriftShort, err)
		}
	}
	var got pageHeader
	if n, err := got.parse(b); err != nil || n != len(b) || got.values != 300 {
		t.Errorf("want %d bytes and 300 values, got %d, %d and %v", len(b), n, got.values, err)
	}
}
