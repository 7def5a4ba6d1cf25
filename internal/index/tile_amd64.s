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

DATA halfCode<>+0(SB)/8, $0x8080808080808080
GLOBL halfCode<>(SB), RODATA|NOPTR, $8
DATA ones<>+0(SB)/8, $0x0001000100010001
GLOBL ones<>(SB), RODATA|NOPTR, $8

// PRODUCT adds to acc the products of 32 codes of an entry, signed, with those of the query at q, whose magnitudes are in
// Y12. The sign goes from the query's to the entry's: magnitudes of 127 at most leave a sum of two below 32,768, where the
// instruction that multiplies bytes would cut it off.
#define PRODUCT(q, entry, acc) \
	VPSIGNB    (q)(BX*1), entry, Y13 \
	VPMADDUBSW Y13, Y12, Y13         \
	VPMADDWD   Y14, Y13, Y13         \
	VPADDD     Y13, acc, acc

// func tileAVX2(queries *[2][]int8, entries *[4][]uint8, blocks int, sums *[8]int32)
//
// Y0..Y3 are the lanes of query 0 with entries 0..3, Y4..Y7 those of query 1.
TEXT ·tileAVX2(SB), NOSPLIT, $0-32
	MOVQ         queries+0(FP), AX
	MOVQ         entries+8(FP), BX
	MOVQ         blocks+16(FP), CX
	MOVQ         sums+24(FP), DI
	MOVQ         0(AX), SI
	MOVQ         24(AX), DX
	MOVQ         0(BX), R8
	MOVQ         24(BX), R9
	MOVQ         48(BX), R10
	MOVQ         72(BX), R11
	SHLQ         $1, CX
	XORQ         BX, BX
	VPXOR        Y0, Y0, Y0
	VPXOR        Y1, Y1, Y1
	VPXOR        Y2, Y2, Y2
	VPXOR        Y3, Y3, Y3
	VPXOR        Y4, Y4, Y4
	VPXOR        Y5, Y5, Y5
	VPXOR        Y6, Y6, Y6
	VPXOR        Y7, Y7, Y7
	VPBROADCASTQ halfCode<>(SB), Y15
	VPBROADCASTQ ones<>(SB), Y14

codes:
	VPXOR (R8)(BX*1), Y15, Y8
	VPXOR (R9)(BX*1), Y15, Y9
	VPXOR (R10)(BX*1), Y15, Y10
	VPXOR (R11)(BX*1), Y15, Y11
	VPABSB (SI)(BX*1), Y12
	PRODUCT(SI, Y8, Y0)
	PRODUCT(SI, Y9, Y1)
	PRODUCT(SI, Y10, Y2)
	PRODUCT(SI, Y11, Y3)
	VPABSB (DX)(BX*1), Y12
	PRODUCT(DX, Y8, Y4)
	PRODUCT(DX, Y9, Y5)
	PRODUCT(DX, Y10, Y6)
	PRODUCT(DX, Y11, Y7)
	ADDQ  $32, BX
	DECQ  CX
	JNZ   codes

	VPHADDD      Y1, Y0, Y0
	VPHADDD      Y3, Y2, Y2
	VPHADDD      Y2, Y0, Y0
	VEXTRACTI128 $1, Y0, X1
	VPADDD       X1, X0, X0
	VMOVDQU      X0, (DI)
	VPHADDD      Y5, Y4, Y4
	VPHADDD      Y7, Y6, Y6
	VPHADDD      Y6, Y4, Y4
	VEXTRACTI128 $1, Y4, X5
	VPADDD       X5, X4, X4
	VMOVDQU      X4, 16(DI)
	VZEROUPPER
	RET
