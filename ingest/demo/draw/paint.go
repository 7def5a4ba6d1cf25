package draw

import (
	"math"

	"plip/ingest/demo/person"
)

// A weave is the surface structure of a cloth.
type weave uint8

const (
	smooth  weave = iota
	knit          // vertical cables with small stitches
	denim         // diagonal grain, faded in the middle
	quilted       // horizontal padded bands
	ribbed        // narrow vertical ribs: cuffs and hems
	glossy        // a highlight: leather
)

// A paint colours the pixels of a shape: cloth or skin, its pattern and weave, and light falling on a round body.
//
// The shape is taken as a cylinder along an axis from a in direction (tx, ty): d in [-1, 1] is the place across it, v the distance along
// it in pixels. A paint without a radius is flat.
type paint struct {
	color  person.RGB
	alpha  float32 // opacity, 0..1; 0 is opaque as well, so that the zero value is useful
	second person.RGB
	print  person.Pattern
	weave  weave
	period float32 // of pattern, in pixels
	unit   float32 // head height in pixels: scale of the weave
	phase  float32 // shift of pattern along the axis, in pixels

	a, t   point
	radius float32 // at a, in pixels
	taper  float32 // change of the radius per pixel along the axis
	light  float32 // brightness gained towards d = 1
	round  float32 // brightness lost at the edges
	folds  *folds  // nil: none
	crease float32 // strength of the folds
	fx, fy int     // where in the folds this shape lies
}

// flat is a paint of one colour.
func flat(c person.RGB) *paint { return &paint{color: c} }

// along returns a copy of the paint whose cylinder runs from a to b with the given radii.
func (p paint) along(a, b point, ra, rb float32) *paint {
	d := b.sub(a)
	n := max(1e-3, d.norm())
	p.a, p.t = a, point{d.x / n, d.y / n}
	p.radius, p.taper = max(0.5, ra), (rb-ra)/n
	return &p
}

// scaled returns a copy of the paint in a lighter or darker shade.
func (p paint) scaled(f float32) *paint {
	p.color, p.second = p.color.Scale(f), p.second.Scale(f)
	return &p
}

// blend mixes the paint into one RGBA pixel at (x, y) with coverage m of 255.
func (p *paint) blend(dst []uint8, x, y int, m uint32) {
	c := p.color
	if p.radius > 0 {
		c = p.shade(float32(x)+0.5, float32(y)+0.5, x, y)
	}
	if p.alpha > 0 {
		m = uint32(float32(m) * p.alpha)
	}
	for i := range 3 {
		v := uint32(min(255, max(0, c[i])))
		dst[i] = uint8((v*m + uint32(dst[i])*(255-m) + 127) / 255)
	}
	dst[3] = 255
}

// shade returns the colour at a pixel of a round shape.
func (p *paint) shade(fx, fy float32, x, y int) person.RGB {
	qx, qy := fx-p.a.x, fy-p.a.y
	v := qx*p.t.x + qy*p.t.y
	r := max(0.5, p.radius+p.taper*v)
	d := (qx*p.t.y - qy*p.t.x) / r // to the right of a body that stands upright
	d = min(1, max(-1, d))
	u := r * d * (1 + 0.4*d*d) // unrolled: stripes crowd towards the edge
	c := p.color
	if p.print != person.Plain {
		c = p.printed(u, v+p.phase)
	}
	f := 1 + p.light*d - p.round*d*d
	if p.folds != nil {
		f += p.crease * p.folds.at(x+p.fx, y+p.fy)
	}
	if p.weave != smooth {
		f *= p.texture(u, v, d)
	}
	return person.RGB{c[0] * f, c[1] * f, c[2] * f}
}

// printed returns the pattern's colour at the unrolled place (u, v). Edges are soft over one pixel.
func (p *paint) printed(u, v float32) person.RGB {
	switch p.print {
	case person.Striped:
		return p.color.Mix(p.second, band(v, p.period, 0.36))
	case person.Checked: // lines both ways at half strength, full where they cross
		t := 0.5*band(v, p.period, 0.42) + 0.5*band(u, p.period, 0.42)
		return p.color.Mix(p.second, t)
	default: // dots, each second row shifted by half a period
		row := float32(math.Floor(float64(v / p.period)))
		if int(row)&1 != 0 {
			u += p.period / 2
		}
		dv := v - (row+0.5)*p.period
		du := u - (float32(math.Floor(float64(u/p.period)))+0.5)*p.period
		dist := float32(math.Sqrt(float64(du*du + dv*dv)))
		return p.color.Mix(p.second, min(1, max(0, 0.29*p.period-dist+0.5)))
	}
}

// band is 1 on the part of each period that a stripe covers, 0 beside it.
func band(v, period, share float32) float32 {
	q := v / period
	q = (q - float32(math.Floor(float64(q)))) * period // pixels from the stripe's start
	width := share * period
	return min(1, max(0, q+0.5)) * min(1, max(0, width-q+0.5))
}

// texture returns the brightness of the weave at the unrolled place.
func (p *paint) texture(u, v, d float32) float32 {
	k := p.unit
	switch p.weave {
	case knit:
		cable := wave(u / (0.26 * k))
		return 0.95 + 0.13*cable + 0.05*wave(v/(0.1*k)+cable*0.5)
	case denim:
		fade := 1 - d*d
		return 0.92 + 0.2*fade*fade + 0.04*wave((u+v)/(0.07*k))
	case quilted:
		q := v / (0.34 * k)
		q -= float32(math.Floor(float64(q)))
		return 0.62 + 0.5*4*q*(1-q)*(1.15-0.3*q)
	case ribbed:
		return 0.97 + 0.12*wave(u/(0.085*k))
	case glossy:
		g := d - 0.35
		return 0.9 + 0.75*max(0, 1-10*g*g)
	}
	return 1
}

// wave is a cheap periodic function of period 1 in -1..1: two parabolas.
func wave(x float32) float32 {
	q := x - float32(math.Floor(float64(x)))
	if q < 0.5 {
		return 16 * q * (0.5 - q)
	}
	return -16 * (q - 0.5) * (1 - q)
}
