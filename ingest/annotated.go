package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Annotated is a Source of folders of crops, one a track, whose persons somebody
// named and described by hand, track by track (ours). Its identities are the
// persons, numbered from 1 in the order of their first track in the file, each
// with its crops of all tracks in the order of the tracks. What it makes is a
// reference: true attributes and captions of real crops.
//
// The file is a JSON object:
//
//	{
//	  "persons": {"p1": {"gender": "man", "hair": "...", "upper": "...", "lower": "...", "shoes": "...", "belongings": "..."}},
//	  "tracks": [{
//	    "track": "0001", "person": "p1",
//	    "segments": [{"first": 0, "last": 22, "persons": ["p1", "p2"]}],
//	    "gender": "man", "hair": "...", ...,
//	    "captions": {"short": "...", "long": "..."}
//	  }]
//	}
//
// track is the folder's path. Of segments, which may be missing, first and last
// are the frames, the numbers that crops are named by; the first person listed is
// the most prominent, and is who the crop shows. Where that is not the person of
// the track, the attributes are those of the table persons and there are no
// captions. Folders without an entry and crops in a gap of the segments are left
// out as unannotated. Keys that are not named here are passed over.
type Annotated struct {
	*Folders
	layout    Layout
	persons   []annotatedPerson
	described map[string]personNote
	tracks    map[string]*trackNote // by folder
}

// annotatedPerson is an identity: its crops lie in some of the folders.
type annotatedPerson struct {
	name    string
	folders []string
}

// ReasonUnannotated is of a crop of which the annotations say nothing.
const ReasonUnannotated = "unannotated"

// personNote describes a person.
type personNote struct {
	Gender     string `json:"gender"`
	Hair       string `json:"hair"`
	Upper      string `json:"upper"`
	Lower      string `json:"lower"`
	Shoes      string `json:"shoes"`
	Belongings string `json:"belongings"`
}

// trackNote describes a track.
type trackNote struct {
	Track    string `json:"track"`
	Person   string `json:"person"`
	Segments []struct {
		First   int64    `json:"first"`
		Last    int64    `json:"last"`
		Persons []string `json:"persons"`
	} `json:"segments"`
	personNote
	Captions struct {
		Short string `json:"short"`
		Long  string `json:"long"`
	} `json:"captions"`
}

// notes is the file.
type notes struct {
	persons map[string]personNote
	tracks  []*trackNote
	sum     string // of the bytes
}

// attributes are the six slots. What annotators write for nothing is unknown.
func (p personNote) attributes() []string {
	out := []string{p.Gender, p.Hair, p.Upper, p.Lower, p.Shoes, p.Belongings}
	for i, v := range out {
		if v == "" || v == "none" || v == "none seen" {
			out[i] = "unknown"
		}
	}
	return out
}

// OpenAnnotated lists the folders below dir and reads their annotations. The
// error of a bad file names the byte and the record.
func OpenAnnotated(ctx context.Context, dir, file string) (*Annotated, error) {
	n, err := readNotes(file)
	if err != nil {
		return nil, fmt.Errorf("annotations %s: %w", file, err)
	}
	folders, err := OpenFolders(ctx, dir)
	if err != nil {
		return nil, err
	}
	a := &Annotated{Folders: folders, layout: folders.layout, tracks: map[string]*trackNote{}}
	a.layout.Fingerprint += "-" + n.sum
	if err := a.assign(n); err != nil {
		return nil, errors.Join(fmt.Errorf("annotations %s: %w", file, err), folders.Close())
	}
	return a, nil
}

// readNotes reads the file record by record.
func readNotes(file string) (*notes, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sum := sha256.New()
	d := json.NewDecoder(io.TeeReader(f, sum))
	n := &notes{}
	if err := readObject(d, func(key string) error {
		switch key {
		case "persons":
			return d.Decode(&n.persons)
		case "tracks":
			return readArray(d, func(i int) error {
				t := &trackNote{}
				if err := d.Decode(t); err != nil {
					return fmt.Errorf("track %d: %w", i, err)
				}
				if t.Track == "" || t.Person == "" {
					return fmt.Errorf("track %d: want a track and a person, got %q and %q", i, t.Track, t.Person)
				}
				n.tracks = append(n.tracks, t)
				return nil
			})
		}
		var other json.RawMessage
		return d.Decode(&other)
	}); err != nil {
		return nil, fmt.Errorf("byte %d: %w", d.InputOffset(), err)
	}
	if len(n.tracks) == 0 {
		return nil, errors.New(`want an object with "tracks", got none`)
	}
	if _, err := io.Copy(sum, f); err != nil {
		return nil, err
	}
	n.sum = fmt.Sprintf("%x", sum.Sum(nil)[:8])
	return n, nil
}

