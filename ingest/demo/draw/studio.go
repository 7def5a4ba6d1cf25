package draw

import (
	"math/rand/v2"

	"plip/ingest/demo/person"
)

// A Studio holds the cameras and the noise that all pictures share. It is immutable after NewStudio and safe for concurrent use.
type Studio struct {
	cameras []camera
	folds   *folds
	grain   *grain
}

// A camera is fixed in a place: its background, its height and its sensor stay.
type camera struct {
	scene  scene
	sensor sensor
	pitch  float32 // degrees that it looks down
	taper  float32 // perspective, see view
	height float32 // mean height of its crops in pixels
	light  float32 // where the light comes from
	worst  int     // lowest JPEG quality
	best   int
}

// NewStudio sets up cameras from a seed: about 10 ms each.
func NewStudio(seed uint64, cameras int) *Studio {
	r := rand.New(rand.NewPCG(seed, 0x57d10))
	s := &Studio{folds: newFolds(r), grain: newGrain(r)}
	c := NewCanvas()
	for range cameras {
		height := 4 + 16*r.Float32()
		worst := 48 + r.IntN(30)
		s.cameras = append(s.cameras, camera{
			scene:  newScene(c, r, s.folds),
			sensor: newSensor(r),
			pitch:  height,
			taper:  height / 200,
			height: 256 * (0.62 + 0.4*r.Float32()),
			light:  0.26 * (2*r.Float32() - 1),
			worst:  worst,
			best:   worst + 8 + r.IntN(12),
		})
	}
	return s
}

// Cameras is the number of cameras.
func (s *Studio) Cameras() int { return len(s.cameras) }

// A Shot is what one picture shows beyond the identity.
type Shot struct {
	Yaw          float32 // degrees; 0 faces the camera, 90 walks to the right
	ShoesVisible bool
	InnerVisible bool // the garment under an open one
	Quality      int  // of the JPEG, 1..100
}

// Shoot paints a person as seen by a camera on the canvas; c.Image holds the picture then. It panics if there is no such camera.
func (s *Studio) Shoot(c *Canvas, p *person.Person, cam int, r *rand.Rand) Shot {
	k := &s.cameras[cam]
	h := min(282, max(128, k.height*(0.86+0.26*r.Float32())))
	w := h * (0.47 + 0.06*r.Float32())
	c.reset(int(w), int(h))
	k.scene.crop(c, (sceneW-w)*r.Float32(), horizon-h*(0.3+0.3*r.Float32()), 0.8+0.3*r.Float32())

	yaw := pickYaw(r)
	share := 0.86 + 0.1*r.Float32() // of the crop's height that the body fills
	unit := h * share * float32(p.Looks.Stature) / 8.05
	unit = min(unit, 0.93*h/(soleY+above(p))) // a detector's box holds what is on or above the head
	pitch := k.pitch + 2*float32(r.NormFloat64())
	v := newView(yaw, pitch, k.taper, unit, point{w * (0.5 + 0.045*float32(r.NormFloat64())), 0})
	f := newFigure(c, &v, p, s.folds, k.light+0.06*float32(r.NormFloat64()), r)
	sole := h * (0.965 - 0.035*r.Float32())
	v.origin.y = sole - f.pose.lowest*v.flat*unit
	f.shadow()
	f.paint()
	hidden := occlude(c, &v, s.folds, sole, r)
	k.sensor.record(c, s.grain, r)
	return Shot{
		Yaw:          yaw,
		ShoesVisible: !hidden,
		InnerVisible: v.cos > 0.5,
		Quality:      k.worst + r.IntN(k.best-k.worst+1),
	}
}

// above is how far hats and the like rise over the head, in head heights.
func above(p *person.Person) float32 {
	switch {
	case p.Bag == person.Umbrella:
		return 2.0
	case p.Hat != person.NoHat:
		return 0.42
	case p.Hair == person.Bun:
		return 0.34
	}
	return 0.1
}

// pickYaw draws a heading: front, back, left or right, a little turned.
func pickYaw(r *rand.Rand) float32 {
	turn := 40 * (r.Float32() - 0.5)
	switch x := r.Float64(); {
	case x < 0.34:
		return turn
	case x < 0.6:
		return 180 + turn
	case x < 0.8:
		return 90 + turn
	}
	return -90 + turn
}

// shadow darkens the ground below the feet.
func (f *figure) shadow() {
	o := f.v.at(joint{0.15 + f.light, f.pose.lowest, 0})
	for i := range 4 {
		r := (1.15 - 0.25*float32(i)) * f.v.unit
		f.c.ellipse(o, r, r*(0.24+f.v.down*0.3), &paint{color: person.RGB{18, 18, 22}, alpha: 0.15})
	}
}
