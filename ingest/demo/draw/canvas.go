package draw

import (
	"image"
	"image/draw"
	"math"

	"golang.org/x/image/vector"
)

// A point is a position in the picture, in pixels.
type point struct{ x, y float32 }

func (p point) add(q point) point             { return point{p.x + q.x, p.y + q.y} }
func (p point) sub(q point) point             { return point{p.x - q.x, p.y - q.y} }
func (p point) mul(f float32) point           { return point{p.x * f, p.y * f} }
func (p point) lerp(q point, t float32) point { return p.add(q.sub(p).mul(t)) }

// norm returns the distance from the origin.
func (p point) norm() float32 { return float32(math.Hypot(float64(p.x), float64(p.y))) }

// A Canvas holds the picture being drawn and the buffers that drawing reuses. It is not safe for concurrent use; a worker has its own.
type Canvas struct {
	w, h   int
	pix    []uint8 // RGBA, 4*w*h; A is always 255
	spare  []uint8 // second picture for blurring
	mask   *image.Alpha
	raster vector.Rasterizer
	path   []point // scratch of the shape being built
}

// NewCanvas returns an empty canvas; its buffers grow with the first picture.
func NewCanvas() *Canvas { return &Canvas{mask: &image.Alpha{}} }

// reset sets the size in pixels. The pixels' content is undefined until a background is laid.
func (c *Canvas) reset(w, h int) {
	c.w, c.h = w, h
	if n := 4 * w * h; cap(c.pix) < n {
		c.pix, c.spare = make([]uint8, n), make([]uint8, n)
		c.mask.Pix = make([]uint8, w*h)
	}
	c.pix, c.spare = c.pix[:4*w*h], c.spare[:4*w*h]
}

// fill paints the inside of a closed polygon. The mask is computed in the polygon's bounding box only: most shapes are a few pixels wide.
func (c *Canvas) fill(path []point, p *paint) {
	if len(path) < 3 {
		return
	}
	x0, y0, x1, y1 := path[0].x, path[0].y, path[0].x, path[0].y
	for _, q := range path[1:] {
		x0, x1 = min(x0, q.x), max(x1, q.x)
		y0, y1 = min(y0, q.y), max(y1, q.y)
	}
	left, top := max(0, int(math.Floor(float64(x0)))), max(0, int(math.Floor(float64(y0))))
	right, bottom := min(c.w, int(math.Ceil(float64(x1)))), min(c.h, int(math.Ceil(float64(y1))))
	w, h := right-left, bottom-top
	if w <= 0 || h <= 0 {
		return
	}
	c.raster.Reset(w, h)
	c.raster.DrawOp = draw.Src
	ox, oy := float32(left), float32(top)
	c.raster.MoveTo(path[0].x-ox, path[0].y-oy)
	for _, q := range path[1:] {
		c.raster.LineTo(q.x-ox, q.y-oy)
	}
	c.raster.ClosePath()
	m := image.Alpha{Pix: c.mask.Pix[:w*h], Stride: w, Rect: image.Rect(0, 0, w, h)}
	c.raster.Draw(&m, m.Rect, image.Opaque, image.Point{})
	for y := range h {
		row := m.Pix[y*w : (y+1)*w]
		for x := 0; x < w; x++ {
			if row[x] != 0 {
				p.blend(c.pix[4*((top+y)*c.w+left+x):], left+x, top+y, uint32(row[x]))
			}
		}
	}
}

// line strokes a polyline of the given width in pixels, with flat ends. Thin strokes keep a width of half a pixel, so that a seam fades
// in a small picture and does not break up.
func (c *Canvas) line(p *paint, width float32, pts ...point) {
	r := max(0.25, width/2)
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		d := b.sub(a)
		n := d.norm()
		if n < 1e-3 {
			continue
		}
		s := point{-d.y / n * r, d.x / n * r}
		e := d.mul(0.3 * r / n) // segments overlap a little at the joints
		c.path = append(c.path[:0], a.sub(e).add(s), b.add(e).add(s), b.add(e).sub(s), a.sub(e).sub(s))
		c.fill(c.path, p)
	}
}

// ellipse fills an ellipse with its axes along the picture's.
func (c *Canvas) ellipse(o point, rx, ry float32, p *paint) {
	c.path = c.path[:0]
	n := 12
	if rx+ry > 14 {
		n = 24
	}
	for i := range n {
		s, k := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		c.path = append(c.path, point{o.x + rx*float32(k), o.y + ry*float32(s)})
	}
	c.fill(c.path, p)
}

// limb fills a tapered capsule from a to b with end radii ra and rb.
func (c *Canvas) limb(a, b point, ra, rb float32, p *paint) {
	d := b.sub(a)
	angle := math.Atan2(float64(d.y), float64(d.x))
	c.path = c.path[:0]
	const half = 6 // segments of each round end
	for i := range half + 1 {
		s, k := math.Sincos(angle + math.Pi/2 + math.Pi*float64(i)/half)
		c.path = append(c.path, point{a.x + ra*float32(k), a.y + ra*float32(s)})
	}
	for i := range half + 1 {
		s, k := math.Sincos(angle - math.Pi/2 + math.Pi*float64(i)/half)
		c.path = append(c.path, point{b.x + rb*float32(k), b.y + rb*float32(s)})
	}
	c.fill(c.path, p)
}

// hull fills the convex hull of the points: the outline of a rigid thing such as a shoe or a suitcase from any side.
func (c *Canvas) hull(pts []point, p *paint) { c.fill(convexHull(pts), p) }

// Image returns the picture. It shares memory with the canvas and is valid until the next drawing on it.
func (c *Canvas) Image() *image.RGBA {
	return &image.RGBA{Pix: c.pix, Stride: 4 * c.w, Rect: image.Rect(0, 0, c.w, c.h)}
}
