package ingest

import "encoding/binary"

// textEntry is what the index keeps of a record: some 30 bytes, so that a list of
// several gigabytes, in any order, is read by identity.
type textEntry struct {
	id    int64
	path  uint64 // hash of its path
	at    int64  // offset in its file, with the file's number in the upper 16 bits
	bytes uint32 // of the record
	split uint8  // place of its split in textIndex.splits
	twice bool   // another identity or split has the image before it
}

const (
	fileShift    = 48
	maxTextFiles = 1 << (63 - fileShift)
)

func (e *textEntry) file() int     { return int(e.at >> fileShift) }
func (e *textEntry) offset() int64 { return e.at & (1<<fileShift - 1) }

// behind reports whether a record stands in a list at or behind a place.
func (e *textEntry) behind(file int, end int64) bool {
	return e.file() > file || e.file() == file && e.offset() >= end
}

// The strings that a sorter puts in order begin with what the order is by, big
// end first; ids and places are not negative.

// appendByPath is a record by the hash of its path, then as listed.
func (e *textEntry) appendByPath(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, e.path)
	b = binary.BigEndian.AppendUint64(b, uint64(e.at))
	b = binary.BigEndian.AppendUint64(b, uint64(e.id))
	b = binary.BigEndian.AppendUint32(b, e.bytes)
	return append(b, e.split)
}

func entryByPath(b []byte) textEntry {
	return textEntry{
		path: binary.BigEndian.Uint64(b), at: int64(binary.BigEndian.Uint64(b[8:])), id: int64(binary.BigEndian.Uint64(b[16:])),
		bytes: binary.BigEndian.Uint32(b[24:]), split: b[28],
	}
}

// appendByID is a record by its id, then as listed: the order of the stream, for
// which the path and the split are read again.
func (e *textEntry) appendByID(b []byte) []byte {
	b = binary.BigEndian.AppendUint64(b, uint64(e.id))
	b = binary.BigEndian.AppendUint64(b, uint64(e.at))
	b = binary.BigEndian.AppendUint32(b, e.bytes)
	if e.twice {
		return append(b, 1)
	}
	return append(b, 0)
}

func entryByID(b []byte) textEntry {
	return textEntry{
		id: int64(binary.BigEndian.Uint64(b)), at: int64(binary.BigEndian.Uint64(b[8:])),
		bytes: binary.BigEndian.Uint32(b[16:]), twice: b[20] != 0,
	}
}

// nameKey stands for a name: the first half of its SHA-256. Two names have never
// been found to share it.
type nameKey [16]byte

// appendByName is a record by its name, then as listed, with its path.
func (e *textEntry) appendByName(b []byte, name nameKey, path string) []byte {
	b = append(b, name[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.at))
	b = binary.BigEndian.AppendUint64(b, e.path)
	b = binary.BigEndian.AppendUint32(b, e.bytes)
	return append(append(b, e.split), path...)
}

func entryByName(b []byte) (e textEntry, name nameKey, path []byte) {
	return textEntry{
		at: int64(binary.BigEndian.Uint64(b[16:])), path: binary.BigEndian.Uint64(b[24:]),
		bytes: binary.BigEndian.Uint32(b[32:]), split: b[36],
	}, nameKey(b[:16]), b[37:]
}
