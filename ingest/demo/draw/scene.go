package draw

import (
	"math"
	"math/rand/v2"

	"plip/ingest/demo/person"
)

// Size of a camera's background in pixels, and where the ground begins.
const (
	sceneW, sceneH = 480, 400
	horizon        = 190
)

// A scene is the place that one camera watches: a picture from which every crop takes its background.
type scene struct{ pix []uint8 } // RGBA, sceneW x sceneH

// gray draws a colour of weak saturation: streets are duller than clothes.
func gray(r *rand.Rand, low, high, tint float32) person.RGB {
	base := low + (high-low)*r.Float32()
	var c person.RGB
	for i := range c {
		c[i] = min(250, max(5, base+tint*(2*r.Float32()-1)))
	}
	return c
}

// rect is a rectangle as a path.
func rect(x, y, w, h float32) []point { return []point{{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}} }

// newScene paints a place: ground, what borders it, and things standing there.
func newScene(c *Canvas, r *rand.Rand, fo *folds) scene {
	c.reset(sceneW, sceneH)
	far := paint{color: gray(r, 70, 215, 28), folds: fo, crease: 0.05, unit: 30}
	c.fill(rect(0, 0, sceneW, horizon), surface(far))
	switch r.IntN(5) {
	case 0:
		houses(c, r)
	case 1:
		shops(c, r)
	case 2:
		park(c, r, fo)
	case 3:
		bricks(c, r)
	default:
		fence(c, r)
	}
	ground(c, r, fo)
	things(c, r, fo)
	for range 1 + r.IntN(3) {
		c.blur(0.22)
	}
	return scene{pix: append([]uint8(nil), c.pix...)}
}

// surface makes a paint uneven without rounding it: an axis of endless radius.
func surface(p paint) *paint { return p.along(point{0, -1e4}, point{0, 1e4}, 1e6, 1e6) }

// houses are blocks with rows of windows.
func houses(c *Canvas, r *rand.Rand) {
	for x := float32(-20); x < sceneW; {
		w := 60 + 90*r.Float32()
		top := -10 + 90*r.Float32()
		wall := gray(r, 60, 220, 30)
		c.fill(rect(x, top, w, horizon-top), flat(wall))
		pane, frame := gray(r, 20, 110, 20), wall.Scale(0.8)
		dx, dy := 18+14*r.Float32(), 26+16*r.Float32()
		for wx := x + 8; wx < x+w-dx*0.6; wx += dx {
			for wy := top + 10; wy < horizon-30; wy += dy {
				c.fill(rect(wx-1, wy-1, dx*0.55+2, dy*0.55+2), flat(frame))
				c.fill(rect(wx, wy, dx*0.55, dy*0.55), flat(pane))
			}
		}
		x += w + 6*r.Float32()
	}
}

// shops are glass fronts under signs in strong colours.
func shops(c *Canvas, r *rand.Rand) {
	for x := float32(-30); x < sceneW; {
		w := 80 + 80*r.Float32()
		wall := gray(r, 80, 210, 25)
		c.fill(rect(x, 0, w, horizon), flat(wall))
		glass := gray(r, 40, 150, 18)
		c.fill(rect(x+7, 70, w-14, horizon-80), flat(glass))
		for i := range 3 {
			c.line(flat(glass.Scale(1.35)), 5, point{x + 14 + float32(i)*w*0.28, 80}, point{x + 4 + float32(i)*w*0.28, horizon - 14})
		}
		c.line(flat(wall.Scale(0.6)), 3, point{x + w*0.5, 70}, point{x + w*0.5, horizon})
		all := person.Colors()
		sign := all[r.IntN(len(all))].RGB().Mix(person.RGB{128, 128, 128}, 0.4)
		c.fill(rect(x+4, 40, w-8, 24), flat(sign))
		for i := range 5 {
			c.fill(rect(x+16+float32(i)*12, 47, 7, 10), flat(contrast(sign, 0.9)))
		}
		x += w
	}
}

// park is foliage: many blots in shades of one green.
func park(c *Canvas, r *rand.Rand, fo *folds) {
	sky := gray(r, 150, 235, 20)
	c.fill(rect(0, 0, sceneW, horizon), flat(sky))
	leaf := person.RGB{40 + 50*r.Float32(), 80 + 50*r.Float32(), 30 + 40*r.Float32()}
	for range 220 {
		o := point{sceneW * r.Float32(), 15 + (horizon-15)*float32(math.Sqrt(r.Float64()))}
		p := paint{color: leaf.Scale(0.55 + 0.8*r.Float32()), folds: fo, crease: 0.2}
		c.ellipse(o, 8+20*r.Float32(), 6+13*r.Float32(), surface(p))
	}
	for range 3 + r.IntN(4) {
		x := sceneW * r.Float32()
		c.limb(point{x, 40}, point{x + 4, horizon + 10}, 3, 6, flat(person.RGB{72, 56, 44}))
	}
}

// bricks is a wall in courses.
func bricks(c *Canvas, r *rand.Rand) {
	wall := person.RGB{120 + 60*r.Float32(), 66 + 50*r.Float32(), 50 + 50*r.Float32()}
	if r.IntN(2) == 0 {
		wall = gray(r, 110, 200, 15)
	}
	c.fill(rect(0, 0, sceneW, horizon), flat(wall.Scale(0.82)))
	for row := range horizon/9 + 1 {
		for col := range sceneW/22 + 2 {
			x := float32(col)*22 - float32(row%2)*11
			c.fill(rect(x, float32(row)*9, 20.5, 7.6), flat(wall.Scale(0.9+0.2*r.Float32())))
		}
	}
}

