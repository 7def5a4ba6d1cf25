package person

import (
	"math"
	"math/rand/v2"
)

// A share is a value with its weight; weights need not add up to one.
type share[T any] struct {
	value  T
	weight float64
}

// pick draws from weighted values.
func pick[T any](r *rand.Rand, shares []share[T]) T {
	sum := 0.0
	for _, s := range shares {
		sum += s.weight
	}
	x := r.Float64() * sum
	for _, s := range shares {
		if x -= s.weight; x < 0 {
			return s.value
		}
	}
	return shares[len(shares)-1].value
}

// pickExcept draws until the value is none of the excluded ones: a bag in the colour of the coat behind it could not be seen.
func pickExcept(r *rand.Rand, shares []share[Color], except ...Color) Color {
draw:
	for {
		c := pick(r, shares)
		for _, e := range except {
			if c == e {
				continue draw
			}
		}
		return c
	}
}

// Sample draws one identity. The shares are ours: dark and neutral colours are more common, as on a street, but every kind and colour
// occurs often enough in 1,500 identities for a captioner to learn it.
func Sample(r *rand.Rand) Person {
	p := Person{Gender: Man}
	if r.Float64() < 0.5 {
		p.Gender = Woman
	}
	p.Build = pick(r, []share[Build]{{Slim, 25}, {Average, 53}, {Heavy, 22}})
	p.sampleHead(r)
	p.sampleUpper(r)
	p.sampleLower(r)
	p.sampleShoes(r)
	p.sampleBag(r)
	p.sampleLooks(r)
	return p
}

func (p *Person) sampleHead(r *rand.Rand) {
	if p.Gender == Woman {
		p.Hair = pick(r, []share[Hair]{{ShortHair, 14}, {LongHair, 62}, {Bun, 24}})
	} else {
		p.Hair = pick(r, []share[Hair]{{ShortHair, 80}, {LongHair, 5}, {Bald, 15}})
	}
	p.HairColor = pick(r, []share[Color]{{Black, 30}, {Brown, 24}, {Blond, 20}, {Red, 12}, {Gray, 14}})
	if r.Float64() < 0.3 {
		p.Hat = pick(r, []share[Hat]{{Cap, 42}, {Beanie, 33}, {SunHat, 25}})
		p.HatColor = pick(r, upperColors())
		if p.Hair == Bun {
			p.Hair = LongHair // a bun does not fit under a hat
		}
	}
}

func upperColors() []share[Color] {
	return []share[Color]{{Black, 11}, {White, 10}, {Gray, 9}, {Red, 9}, {Blue, 9}, {Navy, 6}, {Green, 7}, {Yellow, 6.5}, {Orange, 6}, {Pink, 6.5}, {Purple, 6}, {Brown, 6}, {Beige, 6}, {Teal, 5.5}}
}

func (p *Person) sampleUpper(r *rand.Rand) {
	if p.Gender == Woman {
		p.Upper = pick(r, []share[Upper]{{TShirt, 13}, {Shirt, 10}, {Jacket, 10}, {Coat, 12}, {Hoodie, 9}, {Sweater, 11}, {Vest, 7}, {Blazer, 6}, {TankTop, 9}, {Dress, 15}})
	} else {
		p.Upper = pick(r, []share[Upper]{{TShirt, 15}, {Shirt, 14}, {Jacket, 13}, {Coat, 11}, {Hoodie, 12}, {Sweater, 11}, {Vest, 9}, {Blazer, 10}, {TankTop, 6}})
	}
	p.UpperColor = pick(r, upperColors())
	patterned := map[Upper]float64{TShirt: 0.42, Shirt: 0.45, Sweater: 0.22, Dress: 0.4, TankTop: 0.3}[p.Upper]
	if r.Float64() < patterned {
		p.Pattern = pick(r, []share[Pattern]{{Striped, 45}, {Checked, 30}, {Dotted, 25}})
		if p.Upper == Sweater {
			p.Pattern = Striped
		}
	}
	// The second colour of a pattern must stand out from the first, in brightness.
	p.PatternColor = White
	if p.UpperColor.RGB().Luma() > 120 {
		dark := []share[Color]{{Black, 4}, {Navy, 3}, {Brown, 1}, {Red, 1}}
		if p.UpperColor == Gray {
			dark = dark[:2]
		}
		p.PatternColor = pickExcept(r, dark, p.UpperColor)
	}
	switch p.Upper {
	case TShirt:
		p.Sleeve = Short
	case TankTop, Vest:
		p.Sleeve = NoLength
	case Shirt:
		p.Sleeve = pick(r, []share[Length]{{Long, 65}, {Short, 35}})
	case Dress:
		p.Sleeve = pick(r, []share[Length]{{Short, 45}, {Long, 30}, {NoLength, 25}})
		p.UpperLength = pick(r, []share[Length]{{Short, 60}, {Long, 40}})
	default:
		p.Sleeve = Long
	}
	p.Open = (p.Upper == Jacket || p.Upper == Coat) && r.Float64() < 0.35
	p.InnerColor = pickExcept(r, []share[Color]{{White, 30}, {Gray, 14}, {Black, 16}, {Blue, 10}, {Red, 10}, {Yellow, 8}, {Green, 8}}, p.UpperColor)
}

