package tensor

// #include "shim/shim.h"
import "C"

import "fmt"

// PackedKind is how packed weights are kept.
type PackedKind int

// The kinds of packed weights. Inputs are rounded to the same kind, int8 ones with a scale for each row; sums are kept
// in float32, of int8 exactly.
const (
	PackedFloat32 PackedKind = iota
	PackedBFloat16
	PackedInt8 // weights with a scale for each output
)

func (k PackedKind) String() string {
	names := []string{"fp32", "bf16", "int8"}
	if k >= 0 && int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("packed kind %d", int(k))
}

// Packed is a linear layer on the CPU whose weights were laid out once, for inference with few rows. What a row gives
// depends neither on other rows nor on threads. Its owner calls Close.
type Packed struct{ p C.lt_packed }

// Pack lays out a weight [out, in], with inOut [in, out], and a bias [out] or none.
func Pack(weight Tensor, inOut bool, bias Tensor, kind PackedKind) *Packed {
	w := &Packed{}
	done("pack", C.lt_pack(&w.p, weight.c(), flag(inOut), bias.c(), C.int(kind)), weight, bias)
	return w
}

// Close frees the weights.
func (w *Packed) Close() {
	if w != nil && w.p != nil {
		C.lt_packed_free(w.p)
		w.p = nil
	}
}

// Linear maps x [..., in] to [..., out]: with gelu through GPT-2's form of it, plus a residual of the result's shape or
// none.
func (w *Packed) Linear(x, residual Tensor, gelu bool) Tensor {
	th := current()
	return th.made("packed linear", C.lt_packed_linear(th.o(), x.c(), w.p, residual.c(), flag(gelu)), x, residual)
}

// PackedLevel bounds the instructions that packed products use: 0 any CPU, 1 AVX2, 2 AVX-512 with VNNI, 3 with bfloat16;
// -1 bounds nothing. It returns the level in use. Weights of every level are the same. It is for tests and figures.
func PackedLevel(most int) int { return int(C.lt_packed_level(C.int(most))) }

// CachedAttention appends the keys and values of qkv [R, L, 3 D] (queries, keys, values) to sequences that lie in keys
// and values [rows, D]: sequence i begins at row base[i] and has start[i] of them so far. Each query attends to what its
// sequence has up to its own place. CPU and float32 only.
func CachedAttention(qkv, keys, values Tensor, base, start []int64, heads int64) Tensor { // [R, L, D]
	r, l, _ := qkv.Dims3()
	Check(int64(len(base)) == r && int64(len(start)) == r && r*l > 0, "cached attention", "want %d sequences, got %d and %d", r, len(base), len(start))
	th := current()
	return th.made("cached attention", C.lt_cached_attention(th.o(), qkv.c(), keys.c(), values.c(), dims(base), dims(start), C.int(heads)), qkv, keys, values)
}