// fence is a row of panels or bars before something bright or dark.
func fence(c *Canvas, r *rand.Rand) {
	bar := gray(r, 30, 200, 25)
	top := 40 + 70*r.Float32()
	step := 10 + 30*r.Float32()
	for x := float32(0); x < sceneW; x += step {
		c.line(flat(bar.Scale(0.85+0.3*r.Float32())), step*0.42, point{x, top}, point{x, horizon + 4})
	}
	c.line(flat(bar), 6, point{0, top + 8}, point{sceneW, top + 8})
	c.line(flat(bar), 6, point{0, horizon - 12}, point{sceneW, horizon - 12})
}

// ground is asphalt, slabs, grass or planks, with marks that run into the distance.
func ground(c *Canvas, r *rand.Rand, fo *folds) {
	p := paint{color: gray(r, 75, 200, 16), folds: fo, crease: 0.06 + 0.1*r.Float32(), fx: r.IntN(foldSize)}
	kind := r.IntN(4)
	if kind == 3 {
		p.color = person.RGB{60 + 50*r.Float32(), 95 + 50*r.Float32(), 40 + 40*r.Float32()}
		p.crease = 0.22
	}
	c.fill(rect(0, horizon, sceneW, sceneH-horizon), surface(p))
	seam := flat(p.color.Scale(0.78))
	switch kind {
	case 0: // slabs in perspective
		for i := range 9 {
			y := horizon + 3*float32(i*i) + 6
			c.line(seam, 1+0.12*float32(i), point{0, y}, point{sceneW, y})
		}
		for x := float32(-600); x < sceneW+600; x += 55 {
			c.line(seam, 1.2, point{sceneW/2 + (x-sceneW/2)*0.35, horizon}, point{x, sceneH})
		}
	case 1: // road marks
		mark := flat(gray(r, 190, 240, 12))
		for x := float32(-100); x < sceneW; x += 150 {
			c.fill([]point{{x, 300}, {x + 70, 300}, {x + 84, 316}, {x + 6, 316}}, mark)
		}
		c.line(flat(p.color.Scale(1.2)), 7, point{0, horizon + 6}, point{sceneW, horizon + 10})
	case 2: // kerb
		c.fill(rect(0, horizon, sceneW, 26), surface(*p.scaled(1.18)))
		c.line(seam, 3, point{0, horizon + 27}, point{sceneW, horizon + 29})
	}
}

// things are posts, bins, cars and passers-by, small and out of focus.
func things(c *Canvas, r *rand.Rand, fo *folds) {
	for range 3 + r.IntN(5) {
		x, y := sceneW*r.Float32(), horizon+float32(r.IntN(40))
		col := gray(r, 30, 210, 34)
		switch r.IntN(4) {
		case 0: // post
			c.limb(point{x, y - 150 - 60*r.Float32()}, point{x, y}, 2, 3, flat(gray(r, 30, 150, 10)))
		case 1: // bin
			c.fill(rect(x, y-34, 24, 36), surface(paint{color: col, folds: fo, crease: 0.1}))
			c.fill(rect(x-2, y-38, 28, 6), flat(col.Scale(0.7)))
		case 2: // car
			dark := flat(person.RGB{36, 40, 46})
			c.fill([]point{{x - 10, y}, {x - 10, y - 22}, {x + 14, y - 26}, {x + 30, y - 46}, {x + 84, y - 46}, {x + 104, y - 24}, {x + 126, y - 20}, {x + 126, y}}, flat(col))
			c.fill([]point{{x + 20, y - 27}, {x + 34, y - 42}, {x + 80, y - 42}, {x + 96, y - 25}}, dark)
			c.ellipse(point{x + 12, y}, 11, 11, dark)
			c.ellipse(point{x + 102, y}, 11, 11, dark)
		default: // passer-by
			h := 60 + 40*r.Float32()
			c.limb(point{x - 4, y - h*0.5}, point{x - 5, y}, h*0.07, h*0.05, flat(gray(r, 20, 120, 30)))
			c.limb(point{x + 4, y - h*0.5}, point{x + 6, y}, h*0.07, h*0.05, flat(gray(r, 20, 120, 30)))
			c.limb(point{x, y - h*0.78}, point{x, y - h*0.45}, h*0.12, h*0.1, flat(col))
			c.ellipse(point{x, y - h*0.93}, h*0.055, h*0.075, flat(person.Skins()[r.IntN(5)]))
		}
	}
}

// crop fills the canvas with a part of the scene: zoom scene pixels a picture pixel from (x, y); the border's pixels go on outside.
func (s scene) crop(c *Canvas, x, y, zoom float32) {
	for py := range c.h {
		sy := min(sceneH-1.001, max(0, y+float32(py)*zoom))
		iy := int(sy)
		ty := sy - float32(iy)
		iy1 := min(sceneH-1, iy+1)
		for px := range c.w {
			sx := min(sceneW-1.001, max(0, x+float32(px)*zoom))
			ix := int(sx)
			tx := sx - float32(ix)
			ix1 := min(sceneW-1, ix+1)
			a, b := s.pix[4*(iy*sceneW+ix):], s.pix[4*(iy*sceneW+ix1):]
			d, e := s.pix[4*(iy1*sceneW+ix):], s.pix[4*(iy1*sceneW+ix1):]
			o := c.pix[4*(py*c.w+px) : 4*(py*c.w+px)+4]
			for k := range 3 {
				top := float32(a[k]) + (float32(b[k])-float32(a[k]))*tx
				bottom := float32(d[k]) + (float32(e[k])-float32(d[k]))*tx
				o[k] = uint8(top + (bottom-top)*ty)
			}
			o[3] = 255
		}
	}
}
