// Package weights reads and writes files of named tensors. It knows bytes, types and shapes, not libtorch.
//
// Two kinds of file are read, told apart by their first bytes (Load), both through a read-only memory mapping:
//
//	safetensors: 8 bytes header length (little-endian), a JSON header {name: {dtype, shape, data_offsets}} with
//	             an optional "__metadata__" of strings, then the tensors without gaps
//	PyTorch zip: PREFIX/data.pkl, a pickle whose tensors point into the records PREFIX/data/KEY; TorchScript archives too
//	PyTorch legacy: five pickles (magic number, version, platform, the object, storage keys), then per key a count
//	             and the bytes
//
// Nothing of a pickle is executed. The machine that reads it knows the opcodes that build plain values and the few
// calls that build tensors; every other opcode, class or function is refused by name (RefusedError) before anything
// happens. Sizes are checked against the bytes that are there before anything is allocated, and the tree is checked
// for depth and size before it is handed out.
//
// Data of a tensor usually lies in the mapping: it must not be written to, and is valid until the file is closed.
// Opened files do not change and are safe for concurrent use, apart from Close.
package weights
