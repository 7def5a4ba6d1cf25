package draw

import "math"

// A joint is a position in the person's own space, in head heights: x to the person's left, y down from the top of the head, z forward.
type joint struct{ x, y, z float32 }

func (j joint) add(k joint) joint             { return joint{j.x + k.x, j.y + k.y, j.z + k.z} }
func (j joint) sub(k joint) joint             { return joint{j.x - k.x, j.y - k.y, j.z - k.z} }
func (j joint) mul(f float32) joint           { return joint{j.x * f, j.y * f, j.z * f} }
func (j joint) lerp(k joint, t float32) joint { return j.add(k.sub(j).mul(t)) }

// A view maps the person's space to the picture. Facing the camera is yaw 0; yaw 90 degrees faces the right border of the picture.
type view struct {
	yaw      float32 // radians
	cos, sin float32 // of the yaw
	down     float32 // how much a nearer point moves down: sine of the camera's pitch
	flat     float32 // cosine of the pitch
	taper    float32 // relative growth from the feet to the head: a camera held high is nearer to the head
	unit     float32 // pixels per head height
	origin   point   // of the top of the head
}

func newView(yawDegrees, pitchDegrees, taper, unit float32, origin point) view {
	s, c := math.Sincos(float64(yawDegrees) * math.Pi / 180)
	ps, pc := math.Sincos(float64(pitchDegrees) * math.Pi / 180)
	return view{
		yaw: yawDegrees * math.Pi / 180, cos: float32(c), sin: float32(s), down: float32(ps), flat: float32(pc),
		taper: taper, unit: unit, origin: origin,
	}
}

// depth is the distance towards the camera, in head heights.
func (v *view) depth(j joint) float32 { return j.z*v.cos - j.x*v.sin }

// at projects a joint.
func (v *view) at(j joint) point { return v.screen(j.x*v.cos+j.z*v.sin, j.y, v.depth(j)) }

// screen projects a place already turned to the camera: x to the right of the picture.
func (v *view) screen(x, y, depth float32) point {
	k := v.unit * (1 + v.taper*(0.5-y/8))
	return point{v.origin.x + x*k, v.origin.y + (y*v.flat+depth*v.down)*v.unit}
}
