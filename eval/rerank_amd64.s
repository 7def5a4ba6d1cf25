#include "textflag.h"

// func scanAVX2(e *edge, dots, lengths, below, above *float32, blocks int) int
//
// Y0 to Y2 are length, below and above of e. The result is the number of blocks
// before the first in which a comparison holds.
TEXT ·scanAVX2(SB), NOSPLIT, $0-56
	MOVQ         e+0(FP), AX
	MOVQ         dots+8(FP), SI
	MOVQ         lengths+16(FP), R8
	MOVQ         below+24(FP), R9
	MOVQ         above+32(FP), R10
	MOVQ         blocks+40(FP), CX
	VBROADCASTSS (AX), Y0
	VBROADCASTSS 4(AX), Y1
	VBROADCASTSS 8(AX), Y2
	SHLQ         $5, CX
	XORQ         BX, BX

scan:
	VMOVUPS (SI)(BX*1), Y3
	VADDPS  Y3, Y3, Y3
	VMOVUPS (R8)(BX*1), Y4
	VSUBPS  Y3, Y4, Y4
	VSUBPS  Y3, Y0, Y5
	VCMPPS  $0x11, Y1, Y4, Y6          // less, ordered
	VCMPPS  $0x1E, Y2, Y4, Y7          // greater, ordered
	VCMPPS  $0x11, (R9)(BX*1), Y5, Y8
	VCMPPS  $0x1E, (R10)(BX*1), Y5, Y9
	VORPS   Y6, Y7, Y6
	VORPS   Y8, Y9, Y8
	VORPS   Y6, Y8, Y6
	VTESTPS Y6, Y6
	JNZ     found
	ADDQ    $32, BX
	CMPQ    BX, CX
	JLT     scan

found:
	SHRQ $5, BX
	MOVQ BX, ret+48(FP)
	VZEROUPPER
	RET

// func blendAVX2(b *blend, dots *float32, lengths *float64, dst *float32, blocks int)
//
// The operations are those of score, four entries at once.
TEXT ·blendAVX2(SB), NOSPLIT, $0-40
	MOVQ         b+0(FP), AX
	MOVQ         dots+8(FP), SI
	MOVQ         lengths+16(FP), R8
	MOVQ         dst+24(FP), DI
	MOVQ         blocks+32(FP), CX
	VBROADCASTSD (AX), Y0
	VBROADCASTSS 8(AX), X1
	VBROADCASTSD 16(AX), Y2
	VBROADCASTSD 24(AX), Y3
	VXORPD       Y4, Y4, Y4
	VPCMPEQD     X5, X5, X5
	VPSLLD       $31, X5, X5

blend:
	VCVTPS2PD  (SI), Y6
	VADDPD     Y6, Y6, Y6
	VADDPD     (R8), Y0, Y7
	VSUBPD     Y6, Y7, Y7
	VMAXPD     Y7, Y4, Y7
	VCVTPD2PSY Y7, X7
	VDIVPS     X1, X7, X7
	VCVTPS2PD  X7, Y7
	VMULPD     Y3, Y7, Y7
	VADDPD     Y7, Y2, Y7
	VCVTPD2PSY Y7, X7
	VXORPS     X5, X7, X7
	VMOVUPS    X7, (DI)
	ADDQ       $16, SI
	ADDQ       $32, R8
	ADDQ       $16, DI
	DECQ       CX
	JNZ        blend
	VZEROUPPER
	RET
