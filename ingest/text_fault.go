package ingest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"path/filepath"
	"strings"
)

// Continuer is a Source that can tell whether it is the rest of a list that ended
// in an error before.
type Continuer interface {
	// Continues tells whether a source with that fingerprint listed the beginning of
	// what this one lists, and how many identities from the first are the same in both
	// streams.
	Continues(ctx context.Context, fingerprint string) (identities int64, ok bool, err error)
}

// textFault is where the records of a list end before their time.
type textFault struct {
	err  error // with its place
	file int   // the last good record is in that file
	end  int64 // offset behind it
}

// newTextFault is behind the records of the index, in file or before.
func newTextFault(x *textIndex, file int, err error) *textFault {
	f := &textFault{err: err, file: file}
	if x.last.file() == file {
		f.end = x.last.offset() + int64(x.last.bytes)
	}
	return f
}

// The fingerprint of a list that ended in an error: the number of a file, how many
// of its bytes are good records, and the hash of these and of all files before. What
// mends the list comes behind them. Of ids that are names it says so, since a name
// behind the fault makes names of all ids before it.
const (
	begunForm      = "begun-%d-%d-%x"
	begunNames     = "begun-names-"
	begunNamesForm = begunNames + "%d-%d-%x"
)

// begunForm is that of the list's ids.
func (t *textSource) begunForm() string {
	if t.index.named() {
		return begunNamesForm
	}
	return begunForm
}

// fingerprintOf is that of the list up to a place, in one of the forms.
func (t *textSource) fingerprintOf(ctx context.Context, form string, file int, end int64) (string, error) {
	sum := sha256.New()
	for i := range t.files[:file+1] {
		f := &t.files[i]
		if err := ctx.Err(); err != nil {
			return "", err
		}
		info, err := f.file.Stat()
		if err != nil {
			return "", err
		}
		n := info.Size()
		if i == file {
			n = min(n, end)
		}
		fmt.Fprintf(sum, "%s\x00", filepath.Base(f.name))
		if _, err := io.Copy(sum, io.NewSectionReader(f.file, 0, n)); err != nil {
			return "", fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return fmt.Sprintf(form, file, end, sum.Sum(nil)[:8]), nil
}

// Continues implements Continuer. The records behind the place may be of any
// identity: those before the smallest of theirs are the same in both streams. That
// holds for the numbers of names too: such an identity had the smallest path then
// that it has now, and what comes after it now had, of fewer records, no smaller one
// then.
func (t *textSource) Continues(ctx context.Context, fingerprint string) (identities int64, ok bool, err error) {
	var (
		file int
		end  int64
		sum  []byte
	)
	form := begunForm
	if strings.HasPrefix(fingerprint, begunNames) {
		form = begunNamesForm
	}
	if n, err := fmt.Sscanf(fingerprint, form, &file, &end, &sum); n != 3 || err != nil || file < 0 || file >= len(t.files) || end < 0 {
		return 0, false, nil
	}
	if t.fault != nil && (t.fault.file < file || t.fault.file == file && t.fault.end < end) {
		return 0, false, nil
	}
	own, err := t.fingerprintOf(ctx, form, file, end)
	if err != nil || own != fingerprint {
		return 0, false, err
	}
	if form != t.begunForm() { // ids were numbers, and stand among names now
		return 0, true, nil
	}
	last := int64(-1)
	for e, err := range t.index.all() { // by id
		if err != nil {
			return 0, false, err
		}
		if e.id != last {
			identities++
		}
		if last = e.id; e.behind(file, end) {
			return identities - 1, true, nil
		}
	}
	return identities, true, nil
}
