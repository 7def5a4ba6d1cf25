package pixels

import (
	"bytes"
	"errors"
	"fmt"
)

// MaxPixels is the greatest size accepted, in pixels (64 MP, interface.md "Bad input"): beyond it a small file that
// claims a huge picture could exhaust the memory of a worker.
const MaxPixels = 64_000_000

// Info is what an image file's header says.
type Info struct {
	Format string // "jpeg", "png", "bmp", "webp" or "gif", by content, whatever the file is called
	W, H   int    // columns and rows, before any EXIF orientation; for GIF the whole canvas
}

// signature is how files of a format begin. A '?' in magic stands for any byte.
type signature struct {
	format string
	magic  string
	probe  func(data []byte) (Info, error) // nil for formats that are recognised only to be refused
}

// signatures are the formats by their leading bytes. The table is never written to.
var signatures = [...]signature{
	{"jpeg", "\xff\xd8\xff", probeJPEG},
	{"png", "\x89PNG\r\n\x1a\n", probePNG},
	{"webp", "RIFF????WEBP", probeWebP},
	{"bmp", "BM", probeBMP},
	{"gif", "GIF87a", probeGIF},
	{"gif", "GIF89a", probeGIF},
	{"tiff", "II*\x00", nil},
	{"tiff", "MM\x00*", nil},
	{"tiff", "II+\x00", nil},
	{"tiff", "MM\x00+", nil},
	{"heif", "????ftyp", nil}, // HEIC and AVIF share the container
	{"jpeg2000", "\x00\x00\x00\x0cjP  ", nil},
	{"jpegxl", "\x00\x00\x00\x0cJXL ", nil},
}

// match reports whether data begins with the signature, and else whether data is so short that it still could have.
func (s signature) match(data []byte) (whole, cut bool) {
	for i := range len(s.magic) {
		if i == len(data) {
			return false, i >= 2 // one byte says nothing
		}
		if s.magic[i] != '?' && s.magic[i] != data[i] {
			return false, false
		}
	}
	return true, false
}

// Probe reads the header of an image file, which must be there whole (it need not stand at the very beginning of a JPEG,
// so pass the whole file). The pixels are not looked at, but a PNG or BMP that is too short for the size it claims is
// refused here. The error is always a *RejectError.
func Probe(data []byte) (Info, error) {
	if len(data) == 0 {
		return Info{}, &RejectError{Reason: ReasonEmpty, Err: errors.New("file has no bytes")}
	}
	cutFormat := ""
	for _, s := range signatures {
		whole, cut := s.match(data)
		switch {
		case whole && s.probe == nil:
			return Info{}, &RejectError{Reason: ReasonUnsupported, Format: s.format, Err: errors.New("want jpeg, png, bmp, webp or gif")}
		case whole:
			info, err := s.probe(data)
			if err == nil {
				err = checkSize(info)
			}
			if err != nil {
				return Info{}, err
			}
			return info, nil
		case cut && cutFormat == "" && s.magic[0] != '?':
			cutFormat = s.format
		}
	}
	if cutFormat != "" {
		return Info{}, truncated(cutFormat, "signature", len(data))
	}
	head := data[:min(8, len(data))]
	return Info{}, &RejectError{Reason: ReasonNotImage, Err: fmt.Errorf("file starts with %q, want jpeg, png, bmp, webp or gif", head)}
}

// checkSize refuses sizes that are zero or too large.
func checkSize(info Info) error {
	switch {
	case info.W <= 0 || info.H <= 0:
		return &RejectError{Reason: ReasonZeroSize, Format: info.Format, Err: fmt.Errorf("size %dx%d", info.W, info.H)}
	case int64(info.W)*int64(info.H) > MaxPixels:
		return &RejectError{Reason: ReasonTooLarge, Format: info.Format,
			Err: fmt.Errorf("size %dx%d, want at most %d pixels", info.W, info.H, MaxPixels)}
	}
	return nil
}

// truncated is the error for a header that does not end before the file does.
func truncated(format, part string, have int) error {
	return &RejectError{Reason: ReasonTruncated, Format: format, Err: fmt.Errorf("file ends in the %s, after %d bytes", part, have)}
}

func corrupt(format, what string, args ...any) error {
	return &RejectError{Reason: ReasonCorrupt, Format: format, Err: fmt.Errorf(what, args...)}
}

func unsupported(format, what string, args ...any) error {
	return &RejectError{Reason: ReasonUnsupported, Format: format, Err: fmt.Errorf(what, args...)}
}

// probeJPEG walks the marker segments up to the frame header, as libjpeg does: bytes between segments that are no
// marker are skipped.
func probeJPEG(data []byte) (Info, error) {
	const (
		soi, eoi, sos, tem, rst0, rst7 = 0xd8, 0xd9, 0xda, 0x01, 0xd0, 0xd7
		dht, jpg, dac                  = 0xc4, 0xc8, 0xcc // within the range of the frame headers, but none
	)
	at := 2
	for {
		next := bytes.IndexByte(data[at:], 0xff)
		if next < 0 {
			return Info{}, truncated("jpeg", "header", len(data))
		}
		at += next
		for at < len(data) && data[at] == 0xff {
			at++
		}
		if at == len(data) {
			return Info{}, truncated("jpeg", "header", len(data))
		}
		marker := data[at]
		at++
		switch {
		case marker == 0, marker == tem, marker >= rst0 && marker <= rst7:
			continue
		case marker == soi:
			return Info{}, corrupt("jpeg", "second start of image at byte %d", at-2)
		case marker == eoi, marker == sos:
			return Info{}, corrupt("jpeg", "marker %#x at byte %d before the frame header", marker, at-2)
		}
		if at+2 > len(data) {
			return Info{}, truncated("jpeg", "header", len(data))
		}
		size := int(data[at])<<8 | int(data[at+1])
		if size < 2 {
			return Info{}, corrupt("jpeg", "segment %#x at byte %d has length %d, want at least 2", marker, at-2, size)
		}
		if at+size > len(data) {
			return Info{}, truncated("jpeg", "header", len(data))
		}
		if marker >= 0xc0 && marker <= 0xcf && marker != dht && marker != jpg && marker != dac {
			return frameJPEG(marker, data[at+2:at+size])
		}
		at += size
	}
}

// frameJPEG reads a frame header: precision, rows, columns, components.
func frameJPEG(marker byte, frame []byte) (Info, error) {
	if len(frame) < 6 {
		return Info{}, corrupt("jpeg", "frame header of %d bytes, want at least 6", len(frame))
	}
	switch marker {
	case 0xc0, 0xc1, 0xc2, 0xc9, 0xca: // baseline, extended, progressive, and the latter two with arithmetic coding
	default:
		return Info{}, unsupported("jpeg", "process SOF%d (lossless or hierarchical)", marker-0xc0)
	}
	if frame[0] != 8 {
		return Info{}, unsupported("jpeg", "%d bits a sample, want 8", frame[0])
	}
	if n := frame[5]; n != 1 && n != 3 && n != 4 {
		return Info{}, unsupported("jpeg", "%d components, want 1, 3 or 4", n)
	}
	return Info{Format: "jpeg", W: int(frame[3])<<8 | int(frame[4]), H: int(frame[1])<<8 | int(frame[2])}, nil
}
