package parquet

import (
	"slices"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"
)

// chunkStats are what the footer and the page index say about a column chunk.
type chunkStats struct {
	index     pq.ColumnIndexer
	pages     []format.PageLocation // from the first data page
	pageCount int32                 // data pages
	rows      int64
	values    int64 // nulls included
	nulls     int64
	size      pageSize // data pages and dictionary
	textBytes int64    // of strings without their lengths; 0 with a dictionary
	low, high pq.Value

	reps, defs         []int64 // how often each level occurs
	pageReps, pageDefs []int64 // the same page by page
}

func (c *chunkStats) reset(l *leaf) {
	index := c.index
	index.Reset()
	*c = chunkStats{index: index, pages: c.pages[:0], pageReps: c.pageReps[:0], pageDefs: c.pageDefs[:0]}
	if l.maxRep > 0 {
		c.reps = make([]int64, l.maxRep+1)
	}
	c.defs = make([]int64, l.maxDef+1)
}

// addPage counts a data page; low and high are null where there is no bound.
func (c *chunkStats) addPage(l *leaf, size pageSize, rows int64, reps, defs []byte, count int, low, high pq.Value) {
	nulls := int64(len(defs) - count)
	c.index.IndexPage(int64(len(defs)), nulls, low, high)
	c.pages = append(c.pages, format.PageLocation{Offset: c.size.packed, CompressedPageSize: int32(size.packed), FirstRowIndex: c.rows})
	c.pageCount++
	c.rows += rows
	c.values += int64(len(defs))
	c.nulls += nulls
	c.size.plain += size.plain
	c.size.packed += size.packed
	if l.maxRep > 0 {
		c.pageReps = appendHistogram(c.pageReps, c.reps, reps)
	}
	c.pageDefs = appendHistogram(c.pageDefs, c.defs, defs)
	if low.IsNull() {
		return
	}
	// The page's bounds may lie in a buffer of the page.
	if c.low.IsNull() || l.typ.Compare(low, c.low) < 0 {
		c.low = low.Clone()
	}
	if c.high.IsNull() || l.typ.Compare(high, c.high) > 0 {
		c.high = high.Clone()
	}
}

// appendHistogram appends the levels' counts to those of earlier pages and adds
// them to the chunk's.
func appendHistogram(pages, chunk []int64, levels []byte) []int64 {
	var counts [8]int64
	for _, level := range levels {
		counts[level&7]++
	}
	for i := range chunk {
		chunk[i] += counts[i]
	}
	return append(pages, counts[:len(chunk)]...)
}

// statistics are the chunk's bounds and nulls.
func (c *chunkStats) statistics() format.Statistics {
	s := format.Statistics{NullCount: c.nulls}
	if !c.low.IsNull() {
		s.MinValue, s.MaxValue = c.low.AppendBytes([]byte{}), c.high.AppendBytes([]byte{})
	}
	return s
}

// metadata describes a chunk whose data pages begin at dataAt. DictionaryAt is 0
// without a dictionary.
func (c *chunkStats) metadata(l *leaf, dictionaryAt, dataAt int64) format.ColumnMetaData {
	meta := format.ColumnMetaData{
		Type:                  format.Type(l.typ.Kind()),
		Encoding:              l.encodings(),
		PathInSchema:          l.path,
		Codec:                 l.codec.CompressionCodec(),
		NumValues:             c.values,
		TotalUncompressedSize: c.size.plain,
		TotalCompressedSize:   c.size.packed,
		DataPageOffset:        dataAt,
		DictionaryPageOffset:  dictionaryAt,
		Statistics:            c.statistics(),
		SizeStatistics: format.SizeStatistics{
			UnencodedByteArrayDataBytes: c.textBytes,
			RepetitionLevelHistogram:    c.reps,
			DefinitionLevelHistogram:    c.defs,
		},
	}
	if l.dictionary {
		meta.EncodingStats = append(meta.EncodingStats, format.PageEncodingStats{PageType: format.DictionaryPage, Encoding: format.Plain, Count: 1})
	}
	meta.EncodingStats = append(meta.EncodingStats, format.PageEncodingStats{PageType: format.DataPageV2, Encoding: l.encoding(), Count: c.pageCount})
	return meta
}

func (c *chunkStats) columnIndex() format.ColumnIndex {
	index := c.index.ColumnIndex()
	index.RepetitionLevelHistogram = slices.Clone(c.pageReps)
	index.DefinitionLevelHistogram = slices.Clone(c.pageDefs)
	return index
}

// offsetIndex says where the pages are, of a chunk whose data pages begin at dataAt.
func (c *chunkStats) offsetIndex(dataAt int64) format.OffsetIndex {
	pages := slices.Clone(c.pages)
	for i := range pages {
		pages[i].Offset += dataAt
	}
	return format.OffsetIndex{PageLocations: pages}
}
