// Package nn holds the layers that the captioner and the PLIP model share.
//
// A layer is a struct of parameters and sub-layers, a constructor that takes the variable path first, and Forward. The
// segments of the path are the released checkpoints' names, so reading a constructor is reading its state dict:
//
//	path.Sub("layer1").Sub("0").Sub("conv1") -> "layer1.0.conv1.weight"
//
// Parameters live in a Store, in the order of construction, until its Close. Whether a pass trains is an argument of
// Forward, never hidden state. Inputs are borrowed; results belong to the scope in force (package tensor). Constructors
// and forward passes run inside tensor.Do and unwind to it on failure.
//
// Letters of shapes: N batch, L tokens, D width, A heads, E = D/A, C channels, H and W height and width, P = H*W, V
// vocabulary.
package nn
