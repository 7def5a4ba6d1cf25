package mat

import "math"

// readNumbers takes the numbers of an array as they are stored.
func readNumbers(c *cursor, a *Array) error {
	parts := []*[]byte{&a.real}
	if a.Complex {
		parts = append(parts, &a.imag)
	}
	for i, part := range parts {
		start := c.at
		e, err := c.next()
		if err != nil {
			return err
		}
		size := e.kind.size()
		if !e.kind.isNumber() || len(e.data)%size != 0 || len(e.data)/size != a.Len() {
			return c.failf(start, "%v: want %d numbers, got %d bytes of kind %d", a, a.Len(), len(e.data), e.kind)
		}
		if i > 0 && e.kind != a.kind {
			return c.failf(start, "%v: imaginary parts: want kind %d as for the real ones, got %d", a, a.kind, e.kind)
		}
		*part, a.kind = e.data, e.kind
	}
	return nil
}

// Float is element i of an array of numbers; the real part where it is complex.
// Integers beyond 2^53 are rounded.
func (a *Array) Float(i int) float64 { return a.float(a.real, i) }

// Imag is the imaginary part of element i, 0 where the array is not complex.
func (a *Array) Imag(i int) float64 {
	if !a.Complex {
		return 0
	}
	return a.float(a.imag, i)
}

func (a *Array) float(part []byte, i int) float64 {
	b := part[i*a.kind.size():]
	switch a.kind {
	case kindSingle:
		return float64(math.Float32frombits(a.order.Uint32(b)))
	case kindDouble:
		return math.Float64frombits(a.order.Uint64(b))
	case kindUint64:
		return float64(a.order.Uint64(b))
	}
	return float64(a.integer(b))
}

// integer is the first number of b, which is stored as an integer.
func (a *Array) integer(b []byte) int64 {
	switch a.kind {
	case kindInt8:
		return int64(int8(b[0]))
	case kindUint8:
		return int64(b[0])
	case kindInt16:
		return int64(int16(a.order.Uint16(b)))
	case kindUint16:
		return int64(a.order.Uint16(b))
	case kindInt32:
		return int64(int32(a.order.Uint32(b)))
	case kindUint32:
		return int64(a.order.Uint32(b))
	case kindInt64, kindUint64:
		return int64(a.order.Uint64(b))
	}
	panic("mat: internal error: integer of " + a.String())
}

// Int is element i of an array of numbers as an integer. ok is false where it is
// none: a fraction, infinite, not a number, complex or beyond int64.
func (a *Array) Int(i int) (v int64, ok bool) {
	if a.Complex && a.Imag(i) != 0 {
		return 0, false
	}
	switch a.kind {
	case kindSingle, kindDouble:
		f := a.Float(i)
		if f != math.Trunc(f) || f < math.MinInt64 || f >= math.MaxInt64 { // which rounds up to 2^63
			return 0, false
		}
		return int64(f), true
	}
	v = a.integer(a.real[i*a.kind.size():])
	return v, a.kind != kindUint64 || v >= 0
}
