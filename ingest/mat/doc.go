// Package mat reads MAT files of level 5, the files that MATLAB's save writes
// since version 5 and that attribute datasets of persons are released in.
//
// A file is a header and elements, all in the byte order that the header names:
//
//	header   116 bytes of text, 8 of no interest here, u16 version 0x0100,
//	         "IM" for little-endian or "MI" for big-endian
//	element  u32 kind, u32 bytes, the bytes, zeros up to a multiple of 8
//	         or, small: u16 bytes (1..4) and u16 kind as one u32, 4 bytes
//
// Kind 15 is a zlib stream of one element, without zeros after it; kind 14 is an
// array, whose bytes are elements again:
//
//	flags    u32: class in the low byte, 0x0200 logical, 0x0800 complex; u32 of no interest
//	dims     i32 each, two or more
//	name     bytes; none inside cells and structs
//	content  cell: an array a cell
//	         struct: i32 length of a name, names of that length, then the arrays
//	             of the first struct's fields, of the second's, ...
//	         char: codes in UTF-8, UTF-16, UTF-32 or bytes
//	         numbers: real parts, then imaginary parts if complex
//
// Cells, structs, codes and numbers come column by column. Numbers may be stored
// in a narrower kind than their class: doubles that are small integers are
// stored as bytes. An array of no bytes stands for an empty one.
//
// The format is described in "MAT-File Format" (The MathWorks, document "MATLAB
// MAT-File Format", chapter on level 5). Sparse arrays, objects and functions are
// refused by name, and so are files of level 4 and of version 7.3, which are other
// formats: the first has no header, the second is HDF5.
//
// Files are foreign: every size is held against the bytes that are left before
// anything is allocated, arrays nest to a limit, and what a file may inflate to is
// limited too. A number stays as it is stored until it is asked for.
package mat