// readObject calls value at the value of every key.
func readObject(d *json.Decoder, value func(key string) error) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		if err := value(key.(string)); err != nil { // a key is a string, or Token failed
			return err
		}
	}
	return expect(d, '}')
}

// readArray calls element at every element.
func readArray(d *json.Decoder, element func(i int) error) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	for i := 0; d.More(); i++ {
		if err := element(i); err != nil {
			return err
		}
	}
	return expect(d, ']')
}

func expect(d *json.Decoder, want json.Delim) error {
	got, err := d.Token()
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err == nil && got != want {
		err = fmt.Errorf("want %v, got %v", want, got)
	}
	return err
}

// assign finds the folders of every person.
func (a *Annotated) assign(n *notes) error {
	a.described = n.persons
	there := map[string]bool{}
	for _, f := range a.folders {
		there[f.path] = true
	}
	place := map[string]int{}
	person := func(name, folder string) {
		i, ok := place[name]
		if !ok {
			i = len(a.persons)
			place[name] = i
			a.persons = append(a.persons, annotatedPerson{name: name})
		}
		if p := &a.persons[i]; !slices.Contains(p.folders, folder) {
			p.folders = append(p.folders, folder)
		}
	}
	for i, t := range n.tracks {
		folder := path.Clean(t.Track)
		if a.tracks[folder] != nil {
			return fmt.Errorf("track %d: %s has an entry already", i, folder)
		}
		if !there[folder] {
			return fmt.Errorf("track %d: want a folder with images of that name, got none: %s", i, folder)
		}
		a.tracks[folder] = t
		person(t.Person, folder)
		for _, s := range t.Segments {
			if len(s.Persons) == 0 {
				return fmt.Errorf("track %d: segment %d..%d: want a person, got none", i, s.First, s.Last)
			}
			first := s.Persons[0]
			if _, ok := n.persons[first]; !ok && first != t.Person {
				return fmt.Errorf("track %d: segment %d..%d: want a person of the table persons, got %q", i, s.First, s.Last, first)
			}
			person(first, folder)
		}
	}
	for _, f := range a.folders {
		if a.tracks[f.path] == nil { // listed with the last person, as rejects
			last := &a.persons[len(a.persons)-1]
			last.folders = append(last.folders, f.path)
		}
	}
	return nil
}

// Layout implements Source.
func (a *Annotated) Layout() Layout { return a.layout }

// Identities implements Source.
func (a *Annotated) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for i, p := range a.persons {
			identity := &Identity{ID: int64(i) + 1}
			err := ctx.Err()
			for _, folder := range p.folders {
				if err != nil {
					break
				}
				var samples []Sample
				if samples, _, err = a.list(folder); err == nil {
					identity.Samples = append(identity.Samples, a.ofPerson(p.name, folder, samples, i == len(a.persons)-1)...)
				}
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(identity, nil) {
				return
			}
		}
	}
}

// ofPerson picks a person's crops of a folder and describes them. What nobody
// is named for goes with the person of the track, and with the last person
// where the folder has no entry.
func (a *Annotated) ofPerson(name, folder string, samples []Sample, last bool) []Sample {
	t := a.tracks[folder]
	var out []Sample
	for _, s := range samples {
		shown := ""
		if t != nil {
			shown = t.shown(s.Row.FilePath)
		}
		switch {
		case shown == "" && (t == nil && last || t != nil && t.Person == name):
			if s.Err == nil {
				s.Err = rejectf(ReasonUnannotated, "want an entry for the crop, got none")
			}
		case shown != name:
			continue
		case name == t.Person:
			s.Row.Attributes = t.attributes()
			s.Row.Captions = t.captions()
		default:
			s.Row.Attributes = a.described[name].attributes()
		}
		if camera, ok := cameraOf(path.Base(s.Row.FilePath)); ok && a.layout.Camera {
			s.Row.Camera = &camera
		}
		out = append(out, s)
	}
	return out
}

// shown is who a crop shows, "" where the annotations do not say.
func (t *trackNote) shown(file string) string {
	if len(t.Segments) == 0 {
		return t.Person
	}
	stem := strings.TrimSuffix(path.Base(file), path.Ext(file))
	frame, err := strconv.ParseInt(stem, 10, 64)
	if err != nil {
		return ""
	}
	for _, s := range t.Segments {
		if s.First <= frame && frame <= s.Last {
			return s.Persons[0]
		}
	}
	return ""
}

// captions are the texts that are there, the short one first.
func (t *trackNote) captions() []string {
	return slices.DeleteFunc([]string{t.Captions.Short, t.Captions.Long}, func(s string) bool { return s == "" })
}
