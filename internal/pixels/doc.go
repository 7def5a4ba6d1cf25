// Package pixels turns the bytes of an image file into the numbers a network reads, exactly as the authors' Python
// release does with Pillow and torchvision:
//
//	Probe      sniff format and size from the header; refuse what is no usable image
//	Decode     8-bit RGB, alpha dropped, EXIF orientation ignored: Image.open(f).convert('RGB')
//	Resize     Pillow's 8-bit antialiased bicubic filter, columns first: resize((w, h), BICUBIC)
//	Luma       Pillow's integer gray, three equal channels: convert('L').convert('RGB')
//	CHW        (v/255 - mean) / std as planar float32: ToTensor, Normalize
//
// JPEG, PNG, BMP, WebP and GIF (its first frame) are read; TIFF never is. The released weights were trained on Pillow's
// pixels, so each step is held to Pillow's result bit by bit (testdata/README.md says with which version), with one
// exception: without cgo, or with the build tag purego, JPEG is decoded by the standard library instead of
// libjpeg-turbo. Its inverse DCT rounds differently, which leaves at most 3 levels and 0.05 in the mean on the reference
// images (Go 1.26); chroma is upsampled with libjpeg's triangle filter in both builds, because the standard library's
// nearest sample is off by up to 67 levels.
//
// A file that cannot be used ends in a *RejectError, whose Reason is one of a few fixed words for counting. No call
// allocates more than a small multiple of MaxPixels, whatever the bytes say.
//
// All functions are safe for concurrent use. The package keeps no settings: its only variables are pools of decoders and
// scratch memory, and a cache of filter weights by size.
package pixels
