package draw

import (
	"math"
	"math/rand/v2"

	"plip/ingest/demo/person"
)

// Heights of the body's landmarks, in head heights from the top of the head.
const (
	chinY     = 1.0
	shoulderY = 1.84
	waistY    = 3.05
	hipY      = 4.0
	soleY     = 7.75
	thighLen  = 1.72
	shinLen   = 1.72
	ankleH    = 0.25 // from ankle joint to sole
)

// A pose is the skeleton in one moment. Index 0 is the person's right side, 1 the left.
type pose struct {
	hip, knee, ankle      [2]joint
	shoulder, elbow, hand [2]joint
	lowest                float32 // y of the sole that stands on the ground
}

// side is -1 for the right, +1 for the left of the person.
func side(i int) float32 { return float32(2*i - 1) }

// walk poses a person. Arms swing against the legs; an arm that carries swings little; one that holds an umbrella is bent upwards.
func walk(p *person.Person, shape shape, carrying int, r *rand.Rand) pose {
	phase := 2 * math.Pi * r.Float64()
	swing := 0.06 + 0.4*p.Looks.Swing*r.Float64()
	var o pose
	for i := range 2 {
		s := side(i)
		turn := phase + math.Pi*float64(i)
		thigh := swing * math.Sin(turn)
		bend := 0.06 + 1.5*swing*max(0, math.Cos(turn))*0.8
		if p.Upper == person.Dress || p.Lower == person.Skirt {
			thigh *= 0.75
		}
		o.hip[i] = joint{s * shape.hip * 0.5, hipY - 0.05, 0}
		o.knee[i] = swung(o.hip[i], thigh, thighLen, s*0.01)
		o.ankle[i] = swung(o.knee[i], thigh-bend, shinLen, s*0.02)
		o.lowest = max(o.lowest, o.ankle[i].y+ankleH)

		arm := -swing*0.95*math.Sin(turn) + 0.04
		elbow := 0.22 + 0.5*swing
		if i == carrying {
			arm, elbow = arm*0.3, 0.12
		}
		out := s * (0.12 + 0.1*float32(r.Float64()))
		o.shoulder[i] = joint{s * (shape.shoulder*0.97 - 0.13), shoulderY, 0}
		o.elbow[i] = swung(o.shoulder[i], arm, 1.2, out)
		o.hand[i] = swung(o.elbow[i], arm+elbow, 1.15, out*0.3)
	}
	if carrying >= 0 {
		s := side(carrying)
		switch p.Bag {
		case person.Umbrella:
			o.elbow[carrying] = joint{s * (shape.shoulder + 0.08), 2.72, 0.22}
			o.hand[carrying] = joint{s * (shape.shoulder - 0.14), 2.08, 0.78}
		case person.Suitcase:
			o.elbow[carrying] = joint{s * (shape.shoulder + 0.14), 2.95, -0.12}
			o.hand[carrying] = joint{s * (shape.shoulder + 0.26), 4.0, -0.3}
		}
	}
	return o
}

// swung is the far end of a bone of the given length that swings forward by an angle in radians, shifted outwards by out.
func swung(from joint, angle float64, length, out float32) joint {
	s, c := math.Sincos(angle)
	return joint{from.x + out, from.y + length*float32(c), from.z + length*float32(s)}
}

// A shape is the body under the clothes.
type shape struct {
	shoulder, waist, hip float32 // half-widths, in head heights
	depth                float32 // factor of the trunk's thickness
	limb                 float32 // factor of the limbs' thickness
	belly                float32 // how far the waist bulges forward
}

// bodyShape separates men and women by shoulders, waist and hips, in clothes too.
func bodyShape(p *person.Person) shape {
	s := shape{shoulder: 0.98, waist: 0.72, hip: 0.70, depth: 1, limb: 1}
	if p.Gender == person.Woman {
		s = shape{shoulder: 0.80, waist: 0.55, hip: 0.80, depth: 0.95, limb: 0.88}
	}
	switch p.Build {
	case person.Slim:
		s.shoulder, s.waist, s.hip, s.depth, s.limb = s.shoulder*0.92, s.waist*0.86, s.hip*0.88, s.depth*0.88, s.limb*0.86
	case person.Heavy:
		s.shoulder, s.waist, s.hip, s.depth, s.limb = s.shoulder*1.1, s.waist*1.42, s.hip*1.24, s.depth*1.3, s.limb*1.22
		s.belly = 0.12
	}
	return s
}

// trunk is the body from neck to crotch as a barrel.
func (s shape) trunk(v *view) barrel {
	d := s.depth
	return barrel{v, []ring{
		{1.26, 0.25, 0.25, 0, -0.05},
		{1.40, 0.40 * s.shoulder, 0.28 * d, 0, -0.05},
		{1.54, 0.74 * s.shoulder, 0.33 * d, 0, -0.03},
		{1.74, 0.93 * s.shoulder, 0.39 * d, 0, -0.01},
		{2.2, 0.89 * s.shoulder, 0.46 * d, 0, 0},
		{waistY, s.waist, 0.40 * d, 0, s.belly},
		{3.65, s.hip * 0.97, 0.45 * d, 0, s.belly * 0.5},
		{4.2, s.hip, 0.46 * d, 0, 0},
	}}
}
