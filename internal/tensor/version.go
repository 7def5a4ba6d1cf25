package tensor

// #include "shim/shim.h"
import "C"

import "regexp"

// BuiltFor is the version of libtorch whose headers this program was compiled with.
func BuiltFor() string { return C.GoString(C.lt_built_for()) }

// Version is the version of the libtorch that is loaded, "" when it does not say.
func Version() string {
	m := regexp.MustCompile(`TORCH_VERSION=([^,\s]+)`).FindStringSubmatch(BuildText())
	if m == nil {
		return ""
	}
	return m[1]
}
