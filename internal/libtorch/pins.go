package libtorch

import (
	_ "embed"
	"regexp"
	"slices"
)

// Version is the pinned version of libtorch, that of setup.sh.
const Version = "2.11.0"

//go:embed gotch_compat.h
var compat string

// Absent lists the functions of gotch's C layer that have no counterpart in the pinned libtorch, sorted. Calling one
// fails; this program calls none.
func Absent() []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?m)^GOTCH_GONE\([^,]+, (\w+)\)`).FindAllStringSubmatch(compat, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}
