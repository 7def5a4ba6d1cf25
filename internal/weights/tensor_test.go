package weights

import (
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestHalfToFloat(t *testing.T) {
	for _, c := range []struct {
		half uint16
		want float32
	}{
		{0x0000, 0}, {0x3C00, 1}, {0xC000, -2}, {0x3555, 0.333251953125}, {0x7BFF, 65504},
		{0x0400, 6.103515625e-05}, {0x0001, 5.9604644775390625e-08}, {0x83FF, -6.097555160522461e-05},
		{0x7C00, float32(math.Inf(1))}, {0xFC00, float32(math.Inf(-1))},
	} {
		if got := halfToFloat(c.half); got != c.want {
			t.Errorf("0x%04X: want %v, got %v", c.half, c.want, got)
		}
	}
	if got := halfToFloat(0x8000); got != 0 || !math.Signbit(float64(got)) {
		t.Errorf("want negative zero, got %v", got)
	}
	if got := halfToFloat(0x7E00); got == got {
		t.Errorf("want NaN, got %v", got)
	}
}

func TestFloat32s(t *testing.T) {
	le := binary.LittleEndian
	for _, c := range []struct {
		dtype DType
		data  []byte
		want  []float32
	}{
		{F64, le.AppendUint64(nil, math.Float64bits(0.1)), []float32{0.1}},
		{F32, le.AppendUint32(nil, math.Float32bits(-0.1)), []float32{-0.1}},
		{BF16, []byte{0x80, 0x3F, 0x49, 0xC0}, []float32{1, -3.140625}},
		{I64, le.AppendUint64(nil, 1<<60+1), []float32{1 << 60}},
		{I32, []byte{0xFE, 0xFF, 0xFF, 0xFF}, []float32{-2}},
		{I16, []byte{0xD4, 0xFE}, []float32{-300}},
		{I8, []byte{0x80, 0x7F}, []float32{-128, 127}},
		{U8, []byte{0xFF}, []float32{255}},
		{Bool, []byte{1, 0}, []float32{1, 0}},
	} {
		tensor := Tensor{Name: "x", DType: c.dtype, Shape: []int64{int64(len(c.want))}, Data: c.data}
		got, err := tensor.Float32s()
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: want %v, got %v, %v", c.dtype, c.want, got, err)
		}
	}
	if _, err := (Tensor{Name: "x", DType: F32, Shape: []int64{1}, Data: []byte{1}}).Float32s(); err == nil {
		t.Error("want an error for bytes that do not fit the shape")
	}
	if _, err := (Tensor{Name: "x", DType: F32, Shape: []int64{1}, Data: make([]byte, 4)}).Int64s(); err == nil || !strings.Contains(err.Error(), "want integers, got F32") {
		t.Errorf("got %v", err)
	}
	if _, err := NewFloat32("x", []int64{2}, []float32{1}); err == nil || !strings.Contains(err.Error(), "want 8 bytes for F32 [2], got 4") {
		t.Errorf("got %v", err)
	}
}

func TestElementCount(t *testing.T) {
	for _, c := range []struct {
		shape []int64
		want  int64
		ok    bool
	}{
		{nil, 1, true}, {[]int64{0, 1 << 62, 1 << 62}, 0, true}, {[]int64{3, 4}, 12, true},
		{[]int64{1 << 62, 2}, 0, false}, {[]int64{1 << 32, 1 << 32}, 0, false}, {[]int64{0, -1}, 0, false},
		{[]int64{math.MaxInt64}, math.MaxInt64, true},
	} {
		if got, ok := elementCount(c.shape); got != c.want || ok != c.ok {
			t.Errorf("%v: want %d %v, got %d %v", c.shape, c.want, c.ok, got, ok)
		}
	}
}
