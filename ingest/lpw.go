package ingest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// lpw is a Source of LPW: scenS/viewV/PERSON/N.jpg, persons numbered anew in
// every scene and shared by its views, so that a person is the scene and the
// number (text-reid.md, section 5.6). Folders are listed one by one.
type lpw struct {
	*Folders
	layout  Layout
	persons []lpwPerson
	strays  strays
}

// lpwPerson is an identity and the folders of its images, a view each.
type lpwPerson struct {
	id      int64
	folders []lpwFolder
}

type lpwFolder struct {
	path   string
	camera int32
}

// lpwFormat is LPW.
func lpwFormat() Format {
	return reidFormat(Format{
		Name: "lpw",
		Long: "lpw reads scen1/view1/0001/1.jpg and so on. SRC is pep_256x128 or however the\n" +
			"folder of the scenes is named, or the folder it lies in. A person's number\n" +
			"counts within its scene, over the views, so ids count from 1 in the order of\n" +
			"scenes and folders. The camera is 100 times the scene plus the view, such as\n" +
			"203.",
		Published: []Published{{Identities: 2731, Images: 592438, Captions: -1}},
	}, isLPW, openLPW)
}

// isLPW tells a root by a scene with a view.
func isLPW(root string) (bool, error) {
	entries, err := someEntries(root)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if _, ok := numbered(e.Name(), "scen"); !ok || !e.IsDir() {
			continue
		}
		views, err := someEntries(filepath.Join(root, e.Name()))
		if err != nil {
			return false, err
		}
		for _, v := range views {
			if _, ok := numbered(v.Name(), "view"); ok && v.IsDir() {
				return true, nil
			}
		}
	}
	return false, nil
}

// numbered reads the number, from 1 to 99, after a word.
func numbered(name, word string) (int32, bool) {
	digits, ok := strings.CutPrefix(name, word)
	n, err := strconv.ParseInt(digits, 10, 32)
	return int32(n), ok && err == nil && isDigits(digits) && 1 <= n && n <= 99
}

func openLPW(ctx context.Context, _, dir string, o SourceOptions) (Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	l := &lpw{Folders: &Folders{root: root}, strays: strays{want: "scen1/view1/1"}}
	if err := l.scan(ctx, &o); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return l, nil
}

// scan finds the persons of every scene, counts and fingerprints.
func (l *lpw) scan(ctx context.Context, o *SourceOptions) error {
	scenes, err := l.strays.below(l.Folders, ".")
	if err != nil {
		return err
	}
	for _, scene := range scenes {
		s, ok := numbered(scene, "scen")
		if !ok {
			o.note("folder %s is no scene: passed over", scene)
			continue
		}
		if err := l.scanScene(ctx, o, scene, s); err != nil {
			return err
		}
	}
	names := sha256.New()
	id := int64(0)
	for i := range l.persons {
		if err := ctx.Err(); err != nil {
			return err
		}
		samples, err := l.samples(&l.persons[i])
		if err != nil {
			return err
		}
		fit := false
		for _, s := range samples {
			fmt.Fprintf(names, "%s\x00", s.Row.FilePath)
			fit = fit || s.Err == nil
		}
		if fit {
			id++
			l.persons[i].id = id
		}
		l.layout.Images += int64(len(samples))
	}
	if id == 0 {
		return errors.New("want images such as scen1/view1/1/1.jpg, got none")
	}
	for _, s := range l.strays.samples {
		fmt.Fprintf(names, "%s\x00", s.Row.FilePath)
	}
	l.layout.Images += int64(len(l.strays.samples))
	l.layout.Camera = true
	l.layout.Fingerprint = fmt.Sprintf("%x", names.Sum(nil)[:8])
	return nil
}

// scanScene joins the folders of equal name of all views.
func (l *lpw) scanScene(ctx context.Context, o *SourceOptions, scene string, s int32) error {
	views, err := l.strays.below(l.Folders, scene)
	if err != nil {
		return err
	}
	slices.SortFunc(views, func(a, b string) int { return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b)) }) // view2 before view10
	folders := map[string][]lpwFolder{}
	var persons []string
	for _, view := range views {
		if err := ctx.Err(); err != nil {
			return err
		}
		v, ok := numbered(view, "view")
		if !ok {
			o.note("folder %s/%s is no view: passed over", scene, view)
			continue
		}
		below, err := l.strays.below(l.Folders, path.Join(scene, view))
		if err != nil {
			return err
		}
		for _, person := range below {
			if folders[person] == nil {
				persons = append(persons, person)
			}
			folders[person] = append(folders[person], lpwFolder{path.Join(scene, view, person), 100*s + v})
		}
	}
	slices.Sort(persons)
	for _, person := range persons {
		l.persons = append(l.persons, lpwPerson{folders: folders[person]})
	}
	return nil
}

// samples lists the images of a person.
func (l *lpw) samples(p *lpwPerson) ([]Sample, error) {
	var all []Sample
	for i := range p.folders {
		samples, _, err := l.list(p.folders[i].path)
		if err != nil {
			return nil, err
		}
		for j := range samples {
			samples[j].Row.Camera = &p.folders[i].camera
		}
		all = append(all, samples...)
	}
	return all, nil
}

// Layout implements Source.
func (l *lpw) Layout() Layout { return l.layout }

// Identities implements Source.
func (l *lpw) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for i := range l.persons {
			p := &l.persons[i]
			err := ctx.Err()
			var samples []Sample
			if err == nil {
				samples, err = l.samples(p)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(&Identity{ID: p.id, Samples: samples}, nil) {
				return
			}
		}
		if nobody := l.strays.identity(); nobody != nil {
			yield(nobody, nil)
		}
	}
}
