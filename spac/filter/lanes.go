package filter

// lanes are the partial sums of a loop over blocks of eight components: lane i
// has the components i, i+8, i+16 and so on. They are what two vector registers
// hold, and the loops in Go add up in the same order, so that every machine
// decides alike.
//
// The conversions around products keep a compiler from fusing them into the
// sum, which would round differently from one processor to the next.
type lanes [8]float64

func (l *lanes) total() float64 {
	return ((l[0] + l[4]) + (l[1] + l[5])) + ((l[2] + l[6]) + (l[3] + l[7]))
}

// The three loops go over the whole blocks of eight and return the index of the
// first component after them.

func squaredGo(row []float32, l *lanes) int {
	i := 0
	for ; i+8 <= len(row); i += 8 {
		for j, v := range row[i : i+8 : i+8] {
			x := float64(v)
			l[j] += float64(x * x)
		}
	}
	return i
}

func scaleGo(dst, src []float32, sum []float64, factor float64, l *lanes) int {
	i := 0
	for ; i+8 <= len(src); i += 8 {
		d, s := dst[i:i+8:i+8], sum[i:i+8:i+8]
		for j, v := range src[i : i+8 : i+8] {
			d[j] = float32(float64(float64(v)*factor) + gridShift - gridShift)
			x := float64(d[j])
			s[j] += x
			l[j] += float64(x * x)
		}
	}
	return i
}

func leaveOneOutGo(row []float32, sum []float64, dot, length2 *lanes) int {
	i := 0
	for ; i+8 <= len(row); i += 8 {
		s := sum[i : i+8 : i+8]
		for j, v := range row[i : i+8 : i+8] {
			x := float64(v)
			o := s[j] - x
			dot[j] += float64(x * o)
			length2[j] += float64(o * o)
		}
	}
	return i
}
