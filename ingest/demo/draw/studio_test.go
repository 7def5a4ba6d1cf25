package draw

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"plip/ingest/demo/person"
)

// shoot draws a person and returns a copy of the picture, scaled to nothing: RGBA of w x h.
func shoot(s *Studio, c *Canvas, p *person.Person, cam int, seed uint64) ([]uint8, int, int) {
	s.Shoot(c, p, cam, rand.New(rand.NewPCG(seed, 9)))
	return append([]uint8(nil), c.pix...), c.w, c.h
}

func TestCanvasLeavesNoTrace(t *testing.T) {
	s := NewStudio(3, 3)
	used := NewCanvas()
	for i := range 20 {
		p := person.Sample(rand.New(rand.NewPCG(1, uint64(i))))
		fresh, w, h := shoot(s, NewCanvas(), &p, i%3, uint64(i))
		again, w2, h2 := shoot(s, used, &p, i%3, uint64(i))
		if w != w2 || h != h2 || string(fresh) != string(again) {
			t.Fatalf("picture %d differs on a canvas that was used before", i)
		}
	}
}

// garmentColor is the mean colour of the pixels that change when the upper garment is dyed otherwise.
func garmentColor(s *Studio, c *Canvas, p person.Person, cam int, seed uint64) (person.RGB, int) {
	before, _, _ := shoot(s, c, &p, cam, seed)
	p.Looks.Shades.Upper = person.RGB{255 - p.Looks.Shades.Upper[0], 255 - p.Looks.Shades.Upper[1], 128}
	after, _, _ := shoot(s, c, &p, cam, seed)
	var sum person.RGB
	n := 0
	for i := 0; i < len(before); i += 4 {
		if d := int(before[i]) - int(after[i]); d*d > 900 {
			n++
			for k := range 3 {
				sum[k] += float32(before[i+k])
			}
		}
	}
	return sum.Scale(1 / float32(max(1, n))), n
}

// TestColorsCanBeNamed compares the garment as pictured with the palette: the nearest colour, brightness taken half as serious, must
// mostly be the right one whatever the camera. Neighbours such as white and beige under warm light may be mistaken at times.
func TestColorsCanBeNamed(t *testing.T) {
	s := NewStudio(5, 12)
	c := NewCanvas()
	right, all := 0, 0
	miss := map[string]int{}
	for i := range 400 {
		r := rand.New(rand.NewPCG(2, uint64(i)))
		p := person.Sample(r)
		for p.Pattern != person.Plain || p.Upper == person.Blazer || p.UpperColor == person.Gray {
			p = person.Sample(r)
		}
		got, n := garmentColor(s, c, p, i%12, uint64(i))
		if n < 60 {
			continue
		}
		best, name := math.Inf(1), person.Color("")
		for _, k := range person.Colors() {
			if d := distance(got, k.RGB()); d < best {
				best, name = d, k
			}
		}
		all++
		if name == p.UpperColor {
			right++
		} else {
			miss[string(p.UpperColor)+" for "+string(name)]++
		}
	}
	share := float64(right) / float64(all)
	t.Logf("named by the mean pixel: %.1f %% of %d, mistaken: %v", 100*share, all, miss)
	if all < 350 || share < 0.75 {
		t.Errorf("nearest palette colour: want it right in 75 %% of 350 pictures or more, got %.1f %% of %d", 100*share, all)
	}
}

// distance between colours with brightness at half weight.
func distance(a, b person.RGB) float64 {
	la, lb := a.Luma(), b.Luma()
	sum := 0.25 * float64((la-lb)*(la-lb))
	for i := range 3 {
		d := float64((a[i] - la) - (b[i] - lb))
		sum += d * d
	}
	return sum
}

// small reduces a picture to 48x96 by averaging: what a small network sees.
func small(pix []uint8, w, h int) []float64 {
	out := make([]float64, 48*96*3)
	count := make([]float64, 48*96)
	for y := range h {
		for x := range w {
			k := y*96/h*48 + x*48/w
			count[k]++
			for j := range 3 {
				out[3*k+j] += float64(pix[4*(y*w+x)+j])
			}
		}
	}
	for i := range out {
		out[i] /= max(1, count[i/3])
	}
	return out
}

// changed is the number of cells of the 48x96 picture that differ clearly.
func changed(a, b []float64) int {
	n := 0
	for i := 0; i < len(a); i += 3 {
		d := 0.0
		for j := range 3 {
			d += math.Abs(a[i+j] - b[i+j])
		}
		if d > 36 {
			n++
		}
	}
	return n
}

// still is a camera without quirks, to compare kinds in the same light.
func still(s *Studio) *Studio {
	k := s.cameras[0]
	k.height, k.pitch, k.taper = 250, 8, 0.04
	k.sensor = sensor{gain: [3]float64{1, 1, 1}, exposure: 1, contrast: 1, vivid: 1}
	return &Studio{cameras: []camera{k}, folds: s.folds, grain: s.grain}
}

