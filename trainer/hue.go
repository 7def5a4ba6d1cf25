package trainer

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"plip/spac/attributes"
)

// hues are the colour words that a hue can be told of, with their angles on the colour wheel in degrees. Brown, which is
// dark orange, and the colours without a hue are not among them.
var hues = []struct {
	word  string
	angle float64
}{{"red", 0}, {"orange", 30}, {"yellow", 55}, {"green", 120}, {"blue", 225}, {"purple", 280}, {"pink", 330}}

// hueGap is how far apart two colour words are that are swapped, in degrees: less could not be told from noise.
const hueGap = 90

// swap is a caption in which one colour word stands for another.
type swap struct {
	caption  string
	from, to float64 // hues, in degrees
}

// swapper exchanges colour words of clothes in captions.
type swapper struct{ extractor *attributes.Extractor }

// swap exchanges the first colour word with a hue among the phrases for the upper and the lower garment by one drawn of
// those far enough from it; ok is false where there is none. A phrase of several colours is left alone.
func (s swapper) swap(draw *rand.Rand, caption string) (out swap, ok bool) {
	r := s.extractor.Extract(caption)
	for _, slot := range []attributes.Slot{attributes.Upper, attributes.Lower} {
		for _, span := range r.Spans[slot] {
			phrase := caption[span.Start:span.End]
			if len(s.extractor.BasicColors(phrase)) != 1 {
				continue
			}
			from, to, angle := colorWord(phrase)
			if to == 0 {
				continue
			}
			var far []int
			for i, h := range hues {
				if hueDistance(h.angle, angle) >= hueGap {
					far = append(far, i)
				}
			}
			h := hues[far[draw.IntN(len(far))]]
			return swap{caption[:span.Start+from] + h.word + caption[span.Start+to:], angle, h.angle}, true
		}
	}
	return swap{}, false
}

// colorWord finds the first word of a phrase that is one of hues, as its bytes; to is 0 where there is none.
func colorWord(phrase string) (from, to int, angle float64) {
	for i := 0; i < len(phrase); {
		end := len(phrase)
		if k := strings.IndexFunc(phrase[i:], func(r rune) bool { return !unicode.IsLetter(r) }); k >= 0 {
			end = i + k
		}
		for _, h := range hues {
			if strings.EqualFold(phrase[i:end], h.word) {
				return i, end, h.angle
			}
		}
		i = end + 1
	}
	return 0, 0, 0
}

// hueDistance is the angle between two hues, 0 to 180 degrees.
func hueDistance(a, b float64) float64 {
	d := math.Mod(math.Abs(a-b), 360)
	return min(d, 360-d)
}

// hueOf is the hue in degrees of a colour in any scale; of a gray it is 0.
func hueOf(r, g, b float64) float64 {
	return math.Mod(180/math.Pi*math.Atan2(math.Sqrt(3)*(g-b), 2*r-g-b)+360, 360)
}

// changedHues compares two colourised versions of a gray image, interleaved 8-bit RGB: the hues before and after of the
// mean colour of the tenth of its pixels that changed most.
func changedHues(before, after []uint8) (from, to float64) {
	n := len(before) / 3
	change, order := make([]int, n), make([]int, n)
	for i := range n {
		order[i] = i
		for c := range 3 {
			d := int(after[3*i+c]) - int(before[3*i+c])
			change[i] += max(d, -d)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return change[b] - change[a] })
	var sum [2][3]float64
	for _, i := range order[:max(1, n/10)] {
		for c := range 3 {
			sum[0][c] += float64(before[3*i+c])
			sum[1][c] += float64(after[3*i+c])
		}
	}
	return hueOf(sum[0][0], sum[0][1], sum[0][2]), hueOf(sum[1][0], sum[1][1], sum[1][2])
}
