package ingest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
)

// lupersonLists are the pickles that may lie with LUPerson-NL's images and name
// them.
type lupersonLists struct {
	root   *os.Root // the folder of the countries
	around *os.Root // the folder that a person named: root's, or the one above
	dets   bool     // there is a folder dets in it

	// keys are the images that keys.pkl names, by the number of the video less 1;
	// 12 bytes an image. nil where it is not used.
	keys [][]lupersonCrop
}

// maxDetectionBytes is the greatest pickle of detections that is read (ours:
// 250 bytes a detection, and no video has a hundred thousand).
const maxDetectionBytes = 256 << 20

// open finds the lists and reads keys.pkl.
func (l *lupersonLists) open(ctx context.Context, videos []lupersonVideo, o *SourceOptions) error {
	for _, name := range []string{"keys.pkl", "lupnl_lmdb/keys.pkl"} {
		f, err := l.around.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		keys, err := readLUPersonKeys(ctx, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("%s: %w (move it away to read without it)", name, err)
		}
		if len(keys) > len(videos) {
			o.note("%s numbers %d videos, there are %d: it is of other folders and not used", name, len(keys), len(videos))
			break
		}
		l.keys = keys
		break
	}
	info, err := l.around.Stat("dets")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	l.dets = err == nil && info.IsDir()
	if !l.dets {
		return nil
	}
	return l.noteAbsent(videos, o)
}

// noteAbsent tells how many videos have detections but no folder: many can no
// longer be had, so that their images are not counted as missing.
func (l *lupersonLists) noteAbsent(videos []lupersonVideo, o *SourceOptions) error {
	dets, err := l.around.Open("dets")
	if err != nil {
		return err
	}
	names, err := dets.Readdirnames(-1)
	if err = errors.Join(err, dets.Close()); err != nil {
		return err
	}
	there := make(map[string]bool, len(videos))
	for _, v := range videos {
		there[v.path] = true
	}
	absent := 0
	for _, name := range names {
		video, ok := strings.CutSuffix(name, ".pkl")
		video = strings.ReplaceAll(video, "+", "/")
		if !ok || there[video] {
			continue
		}
		if _, err := l.root.Lstat(video); errors.Is(err, fs.ErrNotExist) { // else it is in two cities
			absent++
		}
	}
	if absent > 0 {
		o.note("dets has detections of %d videos without a folder of images: passed over", absent)
	}
	return nil
}

