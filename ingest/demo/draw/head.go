package draw

import (
	"plip/ingest/demo/person"
)

// skull is the head as a barrel.
func skull(v *view) barrel {
	return barrel{v, []ring{
		{-0.01, 0.07, 0.08, 0, -0.02},
		{0.06, 0.22, 0.26, 0, -0.02},
		{0.2, 0.34, 0.41, 0, -0.02},
		{0.42, 0.385, 0.46, 0, 0},
		{0.62, 0.365, 0.44, 0, 0.02},
		{0.82, 0.29, 0.36, 0, 0.06},
		{0.95, 0.19, 0.24, 0, 0.11},
		{1.01, 0.09, 0.12, 0, 0.13},
	}}
}

func (f *figure) neck() {
	p := f.skin()
	p.color = p.color.Scale(0.86) // in the shade of the chin
	f.bone(joint{0, 0.8, -0.02}, joint{0, 1.55, -0.05}, 0.2*f.shape.limb+0.03, 0.24*f.shape.limb+0.03, p)
}

func (f *figure) paintHead() {
	skin := f.skin()
	sp := f.head.axis(skin, 0.1, 0.9)
	if f.v.cos < 0 { // a brim or bun in front of the face is behind the head as seen
		f.hatBrim()
	}
	f.c.fill(f.head.outline(0, 1.0), sp)
	for _, s := range []float32{-1, 1} { // ears
		if f.head.faces(s*95, 0.5) {
			f.c.ellipse(f.head.spot(s*95, spot{s * 95, 0.53}), 0.06*f.v.unit, 0.1*f.v.unit, flat(skin.color.Scale(0.88)))
		}
	}
	if f.head.faces(0, 0.5) || f.v.cos > -0.2 {
		f.face(skin.color)
	}
	f.hairCap()
	f.hat()
}

// face paints nose, eyes, brows, mouth and beard where they are turned to the camera.
func (f *figure) face(skin person.RGB) {
	h, u := f.head, f.v.unit
	if f.p.Looks.Beard {
		beard := f.p.Looks.Shades.Hair.Scale(0.9)
		for _, path := range h.grown(1.03, 0.01).region(-88, 88, func(phi float32) float32 {
			a := phi / 88
			return 0.74 - 0.22*a*a
		}, func(phi float32) float32 {
			a := phi / 88
			return 1.02 - 0.3*a*a
		}) {
			f.c.fill(path, flat(beard))
		}
	}
	// The nose stands out of the face: its tip is a joint in front of the surface.
	bridge, tip, base := f.v.at(joint{0, 0.45, 0.44}), f.v.at(joint{0, 0.63, 0.58}), f.v.at(joint{0, 0.68, 0.42})
	if f.v.cos > 0.4 {
		f.c.line(flat(skin.Scale(0.78)), 0.05*u, tip, base.lerp(tip, 0.2), bridge.lerp(tip, 0.3))
	}
	f.c.path = append(f.c.path[:0], bridge, tip, base)
	f.c.fill(f.c.path, flat(skin.Scale(0.95)))
	for _, s := range []float32{-1, 1} {
		if !h.faces(s*24, 0.48) {
			continue
		}
		eye := h.spot(s*24, spot{s * 24, 0.49})
		f.c.ellipse(eye, 0.075*u, 0.045*u, flat(person.RGB{235, 232, 228}))
		f.c.ellipse(eye, 0.042*u, 0.045*u, flat(person.RGB{38, 28, 26}))
		f.c.line(flat(f.p.Looks.Shades.Hair.Scale(0.7)), 0.045*u, h.spot(s*24, spot{s * 11, 0.40}), h.spot(s*24, spot{s * 38, 0.39}))
	}
	lips := person.RGB{150, 72, 70}
	if f.p.Gender == person.Woman {
		lips = person.RGB{190, 50, 66}
	}
	f.c.line(flat(skin.Mix(lips, 0.8)), 0.05*u, h.spot(0, spot{-17, 0.8}), h.spot(0, spot{0, 0.815}), h.spot(0, spot{17, 0.8}))
}

// hairline is the lower border of short hair at an angle from the front: forehead, temple with sideburn, nape.
func hairline(phi float32) float32 {
	if phi > 180 {
		phi = 360 - phi
	}
	if phi < 0 {
		phi = -phi
	}
	switch {
	case phi < 55:
		return 0.25 + 0.03*phi/55
	case phi < 75:
		return 0.28 + 0.34*(phi-55)/20
	case phi < 110:
		return 0.62 - 0.2*(phi-75)/35
	}
	return 0.42 + 0.42*(phi-110)/70
}

