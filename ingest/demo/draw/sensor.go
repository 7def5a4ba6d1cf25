package draw

import (
	"math"
	"math/rand/v2"
)

// A sensor is what a camera does to the light: the same for all its pictures but for a small wandering of each.
type sensor struct {
	gain     [3]float64 // white balance
	exposure float64
	contrast float64
	vivid    float64 // saturation, 1 keeps it
	lift     float64 // added to every value
	noise    float64 // standard deviation, 0..255
	soft     float64 // blur per pass
}

// newSensor draws a camera. Colours shift, but what is red stays red and white does not turn blue.
func newSensor(r *rand.Rand) sensor {
	normal := func(sigma float64) float64 { return min(1.6, max(-1.6, r.NormFloat64())) * sigma }
	warm := normal(0.06)
	return sensor{
		gain:     [3]float64{1 + warm + normal(0.02), 1 + normal(0.015), 1 - warm + normal(0.02)},
		exposure: math.Exp(0.02 + normal(0.16)),
		contrast: math.Exp(normal(0.11)),
		vivid:    1.0 + normal(0.1),
		lift:     normal(8),
		noise:    1.5 + 4.5*r.Float64(),
		soft:     0.1 + 0.14*r.Float64(),
	}
}

const noiseSize = 1 << 14 // a power of two

// grain is a table of normal deviates; drawing them per pixel would cost more than the figure.
type grain [noiseSize]float32

func newGrain(r *rand.Rand) *grain {
	g := new(grain)
	for i := range g {
		g[i] = float32(r.NormFloat64())
	}
	return g
}

// record applies the sensor to the finished picture.
func (s sensor) record(c *Canvas, g *grain, r *rand.Rand) {
	for range blurPasses(c.h, r) {
		c.blur(s.soft)
	}
	if r.Float64() < 0.1 {
		c.streak(1 + r.IntN(2))
	}
	exposure := s.exposure * math.Exp(0.08*r.NormFloat64())
	var curve [3][256]float32
	for k := range curve {
		for v := range 256 {
			curve[k][v] = float32((float64(v)*s.gain[k]*exposure-110)*s.contrast + 110 + s.lift)
		}
	}
	sigma, vivid := float32(s.noise), float32(s.vivid)
	at := r.IntN(noiseSize)
	for i := 0; i < len(c.pix); i += 4 {
		// Most of the noise is brightness, a third is colour. A stride prime to the table's size hides its period.
		n := sigma * g[at&(noiseSize-1)]
		red, green, blue := curve[0][c.pix[i]], curve[1][c.pix[i+1]], curve[2][c.pix[i+2]]
		gray := (0.299*red + 0.587*green + 0.114*blue) * (1 - vivid)
		for k, v := range [3]float32{red, green, blue} {
			v = v*vivid + gray + n + 0.33*sigma*g[(at+1+k)&(noiseSize-1)]
			c.pix[i+k] = uint8(min(255, max(0, v+0.5)))
		}
		at += 5
		if i&0xffc == 0 {
			at += 37
		}
	}
}

// blurPasses is the number of small blurs of a picture: mostly one, sometimes a clearly soft one. Small pictures are soft already.
func blurPasses(h int, r *rand.Rand) int {
	x := r.Float64()
	switch {
	case x < 0.3:
		return 0
	case x < 0.8:
		return 1
	case x < 0.94 || h < 170:
		return 2
	}
	return 4
}

// blur mixes each pixel with its four neighbours, a quarter of weight each.
func (c *Canvas) blur(weight float64) {
	side := int32(weight * 256 / 2)
	mid := 256 - 2*side
	row := 4 * c.w
	copy(c.spare[:row], c.pix[:row])
	copy(c.spare[len(c.pix)-row:len(c.pix)], c.pix[len(c.pix)-row:])
	for i := row; i < len(c.pix)-row; i++ { // down
		c.spare[i] = uint8((int32(c.pix[i-row])*side + int32(c.pix[i])*mid + int32(c.pix[i+row])*side) >> 8)
	}
	copy(c.pix[:4], c.spare[:4])
	copy(c.pix[len(c.pix)-4:], c.spare[len(c.pix)-4:len(c.pix)])
	for i := 4; i < len(c.pix)-4; i++ { // across; row ends mix with the next row's start, one pixel that no one sees
		c.pix[i] = uint8((int32(c.spare[i-4])*side + int32(c.spare[i])*mid + int32(c.spare[i+4])*side) >> 8)
	}
}

// streak is the blur of movement: the mean of 2n+1 pixels along each row.
func (c *Canvas) streak(n int) {
	copy(c.spare, c.pix)
	for y := range c.h {
		row := c.spare[4*y*c.w : 4*(y+1)*c.w]
		for x := n; x < c.w-n; x++ {
			for k := range 3 {
				sum := 0
				for d := -n; d <= n; d++ {
					sum += int(row[4*(x+d)+k])
				}
				c.pix[4*(y*c.w+x)+k] = uint8(sum / (2*n + 1))
			}
		}
	}
}
