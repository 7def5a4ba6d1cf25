package draw

import "plip/ingest/demo/person"

// leg paints one leg with trouser leg and shoe.
func (f *figure) leg(i int) {
	o, limb := &f.pose, f.shape.limb
	hip, knee, ankle := o.hip[i], o.knee[i], o.ankle[i]
	shade := float32(1)
	if f.v.depth(hip.lerp(ankle, 0.6)) < -0.1 {
		shade = 0.84
	}
	skin := *f.skin().scaled(shade)
	c := f.p.Looks.Shades.Lower
	p := *f.cloth(c).scaled(shade)
	thigh, kneeR, calf := 0.36*limb+0.02, 0.215*limb, 0.14*limb
	bare := func() {
		f.sleeve(hip, knee, thigh*0.86, kneeR*0.9, skin)
		f.sleeve(knee, ankle, kneeR*0.93, calf*0.85, skin)
		f.bone(knee.lerp(ankle, 0.12), knee.lerp(ankle, 0.5), kneeR*0.92, kneeR*0.8, skin) // the calf
	}
	switch f.p.Lower {
	case person.NoLower, person.Skirt:
		bare()
		f.shoe(i, shade)
		return
	case person.Shorts:
		bare()
		end := hip.lerp(knee, 0.74)
		f.sleeve(hip, end, thigh+0.03, kneeR+0.13+0.04*f.looseness(), p)
		f.cuffBand(hip, end, kneeR+0.13, contrast(p.color, 0.4))
		f.shoe(i, shade)
		return
	case person.Leggings:
		bare()
		f.sleeve(hip, knee, thigh*0.9, kneeR*0.96, p)
		f.sleeve(knee, knee.lerp(ankle, 0.66), kneeR*0.97, calf*1.12, p)
		f.bone(knee.lerp(ankle, 0.12), knee.lerp(ankle, 0.5), kneeR*0.97, kneeR*0.82, p)
		f.cuffBand(knee, knee.lerp(ankle, 0.66), calf*1.1, contrast(p.color, 0.5))
		f.shoe(i, shade)
		return
	}
	boots := f.p.Shoes == person.Boots
	if !boots {
		f.shoe(i, shade)
	}
	switch f.p.Lower {
	case person.Trousers:
		r := kneeR + 0.07 + 0.03*f.looseness()
		end := knee.lerp(ankle, 0.94)
		f.sleeve(hip, knee, thigh+0.02, r, p)
		f.sleeve(knee, end, r, calf+0.13, p)
		f.frontLine(hip, knee, thigh, r, contrast(p.color, 0.42), 0.045)
		f.frontLine(knee, end, r, calf+0.12, contrast(p.color, 0.42), 0.045)
	case person.Jeans:
		p.weave = denim
		r := kneeR + 0.035
		end := knee.lerp(ankle, 0.86)
		f.sleeve(hip, knee, thigh+0.01, r, p)
		f.sleeve(knee, end, r, calf+0.08, p)
		thread := person.RGB{206, 160, 92}
		f.sideLine(hip, knee, thigh*0.86, r*0.86, thread.Scale(0.85*shade), 0.03, i)
		f.sideLine(knee, end, r*0.86, calf, thread.Scale(0.85*shade), 0.03, i)
		f.bone(end.lerp(knee, 0.03), end.lerp(knee, -0.07), calf+0.1, calf+0.1, *f.cloth(c.Mix(person.RGB{226, 230, 236}, 0.62)).scaled(shade))
	case person.Sweatpants:
		r := kneeR + 0.12
		end := knee.lerp(ankle, 0.8)
		f.sleeve(hip, knee, thigh+0.05, r, p)
		f.sleeve(knee, end, r, calf+0.12, p)
		q := *f.cloth(contrast(c, 0.45)).scaled(shade)
		q.weave = ribbed
		f.bone(end.lerp(ankle, 0.3), knee.lerp(ankle, 0.93), calf+0.055, calf+0.03, q)
		stripe := person.RGB{240, 240, 238}
		if c.Luma() > 170 {
			stripe = person.RGB{40, 40, 44}
		}
		f.sideLine(hip, knee, thigh+0.02, r*0.93, stripe.Scale(shade), 0.1, i)
		f.sideLine(knee, end, r*0.93, calf+0.1, stripe.Scale(shade), 0.1, i)
	}
	if boots {
		f.shoe(i, shade)
	}
}