func (f *figure) hair() paint {
	p := paint{color: f.p.Looks.Shades.Hair, unit: f.v.unit, light: f.light, round: 0.3, folds: f.folds, crease: 0.16, fx: f.fx * 3, fy: f.fy}
	return p
}

// hairCap covers the skull above the hairline.
func (f *figure) hairCap() {
	if f.p.Hair == person.Bald {
		if f.p.Hat == person.NoHat { // a gleam on the crown
			top := f.head.seen(float64(f.light)*2, f.head.ring(0.14))
			f.c.ellipse(top, 0.13*f.v.unit, 0.06*f.v.unit, &paint{color: person.RGB{255, 250, 244}, alpha: 0.45})
		}
		return
	}
	thick := float32(0.035)
	if f.p.Hair == person.LongHair {
		thick = 0.06
	}
	if f.p.Hair == person.ShortHair && f.p.Gender == person.Woman {
		thick = 0.07
	}
	h := f.head.grown(1.03, thick)
	p := h.axis(f.hair(), 0, 1)
	top := func(float32) float32 { return -0.03 - thick }
	line := hairline
	if f.p.Hair == person.ShortHair && f.p.Gender == person.Woman { // a bob: over the ears to the jaw
		line = func(phi float32) float32 {
			if y := hairline(phi); phi < 48 || phi > 312 {
				return y
			}
			return 0.84
		}
	}
	for _, path := range h.region(-180, 180, top, line) {
		f.c.fill(path, p)
	}
	if f.p.Hair == person.Bun {
		o := f.v.at(joint{0, -0.13, -0.16})
		r := 0.235 * f.v.unit
		bun := f.hair()
		bun.round = 0.4
		f.c.ellipse(o, r*1.06, r*0.95, bun.along(o.sub(point{0, r}), o.add(point{0, r}), r, r))
		f.c.line(flat(edge(p.color)), 0.05*f.v.unit, o.add(point{-0.2 * f.v.unit, 0.17 * f.v.unit}), o.add(point{0.2 * f.v.unit, 0.17 * f.v.unit}))
	}
}

// mane is long hair falling over the shoulders.
func (f *figure) mane() barrel {
	w := float32(0.0)
	if f.p.Gender == person.Woman {
		w = 0.03
	}
	return barrel{f.v, []ring{
		{0.1, 0.36, 0.42, 0, -0.04},
		{0.5, 0.47 + w, 0.47, 0, -0.06},
		{1.1, 0.52 + w, 0.42, 0, -0.12},
		{1.6, 0.60 + w, 0.42, 0, -0.16},
		{2.1, 0.56 + w, 0.38, 0, -0.24},
		{2.45, 0.42, 0.3, 0, -0.26},
	}}
}

// hairBehind is the mane behind the neck when the person faces the camera, or over the back when not.
func (f *figure) hairBehind() {
	if f.p.Hair != person.LongHair {
		return
	}
	m := f.mane()
	p := f.hair()
	if f.v.cos > 0 {
		p.color = p.color.Scale(0.8)
	}
	axis := m.axis(p, 0.2, 2.4)
	from, to := float32(72), float32(288)
	ragged := func(phi float32) float32 { return 2.38 + 0.09*wave(phi/31) }
	top := func(float32) float32 { return 0.3 }
	if f.v.cos > 0.5 {
		f.c.fill(m.outline(0.3, 2.1), axis)
		return
	}
	for _, path := range m.region(from, to, top, ragged) {
		f.c.fill(path, axis)
	}
}

// hairLocks are the strands that fall in front of the shoulders of a person facing the camera.
func (f *figure) hairLocks() {
	if f.p.Hair != person.LongHair {
		return
	}
	m := f.mane()
	p := m.axis(f.hair(), 0.2, 2.4)
	for _, s := range []float32{-1, 1} {
		for _, path := range m.region(min(s*62, s*125), max(s*62, s*125), func(float32) float32 { return 0.28 }, func(phi float32) float32 {
			return 2.3 + 0.06*wave(phi/17)
		}) {
			f.c.fill(path, p)
		}
	}
}