func (p *Person) sampleLower(r *rand.Rand) {
	switch {
	case p.Upper == Dress:
		return
	case p.Gender == Woman:
		p.Lower = pick(r, []share[Lower]{{Trousers, 17}, {Jeans, 25}, {Shorts, 14}, {Skirt, 20}, {Leggings, 14}, {Sweatpants, 10}})
	default:
		p.Lower = pick(r, []share[Lower]{{Trousers, 33}, {Jeans, 28}, {Shorts, 21}, {Sweatpants, 18}})
	}
	switch p.Lower {
	case Jeans:
		p.LowerColor = pick(r, []share[Color]{{Blue, 45}, {Navy, 20}, {Black, 17}, {Gray, 18}})
	case Leggings:
		p.LowerColor = pick(r, []share[Color]{{Black, 30}, {Gray, 16}, {Navy, 12}, {Purple, 12}, {Pink, 10}, {Blue, 10}, {Green, 10}})
	case Sweatpants:
		p.LowerColor = pick(r, []share[Color]{{Gray, 22}, {Black, 22}, {Navy, 16}, {Red, 13}, {Blue, 14}, {Green, 13}})
	case Skirt:
		p.LowerLength = pick(r, []share[Length]{{Short, 55}, {Long, 45}})
		p.LowerColor = pick(r, []share[Color]{{Black, 16}, {Red, 13}, {Blue, 10}, {Navy, 8}, {Gray, 9}, {White, 10}, {Pink, 10}, {Beige, 8}, {Green, 8}, {Yellow, 8}})
	default:
		p.LowerColor = pick(r, []share[Color]{{Black, 20}, {Gray, 14}, {Beige, 14}, {Brown, 12}, {Navy, 12}, {White, 10}, {Green, 9}, {Blue, 5}, {Red, 4}})
	}
}

func (p *Person) sampleShoes(r *rand.Rand) {
	p.Shoes = pick(r, []share[Shoes]{{Sneakers, 38}, {Boots, 24}, {LeatherShoes, 22}, {Sandals, 16}})
	switch p.Shoes {
	case Sandals:
		p.ShoesColor = pick(r, []share[Color]{{Black, 35}, {Brown, 35}, {White, 18}, {Red, 12}})
	case LeatherShoes:
		p.ShoesColor = pick(r, []share[Color]{{Black, 45}, {Brown, 35}, {White, 8}, {Red, 12}})
	case Boots:
		p.ShoesColor = pick(r, []share[Color]{{Black, 38}, {Brown, 32}, {Gray, 10}, {Red, 10}, {Yellow, 10}})
	default:
		p.ShoesColor = pick(r, []share[Color]{{White, 30}, {Black, 24}, {Gray, 11}, {Red, 13}, {Blue, 11}, {Yellow, 5}, {Green, 6}})
	}
}

func (p *Person) sampleBag(r *rand.Rand) {
	if r.Float64() < 0.27 {
		return
	}
	if p.Gender == Woman {
		p.Bag = pick(r, []share[Bag]{{Backpack, 21}, {Handbag, 26}, {ShoulderBag, 19}, {Suitcase, 12}, {Umbrella, 10}, {ShoppingBag, 12}})
	} else {
		p.Bag = pick(r, []share[Bag]{{Backpack, 31}, {Handbag, 7}, {ShoulderBag, 23}, {Suitcase, 17}, {Umbrella, 10}, {ShoppingBag, 12}})
	}
	shares := []share[Color]{{Black, 18}, {Brown, 15}, {Red, 12}, {Blue, 12}, {Gray, 9}, {Pink, 7}, {Green, 9}, {Yellow, 7}, {Orange, 6}, {Purple, 5}}
	if p.Bag == ShoppingBag {
		shares = []share[Color]{{White, 25}, {Brown, 25}, {Red, 14}, {Yellow, 12}, {Blue, 12}, {Pink, 12}}
	}
	except := []Color{p.UpperColor, p.LowerColor}
	if p.Upper == Vest {
		except = append(except, p.InnerColor)
	}
	p.BagColor = pickExcept(r, shares, except...)
}

func (p *Person) sampleLooks(r *rand.Rand) {
	l := &p.Looks
	l.Stature = 1 + clampNormal(r, 0.035, 2)
	l.Skin = pick(r, []share[int]{{0, 30}, {1, 26}, {2, 20}, {3, 14}, {4, 10}})
	l.Beard = p.Gender == Man && r.Float64() < 0.3
	l.Tie = pick(r, []share[Color]{{Red, 3}, {Navy, 3}, {Black, 2}, {Green, 1}})
	l.Stripe = 0.36 + 0.16*r.Float64()
	l.Swing = 0.25 + 0.75*r.Float64()
	l.Stride = r.Float64()
	l.LeftHanded = r.Float64() < 0.35
	l.Belted = r.Float64() < 0.5

	s := &l.Shades
	s.Skin = dye(r, Skins()[l.Skin])
	s.Hair = dye(r, hairRGB(p.HairColor))
	s.Hat = dye(r, p.HatColor.RGB())
	s.Upper = dye(r, p.UpperColor.RGB())
	s.Pattern = dye(r, p.PatternColor.RGB())
	s.Inner = dye(r, p.InnerColor.RGB())
	s.Lower = dye(r, p.LowerColor.RGB())
	if p.Lower == Jeans { // denim is duller than a dyed cotton of the same name
		s.Lower = s.Lower.Mix(RGB{128, 132, 140}, 0.12)
	}
	s.Shoes = dye(r, p.ShoesColor.RGB())
	s.Bag = dye(r, p.BagColor.RGB())
	s.Tie = dye(r, l.Tie.RGB())
	if math.Abs(float64(s.Shoes.Luma()-s.Lower.Luma())) < 12 { // a thin line of light so that feet do not melt into trousers
		s.Shoes = s.Shoes.Scale(1.15)
	}
}
