package pixels

import (
	"encoding/binary"
	"image"

	"golang.org/x/image/webp"
)

// probeWebP reads the RIFF header (12 bytes) and the beginning of the first chunk, which tells lossy, lossless and
// extended files apart.
func probeWebP(data []byte) (Info, error) {
	const (
		chunkAt, bodyAt, headEnd = 12, 20, 30
		animated                 = 0x02
	)
	le := binary.LittleEndian
	if len(data) < headEnd {
		return Info{}, truncated("webp", "header", len(data))
	}
	if int64(le.Uint32(data[4:]))+8 > int64(len(data)) {
		return Info{}, truncated("webp", "pixels", len(data))
	}
	info, body := Info{Format: "webp"}, data[bodyAt:]
	switch kind := data[chunkAt : chunkAt+4]; string(kind) {
	case "VP8 ": // frame tag (3), start code (3), width, height (14 bits each, then 2 bits of scale)
		if body[3] != 0x9d || body[4] != 0x01 || body[5] != 0x2a {
			return Info{}, corrupt("webp", "start code %x, want 9d012a", body[3:6])
		}
		info.W, info.H = int(le.Uint16(body[6:])&0x3fff), int(le.Uint16(body[8:])&0x3fff)
	case "VP8L": // signature 0x2f, width-1, height-1 (14 bits each)
		if body[0] != 0x2f {
			return Info{}, corrupt("webp", "lossless signature %#x, want 0x2f", body[0])
		}
		bits := le.Uint32(body[1:])
		info.W, info.H = int(bits&0x3fff)+1, int(bits>>14&0x3fff)+1
	case "VP8X": // flags (1), reserved (3), width-1, height-1 (24 bits each)
		if body[0]&animated != 0 {
			return Info{}, unsupported("webp", "animation")
		}
		info.W = int(le.Uint32(body[4:])&0xffffff) + 1
		info.H = int(le.Uint32(body[6:])>>8) + 1
	default:
		return Info{}, corrupt("webp", "first chunk is %q, want VP8, VP8L or VP8X", kind)
	}
	return info, nil
}

// decodeWebP converts the decoder's planes itself: golang.org/x/image labels them YCbCr, whose conversion in the
// standard library takes JPEG's full range, but VP8 uses the narrow one (luma 16 to 235).
func decodeWebP(m *Image, data []byte) error {
	file := &source{left: data}
	decoded, err := webp.Decode(file)
	if err != nil {
		return rejectDecode("webp", err, file)
	}
	if size := decoded.Bounds().Size(); size != image.Pt(m.W, m.H) {
		return corrupt("webp", "pixels of size %dx%d, header says %dx%d", size.X, size.Y, m.W, m.H)
	}
	switch src := decoded.(type) {
	case *image.NRGBA:
		copyQuads(m, src.Pix, src.Stride)
	case *image.YCbCr:
		convertVP8(m, src)
	case *image.NYCbCrA:
		convertVP8(m, &src.YCbCr)
	default:
		return unsupported("webp", "pixels of type %T", decoded)
	}
	return nil
}

// convertVP8 upsamples chroma and converts to RGB with the integer arithmetic of libwebp's default ("fancy") path.
func convertVP8(m *Image, src *image.YCbCr) {
	chromaRows := (m.H + 1) / 2
	cb, cr := make([]uint8, m.W+1), make([]uint8, m.W+1)
	for y := range m.H {
		// A pixel row lies a quarter above or below the centre of its chroma row; the other neighbour weighs a quarter.
		near := y / 2
		far := near - 1 + 2*(y%2)
		if far < 0 || far >= chromaRows || y == m.H-1 && y%2 == 1 {
			far = near
		}
		upsampleVP8(cb, src.Cb[near*src.CStride:], src.Cb[far*src.CStride:], m.W)
		upsampleVP8(cr, src.Cr[near*src.CStride:], src.Cr[far*src.CStride:], m.W)
		luma, dst := src.Y[y*src.YStride:][:m.W], m.row(y)
		for x, l := range luma {
			l, u, v := int32(l)*19077>>8, int32(cb[x]), int32(cr[x])
			dst[3*x] = clipVP8(l + v*26149>>8 - 14234)
			dst[3*x+1] = clipVP8(l - u*6419>>8 - v*13320>>8 + 8708)
			dst[3*x+2] = clipVP8(l + u*33050>>8 - 17685)
		}
	}
}

// upsampleVP8 doubles one chroma row to w samples (dst has one more): weights 9, 3, 3, 1 of the four neighbours, in two
// rounding steps as libwebp takes them.
func upsampleVP8(dst, near, far []uint8, w int) {
	dst[0] = uint8((3*int32(near[0]) + int32(far[0]) + 2) >> 2)
	last := (w - 1) / 2
	for x := 1; x <= last; x++ {
		n0, n1, f0, f1 := int32(near[x-1]), int32(near[x]), int32(far[x-1]), int32(far[x])
		sum := n0 + n1 + f0 + f1 + 8
		dst[2*x-1] = uint8(((sum+2*(n1+f0))>>3 + n0) >> 1)
		dst[2*x] = uint8(((sum+2*(n0+f1))>>3 + n1) >> 1)
	}
	if w%2 == 0 {
		dst[w-1] = uint8((3*int32(near[last]) + int32(far[last]) + 2) >> 2)
	}
}

// clipVP8 rounds down 6 fraction bits and clips to 8 bits.
func clipVP8(v int32) uint8 {
	return uint8(min(max(v, 0)>>6, 255))
}
