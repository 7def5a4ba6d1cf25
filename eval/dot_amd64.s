#include "textflag.h"

// func tileAVX2(a0, a1, a2, a3, b0, b1 *float32, blocks int, tile *[8]float32)
//
// Y0..Y7 are the lanes of (a0,b0), (a0,b1), (a1,b0) and so on. Products are
// rounded before they are added, as tileGo does.
TEXT ·tileAVX2(SB), NOSPLIT, $0-64
	MOVQ   a0+0(FP), R8
	MOVQ   a1+8(FP), R9
	MOVQ   a2+16(FP), R10
	MOVQ   a3+24(FP), R11
	MOVQ   b0+32(FP), R12
	MOVQ   b1+40(FP), R13
	MOVQ   blocks+48(FP), CX
	MOVQ   tile+56(FP), DI
	XORQ   BX, BX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7

loop:
	VMOVUPS (R12)(BX*1), Y8
	VMOVUPS (R13)(BX*1), Y9
	VMOVUPS (R8)(BX*1), Y10
	VMOVUPS (R9)(BX*1), Y11
	VMULPS  Y8, Y10, Y12
	VMULPS  Y9, Y10, Y13
	VMULPS  Y8, Y11, Y14
	VMULPS  Y9, Y11, Y15
	VADDPS  Y12, Y0, Y0
	VADDPS  Y13, Y1, Y1
	VADDPS  Y14, Y2, Y2
	VADDPS  Y15, Y3, Y3
	VMOVUPS (R10)(BX*1), Y10
	VMOVUPS (R11)(BX*1), Y11
	VMULPS  Y8, Y10, Y12
	VMULPS  Y9, Y10, Y13
	VMULPS  Y8, Y11, Y14
	VMULPS  Y9, Y11, Y15
	VADDPS  Y12, Y4, Y4
	VADDPS  Y13, Y5, Y5
	VADDPS  Y14, Y6, Y6
	VADDPS  Y15, Y7, Y7
	ADDQ    $32, BX
	DECQ    CX
	JNZ     loop

	// Lanes d and d+4 first, then pairs, as total does.
	VEXTRACTF128 $1, Y0, X8
	VEXTRACTF128 $1, Y1, X9
	VEXTRACTF128 $1, Y2, X10
	VEXTRACTF128 $1, Y3, X11
	VEXTRACTF128 $1, Y4, X12
	VEXTRACTF128 $1, Y5, X13
	VEXTRACTF128 $1, Y6, X14
	VEXTRACTF128 $1, Y7, X15
	VADDPS       X8, X0, X0
	VADDPS       X9, X1, X1
	VADDPS       X10, X2, X2
	VADDPS       X11, X3, X3
	VADDPS       X12, X4, X4
	VADDPS       X13, X5, X5
	VADDPS       X14, X6, X6
	VADDPS       X15, X7, X7
	VHADDPS      X1, X0, X0
	VHADDPS      X3, X2, X2
	VHADDPS      X5, X4, X4
	VHADDPS      X7, X6, X6
	VHADDPS      X2, X0, X0
	VHADDPS      X6, X4, X4
	VMOVUPS      X0, (DI)
	VMOVUPS      X4, 16(DI)
	VZEROUPPER
	RET

// func stripAVX2(a *[4][]float32, b *float32, d, pairs int, dst *float32, width int)
//
// It is tileAVX2 over pairs of rows of b, one after the other: d values each, a whole number of blocks. The tiles go to
// their places in four rows of dst that are width values apart.
TEXT ·stripAVX2(SB), NOSPLIT, $0-48
	MOVQ a+0(FP), AX
	MOVQ 0(AX), R8
	MOVQ 24(AX), R9
	MOVQ 48(AX), R10
	MOVQ 72(AX), R11
	MOVQ b+8(FP), R12
	MOVQ pairs+24(FP), SI
	MOVQ dst+32(FP), DI
	MOVQ width+40(FP), DX
	SHLQ $2, DX
	LEAQ (DX)(DX*2), AX

pair:
	MOVQ d+16(FP), CX
	LEAQ (R12)(CX*4), R13
	SHRQ $3, CX
	XORQ   BX, BX
	VXORPS Y0, Y0, Y0
	VXORPS Y1, Y1, Y1
	VXORPS Y2, Y2, Y2
	VXORPS Y3, Y3, Y3
	VXORPS Y4, Y4, Y4
	VXORPS Y5, Y5, Y5
	VXORPS Y6, Y6, Y6
	VXORPS Y7, Y7, Y7

stripLoop:
	VMOVUPS (R12)(BX*1), Y8
	VMOVUPS (R13)(BX*1), Y9
	VMOVUPS (R8)(BX*1), Y10
	VMOVUPS (R9)(BX*1), Y11
	VMULPS  Y8, Y10, Y12
	VMULPS  Y9, Y10, Y13
	VMULPS  Y8, Y11, Y14
	VMULPS  Y9, Y11, Y15
	VADDPS  Y12, Y0, Y0
	VADDPS  Y13, Y1, Y1
	VADDPS  Y14, Y2, Y2
	VADDPS  Y15, Y3, Y3
	VMOVUPS (R10)(BX*1), Y10
	VMOVUPS (R11)(BX*1), Y11
	VMULPS  Y8, Y10, Y12
	VMULPS  Y9, Y10, Y13
	VMULPS  Y8, Y11, Y14
	VMULPS  Y9, Y11, Y15
	VADDPS  Y12, Y4, Y4
	VADDPS  Y13, Y5, Y5
	VADDPS  Y14, Y6, Y6
	VADDPS  Y15, Y7, Y7
	ADDQ    $32, BX
	DECQ    CX
	JNZ    stripLoop

	VEXTRACTF128 $1, Y0, X8
	VEXTRACTF128 $1, Y1, X9
	VEXTRACTF128 $1, Y2, X10
	VEXTRACTF128 $1, Y3, X11
	VEXTRACTF128 $1, Y4, X12
	VEXTRACTF128 $1, Y5, X13
	VEXTRACTF128 $1, Y6, X14
	VEXTRACTF128 $1, Y7, X15
	VADDPS       X8, X0, X0
	VADDPS       X9, X1, X1
	VADDPS       X10, X2, X2
	VADDPS       X11, X3, X3
	VADDPS       X12, X4, X4
	VADDPS       X13, X5, X5
	VADDPS       X14, X6, X6
	VADDPS       X15, X7, X7
	VHADDPS      X1, X0, X0
	VHADDPS      X3, X2, X2
	VHADDPS      X5, X4, X4
	VHADDPS      X7, X6, X6
	VHADDPS      X2, X0, X0
	VHADDPS      X6, X4, X4
	VMOVLPS      X0, (DI)
	VMOVHPS      X0, (DI)(DX*1)
	VMOVLPS      X4, (DI)(DX*2)
	VMOVHPS      X4, (DI)(AX*1)
	ADDQ         $8, DI
	MOVQ         d+16(FP), CX
	LEAQ         (R13)(CX*4), R12
	DECQ         SI
	JNZ          pair
	VZEROUPPER
	RET
