//go:build cgo && !purego

package pixels

/*
#cgo LDFLAGS: -ljpeg
#cgo noescape pixels_decode
#cgo nocallback pixels_decode
#cgo noescape pixels_encode
#cgo nocallback pixels_encode
#include "jpeg_turbo.h"
*/
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"unsafe"
)

// decodeJPEG fills m, which has the size of the frame header, by libjpeg-turbo.
func decodeJPEG(m *Image, data []byte) error {
	var message [C.PIXELS_MESSAGE]byte
	status := C.pixels_decode((*C.uint8_t)(unsafe.SliceData(data)), C.size_t(len(data)),
		(*C.uint8_t)(unsafe.SliceData(m.Pix)), C.int(m.W), C.int(m.H), (*C.char)(unsafe.Pointer(&message[0])))
	if status == C.PIXELS_OK {
		return nil
	}
	text, _, _ := bytes.Cut(message[:], []byte{0})
	return jpegError(status, string(text))
}

// jpegError turns a status other than PIXELS_OK into an error; only a bad file is a *RejectError.
func jpegError(status C.int, message string) error {
	reason := ReasonCorrupt
	switch status {
	case C.PIXELS_NO_MEMORY:
		return fmt.Errorf("jpeg: %s", message)
	case C.PIXELS_TRUNCATED:
		reason = ReasonTruncated
	case C.PIXELS_UNSUPPORTED:
		reason = ReasonUnsupported
	}
	return &RejectError{Reason: reason, Format: "jpeg", Err: errors.New(message)}
}

// jpegEncoders keeps libjpeg-turbo's compressors and their output buffers between images. What the collector takes out of
// the pool frees its C memory.
var jpegEncoders sync.Pool

type jpegEncoder struct{ c *C.pixels_encoder }

func newJPEGEncoder() (*jpegEncoder, error) {
	if e, ok := jpegEncoders.Get().(*jpegEncoder); ok {
		return e, nil
	}
	c := C.pixels_encoder_new()
	if c == nil {
		return nil, errors.New("jpeg: no memory for an encoder, or libjpeg is another version than at build time")
	}
	e := &jpegEncoder{c}
	runtime.AddCleanup(e, func(c *C.pixels_encoder) { C.pixels_encoder_free(c) }, c)
	return e, nil
}

// encodeJPEG compresses m, which EncodeJPEG has checked, by libjpeg-turbo.
func encodeJPEG(m *Image, quality int) ([]byte, error) {
	e, err := newJPEGEncoder()
	if err != nil {
		return nil, err
	}
	defer jpegEncoders.Put(e)
	status := C.pixels_encode(e.c, (*C.uint8_t)(unsafe.SliceData(m.Pix)), C.int(m.W), C.int(m.H), C.int(quality))
	if status != C.PIXELS_OK {
		return nil, fmt.Errorf("jpeg: %s", C.GoString(C.pixels_encoder_message(e.c)))
	}
	var size C.size_t
	output := C.pixels_encoder_output(e.c, &size)
	return C.GoBytes(unsafe.Pointer(output), C.int(size)), nil
}
