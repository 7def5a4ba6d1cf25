#include "textflag.h"

// func countAVX2(row *float32, blocks int, t *[3]float32, counts *[6]int64)
//
// A comparison leaves -1 in each lane where it holds; subtracting it counts. Y0 to
// Y5 are the counts, above and not below in turn, Y6 to Y8 the thresholds.
TEXT ·countAVX2(SB), NOSPLIT, $0-32
	MOVQ         row+0(FP), SI
	MOVQ         blocks+8(FP), CX
	MOVQ         t+16(FP), DX
	MOVQ         counts+24(FP), DI
	VBROADCASTSS (DX), Y6
	VBROADCASTSS 4(DX), Y7
	VBROADCASTSS 8(DX), Y8
	VPXOR        Y0, Y0, Y0
	VPXOR        Y1, Y1, Y1
	VPXOR        Y2, Y2, Y2
	VPXOR        Y3, Y3, Y3
	VPXOR        Y4, Y4, Y4
	VPXOR        Y5, Y5, Y5

loop:
	VMOVUPS     (SI), Y9
	VMOVUPS     32(SI), Y10
	PREFETCHT0  1024(SI)
	VCMPPS      $0x1E, Y6, Y9, Y11  // greater, ordered
	VCMPPS      $0x15, Y6, Y9, Y12  // not less, or unordered
	VCMPPS      $0x1E, Y7, Y9, Y13
	VCMPPS      $0x15, Y7, Y9, Y14
	VPSUBD      Y11, Y0, Y0
	VPSUBD      Y12, Y1, Y1
	VPSUBD      Y13, Y2, Y2
	VPSUBD      Y14, Y3, Y3
	VCMPPS      $0x1E, Y8, Y9, Y11
	VCMPPS      $0x15, Y8, Y9, Y12
	VCMPPS      $0x1E, Y6, Y10, Y13
	VCMPPS      $0x15, Y6, Y10, Y14
	VPSUBD      Y11, Y4, Y4
	VPSUBD      Y12, Y5, Y5
	VPSUBD      Y13, Y0, Y0
	VPSUBD      Y14, Y1, Y1
	VCMPPS      $0x1E, Y7, Y10, Y11
	VCMPPS      $0x15, Y7, Y10, Y12
	VCMPPS      $0x1E, Y8, Y10, Y13
	VCMPPS      $0x15, Y8, Y10, Y14
	VPSUBD      Y11, Y2, Y2
	VPSUBD      Y12, Y3, Y3
	VPSUBD      Y13, Y4, Y4
	VPSUBD      Y14, Y5, Y5
	ADDQ        $64, SI
	DECQ        CX
	JNZ         loop

#define SUM(Y, X, AT) \
	VEXTRACTI128 $1, Y, X9   \
	VPADDD       X9, X, X    \
	VPSHUFD      $0x4E, X, X9 \
	VPADDD       X9, X, X    \
	VPSHUFD      $0xB1, X, X9 \
	VPADDD       X9, X, X    \
	VMOVD        X, AX       \
	MOVLQSX      AX, AX      \
	MOVQ         AX, AT(DI)

	SUM(Y0, X0, 0)
	SUM(Y1, X1, 8)
	SUM(Y2, X2, 16)
	SUM(Y3, X3, 24)
	SUM(Y4, X4, 32)
	SUM(Y5, X5, 40)
	VZEROUPPER
	RET
