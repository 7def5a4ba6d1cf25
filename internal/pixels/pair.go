package pixels

// pair is two independent 32-bit integers in one word, low + high<<32, so that one multiplication weighs two samples: the
// filters below are bound by multiplications, and Go has no vector instructions. It holds as long as each sum fits in 32
// bits, which weightBits is chosen for; a negative low borrows from high, and high() gives that back.
type pair int64

// halves is one half in units of 2^-weightBits in both lanes: the sums start from it, so that shifting rounds.
const halves pair = half | half<<32

const half = 1 << (weightBits - 1)

// low rounds the low sum to 8 bits.
func (p pair) low() uint8 { return clipped[uint32(p)>>weightBits] }

// high rounds the high sum to 8 bits.
func (p pair) high() uint8 { return clipped[uint64(p+1<<31)>>(32+weightBits)] }

// clipped maps the upper 10 bits of a sum, a two's complement number of -512..511, to 0..255. It is never written to.
var clipped = clipTable()

func clipTable() (t [1 << (32 - weightBits)]uint8) {
	for i := range len(t) / 2 { // the other half is negative
		t[i] = uint8(min(i, 255))
	}
	return t
}
