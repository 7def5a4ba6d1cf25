package split

import (
	"errors"
	"io"
	"regexp"
)

// errFirst ends eachRecord after the first record.
var errFirst = errors.New("first record read")

var (
	cuhkFolder = regexp.MustCompile(`^"(cam_a|cam_b|CUHK01|CUHK03|Market|test_query|train_query)/`)
	icfgName   = regexp.MustCompile(`^"(train|test)/[0-9]{4}/[0-9]{4}_[0-9]+_[0-9]{2}_`)
)

// Detect names the dataset whose annotation file src is by its first record:
// "CUHK-PEDES", "ICFG-PEDES" or "RSTPReid", which the folders and file names in
// their paths give away; empty when it is none of them.
func Detect(src io.Reader) (string, error) {
	name := ""
	err := eachRecord(src, func(r *record) error {
		path := func(key string) string {
			if at := r.field(key); at != 0 {
				return string(r.bytes(r.nodes[at].text))
			}
			return ""
		}
		switch file := path("file_path"); {
		case path("img_path") != "":
			name = "RSTPReid"
		case cuhkFolder.MatchString(file):
			name = "CUHK-PEDES"
		case icfgName.MatchString(file):
			name = "ICFG-PEDES"
		}
		return errFirst
	})
	if err != nil && !errors.Is(err, errFirst) {
		return "", err
	}
	return name, nil
}
