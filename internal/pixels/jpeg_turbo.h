#ifndef PIXELS_JPEG_TURBO_H
#define PIXELS_JPEG_TURBO_H

#include <stddef.h>
#include <stdint.h>

// Results of the functions below.
enum {
	PIXELS_OK = 0,
	PIXELS_TRUNCATED,
	PIXELS_CORRUPT,
	PIXELS_UNSUPPORTED,
	PIXELS_NO_MEMORY,
};

// The size of the buffer for a message, libjpeg's JMSG_LENGTH_MAX.
enum { PIXELS_MESSAGE = 200 };

// Writes the image as RGB, rows of 3*width bytes, into rgb, which has room for height of them. It is PIXELS_CORRUPT when
// the file has another size. A result other than PIXELS_OK comes with a message of at most PIXELS_MESSAGE bytes, the
// closing zero included. No pointer is kept.
int pixels_decode(const uint8_t *data, size_t size, uint8_t *rgb, int width, int height, char *message);

// A compressor, with its output buffer kept between images. One thread at a time.
typedef struct pixels_encoder pixels_encoder;

pixels_encoder *pixels_encoder_new(void);
void pixels_encoder_free(pixels_encoder *e);
const char *pixels_encoder_message(const pixels_encoder *e);

// Compresses rows of RGB with 4:2:0 chroma. The output stays valid until the next call.
int pixels_encode(pixels_encoder *e, const uint8_t *rgb, int width, int height, int quality);
const uint8_t *pixels_encoder_output(const pixels_encoder *e, size_t *size);

#endif
