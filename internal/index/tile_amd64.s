#include "textflag.h"

// REDUCE leaves the sums of the sixteen lanes of a, b, c and d in the four lanes of X1, by way of the lower halves.
#define HALVE(z, y) \
	VEXTRACTI64X4 $1, z, Y24 \
	VPADDD        Y24, y, y

#define REDUCE(za, ya, zb, yb, zc, yc, zd, yd, at) \
	HALVE(za, ya)              \
	HALVE(zb, yb)              \
	HALVE(zc, yc)              \
	HALVE(zd, yd)              \
	VPHADDD      yb, ya, ya    \
	VPHADDD      yd, yc, yc    \
	VPHADDD      yc, ya, ya    \
	VEXTRACTI128 $1, ya, X15   \
	VMOVDQU      ya, Y14       \
	VPADDD       X15, X14, X15 \
	VMOVDQU      X15, at(DI)

// func tileVNNI(queries *[4][]int8, entries *[4][]uint8, blocks int, t *tile)
//
// Z0..Z3 are the lanes of query 0 with entries 0..3, Z4..Z7 those of query 1, Z8..Z11 of query 2, and Z26..Z29 of query 3,
// which leaves Z12..Z15 free for the horizontal additions, as those have no form for registers above 15.
TEXT ·tileVNNI(SB), NOSPLIT, $0-32
	MOVQ queries+0(FP), AX
	MOVQ entries+8(FP), BX
	MOVQ blocks+16(FP), CX
	MOVQ t+24(FP), DI
	MOVQ 0(AX), R8
	MOVQ 24(AX), R9
	MOVQ 48(AX), R10
	MOVQ 72(AX), R11
	MOVQ 0(BX), R12
	MOVQ 24(BX), R13
	MOVQ 48(BX), SI
	MOVQ 72(BX), DX
	XORQ BX, BX

	VPXORQ Z0, Z0, Z0
	VPXORQ Z1, Z1, Z1
	VPXORQ Z2, Z2, Z2
	VPXORQ Z3, Z3, Z3
	VPXORQ Z4, Z4, Z4
	VPXORQ Z5, Z5, Z5
	VPXORQ Z6, Z6, Z6
	VPXORQ Z7, Z7, Z7
	VPXORQ Z8, Z8, Z8
	VPXORQ Z9, Z9, Z9
	VPXORQ Z10, Z10, Z10
	VPXORQ Z11, Z11, Z11
	VPXORQ Z26, Z26, Z26
	VPXORQ Z27, Z27, Z27
	VPXORQ Z28, Z28, Z28
	VPXORQ Z29, Z29, Z29

loop:
	VMOVDQU64 (R12)(BX*1), Z16
	VMOVDQU64 (R13)(BX*1), Z17
	VMOVDQU64 (SI)(BX*1), Z18
	VMOVDQU64 (DX)(BX*1), Z19
	VMOVDQU64 (R8)(BX*1), Z20
	VMOVDQU64 (R9)(BX*1), Z21
	VMOVDQU64 (R10)(BX*1), Z22
	VMOVDQU64 (R11)(BX*1), Z23
	VPDPBUSD  Z20, Z16, Z0
	VPDPBUSD  Z20, Z17, Z1
	VPDPBUSD  Z20, Z18, Z2
	VPDPBUSD  Z20, Z19, Z3
	VPDPBUSD  Z21, Z16, Z4
	VPDPBUSD  Z21, Z17, Z5
	VPDPBUSD  Z21, Z18, Z6
	VPDPBUSD  Z21, Z19, Z7
	VPDPBUSD  Z22, Z16, Z8
	VPDPBUSD  Z22, Z17, Z9
	VPDPBUSD  Z22, Z18, Z10
	VPDPBUSD  Z22, Z19, Z11
	VPDPBUSD  Z23, Z16, Z26
	VPDPBUSD  Z23, Z17, Z27
	VPDPBUSD  Z23, Z18, Z28
	VPDPBUSD  Z23, Z19, Z29
	ADDQ      $64, BX
	DECQ      CX
	JNZ       loop

	REDUCE(Z0, Y0, Z1, Y1, Z2, Y2, Z3, Y3, 0)
	REDUCE(Z4, Y4, Z5, Y5, Z6, Y6, Z7, Y7, 16)
	REDUCE(Z8, Y8, Z9, Y9, Z10, Y10, Z11, Y11, 32)
	VMOVDQU64 Z26, Z0
	VMOVDQU64 Z27, Z1
	VMOVDQU64 Z28, Z2
	VMOVDQU64 Z29, Z3
	REDUCE(Z0, Y0, Z1, Y1, Z2, Y2, Z3, Y3, 48)
	VZEROUPPER
	RET

// func tileAVX2(query *int8, entries *[4][]uint8, blocks int, sums *[4]int32)
//
// Bytes are widened to 16 bits first: the instruction that multiplies bytes cuts its sums off at 32,767.
TEXT ·tileAVX2(SB), NOSPLIT, $0-32
	MOVQ query+0(FP), AX
	MOVQ entries+8(FP), BX
	MOVQ blocks+16(FP), CX
	MOVQ sums+24(FP), DI
	MOVQ 0(BX), R8
	MOVQ 24(BX), R9
	MOVQ 48(BX), R10
	MOVQ 72(BX), R11
	SHLQ $2, CX
	XORQ BX, BX
	VPXOR Y0, Y0, Y0
	VPXOR Y1, Y1, Y1
	VPXOR Y2, Y2, Y2
	VPXOR Y3, Y3, Y3

words:
	VPMOVSXBW (AX)(BX*1), Y8
	VPMOVZXBW (R8)(BX*1), Y4
	VPMOVZXBW (R9)(BX*1), Y5
	VPMOVZXBW (R10)(BX*1), Y6
	VPMOVZXBW (R11)(BX*1), Y7
	VPMADDWD  Y8, Y4, Y4
	VPMADDWD  Y8, Y5, Y5
	VPMADDWD  Y8, Y6, Y6
	VPMADDWD  Y8, Y7, Y7
	VPADDD    Y4, Y0, Y0
	VPADDD    Y5, Y1, Y1
	VPADDD    Y6, Y2, Y2
	VPADDD    Y7, Y3, Y3
	ADDQ      $16, BX
	DECQ      CX
	JNZ       words

	VPHADDD      Y1, Y0, Y0
	VPHADDD      Y3, Y2, Y2
	VPHADDD      Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VMOVDQU      X0, (DI)
	VZEROUPPER
	RET
