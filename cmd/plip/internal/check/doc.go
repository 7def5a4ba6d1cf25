// Package check compares the components of this program with reference numbers.
//
// A fixture is a safetensors file whose metadata names its kind, or a JSON file with "kind" at its top:
//
//	for each fixture:
//	    the kind's function builds the component from the fixture's configuration, by the constructors and
//	    forward passes that the commands use, loads param.*, runs input.*
//	    and hands every number to compare, which files it under a group
//	    a tensor that was neither read as input nor compared fails the fixture
//
// The table of kinds is in kinds.go; what a kind's file holds is told by the README beside the fixtures, and by the
// function's comment.
package check
