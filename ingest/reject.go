package ingest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Reasons that readers give, beside those of the image check. They stand in
// rejects.jsonl and are counted, so their text is fixed.
const (
	ReasonPathEscape   = "path_escape"   // a symbolic link that leads out of the root
	ReasonLinkedFolder = "linked_folder" // a symbolic link to a folder of the same root: its images are there already
	ReasonMissing      = "missing"       // no file of that name, or a link to nothing
	ReasonNotRegular   = "not_regular"   // a pipe, socket or device
	ReasonNoIdentity   = "no_identity"   // an image that belongs to no identity
	ReasonFileTooLarge = "too_large"     // the file is beyond MaxFileBytes; the image check uses the word for pixels
	ReasonBadPath      = "bad_path"      // a name that shards cannot keep, such as one that is not UTF-8
	ReasonBadRow       = "bad_row"       // another value that shards cannot keep
)

// RejectError says why one image is left out. The run goes on without it.
type RejectError struct {
	Reason string // a short fixed word
	Err    error  // what was found, without an absolute path; never nil
}

func (e *RejectError) Error() string { return e.Reason + ": " + e.Err.Error() }

func (e *RejectError) Unwrap() error { return e.Err }

func rejectf(reason, format string, args ...any) *RejectError {
	return &RejectError{reason, fmt.Errorf(format, args...)}
}

// TooManyRejectsError says that a run ended because too much of its source is
// unfit.
type TooManyRejectsError struct {
	Rejects, Records int64
	MaxRatio         float64          // the share that was allowed
	Counts           map[string]int64 // rejects by reason
	First            []string         // path and reason of the first few of this run
}

func (e *TooManyRejectsError) Error() string {
	return fmt.Sprintf("unfit images: want at most %g of %d, got %d (%s), such as %s",
		e.MaxRatio, e.Records, e.Rejects, FormatCounts(e.Counts), strings.Join(e.First, "; "))
}

// FormatCounts lists counts by reason, the greatest first.
func FormatCounts(counts map[string]int64) string {
	reasons := make([]string, 0, len(counts))
	for reason := range counts {
		reasons = append(reasons, reason)
	}
	sort.Slice(reasons, func(i, j int) bool {
		a, b := reasons[i], reasons[j]
		return counts[a] > counts[b] || counts[a] == counts[b] && a < b
	})
	for i, reason := range reasons {
		reasons[i] = fmt.Sprintf("%s %d", reason, counts[reason])
	}
	return strings.Join(reasons, ", ")
}

// RejectCounts reads the rejects.jsonl of a finished dataset and counts it by
// reason. A dataset without the file has no rejects.
func RejectCounts(dir string) (map[string]int64, error) {
	counts := map[string]int64{}
	f, err := os.Open(filepath.Join(dir, "rejects.jsonl"))
	if errors.Is(err, fs.ErrNotExist) {
		return counts, nil
	}
	if err != nil {
		return nil, fmt.Errorf("count rejects: %w", err)
	}
	defer f.Close()
	d := json.NewDecoder(f)
	for line := 1; ; line++ {
		var reject struct {
			Reason string `json:"reason"`
		}
		switch err := d.Decode(&reject); {
		case err == io.EOF:
			return counts, nil
		case err != nil:
			return nil, fmt.Errorf("count rejects: %s: line %d: byte %d: %w", f.Name(), line, d.InputOffset(), err)
		}
		counts[reject.Reason]++
	}
}
