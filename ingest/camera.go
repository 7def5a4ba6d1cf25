package ingest

import (
	"path"
	"strconv"
	"strings"
)

// cameraOf finds the camera in the name of a file as person datasets write it:
// a part "cN" of the stem between underscores, which a sequence "sN" may follow,
// as in 0002_c1s1_000451_03.jpg, 0000_c14_0031.jpg or c3_17.png. The first such
// part counts.
func cameraOf(name string) (camera int32, ok bool) {
	stem := strings.TrimSuffix(name, path.Ext(name))
	for part := range strings.SplitSeq(stem, "_") {
		number, isCamera := strings.CutPrefix(part, "c")
		if !isCamera {
			continue
		}
		number, sequence, hasSequence := strings.Cut(number, "s")
		if !isDigits(number) || hasSequence && !isDigits(sequence) {
			continue
		}
		if n, err := strconv.ParseInt(number, 10, 32); err == nil {
			return int32(n), true
		}
	}
	return 0, false
}

func isDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
