//go:build cgo && !purego

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "jpeg_turbo.h"

// libjpeg reports an error by calling error_exit, which must not return. Every entry point below sets a jump target
// first and is left through it, so that a jump never crosses a Go frame.
typedef struct {
	struct jpeg_error_mgr base; // first: libjpeg's pointer to it is cast back
	jmp_buf target;
	int status;
	char message[PIXELS_MESSAGE];
} error_state;

_Static_assert(PIXELS_MESSAGE >= JMSG_LENGTH_MAX, "libjpeg's messages must fit");

static void leave(j_common_ptr info, int status) {
	error_state *e = (error_state *)info->err;
	e->status = status;
	e->base.format_message(info, e->message);
	longjmp(e->target, 1);
}

static void on_error(j_common_ptr info) {
	switch (info->err->msg_code) {
	case JERR_INPUT_EMPTY:
	case JERR_INPUT_EOF:
		leave(info, PIXELS_TRUNCATED);
	case JERR_SOF_UNSUPPORTED:
	case JERR_BAD_PRECISION:
	case JERR_BAD_J_COLORSPACE:
	case JERR_CONVERSION_NOTIMPL:
	case JERR_CCIR601_NOTIMPL:
	case JERR_FRACT_SAMPLE_NOTIMPL:
	case JERR_ARITH_NOTIMPL:
	case JERR_NOTIMPL:
	case JERR_NOT_COMPILED:
		leave(info, PIXELS_UNSUPPORTED);
	case JERR_OUT_OF_MEMORY:
		leave(info, PIXELS_NO_MEMORY);
	}
	leave(info, PIXELS_CORRUPT);
}

// libjpeg warns of damaged pixels and goes on with gray ones. Here such a file is refused. Bytes too many between
// segments and odd version numbers do no harm and are let pass.
static void on_message(j_common_ptr info, int level) {
	if (level >= 0)
		return; // a trace
	switch (info->err->msg_code) {
	case JWRN_JPEG_EOF:
	case JWRN_HIT_MARKER:
		leave(info, PIXELS_TRUNCATED);
	case JWRN_HUFF_BAD_CODE:
	case JWRN_MUST_RESYNC:
	case JWRN_ARITH_BAD_CODE:
		leave(info, PIXELS_CORRUPT);
	}
	info->err->num_warnings++;
}

static void no_output(j_common_ptr info) { (void)info; }

static struct jpeg_error_mgr *error_init(error_state *e) {
	jpeg_std_error(&e->base);
	e->base.error_exit = on_error;
	e->base.emit_message = on_message;
	e->base.output_message = no_output;
	return &e->base;
}

// Leaves with a message of ours.
static void leave_with(error_state *e, int status, const char *message) {
	e->status = status;
	snprintf(e->message, sizeof e->message, "%s", message);
	longjmp(e->target, 1);
}

// A progressive file may order any number of passes over the picture in a few bytes each. Real ones have about ten.
enum { max_scans = 100 };

static void on_progress(j_common_ptr info) {
	if (((j_decompress_ptr)info)->input_scan_number > max_scans)
		leave_with((error_state *)info->err, PIXELS_CORRUPT, "more than 100 scans");
}

// Multiplies two values in units of 1/255, rounded.
static inline int scale255(int a, int b) {
	int t = a * b + 128;
	return ((t >> 8) + t) >> 8;
}

// CMYK in a JPEG is stored inverted (Adobe's way, which Pillow assumes of every such file), so that each value says how
// much light is left: R = K - K*(255-C)/255 with the stored C and K.
static void cmyk_to_rgb(uint8_t *rgb, const uint8_t *cmyk, int width) {
	for (int x = 0; x < width; x++, rgb += 3, cmyk += 4) {
		int k = cmyk[3];
		for (int c = 0; c < 3; c++)
			rgb[c] = k - scale255(255 - cmyk[c], k);
	}
}

static void read_rows(j_decompress_ptr info, uint8_t *rgb) {
	enum { batch = 8 }; // libjpeg hands out one or two rows a call
	JSAMPROW rows[batch];
	size_t stride = (size_t)info->output_width * 3;
	while (info->output_scanline < info->output_height) {
		int left = info->output_height - info->output_scanline, n = left < batch ? left : batch;
		for (int i = 0; i < n; i++)
			rows[i] = rgb + stride * (info->output_scanline + i);
		jpeg_read_scanlines(info, rows, n);
	}
}

static void read_cmyk_rows(j_decompress_ptr info, uint8_t *rgb) {
	size_t stride = (size_t)info->output_width * 3;
	JSAMPARRAY row = info->mem->alloc_sarray((j_common_ptr)info, JPOOL_IMAGE, info->output_width * 4, 1);
	while (info->output_scanline < info->output_height) {
		uint8_t *out = rgb + stride * info->output_scanline;
		if (jpeg_read_scanlines(info, row, 1) == 1)
			cmyk_to_rgb(out, row[0], info->output_width);
	}
}

