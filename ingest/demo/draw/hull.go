package draw

import (
	"cmp"
	"slices"
)

// convexHull returns the corners of the convex hull in order (monotone chain). The points are sorted in place.
func convexHull(pts []point) []point {
	if len(pts) < 3 {
		return pts
	}
	slices.SortFunc(pts, func(a, b point) int {
		if c := cmp.Compare(a.x, b.x); c != 0 {
			return c
		}
		return cmp.Compare(a.y, b.y)
	})
	hull := make([]point, 0, 2*len(pts))
	for pass := range 2 {
		start := len(hull)
		for i := range pts {
			p := pts[i]
			if pass == 1 {
				p = pts[len(pts)-1-i]
			}
			for len(hull) >= start+2 && cross(hull[len(hull)-2], hull[len(hull)-1], p) <= 0 {
				hull = hull[:len(hull)-1]
			}
			hull = append(hull, p)
		}
		hull = hull[:len(hull)-1] // the last point starts the other half
	}
	return hull
}

// cross is positive if o, a, b turn left.
func cross(o, a, b point) float32 { return (a.x-o.x)*(b.y-o.y) - (a.y-o.y)*(b.x-o.x) }
