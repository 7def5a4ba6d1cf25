//go:build !cgo || purego

package pixels

import "image"

// chromaPlane is one subsampled plane of a JPEG, of w x h samples; the picture has across and down times as many.
type chromaPlane struct {
	pix          []uint8
	stride, w, h int
	across, down int
}

// convertJPEG upsamples chroma and converts to RGB with libjpeg's integer arithmetic, so that equal planes give equal
// pixels.
func convertJPEG(m *Image, src *image.YCbCr) {
	across, down := subsampling(src.SubsampleRatio)
	plane := func(pix []uint8) chromaPlane {
		return chromaPlane{pix, src.CStride, (m.W + across - 1) / across, (m.H + down - 1) / down, across, down}
	}
	blue, red := plane(src.Cb), plane(src.Cr)
	cb, cr := make([]uint8, across*blue.w), make([]uint8, across*red.w)
	sums := make([]int32, blue.w)
	for y := range m.H {
		blue.row(cb, sums, y)
		red.row(cr, sums, y)
		luma, dst := src.Y[y*src.YStride:][:m.W], m.row(y)
		for x, l := range luma {
			l, u, v := int32(l), int32(cb[x])-128, int32(cr[x])-128
			// Coefficients in units of 2^-16: 1.40200, 0.34414, 0.71414, 1.77200.
			dst[3*x] = clip8(l + (91881*v+1<<15)>>16)
			dst[3*x+1] = clip8(l + (-22554*u-46802*v+1<<15)>>16)
			dst[3*x+2] = clip8(l + (116130*u+1<<15)>>16)
		}
	}
}

func clip8(v int32) uint8 { return uint8(min(max(v, 0), 255)) }

// subsampling returns how many picture columns and rows one chroma sample covers.
func subsampling(ratio image.YCbCrSubsampleRatio) (across, down int) {
	switch ratio {
	case image.YCbCrSubsampleRatio422:
		return 2, 1
	case image.YCbCrSubsampleRatio420:
		return 2, 2
	case image.YCbCrSubsampleRatio440:
		return 1, 2
	case image.YCbCrSubsampleRatio411:
		return 4, 1
	case image.YCbCrSubsampleRatio410:
		return 4, 2
	}
	return 1, 1
}

// row writes picture row y of the plane into dst, across*w samples, as libjpeg's "fancy" upsampling does: a triangle
// filter of weights 3/4 and 1/4 along each halved axis, for planes more than two samples wide; else the nearest sample.
// sums is scratch of w values.
func (p chromaPlane) row(dst []uint8, sums []int32, y int) {
	near := p.pix[y/p.down*p.stride:][:p.w]
	halvedRows := p.down == 2 && (p.across == 1 || p.across == 2 && p.w > 2)
	halvedColumns := p.across == 2 && p.down <= 2 && p.w > 2
	if halvedRows {
		// The nearer neighbouring chroma row; the first and last row are their own neighbours.
		other := min(max(y/2-1+2*(y%2), 0), p.h-1)
		far := p.pix[other*p.stride:][:p.w]
		for i := range sums {
			sums[i] = 3*int32(near[i]) + int32(far[i])
		}
	} else {
		for i := range sums {
			sums[i] = int32(near[i])
		}
	}
	switch {
	case halvedRows && halvedColumns:
		triangle(dst, sums, 8, 7, 4)
	case halvedColumns:
		triangle(dst, sums, 1, 2, 2)
	case halvedRows:
		for i, s := range sums {
			dst[i] = uint8((s + 1 + int32(y%2)) >> 2)
		}
	default:
		for i := range dst {
			dst[i] = near[i/p.across]
		}
	}
}

// triangle doubles a row: each output is 3/4 of its sample and 1/4 of the next one outwards, the ends their own sample.
// even and odd round the outputs at even and odd positions, so that the errors do not add up to a shift of the mean;
// shift removes the fraction bits.
func triangle(dst []uint8, src []int32, even, odd int32, shift int) {
	last := len(src) - 1
	for i, s := range src {
		before, after := src[max(i-1, 0)], src[min(i+1, last)]
		dst[2*i] = uint8((3*s + before + even) >> shift)
		dst[2*i+1] = uint8((3*s + after + odd) >> shift)
	}
}
