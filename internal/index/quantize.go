package index

import (
	"fmt"
	"math"
)

// normalize writes v divided by its length to dst; a vector of zeros stays one.
func normalize(dst, v []float32) error {
	var sum float64
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return fmt.Errorf("want finite components, got a sum of squares of %v", sum)
	}
	inverse := 0.0
	if sum > 0 {
		inverse = 1 / math.Sqrt(sum)
	}
	for i, x := range v {
		dst[i] = float32(float64(x) * inverse)
	}
	return nil
}

// scaleOf is the scale by which the components of v become codes in -127..127.
func scaleOf(v []float32) float32 {
	most := float32(0)
	for _, x := range v {
		most = max(most, x, -x)
	}
	return most / 127
}

// encodeEntry writes the codes of a gallery vector: unsigned, around 128.
func encodeEntry(dst []uint8, v []float32, scale float32) {
	for i := range dst {
		dst[i] = 128
	}
	if scale == 0 {
		return
	}
	for i, x := range v {
		dst[i] = uint8(128 + int(math.RoundToEven(float64(x/scale))))
	}
}

// encodeQuery writes the codes of a query, signed, 0 beyond its components, and returns their sum, by which the offset of
// the gallery's codes is taken out of a dot product.
func encodeQuery(dst []int8, v []float32) (sum int32) {
	clear(dst)
	scale := scaleOf(v)
	if scale == 0 {
		return 0
	}
	for i, x := range v {
		dst[i] = int8(math.RoundToEven(float64(x / scale)))
		sum += int32(dst[i])
	}
	return sum
}
