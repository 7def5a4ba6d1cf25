package ingest

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"plip/parquet"
)

// lupersonVideo is a folder of images.
type lupersonVideo struct {
	path    string
	number  int   // in keys.pkl, from 1
	firstID int64 // of its first person
}

// lupersonCrop is what the name of an image says. It is small: keys.pkl lists
// ten million.
type lupersonCrop struct {
	pid, frame, object uint32
}

func (c lupersonCrop) String() string { return fmt.Sprintf("%06d_%07d_%02d", c.pid, c.frame, c.object) }

// parseLUPerson reads the stem of an image's name.
func parseLUPerson(stem string) (lupersonCrop, bool) {
	parts := strings.Split(stem, "_")
	if len(parts) != 3 {
		return lupersonCrop{}, false
	}
	var numbers [3]uint32
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 32)
		if err != nil || !isDigits(part) {
			return lupersonCrop{}, false
		}
		numbers[i] = uint32(n)
	}
	return lupersonCrop{numbers[0], numbers[1], numbers[2]}, true
}

// persons lists the persons of a video by pid. Images that belong to nobody come
// last, together.
func (l *luperson) persons(v *lupersonVideo) ([]*Identity, error) {
	samples, _, err := l.list(v.path)
	if err != nil {
		return nil, err
	}
	there := map[lupersonCrop]bool{}
	byPID := map[uint32]*Identity{}
	var persons []*Identity
	add := func(pid uint32, s Sample) {
		if byPID[pid] == nil {
			byPID[pid] = &Identity{}
		}
		byPID[pid].Samples = append(byPID[pid].Samples, s)
	}
	nobody := &Identity{}
	for _, s := range samples {
		name := path.Base(s.Row.FilePath)
		crop, ok := parseLUPerson(strings.TrimSuffix(name, path.Ext(name)))
		if !ok {
			s.Err = rejectf(ReasonNoIdentity, "want a name such as 000012_0000345_01.jpg, got %q", name)
			nobody.Samples = append(nobody.Samples, s)
			continue
		}
		there[crop] = true
		add(crop.pid, s)
	}
	named, err := l.lists.named(v)
	if err != nil {
		return nil, err
	}
	if len(named) > 0 && len(there) > 0 && !slices.ContainsFunc(named, func(c lupersonCrop) bool { return there[c] }) {
		return nil, fmt.Errorf("%s: want the images that keys.pkl or its detections name, such as %s.jpg, got %d others and none of those: the lists are of other folders; move them away to read without them",
			v.path, named[0], len(there))
	}
	for _, crop := range named {
		if !there[crop] {
			there[crop] = true
			add(crop.pid, Sample{Row: parquet.Row{FilePath: path.Join(v.path, crop.String()+".jpg")}, Err: rejectf(ReasonMissing, "no such file")})
		}
	}
	pids := make([]uint32, 0, len(byPID))
	for pid := range byPID {
		pids = append(pids, pid)
	}
	slices.Sort(pids)
	id := v.firstID
	for _, pid := range pids {
		p := byPID[pid]
		slices.SortFunc(p.Samples, func(a, b Sample) int { return cmp.Compare(a.Row.FilePath, b.Row.FilePath) })
		if slices.ContainsFunc(p.Samples, func(s Sample) bool { return s.Err == nil }) {
			p.ID = id
			id++
		}
		persons = append(persons, p)
	}
	if len(nobody.Samples) > 0 {
		persons = append(persons, nobody)
	}
	return persons, nil
}
