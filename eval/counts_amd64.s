#include "textflag.h"

// func countAVX2(row *float32, blocks int, t float32) (above, notBelow int64)
//
// A comparison leaves -1 in each lane where it holds; subtracting it counts.
TEXT ·countAVX2(SB), NOSPLIT, $0-40
	MOVQ         row+0(FP), SI
	MOVQ         blocks+8(FP), CX
	VBROADCASTSS t+16(FP), Y3
	VPXOR        Y0, Y0, Y0
	VPXOR        Y1, Y1, Y1

loop:
	VMOVUPS (SI), Y4
	VMOVUPS 32(SI), Y5
	VCMPPS  $0x1E, Y3, Y4, Y6 // greater, ordered
	VCMPPS  $0x15, Y3, Y4, Y7 // not less, or unordered
	VCMPPS  $0x1E, Y3, Y5, Y8
	VCMPPS  $0x15, Y3, Y5, Y9
	VPSUBD  Y6, Y0, Y0
	VPSUBD  Y7, Y1, Y1
	VPSUBD  Y8, Y0, Y0
	VPSUBD  Y9, Y1, Y1
	ADDQ    $64, SI
	DECQ    CX
	JNZ     loop

	VEXTRACTI128 $1, Y0, X4
	VPADDD       X4, X0, X0
	VPSHUFD      $0x4E, X0, X4
	VPADDD       X4, X0, X0
	VPSHUFD      $0xB1, X0, X4
	VPADDD       X4, X0, X0
	VMOVD        X0, AX
	MOVLQSX      AX, AX
	MOVQ         AX, above+24(FP)
	VEXTRACTI128 $1, Y1, X4
	VPADDD       X4, X1, X1
	VPSHUFD      $0x4E, X1, X4
	VPADDD       X4, X1, X1
	VPSHUFD      $0xB1, X1, X4
	VPADDD       X4, X1, X1
	VMOVD        X1, AX
	MOVLQSX      AX, AX
	MOVQ         AX, notBelow+32(FP)
	VZEROUPPER
	RET
