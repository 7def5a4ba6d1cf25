package pixels

import (
	"errors"
	"image"
	"image/gif"
)

// gifHeadEnd is the end of the logical screen descriptor: signature (6), width and height (2 each), flags, background,
// aspect.
const gifHeadEnd = 13

func probeGIF(data []byte) (Info, error) {
	if len(data) < gifHeadEnd {
		return Info{}, truncated("gif", "header", len(data))
	}
	return Info{Format: "gif", W: int(data[6]) | int(data[7])<<8, H: int(data[8]) | int(data[9])<<8}, nil
}

// decodeGIF reads the first frame. The canvas around a smaller frame has the frame's transparent colour, else the
// palette's first.
func decodeGIF(m *Image, data []byte) error {
	file := &source{left: data}
	decoded, err := gif.Decode(file)
	if err != nil {
		return rejectDecode("gif", err, file)
	}
	frame, ok := decoded.(*image.Paletted)
	if !ok {
		return unsupported("gif", "pixels of type %T", decoded)
	}
	palette, transparent, err := gifColors(data)
	if err != nil {
		return &RejectError{Reason: ReasonCorrupt, Format: "gif", Err: err}
	}
	box := frame.Bounds()
	if box != image.Rect(0, 0, m.W, m.H) {
		around := make([]uint8, m.W)
		for i := range around {
			around[i] = transparent
		}
		for y := range m.H {
			expandIndices(m.row(y), around, palette)
		}
	}
	for y := range box.Dy() {
		line := frame.Pix[y*frame.Stride:][:box.Dx()]
		expandIndices(m.row(box.Min.Y + y)[3*box.Min.X:], line, palette)
	}
	return nil
}

// gifColors returns the colour table of the first frame and its transparent index, 0 when there is none. The decoder
// has accepted the file, but it blackens the transparent colour, which convert('RGB') keeps.
func gifColors(data []byte) (*[256][3]uint8, uint8, error) {
	const (
		extension, graphicControl, descriptor = '!', 0xf9, ','
		hasTable, hasTransparent              = 0x80, 0x01
	)
	errShort := errors.New("no colour table")
	tableBytes := func(flags byte) int { return 3 << (1 + flags&7) }

	at := gifHeadEnd
	var table []uint8
	if flags := data[10]; flags&hasTable != 0 {
		n := tableBytes(flags)
		if len(data) < at+n {
			return nil, 0, errShort
		}
		table = data[at : at+n]
		at += n
	}
	var transparent uint8
	for at < len(data) && data[at] == extension {
		if at+7 < len(data) && data[at+1] == graphicControl && data[at+2] >= 4 && data[at+3]&hasTransparent != 0 {
			transparent = data[at+6]
		}
		at += 2
		for at < len(data) && data[at] != 0 {
			at += 1 + int(data[at])
		}
		at++
	}
	if at+10 > len(data) || data[at] != descriptor {
		return nil, 0, errShort
	}
	flags := data[at+9]
	at += 10
	if flags&hasTable != 0 {
		n := tableBytes(flags)
		if len(data) < at+n {
			return nil, 0, errShort
		}
		table = data[at : at+n]
	}
	if table == nil {
		return nil, 0, errShort
	}
	palette := new([256][3]uint8)
	for i := range len(table) / 3 {
		palette[i] = [3]uint8(table[3*i:])
	}
	return palette, transparent, nil
}
