package draw

import (
	"plip/ingest/demo/person"
)

// A cut is how an upper garment is tailored.
type cut struct {
	hem    float32 // height of the lower edge
	loose  float32 // 0 follows the waist, 1 falls straight from the chest
	plus   float32 // thickness over the body, in head heights
	flare  float32 // widening at the hem
	sleeve float32 // radius of the sleeve at the shoulder over the arm's
	cuff   float32 // radius at the wrist over the arm's
}

func cutOf(p *person.Person) cut {
	switch p.Upper {
	case person.TShirt:
		return cut{hem: 3.95, loose: 0.6, plus: 0.03, sleeve: 0.045, cuff: 0.11}
	case person.Shirt:
		return cut{hem: 4.1, loose: 0.5, plus: 0.03, sleeve: 0.04, cuff: 0.055}
	case person.Jacket:
		return cut{hem: 3.72, loose: 1, plus: 0.12, sleeve: 0.085, cuff: 0.13}
	case person.Coat:
		return cut{hem: 5.75, loose: 0.35, plus: 0.09, flare: 0.26, sleeve: 0.065, cuff: 0.12}
	case person.Hoodie:
		return cut{hem: 4.08, loose: 0.95, plus: 0.1, sleeve: 0.075, cuff: 0.12}
	case person.Sweater:
		return cut{hem: 3.95, loose: 0.65, plus: 0.07, sleeve: 0.065, cuff: 0.1}
	case person.Vest:
		return cut{hem: 3.85, loose: 0.9, plus: 0.13, sleeve: 0.03, cuff: 0.05}
	case person.Blazer:
		return cut{hem: 4.42, loose: 0.4, plus: 0.07, flare: 0.05, sleeve: 0.05, cuff: 0.08}
	case person.TankTop:
		return cut{hem: 3.9, loose: 0.3, plus: 0.015}
	}
	c := cut{hem: 5.0, plus: 0.02, flare: 0.42, sleeve: 0.03, cuff: 0.06}
	if p.UpperLength == person.Long {
		c.hem, c.flare = 6.55, 0.5
	}
	return c
}

// body is the garment as a barrel over the trunk.
func (f *figure) body(k cut) barrel {
	s, d := f.shape, f.shape.depth
	chest := 0.90 * s.shoulder
	straight := max(chest, s.hip) * 0.98
	waist := s.waist + (straight-s.waist)*k.loose*0.8
	hip := max(s.hip, waist)
	rings := []ring{
		{1.28, 0.26, 0.26, 0, -0.05},
		{1.40, 0.40*s.shoulder + k.plus*0.4, 0.28*d + k.plus*0.5, 0, -0.05},
		{1.54, 0.74*s.shoulder + k.plus*0.6, 0.33*d + k.plus*0.6, 0, -0.03},
		{1.74, 0.94*s.shoulder + k.plus*0.7, 0.40*d + k.plus, 0, -0.01},
		{2.2, chest + k.plus*0.8, 0.47*d + k.plus, 0, 0},
		{waistY, waist + k.plus, 0.40*d + 0.07*k.loose + k.plus, 0, s.belly},
		{3.7, hip + k.plus, 0.46*d + k.plus, 0, s.belly * 0.5},
	}
	if k.hem > 3.8 {
		below := (k.hem - 3.7) / 2
		if k.hem > 4.6 {
			rings = append(rings, ring{4.15, hip + 0.03 + k.plus + k.flare*0.15, 0.48*d + k.plus + k.flare*0.1, f.sway * 0.2, 0})
		}
		rings = append(rings, ring{k.hem + 0.3, hip + 0.03 + k.plus + k.flare*min(1, below+0.4), 0.47*d + k.plus + k.flare*min(1, below+0.4), f.sway, 0})
	}
	return barrel{f.v, rings}
}

// fabric is the paint of the upper garment, with its pattern and weave.
func (f *figure) fabric() paint {
	p := f.cloth(f.p.Looks.Shades.Upper)
	p.print, p.second = f.p.Pattern, f.p.Looks.Shades.Pattern
	p.period = max(3, float32(f.p.Looks.Stripe)*f.v.unit)
	switch f.p.Upper {
	case person.Sweater:
		p.weave = knit
	case person.Vest:
		p.weave = quilted
	}
	return p
}

// upper paints the garment on the trunk and its details.
func (f *figure) upper() {
	k := cutOf(f.p)
	b := f.body(k)
	p := b.axis(f.fabric(), 1.5, 4)
	if f.p.Upper == person.TankTop {
		f.tankTop(b, p, k)
		return
	}
	for _, path := range b.region(-180, 180, func(float32) float32 { return 1.29 }, f.hemline(k)) {
		f.c.fill(path, p)
	}
	switch f.p.Upper {
	case person.TShirt:
		f.tShirt(b, k)
	case person.Shirt:
		f.shirt(b, k)
	case person.Jacket:
		f.jacket(b, k)
	case person.Coat:
		f.coat(b, k)
	case person.Hoodie:
		f.hoodie(b, k)
	case person.Sweater:
		f.sweater(b, k)
	case person.Vest:
		f.vest(b, k)
	case person.Blazer:
		f.blazer(b, k)
	case person.Dress:
		f.dress(b, k)
	}
}

