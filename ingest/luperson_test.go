package ingest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pickleOf writes dicts, lists, texts and numbers as Python's protocol 4 does,
// every text and container put into the memo, lists in one batch.
func pickleOf(v any) []byte { return append(appendPickle([]byte("\x80\x04"), v), '.') }

type pickleDict []any // keys and values in turn

func appendPickle(b []byte, v any) []byte {
	switch v := v.(type) {
	case int:
		b = append(b, 'J')
		return binary.LittleEndian.AppendUint32(b, uint32(int32(v)))
	case string:
		b = append(b, 'X')
		b = binary.LittleEndian.AppendUint32(b, uint32(len(v)))
		return append(append(b, v...), 0x94)
	case []any:
		b = append(b, "]\x94("...)
		for _, item := range v {
			b = appendPickle(b, item)
		}
		return append(b, 'e')
	case pickleDict:
		b = append(b, "}\x94("...)
		for _, item := range v {
			b = appendPickle(b, item)
		}
		return append(b, 'u')
	}
	panic(fmt.Sprintf("no pickle of %T", v))
}

// detectionsOf lists one entry for each pid, frame and object.
func detectionsOf(crops ...[3]int) []byte {
	var frames pickleDict
	for _, c := range crops {
		frames = append(frames, c[1], []any{[]any{c[2], pickleDict{"bbox", []any{1, 2, 3, 4}, "pid", c[0]}}})
	}
	return pickleOf(frames)
}

// keysOf is keys.pkl with these keys and the pids in them.
func keysOf(keys ...string) []byte {
	var texts, pids []any
	for _, k := range keys {
		var pid int
		fmt.Sscanf(k[6:], "%d", &pid)
		texts, pids = append(texts, k), append(pids, pid)
	}
	return pickleOf(pickleDict{"keys", texts, "pids", pids})
}

func lupersonCase() layoutCase {
	const root = "lup-nl"
	return layoutCase{
		name: "luperson-nl",
		build: func(t *testing.T, dir string) {
			buildFolders(t, filepath.Join(dir, root),
				"cn/beijing/zz9/000100_0000001_00.jpg", "cn/beijing/zz9/000100_0000002_00.jpg", "cn/beijing/zz9/000099_0000002_01.jpg",
				"jp/tokyo/A-b_3/000101_0000345_10.jpg", "jp/tokyo/A-b_3/1000000_0000345_11.jpg", // PNG by name only below
				"us/new york/zz9/000100_0000001_00.jpg", // the same video again
				"us/new york/q/000100_0000007_03.jpg", "us/new york/q/000100_0000007_03.png",
			)
			writeFile(t, dir, root+"/jp/tokyo/A-b_3/Thumbs.db", []byte("x"))
			writeFile(t, dir, root+"/jp/tokyo/other.mp4", []byte("video"))
			writeFile(t, dir, "dets/cn+beijing+zz9.pkl", detectionsOf([3]int{100, 1, 0}, [3]int{99, 2, 1}))
			writeFile(t, dir, root+"/us/new york/q.pkl", detectionsOf([3]int{100, 7, 3}))
			writeFile(t, dir, "lupnl_lmdb/keys.pkl", keysOf("00001_000099_0000002_01", "00001_000100_0000001_00", "00002_000101_0000345_10"))
			writeFile(t, dir, "videos/cn/beijing/zz9.mp4", []byte("video"))
		},
		open: openAs("luperson-nl"),
		file: below(root),
		want: []identityLines{
			{1, [][]string{{"cn/beijing/zz9/000099_0000002_01.jpg"}}},
			{2, [][]string{{"cn/beijing/zz9/000100_0000001_00.jpg"}, {"cn/beijing/zz9/000100_0000002_00.jpg"}}},
			{3, [][]string{{"jp/tokyo/A-b_3/000101_0000345_10.jpg"}}},
			{4, [][]string{{"jp/tokyo/A-b_3/1000000_0000345_11.jpg"}}},
			{5, [][]string{{"us/new york/q/000100_0000007_03.jpg"}, {"us/new york/q/000100_0000007_03.png"}}},
		},
	}
}

