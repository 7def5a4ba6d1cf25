package draw

import (
	"math"
	"math/rand/v2"
	"testing"
)

func testView(yaw, pitch float32) *view {
	v := newView(yaw, pitch, 0, 30, point{64, 10})
	return &v
}

func near(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-3 }

func TestBarrelMeetsItsRings(t *testing.T) {
	b := barrel{testView(0, 0), []ring{{0, 0.2, 0.3, 0, 0}, {1, 0.9, 0.4, 0.1, 0}, {1.5, 0.8, 0.5, 0, 0.2}, {4, 0.5, 0.5, 0, 0}}}
	for _, want := range b.rings {
		if got := b.ring(want.y); got != want {
			t.Errorf("ring at %v: want %v, got %v", want.y, want, got)
		}
	}
	if got := b.ring(9); got.w != 0.5 || got.y != 9 {
		t.Errorf("below the last ring: want it continued, got %v", got)
	}
	for y := float32(0); y < 4; y += 0.01 { // no overshoot beyond a tenth
		if r := b.ring(y); r.w < 0.18 || r.w > 0.99 {
			t.Errorf("ring at %v: width %v swings out of the rings around it", y, r.w)
		}
	}
}

func TestBarrelTurns(t *testing.T) {
	rings := []ring{{0, 0.9, 0.4, 0, 0}, {4, 0.9, 0.4, 0, 0}}
	for _, c := range []struct {
		yaw          float32
		half         float32 // silhouette, in head heights
		front, right float32 // where the front and the person's left side are seen, in head heights right of the axis
	}{
		{0, 0.9, 0, 0.9},
		{90, 0.4, 0.4, 0},
		{180, 0.9, 0, -0.9},
		{-90, 0.4, -0.4, 0},
	} {
		b := barrel{testView(c.yaw, 0), rings}
		left, right := b.seen(-math.Pi/2, b.ring(2)), b.seen(math.Pi/2, b.ring(2))
		if !near((right.x-left.x)/60, c.half) {
			t.Errorf("yaw %v: want half-width %v, got %v", c.yaw, c.half, (right.x-left.x)/60)
		}
		if front := b.faces(0, 2); front != (c.yaw != 180) && math.Abs(float64(c.yaw)) != 90 {
			t.Errorf("yaw %v: front faces the camera: %v", c.yaw, front)
		}
		if c.yaw != 180 {
			if got := (b.spot(0, spot{0, 2}).x - 64) / 30; !near(got, c.front) {
				t.Errorf("yaw %v: want the front at %v, got %v", c.yaw, c.front, got)
			}
		}
		if c.yaw == 0 || c.yaw == 180 {
			if got := (b.spot(90, spot{90, 2}).x - 64) / 30; !near(got, c.right) {
				t.Errorf("yaw %v: want the left side at %v, got %v", c.yaw, c.right, got)
			}
		}
	}
}

// area of a polygon, unsigned.
func area(path []point) float64 {
	sum := 0.0
	for i, p := range path {
		q := path[(i+1)%len(path)]
		sum += float64(p.x)*float64(q.y) - float64(q.x)*float64(p.y)
	}
	return math.Abs(sum) / 2
}

func TestPatchDisappearsBehind(t *testing.T) {
	rings := []ring{{0, 0.9, 0.4, 0, 0}, {4, 0.9, 0.4, 0, 0}}
	patch := func(yaw, centre float32) float64 {
		b := barrel{testView(yaw, 0), rings}
		return area(b.patch(centre, spot{centre - 30, 1}, spot{centre + 30, 1}, spot{centre + 30, 2}, spot{centre - 30, 2}))
	}
	for yaw := float32(-180); yaw <= 180; yaw += 5 {
		front, back := patch(yaw, 0), patch(yaw, 180)
		if front > 1 && back > 1 && math.Abs(math.Abs(float64(yaw))-90) > 65 {
			t.Errorf("yaw %v: front (%.1f) and back (%.1f) are both seen", yaw, front, back)
		}
		if front < 1 && back < 1 && math.Abs(math.Abs(float64(yaw))-90) > 30 {
			t.Errorf("yaw %v: neither front nor back is seen", yaw)
		}
		// Turning the barrel by half a turn swaps the two.
		if other := patch(yaw+180, 180); math.Abs(front-other) > 0.5 {
			t.Errorf("yaw %v: front covers %.2f, the back after half a turn %.2f", yaw, front, other)
		}
	}
}

// TestRegionCoversOutline: the region all around is the silhouette, and two halves add up to it.
func TestRegionCoversOutline(t *testing.T) {
	b := barrel{testView(35, 0), []ring{{0, 0.4, 0.4, 0, 0}, {1, 0.9, 0.5, 0, 0}, {4, 0.6, 0.5, 0, 0}}}
	at := func(y float32) func(float32) float32 { return func(float32) float32 { return y } }
	sum := func(from, to float32) (s float64) {
		for _, path := range b.region(from, to, at(0.5), at(3.5)) {
			s += area(path)
		}
		return s
	}
	want := area(b.outline(0.5, 3.5))
	if got := sum(-180, 180); math.Abs(got-want) > 0.03*want {
		t.Errorf("all around: want area %.0f, got %.0f", want, got)
	}
	if got := sum(-60, 80) + sum(80, 300); math.Abs(got-want) > 0.08*want {
		t.Errorf("two parts: want area %.0f in sum, got %.0f", want, got)
	}
}

func TestConvexHull(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		pts := make([]point, 3+r.IntN(30))
		for i := range pts {
			pts[i] = point{float32(r.IntN(20)), float32(r.IntN(20))}
		}
		all := append([]point(nil), pts...)
		hull := convexHull(pts)
		for i := range hull {
			a, b := hull[i], hull[(i+1)%len(hull)]
			for _, p := range all {
				if len(hull) > 2 && cross(a, b, p) < 0 {
					t.Fatalf("%v lies outside the edge %v %v of the hull of %v", p, a, b, all)
				}
			}
		}
	}
}
