package ingest

import (
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// textRules are what a dataset asks of its records. The zero value is that of an
// array or object of JSON whose records need numbered ids and captions.
type textRules struct {
	needsSplit bool                                      // every record
	ownData    bool                                      // ids may be names or missing, captions too; query and gallery are splits
	namedIDs   bool                                      // ids may be names
	idOfFolder bool                                      // an id that is missing is the number of the image's folder
	labels     int                                       // values of a label; 0: labels are not read
	camera     func(name string) (camera int32, ok bool) // of a file's name; nil: not told
	syntax     textSyntax
}

// textSyntax is how a file of annotations is written.
type textSyntax uint8

const (
	syntaxJSON  textSyntax = iota // an array or an object
	syntaxLines                   // JSON lines, or an array
	syntaxTable                   // CSV
)

// newReader opens the records of a file.
func (u *textRules) newReader(f io.Reader) (recordReader, error) {
	switch u.syntax {
	case syntaxLines:
		return newJSONLines(f), nil
	case syntaxTable:
		r, err := newCSVRecords(f)
		if err != nil {
			return nil, err
		}
		return r, nil
	}
	r, err := newJSONRecords(f)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// apply holds a record against the rules and puts its split in the words of
// shards. fileSplit is what the file's name tells.
func (u *textRules) apply(r *record, fileSplit string) error {
	if err := u.applySplit(r, fileSplit); err != nil {
		return err
	}
	if !r.hasID() && u.idOfFolder {
		folder := path.Base(path.Dir(r.path))
		if !isDigits(folder) {
			return fmt.Errorf("want an id, or an image in the folder of its id, got keys %v and %q", r.keys, r.path)
		}
		if err := r.setID(folder); err != nil {
			return fmt.Errorf("folder of the image: %w", err)
		}
		r.keys |= 1 << keyID
	}
	switch _, hasCaptions := r.keys.first(keyCaptions, keyCaption, keySentence); {
	case !r.hasID() && !u.ownData:
		return fmt.Errorf("want an id under the key id or image_id, got keys %v", r.keys)
	case r.name != "" && !u.ownData && !u.namedIDs:
		return fmt.Errorf("want a whole number from 0 as id, got %q", r.name)
	case !hasCaptions && !u.ownData:
		return fmt.Errorf("want captions under the key captions, caption or sentence, got keys %v", r.keys)
	}
	if u.labels == 0 {
		r.labels = nil
	} else if r.labels != nil && len(r.labels) != u.labels {
		return fmt.Errorf("key %q: want %d values, got %d", recordKeys[keyLabel], u.labels, len(r.labels))
	}
	return nil
}

// applySplit takes the split of the record; that of the file where the records
// are of one of the lists that training code keeps by split and without that key.
func (u *textRules) applySplit(r *record, fileSplit string) error {
	if r.keys.has(keySplit) && (r.split != "" || !u.ownData) {
		name, err := splitName(r.split, u.ownData)
		if err != nil {
			return fmt.Errorf("key %q: %w", recordKeys[keySplit], err)
		}
		r.split = name
		return nil
	}
	r.split = ""
	isList := r.keys.has(keySentence) || r.keys.has(keyImage, keyImageID)
	if isList && !u.ownData {
		r.split = fileSplit
	}
	switch {
	case r.split != "" || !u.needsSplit:
		return nil
	case r.keys.has(keyFilePath, keyID, keyCaptions):
		return errors.New(`key "split" is missing, as in CUHK-PEDES' caption_all.json, which cannot be split by itself: ` +
			"want reid_raw.json, or the split of each record from an external list put into it")
	}
	return fmt.Errorf("want a split under the key split, or train, val or test in the file's name, got keys %v", r.keys)
}

// splitName is the split of shards that a name stands for.
func splitName(name string, ownData bool) (string, error) {
	switch name {
	case "train", "test":
		return name, nil
	case "val", "valid", "validation":
		return "valid", nil
	case "query", "gallery":
		if ownData {
			return name, nil
		}
	}
	return "", fmt.Errorf("want train, val, valid, validation or test, got %q", name)
}

// splitOfFile is the split that a file's name tells, as cuhk_train.json; "" for
// none.
func (u *textRules) splitOfFile(name string) string {
	stem := strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))
	for word := range strings.FieldsFuncSeq(stem, func(c rune) bool { return !unicode.IsLetter(c) }) {
		if split, err := splitName(word, false); err == nil {
			return split
		}
	}
	return ""
}

// cameraOf is the camera in the name of an image.
func (u *textRules) cameraOf(file string) (int32, bool) {
	if u.camera == nil {
		return 0, false
	}
	return u.camera(path.Base(file))
}

// labelNames name the labels by their place: their release does not name them.
func (u *textRules) labelNames() []string {
	names := make([]string, u.labels)
	for i := range names {
		names[i] = fmt.Sprintf("label_%02d", i)
	}
	return names
}

// cameraOfICFG is the camera in the name of an image of MSMT17, from which
// ICFG-PEDES is taken: pid, index, camera, time, frame, as in
// 0627_010_05_0303afternoon_1591_0.jpg.
func cameraOfICFG(name string) (int32, bool) {
	parts := strings.Split(name, "_")
	if len(parts) < 5 || !isDigits(parts[0]) || !isDigits(parts[1]) || !isDigits(parts[2]) {
		return 0, false
	}
	camera, err := strconv.ParseInt(parts[2], 10, 32)
	return int32(camera), err == nil
}