// TestLUPersonLists: what the lists name and is not there is missing; nothing
// else is changed by them.
func TestLUPersonLists(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "cn/a/v1/000001_0000001_00.jpg", "cn/a/v1/000003_0000001_01.jpg", "cn/a/v1/bad.jpg", "cn/a/loose.jpg", "cn/a/v2/000001_0000001_00.jpg", "cn/a/v3/000004_0000001_00.jpg")
	writeFile(t, dir, "keys.pkl", keysOf("00001_000001_0000001_00", "00001_000002_0000009_00", "00001_000003_0000001_01", "00003_000004_0000001_00", "00003_000004_0000002_00"))
	writeFile(t, dir, "dets/cn+a+v1.pkl", detectionsOf([3]int{1, 1, 0}, [3]int{2, 9, 0}, [3]int{3, 5, 1}))
	s, notes := openNoting(t, "luperson-nl", dir, SourceOptions{})
	want := map[string]string{
		"cn/a/v1/000002_0000009_00.jpg": ReasonMissing, "cn/a/v1/000003_0000005_01.jpg": ReasonMissing, "cn/a/v3/000004_0000002_00.jpg": ReasonMissing,
		"cn/a/v1/bad.jpg": ReasonNoIdentity, "cn/a/loose.jpg": ReasonNoIdentity,
	}
	if diff := cmp.Diff(want, reasons(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	m := writeAll(t, s, t.TempDir(), testOptions())
	if m.Rows != 4 || m.Rejects != 5 || m.Identities != 4 || s.Layout().Images != 9 {
		t.Errorf("want 4 rows of 4 persons, 5 rejects, 9 images, got %d, %d, %d, %d", m.Rows, m.Identities, m.Rejects, s.Layout().Images)
	}
	var ids []int64
	for _, identity := range collect(t, s) {
		ids = append(ids, identity.ID)
	}
	if diff := cmp.Diff([]int64{1, 0, 2, 0, 3, 4, 0}, ids); diff != "" {
		t.Errorf("ids, 0 where there is no image (-want +got):\n%s", diff)
	}
	if len(notes) != 0 {
		t.Errorf("notes: got %q", notes)
	}
}

func TestLUPersonNotes(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "cn/a/v1/000001_0000001_00.jpg", "jp/b/v1/000001_0000001_00.jpg")
	writeFile(t, dir, "keys.pkl", keysOf("00002_000001_0000001_00"))
	for _, video := range []string{"cn+a+v1", "jp+b+v1", "jp+b+v2", "us+c+v3"} {
		writeFile(t, dir, "dets/"+video+".pkl", detectionsOf([3]int{1, 1, 0}))
	}
	writeFile(t, dir, "dets/notes.txt", []byte("x"))
	s, notes := openNoting(t, "luperson-nl", dir, SourceOptions{})
	want := []string{"video jp/b/v1 is cn/a/v1 again: passed over", "keys.pkl numbers 2 videos, there are 1: it is of other folders and not used", "dets has detections of 2 videos without a folder of images: passed over"}
	if diff := cmp.Diff(want, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	if n := s.Layout().Images; n != 1 {
		t.Errorf("want 1 image, got %d", n)
	}
}

func TestLUPersonBadLists(t *testing.T) {
	image := "cn/a/v1/000001_0000001_00.jpg"
	for _, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"keys.pkl", pickleOf([]any{}), `want a dict with the lists "keys" and "pids", got something else`},
		{"keys.pkl", pickleOf(pickleDict{"keys", []any{"00001_000001_0000001_00"}, "pids", []any{}}), "want as many pids as keys, got 0 and 1"},
		{"keys.pkl", pickleOf(pickleDict{"keys", []any{"00001_000001_0000001_00"}, "pids", []any{1, 1}}), "pid 1: want as many as keys, which are 1"},
		{"keys.pkl", pickleOf(pickleDict{"keys", []any{"00001_000001_0000001_00"}, "pids", []any{2}}), "pid 0: want 1 as in its key, got a integer 2"},
		{"keys.pkl", pickleOf(pickleDict{"pids", []any{2}, "keys", []any{"00001_000001_0000001_00"}}), "pid 0: want as many as keys, which are 0"},
		{"keys.pkl", pickleOf(pickleDict{"keys", []any{"00001_000001_0000001"}, "pids", []any{1}}), `key 0: want VIDEO_PID_FRAME_OBJECT before any pid, got a text "00001_000001_0000001"`},
		{"keys.pkl", pickleOf(pickleDict{"keys", []any{"99999999_000001_0000001_00"}, "pids", []any{1}}), "key 0: want VIDEO"},
		{"keys.pkl", pickleOf(pickleDict{"keys", []any{5}, "pids", []any{1}}), "key 0: want VIDEO_PID_FRAME_OBJECT before any pid, got a integer"},
		{"keys.pkl", keysOf("00002_000001_0000001_00", "00001_000001_0000001_00"), "key 1: want the videos in order, got 1 after 2"},
		{"keys.pkl", keysOf("00001_000009_0000009_09"), "cn/a/v1: want the images that keys.pkl or its detections name, such as 000009_0000009_09.jpg, got 1 others and none of those"},
		{"keys.pkl", []byte("\x80\x04cos\nsystem\n."), `keys.pkl: byte 2: want plain values, got "os.system": refused, nothing was executed (move it away to read without it)`},
		{"cn/a/v1.pkl", pickleOf([]any{}), "cn/a/v1.pkl: want a dict of frames, got a list"},
		{"cn/a/v1.pkl", pickleOf(pickleDict{"x", []any{}}), "want a number of a frame and its list, got a text and a list"},
		{"cn/a/v1.pkl", pickleOf(pickleDict{7, []any{[]any{1, pickleDict{"pidd", 1}}}}), `frame 7: entry 0: want [object, {"pid": number, ...}]`},
		{"cn/a/v1.pkl", detectionsOf([3]int{1, 1, 0}, [3]int{-1, 2, 0}), "frame 2: entry 0: want"},
		{"dets/cn+a+v1.pkl", []byte("\x80\x04}"), "dets/cn+a+v1.pkl: byte 3: want 1 bytes, got 0: unexpected EOF"},
	} {
		dir := t.TempDir()
		buildFolders(t, dir, image)
		writeFile(t, dir, c.name, c.data)
		s, err := openAs("luperson-nl")(t.Context(), dir)
		if err == nil {
			s.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %.60q: want %q, got %v", c.name, c.data, c.want, err)
		}
	}
}