// named are the images that the lists name for a video.
func (l *lupersonLists) named(v *lupersonVideo) ([]lupersonCrop, error) {
	var named []lupersonCrop
	if v.number <= len(l.keys) {
		named = l.keys[v.number-1]
	}
	files := []struct {
		root *os.Root
		name string
	}{{l.root, v.path + ".pkl"}}
	if l.dets {
		files = append(files, files[0])
		files[0].root, files[0].name = l.around, path.Join("dets", strings.ReplaceAll(v.path, "/", "+")+".pkl")
	}
	for _, file := range files {
		f, err := file.root.Open(file.name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		detected, err := readDetections(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: %w (move it away to read without it)", file.name, err)
		}
		return slices.Concat(named, detected), nil
	}
	return named, nil
}

// readDetections reads what the detections of one video name: a dict of frames,
// each a list of [object, {"pid": ..., ...}].
func readDetections(r io.Reader) ([]lupersonCrop, error) {
	limited := &io.LimitedReader{R: r, N: maxDetectionBytes + 1}
	root, err := readPickle(limited, nil)
	if limited.N == 0 {
		err = fmt.Errorf("want at most %d bytes, got more", maxDetectionBytes)
	}
	if err != nil {
		return nil, err
	}
	if root.kind != plainDict {
		return nil, fmt.Errorf("want a dict of frames, got a %s", root.kind)
	}
	var crops []lupersonCrop
	for frames := root.items(); len(frames) > 1; frames = frames[2:] {
		frame, list := frames[0], frames[1]
		if frame.kind != plainInt || list.kind != plainList {
			return nil, fmt.Errorf("want a number of a frame and its list, got a %s and a %s", frame.kind, list.kind)
		}
		for i, entry := range list.items() {
			pair := entry.items()
			ok := entry.kind == plainList && len(pair) > 1 && pair[0].kind == plainInt
			var pid plain
			if ok {
				pid, ok = pair[1].get("pid")
			}
			numbers := [3]int64{pid.number, frame.number, 0}
			if ok {
				numbers[2] = pair[0].number
			}
			crop, fits := cropOf(numbers)
			if !ok || pid.kind != plainInt || !fits {
				return nil, fmt.Errorf(`frame %d: entry %d: want [object, {"pid": number, ...}] with numbers from 0, got something else`, frame.number, i)
			}
			crops = append(crops, crop)
		}
	}
	return crops, nil
}

// cropOf makes a crop of pid, frame and object; false where one has no place in
// a name.
func cropOf(n [3]int64) (lupersonCrop, bool) {
	for _, v := range n {
		if v < 0 || v > 1<<32-1 {
			return lupersonCrop{}, false
		}
	}
	return lupersonCrop{uint32(n[0]), uint32(n[1]), uint32(n[2])}, true
}

// lupersonKeys gathers keys.pkl, {"keys": [...], "pids": [...]}, where a key is
// VIDEO_PID_FRAME_OBJECT with the video's number, and pids are as in the keys.
type lupersonKeys struct {
	videos [][]lupersonCrop
	last   []lupersonCrop // of the video under way, the last of videos once it is whole
	number int            // of that video; 0 before the first
	keys   int64

	pids  int64
	video int // of the next pid, and its place there
	place int
}

// readLUPersonKeys reads keys.pkl without holding its texts. The error names the
// byte and the entry.
func readLUPersonKeys(ctx context.Context, r io.Reader) ([][]lupersonCrop, error) {
	k := &lupersonKeys{}
	root, err := readPickle(r, func(key string, item plain) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return k.add(key, item)
	})
	if err != nil {
		return nil, err
	}
	_, hasKeys := root.get("keys")
	_, hasPIDs := root.get("pids")
	if !hasKeys || !hasPIDs {
		return nil, errors.New(`want a dict with the lists "keys" and "pids", got something else`)
	}
	k.close()
	if k.pids != k.keys {
		return nil, fmt.Errorf("want as many pids as keys, got %d and %d", k.pids, k.keys)
	}
	return k.videos, nil
}

// close ends the video under way. Its images take no more room than they need.
func (k *lupersonKeys) close() {
	if len(k.last) > 0 {
		k.videos[k.number-1] = slices.Clone(k.last)
	}
	k.last = k.last[:0]
}

func (k *lupersonKeys) add(key string, item plain) error {
	switch key {
	case "keys":
		return k.addKey(item)
	case "pids":
		return k.addPID(item)
	}
	return nil
}

// maxVideos bounds the number of a video (LUPerson-NL has some 21,000).
const maxVideos = 1 << 20

func (k *lupersonKeys) addKey(item plain) error {
	video, rest, _ := strings.Cut(item.text, "_")
	crop, ok := parseLUPerson(rest)
	number, isNumber := parseID(video)
	if !ok || !isNumber || number < 1 || number > maxVideos || k.pids > 0 {
		return fmt.Errorf("key %d: want VIDEO_PID_FRAME_OBJECT before any pid, got a %s %.60q", k.keys, item.kind, item.text)
	}
	if int(number) < k.number {
		return fmt.Errorf("key %d: want the videos in order, got %d after %d", k.keys, number, k.number)
	}
	if int(number) > k.number {
		k.close()
		k.number = int(number)
		k.videos = append(k.videos, make([][]lupersonCrop, k.number-len(k.videos))...)
	}
	k.last = append(k.last, crop)
	k.keys++
	return nil
}

func (k *lupersonKeys) addPID(item plain) error {
	if k.pids == 0 {
		k.close()
	}
	for k.video < len(k.videos) && k.place == len(k.videos[k.video]) {
		k.video, k.place = k.video+1, 0
	}
	if k.video == len(k.videos) {
		return fmt.Errorf("pid %d: want as many as keys, which are %d", k.pids, k.keys)
	}
	want := k.videos[k.video][k.place].pid
	if item.kind != plainInt || item.number != int64(want) {
		return fmt.Errorf("pid %d: want %d as in its key, got a %s %d", k.pids, want, item.kind, item.number)
	}
	k.place++
	k.pids++
	return nil
}
