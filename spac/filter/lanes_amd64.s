#include "textflag.h"

// Each loop keeps lanes 0-3 and 4-7 in two registers and overwrites *l with them.

// func squaredAVX2(row *float32, blocks int, l *lanes)
TEXT ·squaredAVX2(SB), NOSPLIT, $0-24
	MOVQ   row+0(FP), SI
	MOVQ   blocks+8(FP), CX
	MOVQ   l+16(FP), DX
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1

squaredLoop:
	VCVTPS2PD (SI), Y4
	VCVTPS2PD 16(SI), Y5
	VMULPD    Y4, Y4, Y4
	VMULPD    Y5, Y5, Y5
	VADDPD    Y4, Y0, Y0
	VADDPD    Y5, Y1, Y1
	ADDQ      $32, SI
	DECQ      CX
	JNZ       squaredLoop
	VMOVUPD   Y0, (DX)
	VMOVUPD   Y1, 32(DX)
	VZEROUPPER
	RET

// func scaleAVX2(dst, src *float32, sum *float64, blocks int, factor, shift float64, l *lanes)
TEXT ·scaleAVX2(SB), NOSPLIT, $0-56
	MOVQ         dst+0(FP), DI
	MOVQ         src+8(FP), SI
	MOVQ         sum+16(FP), BX
	MOVQ         blocks+24(FP), CX
	VBROADCASTSD factor+32(FP), Y2
	VBROADCASTSD shift+40(FP), Y3
	MOVQ         l+48(FP), DX
	VXORPD       Y0, Y0, Y0
	VXORPD       Y1, Y1, Y1

scaleLoop:
	VCVTPS2PD  (SI), Y4
	VCVTPS2PD  16(SI), Y5
	VMULPD     Y2, Y4, Y4
	VMULPD     Y2, Y5, Y5
	VADDPD     Y3, Y4, Y4
	VADDPD     Y3, Y5, Y5
	VSUBPD     Y3, Y4, Y4
	VSUBPD     Y3, Y5, Y5
	VCVTPD2PSY Y4, X6
	VCVTPD2PSY Y5, X7
	VMOVUPS    X6, (DI)
	VMOVUPS    X7, 16(DI)
	VCVTPS2PD  X6, Y4
	VCVTPS2PD  X7, Y5
	VADDPD     (BX), Y4, Y8
	VADDPD     32(BX), Y5, Y9
	VMOVUPD    Y8, (BX)
	VMOVUPD    Y9, 32(BX)
	VMULPD     Y4, Y4, Y4
	VMULPD     Y5, Y5, Y5
	VADDPD     Y4, Y0, Y0
	VADDPD     Y5, Y1, Y1
	ADDQ       $32, SI
	ADDQ       $32, DI
	ADDQ       $64, BX
	DECQ       CX
	JNZ        scaleLoop
	VMOVUPD    Y0, (DX)
	VMOVUPD    Y1, 32(DX)
	VZEROUPPER
	RET

// func leaveOneOutAVX2(row *float32, sum *float64, blocks int, dot, length2 *lanes)
TEXT ·leaveOneOutAVX2(SB), NOSPLIT, $0-40
	MOVQ   row+0(FP), SI
	MOVQ   sum+8(FP), BX
	MOVQ   blocks+16(FP), CX
	MOVQ   dot+24(FP), DX
	MOVQ   length2+32(FP), DI
	VXORPD Y0, Y0, Y0
	VXORPD Y1, Y1, Y1
	VXORPD Y2, Y2, Y2
	VXORPD Y3, Y3, Y3

leaveOneOutLoop:
	VCVTPS2PD (SI), Y4
	VCVTPS2PD 16(SI), Y5
	VMOVUPD   (BX), Y6
	VMOVUPD   32(BX), Y7
	VSUBPD    Y4, Y6, Y6
	VSUBPD    Y5, Y7, Y7
	VMULPD    Y6, Y4, Y4
	VMULPD    Y7, Y5, Y5
	VADDPD    Y4, Y0, Y0
	VADDPD    Y5, Y1, Y1
	VMULPD    Y6, Y6, Y6
	VMULPD    Y7, Y7, Y7
	VADDPD    Y6, Y2, Y2
	VADDPD    Y7, Y3, Y3
	ADDQ      $32, SI
	ADDQ      $64, BX
	DECQ      CX
	JNZ       leaveOneOutLoop
	VMOVUPD   Y0, (DX)
	VMOVUPD   Y1, 32(DX)
	VMOVUPD   Y2, (DI)
	VMOVUPD   Y3, 32(DI)
	VZEROUPPER
	RET
