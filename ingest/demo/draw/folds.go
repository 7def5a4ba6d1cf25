package draw

import "math/rand/v2"

const foldSize = 256 // side of the tile, a power of two

// folds is a repeating tile of smooth noise in about -1..1: the creases of cloth and the unevenness of walls and ground.
type folds [foldSize * foldSize]float32

// newFolds sums noise at three scales. Cloth hangs, so the coarse noise is stretched downwards.
func newFolds(r *rand.Rand) *folds {
	f := new(folds)
	for _, o := range []struct {
		cellX, cellY int
		gain         float32
	}{{16, 32, 0.6}, {8, 16, 0.4}, {4, 4, 0.22}} {
		f.addNoise(r, o.cellX, o.cellY, o.gain)
	}
	return f
}

// addNoise adds values drawn on a grid of cells, interpolated smoothly and wrapping at the borders.
func (f *folds) addNoise(r *rand.Rand, cellX, cellY int, gain float32) {
	w, h := foldSize/cellX, foldSize/cellY
	grid := make([]float32, w*h)
	for i := range grid {
		grid[i] = float32(r.NormFloat64()) * gain
	}
	for y := range foldSize {
		gy, ty := y/cellY, ease(float32(y%cellY)/float32(cellY))
		for x := range foldSize {
			gx, tx := x/cellX, ease(float32(x%cellX)/float32(cellX))
			x1, y1 := (gx+1)%w, (gy+1)%h
			top := grid[gy*w+gx] + (grid[gy*w+x1]-grid[gy*w+gx])*tx
			bottom := grid[y1*w+gx] + (grid[y1*w+x1]-grid[y1*w+gx])*tx
			f[y*foldSize+x] += top + (bottom-top)*ty
		}
	}
}

func ease(t float32) float32 { return t * t * (3 - 2*t) }

// at returns the noise at any integer place.
func (f *folds) at(x, y int) float32 { return f[(y&(foldSize-1))*foldSize+x&(foldSize-1)] }
