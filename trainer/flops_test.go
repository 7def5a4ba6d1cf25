package trainer

import (
	"testing"

	"plip/internal/runlog"
	"plip/internal/tensor"
)

// handConfig is small enough to count its multiplications by hand.
func handConfig() Config {
	c := DefaultConfig()
	c.Visual = VisualConfig{Form: FormCLIP, Layers: []int{1, 1, 1, 2}, Width: 4, Height: 64, Px: 32, Pool: PoolMax, Heads: 4, Dim: 8}
	c.Text.Width, c.Text.Inner, c.Text.Layers, c.Text.Heads, c.Text.Vocab = 8, 32, 2, 2, 10
	c.Colorize.Channels = 4
	return c
}

// Multiplications of handConfig; each is two operations. Maps are 32x16 behind the first convolution, then 16x8, 8x4,
// 4x2 and 2x1.
const (
	handStem   = 512*(27*2) + 512*(18*2) + 512*(18*4)
	handStage1 = 128*(4*4) + 128*(9*4*4) + 128*(4*16) + 128*(4*16)
	handStage2 = 128*(16*8) + 128*(9*8*8) + 32*(8*32) + 32*(16*32)
	handStage3 = 32*(32*16) + 32*(9*16*16) + 8*(16*64) + 8*(32*64)
	handStage4 = 8*(64*32) + 8*(9*32*32) + 2*(32*128) + 2*(64*128) + 2*(128*32) + 2*(9*32*32) + 2*(32*128)
	handMaps   = handStem + handStage1 + handStage2 + handStage3 + handStage4
	handPool   = 128 * 8
	handLayer  = (3+5)*(4*8*8) + 2*(3*3+5*5)*8 + (3+5)*(2*8*32) // of texts of 3 and 5 tokens
	handReduce = 128*(16*4) + 32*(32*4) + 8*(64*4) + 2*(128*4)
	handGates  = (16+8)*16 + 16*16 + (4+8)*4 + 4*4
	handColor  = handReduce + handGates + 16*9*4 + 16*9*4*27 + 128*16*147 + 3*9*(64*32)
	handHead   = 2*(5*(4*8*8)+2*5*5*8+5*(2*8*32)) + 3*(8*10) // two captions of 5 places, 3 masked tokens
)

func TestVisualOps(t *testing.T) {
	c := handConfig().Visual
	if got := c.ops(); got != (visualOps{2 * 512 * 27 * 2, 2 * handMaps, 2 * handPool}) {
		t.Errorf("clip: want %d, %d and %d, got %+v", 2*512*27*2, 2*handMaps, 2*handPool, got)
	}
	if handMaps != 498688 {
		t.Errorf("the hand's sum: want 498688, got %d", handMaps)
	}
	c.Pool = PoolAttention // of 2 positions and their mean, which alone asks
	if got, want := c.ops().pool, 2.0*(2*3*128*128+128*128+2*3*128+128*8); got != want {
		t.Errorf("attention pool: want %v, got %v", want, got)
	}
	c = VisualConfig{Form: FormResNet, Layers: []int{1, 1, 1, 1}, Width: 4, Height: 64, Px: 32, Pool: PoolAverage, Dim: 8}
	stem := 512 * (147 * 4)
	maps := stem + handStage1 + 3*(128*(16*8)+32*(9*8*8)+32*(8*32)+32*(16*32)) // twice the channels on a quarter of the places
	if got := c.ops(); got != (visualOps{float64(2 * stem), float64(2 * maps), 2 * handPool}) {
		t.Errorf("resnet: want %d, %d and %d, got %+v", 2*stem, 2*maps, 2*handPool, got)
	}
}

// TestPaperOps holds the count against the known one of the usual ResNet-50 at 224x224 without its classifier: 4.09e9
// multiplications.
func TestPaperOps(t *testing.T) {
	c := VisualConfig{Form: FormResNet, Layers: []int{3, 4, 6, 3}, Width: 64, Height: 224, Px: 224, Pool: PoolAverage, Dim: 1000}
	o := c.ops()
	if got := (o.maps + o.pool) / 2 / 1e9; got < 4.08 || got > 4.10 {
		t.Errorf("want 4.09e9 multiplications, got %.3fe9", got)
	}
}

func TestStageOps(t *testing.T) {
	c := handConfig()
	captions := tokens{n: 2, l: 5, mask: []int64{1, 1, 1, 0, 0, 1, 1, 1, 1, 1}}
	masked := maskedTokens{tokens: captions, places: []int64{1, 6, 7}}
	lengths := captions.lengths()
	if len(lengths) != 2 || lengths[0] != 3 || lengths[1] != 5 {
		t.Fatalf("lengths: want [3 5], got %v", lengths)
	}
	c.Contrast.Kind = ContrastCMPM
	got := c.stageOps(lengths, lengths, captions, masked, 6)
	contrast := 2 * (6 * 8 * 6) // two products, of the images of three processes
	for s, want := range map[stage]int{
		stageImage: 2 * 2 * (handMaps + handPool), stageGray: 2 * 2 * handMaps, stageText: 2 * 2 * handLayer,
		stageContrast: 2 * contrast, stageColorize: 2 * 2 * handColor, stageAttributes: 2 * handHead,
		stageBackwardHeads: 4 * (contrast + 2*handColor + handHead),
		stageBackwardImage: 2 * 2 * (2*(handMaps+handPool) + 2*handMaps - 2*512*27*2),
		stageBackwardText:  4 * 2 * handLayer,
		stageUpdate:        0,
	} {
		if got[s] != float64(want) {
			t.Errorf("%s: want %d, got %v", stageNames[s], want, got[s])
		}
	}
	c.Loss.TIC, c.Loss.IAP, c.Text.FrozenLayers, c.Text.Pool, c.Contrast.Kind = 0, 0, 1, PoolPooler, ContrastInfoNCE
	got = c.stageOps(lengths, lengths, captions, maskedTokens{}, 2)
	for s, want := range map[stage]int{
		stageGray: 0, stageColorize: 0, stageAttributes: 0, stageContrast: 2 * (2 * 8 * 2), stageBackwardHeads: 4 * (2 * 8 * 2),
		stageText: 2 * (2*handLayer + 2*8*8), stageBackwardText: 4 * (handLayer + 2*8*8), // one layer trains, and the pooler
	} {
		if got[s] != float64(want) {
			t.Errorf("contrast alone, %s: want %d, got %v", stageNames[s], want, got[s])
		}
	}
	got = c.stageOps(lengths, lengths[1:], captions, maskedTokens{}, 2)
	first := 3*(4*8*8) + 2*(3*3)*8 + 3*(2*8*32) // of the text of 3 tokens, whose frozen layer is not computed
	if want := float64(2 * (2*handLayer - first + 2*8*8)); got[stageText] != want || got[stageBackwardText] != 4*(handLayer+2*8*8) {
		t.Errorf("one text's frozen layer: want %v and backward %v, got %v and %v", want, 4*(handLayer+2*8*8), got[stageText], got[stageBackwardText])
	}
}

func TestMemoryFields(t *testing.T) {
	got := memoryFields(tensor.MemoryUse{Allocated: 1, AllocatedPeak: 1_400_000, Reserved: 2, ReservedPeak: 2_600_000})
	if len(got) != 2 || got[0] != (runlog.Field{Name: "gpu_peak_mb", Value: 1}) || got[1] != (runlog.Field{Name: "gpu_held_mb", Value: 3}) {
		t.Errorf("got %+v", got)
	}
}
