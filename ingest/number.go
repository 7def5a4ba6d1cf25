package ingest

import (
	"path"
	"strconv"
	"strings"
)

// numberIdentities gives each identity of a sorted list of folders its id. Where
// every folder's own name is a number that no other has, those are the ids: the
// dataset numbers its identities, and text or splits elsewhere may refer to them.
// Otherwise the ids are 1, 2, 3, ... in the order of the list (decisions.md
// "Data"; the folder stays visible in file_path).
func numberIdentities(folders []string) []int64 {
	ids := make([]int64, len(folders))
	taken := make(map[int64]bool, len(folders))
	for i, folder := range folders {
		id, ok := parseID(path.Base(folder))
		if !ok || taken[id] {
			for i := range ids {
				ids[i] = int64(i) + 1
			}
			return ids
		}
		taken[id] = true
		ids[i] = id
	}
	return ids
}

// parseID reads an identity that is written as a number, such as 0002 or -1.
func parseID(s string) (int64, bool) {
	if !isDigits(strings.TrimPrefix(s, "-")) {
		return 0, false
	}
	id, err := strconv.ParseInt(s, 10, 64)
	return id, err == nil
}