// TestLUPersonPickles reads what Python wrote (testdata/luperson/make.py).
func TestLUPersonPickles(t *testing.T) {
	want := []lupersonCrop{{345, 120, 0}, {348, 120, 3}, {346, 7, 1}, {357, 300000, 12}, {1, 301, 2}, {70, 302, 5}}
	for _, protocol := range []int{2, 4, 5} {
		f, err := os.Open(fmt.Sprintf("testdata/luperson/detections-%d.pkl", protocol))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		got, err := readDetections(f)
		if err != nil {
			t.Errorf("protocol %d: %v", protocol, err)
		} else if diff := cmp.Diff(want, got, cmp.AllowUnexported(lupersonCrop{})); diff != "" {
			t.Errorf("protocol %d (-want +got):\n%s", protocol, diff)
		}
	}
	f, err := os.Open("testdata/luperson/keys.pkl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	videos, err := readLUPersonKeys(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	if len(videos) != 3 || len(videos[0]) != 900 || len(videos[1]) != 900 || len(videos[2]) != 700 {
		t.Fatalf("want 900, 900 and 700 images of 3 videos, got %d videos", len(videos))
	}
	if got, want := videos[2][699], (lupersonCrop{499, 2499, 0}); got != want {
		t.Errorf("last key: want %v, got %v", want, got)
	}
}

// keysStream is keys.pkl of n images as Python writes it, made while it is read.
type keysStream struct {
	n, next int
	rest    []byte
}

func (s *keysStream) Read(b []byte) (int, error) {
	for len(s.rest) == 0 {
		s.rest = s.piece()
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// piece is the beginning, a batch of a thousand keys or pids, or the end.
func (s *keysStream) piece() (b []byte) {
	at := s.next
	s.next += 1000
	switch {
	case at == 0:
		b = append([]byte("\x80\x04}\x94("), appendPickle(nil, "keys")...)
		b = append(b, "]\x94"...)
	case at == s.n:
		b = append(appendPickle(nil, "pids"), "]\x94"...)
	case at >= 2*s.n:
		return []byte("u.")
	}
	b = append(b, '(')
	for i := at; i < at+1000; i++ {
		if i < s.n {
			b = appendPickle(b, fmt.Sprintf("%05d_%06d_%07d_%02d", 1+i/500, i/25, i%500, 1))
		} else {
			b = appendPickle(b, (i-s.n)/25)
		}
	}
	return append(b, 'e')
}

// TestLUPersonKeysMemory: a million keys, 12 bytes each, take 12 MB and what is
// under way, whatever room their texts would take.
func TestLUPersonKeysMemory(t *testing.T) {
	const n = 1_000_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	videos, err := readLUPersonKeys(t.Context(), &keysStream{n: n})
	if err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if held := int64(after.HeapAlloc) - int64(before.HeapAlloc); held > 16<<20 {
		t.Errorf("want at most 16 MB for %d keys, got %d bytes", n, held)
	}
	if len(videos) != n/500 || videos[n/500-1][499] != (lupersonCrop{(n - 1) / 25, 499, 1}) {
		t.Errorf("got %d videos, the last %v", len(videos), videos[len(videos)-1])
	}
}
