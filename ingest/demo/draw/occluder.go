package draw

import (
	"math/rand/v2"

	"plip/ingest/demo/person"
)

// occlude sometimes puts something before the person: a low wall, a bush or a parked car over the feet, or a post at the side. It
// reports whether the shoes are hidden.
func occlude(c *Canvas, v *view, fo *folds, sole float32, r *rand.Rand) (shoesHidden bool) {
	w, h := float32(c.w), float32(c.h)
	p := paint{color: gray(r, 40, 200, 35), folds: fo, crease: 0.14, fx: r.IntN(foldSize)}
	switch x := r.Float64(); {
	case x < 0.04: // low wall with a coping
		y := sole - (0.75+0.9*r.Float32())*v.unit
		c.fill(rect(0, y, w, h-y), surface(p))
		c.fill(rect(0, y, w, 0.16*v.unit), flat(p.color.Scale(1.2)))
		return true
	case x < 0.07: // bush
		p.color = person.RGB{50 + 40*r.Float32(), 90 + 50*r.Float32(), 35 + 30*r.Float32()}
		y := sole - (0.8+0.7*r.Float32())*v.unit
		c.fill(rect(0, y+0.3*v.unit, w, h), surface(*p.scaled(0.6)))
		for range 70 {
			o := point{w * r.Float32(), y + (h-y)*r.Float32()}
			c.ellipse(o, (0.12+0.2*r.Float32())*v.unit, (0.1+0.14*r.Float32())*v.unit, surface(*p.scaled(0.6 + 0.7*r.Float32())))
		}
		return true
	case x < 0.095: // bonnet of a car
		y := sole - (0.9+0.7*r.Float32())*v.unit
		c.limb(point{-0.2 * w, y + 1.1*v.unit}, point{1.2 * w, y + 1.0*v.unit}, 1.1*v.unit, 1.0*v.unit, flat(p.color))
		c.limb(point{-0.2 * w, y + 0.4*v.unit}, point{1.2 * w, y + 0.32*v.unit}, 0.1*v.unit, 0.1*v.unit, flat(p.color.Mix(person.RGB{255, 255, 255}, 0.35)))
		c.fill(rect(0, y+v.unit, w, h), flat(p.color.Scale(0.7)))
		return true
	case x < 0.14: // post near one border
		px := w * (0.02 + 0.16*r.Float32())
		if r.IntN(2) == 0 {
			px = w - px
		}
		c.limb(point{px, -10}, point{px + 0.02*w, h + 10}, 0.13*v.unit, 0.15*v.unit, p.along(point{px, 0}, point{px, h}, 0.15*v.unit, 0.15*v.unit))
	}
	return false
}
