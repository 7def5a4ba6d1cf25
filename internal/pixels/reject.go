package pixels

import (
	"errors"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
)

// The reasons for which a file is refused. They are written to rejects.jsonl and counted, so their text is fixed.
const (
	ReasonEmpty       = "empty"       // no bytes at all
	ReasonTruncated   = "truncated"   // the file ends before its header or its pixels do
	ReasonNotImage    = "not_image"   // no signature of an image format
	ReasonUnsupported = "unsupported" // an image, but of a format or variant that is not read (TIFF, 12-bit JPEG, ...)
	ReasonZeroSize    = "zero_size"   // no columns or no rows
	ReasonTooLarge    = "too_large"   // more than MaxPixels
	ReasonCorrupt     = "corrupt"     // the header or the compressed pixels contradict the format
)

// RejectError says why the bytes of one file are no usable image. It is about the file alone: the caller counts it by
// Reason, lists the file and goes on with the next one.
type RejectError struct {
	Reason string // one of the Reason constants
	Format string // as in Info, or the name of a refused format; "" when not recognised
	Err    error  // what was found; never nil
}

// Error returns "FORMAT: REASON: what was found".
func (e *RejectError) Error() string {
	s := e.Reason + ": " + e.Err.Error()
	if e.Format != "" {
		s = e.Format + ": " + s
	}
	return s
}

// Unwrap returns the decoder's own error.
func (e *RejectError) Unwrap() error { return e.Err }

// source hands a file's bytes to one of the Go decoders and remembers whether it asked for more: their error texts tell
// a cut file from a damaged one only sometimes.
type source struct {
	left  []byte
	ended bool // a read found nothing left
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if len(s.left) == 0 && len(p) > 0 {
		s.ended = true
		return 0, io.EOF
	}
	n := copy(p, s.left)
	s.left = s.left[n:]
	return n, nil
}

// rejectDecode sorts an error of one of the Go decoders, which read from src, by reason.
func rejectDecode(format string, err error, src *source) *RejectError {
	var pngUnsupported png.UnsupportedError
	var jpegUnsupported jpeg.UnsupportedError
	reason := ReasonCorrupt
	switch {
	case src.ended, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		reason = ReasonTruncated
	case errors.As(err, &pngUnsupported), errors.As(err, &jpegUnsupported), errors.Is(err, bmp.ErrUnsupported):
		reason = ReasonUnsupported
	}
	return &RejectError{Reason: reason, Format: format, Err: err}
}
