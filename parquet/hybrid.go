package parquet

import (
	"encoding/binary"
	"fmt"
	"io"
)

// unpackHybrid decodes levels and dictionary indices: runs of one value and
// groups of eight packed values in turn. It fills dst, whatever the runs claim.
func unpackHybrid[T uint8 | uint32](dst []T, src []byte, width int) error {
	if width < 0 || width > 32 {
		return fmt.Errorf("want values of at most 32 bits, got %d", width)
	}
	for len(dst) > 0 {
		head, n := binary.Uvarint(src)
		if n <= 0 {
			return io.ErrUnexpectedEOF
		}
		src = src[n:]
		if head&1 == 0 {
			size := (width + 7) / 8
			if size > len(src) {
				return io.ErrUnexpectedEOF
			}
			var word [4]byte
			copy(word[:], src[:size])
			src = src[size:]
			run := dst[:min(head>>1, uint64(len(dst)))]
			value := T(binary.LittleEndian.Uint32(word[:]))
			for i := range run {
				run[i] = value
			}
			dst = dst[len(run):]
			continue
		}
		groups := min(head>>1, uint64(len(dst)+7)/8)
		if groups*uint64(width) > uint64(len(src)) {
			return io.ErrUnexpectedEOF
		}
		for range groups {
			k := min(8, len(dst))
			unpackEight(dst[:k], src[:width])
			dst, src = dst[k:], src[width:]
		}
	}
	return nil
}

// unpackEight decodes up to eight values, least significant bit first, from as
// many bytes as a value has bits.
func unpackEight[T uint8 | uint32](dst []T, src []byte) {
	width := len(src)
	mask := uint64(1)<<width - 1
	if width <= 8 {
		var bytes [8]byte
		copy(bytes[:], src)
		word := binary.LittleEndian.Uint64(bytes[:])
		for i := range dst {
			dst[i] = T(word & mask)
			word >>= width
		}
		return
	}
	for i := range dst {
		bit := i * width
		var bytes [8]byte
		copy(bytes[:], src[bit/8:])
		dst[i] = T(binary.LittleEndian.Uint64(bytes[:]) >> (bit % 8) & mask)
	}
}