// hemline is the lower edge: a shirt's tail is cut high at the sides, a skirt's swings.
func (f *figure) hemline(k cut) func(phi float32) float32 {
	switch f.p.Upper {
	case person.Shirt:
		return func(phi float32) float32 { return k.hem + 0.24*wave((phi+45)/180) }
	case person.Coat, person.Dress:
		return func(phi float32) float32 { return k.hem + 0.035*wave(phi/47+f.sway*9) }
	}
	return func(float32) float32 { return k.hem }
}

// arm paints the arm, its sleeve and the hand.
func (f *figure) arm(i int) {
	o, limb := &f.pose, f.shape.limb
	shoulder, elbow, hand := o.shoulder[i], o.elbow[i], o.hand[i]
	skin := f.skin()
	shade := float32(1)
	if f.v.depth(shoulder) < -0.25 { // the far arm lies in shade
		shade = 0.8
	}
	skin = *skin.scaled(shade)
	wrist := elbow.lerp(hand, 0.93)
	const upperR, elbowR, wristR = 0.205, 0.165, 0.115
	f.bone(shoulder, elbow, upperR*limb+0.01, elbowR*limb+0.01, *flat(edge(skin.color)))
	f.bone(elbow, wrist, elbowR*limb+0.01, wristR*limb+0.015, *flat(edge(skin.color)))
	f.bone(shoulder, elbow, upperR*limb, elbowR*limb, skin)
	f.bone(elbow, wrist, elbowR*limb, wristR*limb, skin)
	f.bone(hand, hand.lerp(elbow, -0.16), 0.13, 0.095, skin)

	k := cutOf(f.p)
	p := *f.fabric().scaled(shade)
	length := f.p.Sleeve
	if f.p.Upper == person.Vest {
		p, length = *f.cloth(f.p.Looks.Shades.Inner).scaled(shade), person.Long
	}
	switch length {
	case person.Short:
		end := shoulder.lerp(elbow, 0.68)
		f.sleeve(shoulder, end, upperR*limb+k.sleeve, elbowR*limb+k.cuff, p)
		f.cuffBand(shoulder, end, elbowR*limb+k.cuff, contrast(p.color, 0.35))
	case person.Long:
		end := elbow.lerp(hand, 0.86)
		ra, rb, rc := upperR*limb+k.sleeve, elbowR*limb+(k.sleeve+k.cuff)/2, wristR*limb+k.cuff
		f.sleeve(shoulder, elbow, ra, rb, p)
		f.sleeve(elbow, end, rb, rc, p)
		f.cuff(elbow, end, rc, p)
	}
}

// sleeve paints a piece of sleeve with a dark line around it.
func (f *figure) sleeve(a, b joint, ra, rb float32, p paint) {
	f.bone(a, b, ra+0.025, rb+0.025, *flat(edge(p.color)))
	f.bone(a, b, ra, rb, p)
}

// cuffBand strokes the edge of a sleeve at its end b.
func (f *figure) cuffBand(a, b joint, r float32, c person.RGB) {
	pa, pb := f.v.at(a), f.v.at(b)
	d := pb.sub(pa)
	n := max(1e-3, d.norm())
	e := d.mul((r * f.v.unit * 0.75) / n)
	s := point{-d.y / n, d.x / n}.mul(r * f.v.unit * 0.86)
	f.c.line(flat(c), 0.06*f.v.unit, pb.add(e).add(s), pb.add(e).sub(s))
}

// cuff paints what ends a long sleeve: ribs, a shirt's band, or white linen under a blazer.
func (f *figure) cuff(a, b joint, r float32, p paint) {
	from := b.lerp(a, 0.16)
	switch f.p.Upper {
	case person.Jacket, person.Hoodie, person.Sweater:
		q := f.cloth(p.color.Scale(0.55))
		if f.p.Upper != person.Jacket {
			q.color = contrast(p.color, 0.3)
		}
		q.weave = ribbed
		f.bone(from, b, r*0.84, r*0.78, q)
	case person.Blazer:
		f.bone(b.lerp(a, 0.02), b.lerp(a, -0.06), r*0.85, r*0.8, f.cloth(person.RGB{236, 236, 234}))
	case person.Shirt, person.Vest, person.Dress:
		f.cuffBand(a, b, r*0.9, contrast(p.color, 0.5))
	case person.Coat:
		f.cuffBand(a, b.lerp(a, 0.2), r, contrast(p.color, 0.6))
	}
}