// TestKindsLookDifferent draws one person in one pose with each kind of a slot, in one colour, and demands that any two differ in many
// cells of the small picture, from the front as from behind.
func TestKindsLookDifferent(t *testing.T) {
	s := still(NewStudio(1, 2))
	c := NewCanvas()
	var base person.Person
	for i := uint64(0); base.Lower != person.Trousers || base.Pattern != person.Plain || base.Hat != person.NoHat || base.Bag != person.NoBag || base.Hair == person.LongHair; i++ {
		base = person.Sample(rand.New(rand.NewPCG(4, i)))
	}
	base.Shoes, base.Open = person.LeatherShoes, false
	base.Looks.Shades.Upper, base.Looks.Shades.Lower = person.Green.RGB(), person.Gray.RGB()
	base.Looks.Shades.Inner, base.Looks.Shades.Shoes = person.Red.RGB(), person.Brown.RGB()
	base.Looks.Shades.Hat, base.Looks.Shades.Bag = person.Orange.RGB(), person.Blue.RGB()

	type variant struct {
		name string
		p    person.Person
	}
	slots := map[string][]variant{}
	add := func(slot, name string, change func(p *person.Person)) {
		p := base
		change(&p)
		slots[slot] = append(slots[slot], variant{name, p})
	}
	for _, k := range []person.Upper{person.TShirt, person.Shirt, person.Jacket, person.Coat, person.Hoodie, person.Sweater, person.Vest, person.Blazer, person.TankTop, person.Dress} {
		add("upper", string(k), func(p *person.Person) {
			p.Upper, p.Sleeve = k, person.Long
			switch k {
			case person.TShirt, person.Dress:
				p.Sleeve = person.Short
			case person.TankTop, person.Vest:
				p.Sleeve = person.NoLength
			}
			if k == person.Dress {
				p.Lower = person.NoLower
			}
		})
	}
	for _, k := range []person.Lower{person.Trousers, person.Jeans, person.Shorts, person.Skirt, person.Leggings, person.Sweatpants} {
		add("lower", string(k), func(p *person.Person) { p.Lower, p.LowerLength = k, person.Short })
	}
	for _, k := range []person.Shoes{person.Sneakers, person.Boots, person.Sandals, person.LeatherShoes} {
		add("shoes", string(k), func(p *person.Person) { p.Shoes = k })
	}
	for _, k := range []person.Bag{person.NoBag, person.Backpack, person.Handbag, person.ShoulderBag, person.Suitcase, person.Umbrella, person.ShoppingBag} {
		add("belongings", string(k), func(p *person.Person) { p.Bag = k })
	}
	for _, k := range []person.Hair{person.ShortHair, person.LongHair, person.Bun, person.Bald} {
		add("head", string(k), func(p *person.Person) { p.Hair = k })
	}
	for _, k := range []person.Hat{person.Cap, person.Beanie, person.SunHat} {
		add("head", string(k), func(p *person.Person) { p.Hat = k })
	}
	least := map[string]int{"upper": 40, "lower": 30, "shoes": 6, "belongings": 25, "head": 6}
	for slot, variants := range slots {
		views := map[string][]float64{}
		seeds := map[string]uint64{"front": 0, "back": 0}
		for name := range seeds { // find poses of the two headings
			for seed := uint64(1); seeds[name] == 0; seed++ {
				shot := s.Shoot(c, &base, 0, rand.New(rand.NewPCG(seed, 9)))
				facing := math.Cos(float64(shot.Yaw) * math.Pi / 180)
				if shot.ShoesVisible && (name == "front" && facing > 0.95 || name == "back" && facing < -0.95) {
					seeds[name] = seed
				}
			}
		}
		for name, seed := range seeds {
			for _, v := range variants {
				p := v.p
				pix, w, h := shoot(s, c, &p, 0, seed)
				views[name+v.name] = small(pix, w, h)
			}
			for i, a := range variants {
				for _, b := range variants[:i] {
					if n := changed(views[name+a.name], views[name+b.name]); n < least[slot] {
						t.Errorf("%s from the %s: %q and %q differ in %d of 4608 cells, want %d", slot, name, a.name, b.name, n, least[slot])
					}
				}
			}
		}
	}
}

func TestSizesAndShots(t *testing.T) {
	s := NewStudio(8, 8)
	c := NewCanvas()
	hidden, views := 0, map[int]int{}
	const n = 600
	for i := range n {
		p := person.Sample(rand.New(rand.NewPCG(6, uint64(i))))
		shot := s.Shoot(c, &p, i%8, rand.New(rand.NewPCG(7, uint64(i))))
		if c.w < 60 || c.w > 150 || c.h < 128 || c.h > 282 || shot.Quality < 40 || shot.Quality > 98 {
			t.Fatalf("picture %d: %dx%d pixels, quality %d", i, c.w, c.h, shot.Quality)
		}
		if !shot.ShoesVisible {
			hidden++
		}
		views[int(math.Round(float64(shot.Yaw)/90)+4)%4]++
	}
	if share := float64(hidden) / n; share < 0.05 || share > 0.14 {
		t.Errorf("hidden shoes: want a share of about 0.095, got %v", share)
	}
	for k := range 4 {
		if views[k] < n/8 {
			t.Errorf("heading %d x 90 degrees: want an eighth of %d pictures or more, got %d", k, n, views[k])
		}
	}
}

func BenchmarkShoot(b *testing.B) {
	s := NewStudio(1, 16)
	c := NewCanvas()
	people := make([]person.Person, 64)
	for i := range people {
		people[i] = person.Sample(rand.New(rand.NewPCG(1, uint64(i))))
	}
	b.Run(fmt.Sprintf("cameras=%d", s.Cameras()), func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			s.Shoot(c, &people[i%64], i%16, rand.New(rand.NewPCG(3, uint64(i))))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
	})
}