// looseness of the garments this person buys, 0..1.
func (f *figure) looseness() float32 { return float32(f.p.Looks.Stride) }

// frontLine strokes the crease in the middle of a trouser leg as seen from the front, moved aside when the person turns.
func (f *figure) frontLine(a, b joint, ra, rb float32, c person.RGB, width float32) {
	f.legLine(a, b, ra*f.v.sin*0.9, rb*f.v.sin*0.9, c, width)
}

// sideLine strokes the outer seam of a leg: at its edge from the front, in its middle from the side, hidden on the far leg.
func (f *figure) sideLine(a, b joint, ra, rb float32, c person.RGB, width float32, i int) {
	if s := side(i); -f.v.sin*s < -0.35 { // turned away
		return
	}
	k := side(i) * f.v.cos
	k = min(0.8, max(-0.8, k))
	f.legLine(a, b, ra*k, rb*k, c, width)
}

// legLine strokes a line along a bone, moved to the right by the given distances in head heights.
func (f *figure) legLine(a, b joint, da, db float32, c person.RGB, width float32) {
	pa, pb := f.v.at(a), f.v.at(b)
	u := f.v.unit
	f.c.line(flat(c), width*u, pa.add(point{da * u, 0}), pb.add(point{db * u, 0}))
}

// lower paints what covers the hips: the top of trousers, or a skirt.
func (f *figure) lower() {
	c := f.p.Looks.Shades.Lower
	switch f.p.Lower {
	case person.NoLower:
		return
	case person.Skirt:
		f.skirt(c)
		return
	}
	b := f.trunk.grown(1, 0.035)
	p := f.cloth(c)
	if f.p.Lower == person.Jeans {
		p.weave = denim
	}
	f.c.fill(b.outline(3.1, 4.28), b.axis(p, 3.1, 4.5))
	line := contrast(c, 0.5)
	f.seam(b, line, 0.04, 0, spot{0, 3.3}, spot{0, 3.8}, spot{0, 4.3})
	f.seam(b, line, 0.04, 180, spot{180, 3.5}, spot{180, 4}, spot{180, 4.3})
	if f.p.Lower == person.Trousers && f.p.Looks.Belted {
		f.c.fill(b.outline(3.3, 3.48), b.axis(f.cloth(person.RGB{58, 40, 28}), 3.2, 3.6))
	}
	if f.p.Lower == person.Jeans {
		for _, s := range []float32{-1, 1} { // back pockets
			phi := 180 + s*34
			f.seam(b, person.RGB{206, 160, 92}, 0.035, phi, spot{phi - 16, 3.72}, spot{phi + 16, 3.72}, spot{phi + 14, 4.1}, spot{phi, 4.18}, spot{phi - 14, 4.1}, spot{phi - 16, 3.72})
		}
	}
}

func (f *figure) skirt(c person.RGB) {
	s := f.shape
	hem, flare := float32(5.15), float32(0.34)+0.14*f.looseness()
	if f.p.LowerLength == person.Long {
		hem, flare = 6.75, 0.3+0.2*f.looseness()
	}
	b := barrel{f.v, []ring{
		{3.0, s.waist + 0.05, 0.42 * s.depth, 0, 0},
		{3.65, s.hip + 0.05, 0.48 * s.depth, 0, 0},
		{4.2, s.hip + 0.1 + flare*0.35, 0.52*s.depth + flare*0.35, f.sway * 0.3, 0},
		{hem, s.hip + 0.1 + flare, 0.52*s.depth + flare, f.sway, 0},
	}}
	p := b.axis(f.cloth(c), 3, hem)
	wavy := func(phi float32) float32 { return hem + 0.04*wave(phi/30) }
	for _, path := range b.region(-180, 180, func(float32) float32 { return 3.0 }, wavy) {
		f.c.fill(path, p)
	}
	for phi := float32(-170); phi < 180; phi += 20 { // pleats
		f.seam(b, contrast(c, 0.34), 0.055, phi, spot{phi, 3.5}, spot{phi, 4.4}, spot{phi, hem - 0.02})
	}
	f.hem(b, hem-0.06, 0.06, contrast(c, 0.5))
}
