package draw

import (
	"math"
	"math/rand/v2"

	"plip/ingest/demo/person"
)

// A figure is one person in one pose before one camera, while it is being painted.
type figure struct {
	c      *Canvas
	v      *view
	p      *person.Person
	shape  shape
	pose   pose
	trunk  barrel
	head   barrel
	folds  *folds
	fx, fy int     // place in the folds tile
	light  float32 // from the left (negative) or right
	carry  int     // hand or shoulder that carries, -1 without belongings
	sway   float32 // where hems swing, in head heights
}

// paint draws the figure over the background, far parts first: what hides what depends on where the person faces.
func (f *figure) paint() {
	facing := f.v.cos > 0
	near := 0 // index of the side nearer to the camera
	if f.v.sin < 0 {
		near = 1
	}
	far := 1 - near

	if f.p.Bag == person.Backpack && f.v.cos > -0.25 {
		f.backpack()
	}
	if f.p.Bag == person.Suitcase && f.suitcaseBehind() {
		f.carried()
	}
	if facing {
		f.hairBehind()
		f.hood()
	}
	profile := float32(math.Abs(float64(f.v.sin))) > 0.5
	if profile || f.armBehind(far) {
		f.arm(far)
	}
	if !profile && f.armBehind(near) {
		f.arm(near)
	}
	for _, i := range f.legOrder() {
		f.leg(i)
	}
	f.neck()
	f.lower()
	f.upper()
	f.paintHead()
	if !facing {
		f.hood()
		f.hairBehind()
	} else {
		f.hairLocks()
	}
	if f.p.Bag == person.ShoulderBag {
		f.carried()
	}
	if f.p.Bag == person.Backpack {
		if f.v.cos > -0.25 {
			f.straps()
		} else {
			f.backpack()
		}
	}
	if !profile && !f.armBehind(far) {
		f.arm(far)
	}
	if profile || !f.armBehind(near) {
		f.arm(near)
	}
	switch f.p.Bag {
	case person.NoBag, person.Backpack, person.ShoulderBag:
	case person.Suitcase:
		if !f.suitcaseBehind() {
			f.carried()
		}
	default:
		f.carried()
	}
}

// newFigure sets up a person of the given yaw before a camera.
func newFigure(c *Canvas, v *view, p *person.Person, fo *folds, light float32, r *rand.Rand) *figure {
	f := &figure{c: c, v: v, p: p, shape: bodyShape(p), folds: fo, light: light, carry: -1}
	f.fx, f.fy = r.IntN(foldSize), r.IntN(foldSize)
	if p.Bag != person.NoBag {
		f.carry = 0
		if p.Looks.LeftHanded {
			f.carry = 1
		}
		// Seen from the side a bag in the far hand would be hidden: then it is in the near one. People change hands.
		if p.Bag != person.ShoulderBag && math.Abs(float64(v.sin)) > 0.5 {
			f.carry = 0
			if v.sin < 0 {
				f.carry = 1
			}
		}
	}
	hands := f.carry
	if p.Bag == person.Backpack || p.Bag == person.ShoulderBag {
		hands = -1
	}
	f.pose = walk(p, f.shape, hands, r)
	f.trunk = f.shape.trunk(v)
	f.head = skull(v)
	f.sway = float32(r.NormFloat64()) * 0.05
	return f
}

// cloth is the paint of a fabric, before it is laid along a body part.
func (f *figure) cloth(c person.RGB) paint {
	return paint{color: c, unit: f.v.unit, light: f.light, round: 0.26, folds: f.folds, crease: 0.11, fx: f.fx, fy: f.fy}
}

// skin is the paint of the person's skin.
func (f *figure) skin() paint {
	return paint{color: f.p.Looks.Shades.Skin, unit: f.v.unit, light: f.light * 0.8, round: 0.24}
}

// bone paints a rounded, tapered body part between two joints, radii in head heights.
func (f *figure) bone(a, b joint, ra, rb float32, p paint) {
	pa, pb := f.v.at(a), f.v.at(b)
	ra, rb = ra*f.v.unit, rb*f.v.unit
	f.c.limb(pa, pb, ra, rb, p.along(pa, pb, ra, rb))
}

// edge is the shade of the narrow dark line that separates a limb from what is behind it.
func edge(c person.RGB) person.RGB { return c.Scale(0.62) }

// seam strokes a line on a surface; width in head heights.
func (f *figure) seam(b barrel, color person.RGB, width, centre float32, corners ...spot) {
	f.c.line(flat(color), width*f.v.unit, b.strip(centre, corners...)...)
}

// contrast is a shade of c that shows on it: darker on light cloth, lighter on dark.
func contrast(c person.RGB, strength float32) person.RGB {
	if c.Luma() < 75 {
		return c.Mix(person.RGB{255, 255, 255}, strength*0.42)
	}
	return c.Scale(1 - strength*0.55)
}

// armBehind reports whether an arm is farther from the camera than the trunk.
func (f *figure) armBehind(i int) bool {
	return f.v.depth(f.pose.hand[i].lerp(f.pose.elbow[i], 0.4)) < -0.12
}

// legOrder gives the far leg first.
func (f *figure) legOrder() [2]int {
	if f.v.depth(f.pose.ankle[0].lerp(f.pose.hip[0], 0.5)) < f.v.depth(f.pose.ankle[1].lerp(f.pose.hip[1], 0.5)) {
		return [2]int{0, 1}
	}
	return [2]int{1, 0}
}
