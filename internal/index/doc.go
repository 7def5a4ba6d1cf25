// Package index owns the index file of a gallery, which `plip search` and `plip serve` keep beside the shards, and finds
// the nearest entries in it.
//
// A search goes over one byte a component first and over the exact vectors of the best candidates after that:
//
//	approximate = code(query) . code(entry) * scale(entry)     // integers, all entries
//	candidates  = the best 4k + 64 by that
//	score       = query . entry                                // float32 components, the candidates alone
//
// so that a million entries of 768 components are 770 MB of memory traffic in place of 3 GB, while every score that comes
// out is the exact cosine. What the first pass can miss is an entry whose rank it moves by more than 3k + 64 places.
//
// # The file
//
// Little-endian, sections at multiples of 4096 bytes, no time, host or path in it:
//
//	0      8     "PLIPINDX"
//	8      4     version, 1
//	12     4     D, components of a vector, 1 to 65,536
//	16     8     N, entries, at most 2^31-1
//	24     8     entries written so far; N in a finished file
//	32     32    what the vectors were made of: the caller's SHA-256
//	64     12    CRC-32C of the codes, the scales and the vectors written so far
//	76     4     CRC-32C of bytes 0 to 76
//	4096   N*S   codes, S is D rounded up to 64: 128 + component/scale, rounded; 128 beyond D
//	...    N*4   scales, float32: greatest component/127; 0 of a vector that is 0
//	...    N*D*4 vectors, float32, of length 1 or 0
//
// It is written as NAME.part, synced every so often and renamed when it is whole, so a kill costs little and the same
// command goes on where it was. [Open] maps the file and checks header, size and scales; [Index.Verify] reads all of it.
package index