int pixels_decode(const uint8_t *data, size_t size, uint8_t *rgb, int width, int height, char *message) {
	// One decompressor per image: a kept one would lend its tables to a damaged file that lacks them.
	struct jpeg_decompress_struct object = {0};
	struct jpeg_progress_mgr progress = {.progress_monitor = on_progress};
	error_state error;
	j_decompress_ptr info = &object;
	info->err = error_init(&error);
	if (setjmp(error.target)) {
		jpeg_destroy_decompress(info);
		memcpy(message, error.message, PIXELS_MESSAGE);
		return error.status;
	}
	jpeg_create_decompress(info);
	info->progress = &progress;
	jpeg_mem_src(info, data, size);
	jpeg_read_header(info, TRUE);
	if ((int)info->image_width != width || (int)info->image_height != height)
		leave_with(&error, PIXELS_CORRUPT, "two frame headers of different size");
	// The defaults are Pillow's: the accurate integer DCT, triangle-filter ("fancy") upsampling, block smoothing.
	int cmyk = info->jpeg_color_space == JCS_CMYK || info->jpeg_color_space == JCS_YCCK;
	info->out_color_space = cmyk ? JCS_CMYK : JCS_RGB;
	jpeg_start_decompress(info);
	if (cmyk)
		read_cmyk_rows(info, rgb);
	else
		read_rows(info, rgb);
	jpeg_finish_decompress(info); // reads on to the end-of-image mark: a file without it is cut
	jpeg_destroy_decompress(info);
	return PIXELS_OK;
}

struct pixels_encoder {
	struct jpeg_compress_struct info;
	error_state error;
	struct jpeg_destination_mgr destination;
	uint8_t *buffer;
	size_t capacity, size;
};

enum {
	first_capacity = 1 << 16,
	kept_capacity = 1 << 22, // a larger buffer is given back before the next image
};

static pixels_encoder *encoder_of(j_compress_ptr info) { return (pixels_encoder *)info->client_data; }

// Offers libjpeg the rest of the buffer behind its first used bytes, after growing it to capacity.
static void offer(j_compress_ptr info, size_t used, size_t capacity) {
	pixels_encoder *e = encoder_of(info);
	if (capacity > e->capacity) {
		uint8_t *grown = realloc(e->buffer, capacity);
		if (grown == NULL)
			ERREXIT1(info, JERR_OUT_OF_MEMORY, 0);
		e->buffer = grown;
		e->capacity = capacity;
	}
	e->destination.next_output_byte = e->buffer + used;
	e->destination.free_in_buffer = e->capacity - used;
}

static void destination_init(j_compress_ptr info) { offer(info, 0, first_capacity); }

static boolean destination_full(j_compress_ptr info) {
	size_t used = encoder_of(info)->capacity; // libjpeg calls this only when all of it is filled
	offer(info, used, 2 * used);
	return TRUE;
}

static void destination_end(j_compress_ptr info) {
	pixels_encoder *e = encoder_of(info);
	e->size = e->capacity - e->destination.free_in_buffer;
}

pixels_encoder *pixels_encoder_new(void) {
	pixels_encoder *e = calloc(1, sizeof *e);
	if (e == NULL)
		return NULL;
	e->info.err = error_init(&e->error);
	if (setjmp(e->error.target)) {
		jpeg_destroy_compress(&e->info);
		free(e);
		return NULL;
	}
	jpeg_create_compress(&e->info);
	e->destination.init_destination = destination_init;
	e->destination.empty_output_buffer = destination_full;
	e->destination.term_destination = destination_end;
	e->info.dest = &e->destination;
	e->info.client_data = e;
	return e;
}

void pixels_encoder_free(pixels_encoder *e) {
	jpeg_destroy_compress(&e->info);
	free(e->buffer);
	free(e);
}

const char *pixels_encoder_message(const pixels_encoder *e) { return e->error.message; }

int pixels_encode(pixels_encoder *e, const uint8_t *rgb, int width, int height, int quality) {
	j_compress_ptr info = &e->info;
	if (e->capacity > kept_capacity) {
		free(e->buffer);
		e->buffer = NULL;
		e->capacity = 0;
	}
	e->error.status = PIXELS_OK;
	if (setjmp(e->error.target)) {
		jpeg_abort_compress(info);
		return e->error.status;
	}
	info->image_width = width;
	info->image_height = height;
	info->input_components = 3;
	info->in_color_space = JCS_RGB;
	jpeg_set_defaults(info); // chroma halved both ways
	jpeg_set_quality(info, quality, TRUE);
	jpeg_start_compress(info, TRUE);
	size_t stride = (size_t)width * 3;
	while (info->next_scanline < info->image_height) {
		JSAMPROW row = (JSAMPROW)(rgb + stride * info->next_scanline);
		jpeg_write_scanlines(info, &row, 1);
	}
	jpeg_finish_compress(info);
	return PIXELS_OK;
}

const uint8_t *pixels_encoder_output(const pixels_encoder *e, size_t *size) {
	*size = e->size;
	return e->buffer;
}
