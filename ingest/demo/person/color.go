package person

import "math/rand/v2"

// A Color is a base colour's name. No two base colours are synonyms.
type Color string

// The base colours of garments and belongings. Blond occurs in hair only.
const (
	Black  Color = "black"
	White  Color = "white"
	Gray   Color = "gray"
	Red    Color = "red"
	Orange Color = "orange"
	Yellow Color = "yellow"
	Green  Color = "green"
	Teal   Color = "teal"
	Blue   Color = "blue"
	Navy   Color = "navy"
	Purple Color = "purple"
	Pink   Color = "pink"
	Brown  Color = "brown"
	Beige  Color = "beige"
	Blond  Color = "blond"
)

// Colors lists the base colours of garments, in a fixed order.
func Colors() []Color {
	return []Color{Black, White, Gray, Red, Orange, Yellow, Green, Teal, Blue, Navy, Purple, Pink, Brown, Beige}
}

// An RGB is a colour with components in 0..255.
type RGB [3]float32

// Scale returns the colour with its brightness multiplied by f.
func (c RGB) Scale(f float32) RGB {
	return RGB{min(255, c[0]*f), min(255, c[1]*f), min(255, c[2]*f)}
}

// Mix returns c blended with share t of d.
func (c RGB) Mix(d RGB, t float32) RGB {
	return RGB{c[0] + (d[0]-c[0])*t, c[1] + (d[1]-c[1])*t, c[2] + (d[2]-c[2])*t}
}

// Luma returns the perceived brightness, 0..255.
func (c RGB) Luma() float32 { return 0.299*c[0] + 0.587*c[1] + 0.114*c[2] }

// RGB returns the middle of what the name covers, for cloth.
func (c Color) RGB() RGB {
	switch c {
	case Black:
		return RGB{26, 26, 30}
	case White:
		return RGB{236, 235, 231}
	case Gray:
		return RGB{130, 132, 135}
	case Red:
		return RGB{198, 30, 38}
	case Orange:
		return RGB{238, 122, 26}
	case Yellow:
		return RGB{238, 206, 44}
	case Green:
		return RGB{44, 128, 52}
	case Teal:
		return RGB{22, 152, 158}
	case Blue:
		return RGB{40, 96, 214}
	case Navy:
		return RGB{26, 36, 96}
	case Purple:
		return RGB{116, 52, 158}
	case Pink:
		return RGB{240, 136, 178}
	case Brown:
		return RGB{112, 66, 36}
	case Beige:
		return RGB{214, 190, 146}
	case Blond:
		return RGB{222, 184, 104}
	}
	return RGB{}
}

// hairRGB differs from cloth: brown hair is darker than a brown coat, red hair is copper.
func hairRGB(c Color) RGB {
	switch c {
	case Black:
		return RGB{24, 21, 22}
	case Brown:
		return RGB{96, 58, 32}
	case Red:
		return RGB{178, 74, 26}
	case Gray:
		return RGB{172, 172, 170}
	}
	return c.RGB()
}

// Skins are the skin tones, light to dark.
func Skins() []RGB {
	return []RGB{{242, 208, 184}, {228, 184, 152}, {194, 144, 108}, {144, 98, 68}, {98, 66, 48}}
}

// dye varies a colour as two garments of one colour name differ: brightness by a tenth, then each component a little. Dark and light
// colours move less, so that black stays darker than navy and white lighter than beige.
func dye(r *rand.Rand, c RGB) RGB {
	bright := 1 + float32(clampNormal(r, 0.07, 2))
	for i := range c {
		c[i] = min(248, max(10, c[i]*bright+float32(clampNormal(r, 4.5, 2))))
	}
	return c
}

// clampNormal draws from a normal distribution of mean 0, cut at limit standard deviations so that no name's shade is an outlier.
func clampNormal(r *rand.Rand, sigma, limit float64) float64 {
	return min(limit, max(-limit, r.NormFloat64())) * sigma
}
