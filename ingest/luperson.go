package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// luperson is a Source of the images that are extracted from LUPerson-NL's
// videos, COUNTRY/CITY/VIDEO/PID_FRAME_OBJECT.jpg (text-reid.md, section 5.5).
// A person is the video and the pid: a tracker gave the pids, video by video, so
// it makes no difference whether it went on counting from one to the next.
//
// Folders are listed one by one, and listed again by Identities: for ten million
// names that is cheaper than their memory.
type luperson struct {
	*Folders
	layout Layout
	videos []lupersonVideo
	lists  lupersonLists
	strays strays
}

// lupersonFormat is LUPerson-NL.
func lupersonFormat() Format {
	return reidFormat(Format{
		Name: "luperson-nl",
		Long: "luperson-nl reads images extracted from the videos, such as\n" +
			"jp/tokyo/Ab3xY/000012_0000345_01.jpg: country, city, video, person, frame,\n" +
			"object. SRC is the folder of the countries or the one it lies in. Persons are\n" +
			"numbered by video, so ids count from 1 in the order of the paths. A video that\n" +
			"lies in a second city too is read once. What the lists name and is not there is\n" +
			"left out as missing: keys.pkl (in SRC or SRC/lupnl_lmdb) and the detections, one\n" +
			"pickle a video (SRC/dets/COUNTRY+CITY+VIDEO.pkl, or VIDEO.pkl beside the video's\n" +
			"folder). Pickles are read, never executed: one that asks for more than plain\n" +
			"values is refused.",
		Published: []Published{{Identities: 433997, Images: 10683716, Captions: -1}},
	}, isLUPerson, openLUPerson)
}

// isLUPerson tells a root by one image three folders below it. It looks at a few
// folders of each level only.
func isLUPerson(root string) (bool, error) {
	folders := 200
	return hasLUPerson(root, 3, &folders)
}

// hasLUPerson looks levels below dir, at as many folders at most as are left.
func hasLUPerson(dir string, levels int, left *int) (bool, error) {
	if *left--; *left < 0 {
		return false, nil
	}
	entries, err := someEntries(dir)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if levels == 0 {
			_, ok := parseLUPerson(strings.TrimSuffix(e.Name(), path.Ext(e.Name())))
			if ok && isImageName(e.Name()) && !e.IsDir() {
				return true, nil
			}
			continue
		}
		if !e.IsDir() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if ok, err := hasLUPerson(filepath.Join(dir, e.Name()), levels-1, left); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func openLUPerson(ctx context.Context, src, dir string, o SourceOptions) (Source, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	around, err := os.OpenRoot(src)
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	l := &luperson{Folders: &Folders{root: root}, lists: lupersonLists{root: root, around: around}, strays: strays{want: "jp/tokyo/Ab3xY"}}
	if err := l.scan(ctx, &o); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Layout implements Source.
func (l *luperson) Layout() Layout { return l.layout }

// Close implements Source.
func (l *luperson) Close() error { return errors.Join(l.Folders.Close(), l.lists.around.Close()) }

// scan finds the videos, numbers their persons, counts and fingerprints.
func (l *luperson) scan(ctx context.Context, o *SourceOptions) error {
	if err := l.findVideos(ctx, o); err != nil {
		return err
	}
	if err := l.lists.open(ctx, l.videos, o); err != nil {
		return err
	}
	names := sha256.New()
	id := int64(1)
	for i := range l.videos {
		if err := ctx.Err(); err != nil {
			return err
		}
		l.videos[i].firstID = id
		persons, err := l.persons(&l.videos[i])
		if err != nil {
			return err
		}
		for _, p := range persons {
			if p.ID > 0 {
				id = p.ID + 1
			}
			for _, s := range p.Samples {
				fmt.Fprintf(names, "%s\x00%t\x00", s.Row.FilePath, s.Err == nil)
			}
			l.layout.Images += int64(len(p.Samples))
		}
	}
	for _, s := range l.strays.samples {
		fmt.Fprintf(names, "%s\x00", s.Row.FilePath)
	}
	l.layout.Images += int64(len(l.strays.samples))
	if id == 1 {
		return errors.New("want images such as jp/tokyo/Ab3xY/000012_0000345_01.jpg, got none")
	}
	l.layout.Fingerprint = fmt.Sprintf("%x", names.Sum(nil)[:8])
	return nil
}

// findVideos walks countries, cities and videos in sorted order and numbers the
// videos as the release's own conversion does: from 1, a name that was there
// before left out.
func (l *luperson) findVideos(ctx context.Context, o *SourceOptions) error {
	seen := map[string]string{}
	countries, err := l.strays.below(l.Folders, ".")
	if err != nil {
		return err
	}
	for _, country := range countries {
		cities, err := l.strays.below(l.Folders, country)
		if err != nil {
			return err
		}
		for _, city := range cities {
			if err := ctx.Err(); err != nil {
				return err
			}
			videos, err := l.strays.below(l.Folders, path.Join(country, city))
			if err != nil {
				return err
			}
			for _, name := range videos {
				video := path.Join(country, city, name)
				if first := seen[name]; first != "" {
					o.note("video %s is %s again: passed over", video, first)
					continue
				}
				seen[name] = video
				l.videos = append(l.videos, lupersonVideo{path: video, number: len(l.videos) + 1})
			}
		}
	}
	return nil
}

// Identities implements Source.
func (l *luperson) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for i := range l.videos {
			err := ctx.Err()
			var persons []*Identity
			if err == nil {
				persons, err = l.persons(&l.videos[i])
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for _, p := range persons {
				if err := ctx.Err(); err != nil {
					yield(nil, err)
					return
				}
				if !yield(p, nil) {
					return
				}
			}
		}
		if nobody := l.strays.identity(); nobody != nil {
			yield(nobody, nil)
		}
	}
}
