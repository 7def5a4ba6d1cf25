package export

import (
	"archive/tar"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestWebDataset reads the tars as the library does: files in order, those of one
// key together.
func TestWebDataset(t *testing.T) {
	rows := madeRows(t, 21)
	got, s := exportFiles(t, rows, 2)
	row := 0
	seen := map[int64]int64{} // tar of each identity
	for n := range s.Files {
		name := fmt.Sprintf("part-%05d.tar", n)
		var pictures int
		r := tar.NewReader(strings.NewReader(got[name]))
		for {
			picture, data := nextFile(t, r)
			if picture == nil {
				break
			}
			text, sample := nextFile(t, r)
			want := rows[row]
			ext, err := suffix(want.Image)
			if err != nil {
				t.Fatal(err)
			}
			if key := fmt.Sprintf("%09d", row); picture.Name != key+ext || text == nil || text.Name != key+".json" || data != string(want.Image) {
				t.Fatalf("%s: row %d: want its picture %s%s and %s.json, got %s and %+v", name, row, key, ext, key, picture.Name, text)
			}
			var about struct {
				ID       int64  `json:"id"`
				FilePath string `json:"file_path"`
			}
			if err := json.Unmarshal([]byte(sample), &about); err != nil || about.ID != want.ID || about.FilePath != want.FilePath {
				t.Errorf("%s: row %d: want id %d of %s, got %+v, %v", name, row, want.ID, want.FilePath, about, err)
			}
			if first, ok := seen[about.ID]; ok && first != n {
				t.Errorf("%s: identity %d began in another tar", name, about.ID)
			}
			seen[about.ID] = n
			pictures += len(data)
			row++
		}
		if last := n == s.Files-1; !last && (pictures < 2500 || pictures > 2500+3*900) {
			t.Errorf("%s: want pictures of 2500 bytes and at most an identity more, got %d", name, pictures)
		}
	}
	if row != len(rows) || s.Files < 3 {
		t.Errorf("want %d rows in 3 tars or more, got %d in %d", len(rows), row, s.Files)
	}
}

// nextFile is the next file of a tar, nil at its end. Its header has nothing of
// the machine that made it.
func nextFile(t *testing.T, r *tar.Reader) (*tar.Header, string) {
	t.Helper()
	h, err := r.Next()
	if err == io.EOF {
		return nil, ""
	}
	if err != nil {
		t.Fatal(err)
	}
	if h.ModTime.Unix() != 0 || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || h.Mode != 0o444 {
		t.Errorf("%s: want no time and no owner, got %+v", h.Name, h)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return h, string(data)
}
