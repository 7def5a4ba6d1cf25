package ingest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// msmt17List is a list file of MSMT17.
type msmt17List struct {
	name, split string
	part        string // whose folder it resolves under: train or test
}

// msmt17Lists are the lists in the order in which the first that names an image
// decides its split. The table is never written to.
var msmt17Lists = [...]msmt17List{
	{"list_train.txt", "train", "train"},
	{"list_val.txt", "valid", "train"},
	{"list_query.txt", "query", "test"},
	{"list_gallery.txt", "gallery", "test"},
}

// msmt17Folders are the names of the folders of images by part, of V1 and of V2,
// whose faces are blurred. The table is never written to.
var msmt17Folders = [...]struct{ train, test string }{{"train", "test"}, {"mask_train_v2", "mask_test_v2"}}

// msmt17Format is MSMT17 (image-reid.md, section 5.3). The training and the test
// set have no person in common, though both number theirs from 0 (or, in some
// copies, the test set from 1041), so a person is the set and the number.
func msmt17Format() Format {
	f := Format{
		Name: "msmt17",
		Long: "msmt17 reads what list_train.txt, list_val.txt (split valid), list_query.txt and\n" +
			"list_gallery.txt name, of V1 (folders train, test) or V2 (mask_train_v2,\n" +
			"mask_test_v2). SRC is MSMT17_V1, MSMT17_V2 or the folder it lies in; --images is\n" +
			"the folder of train and test where they lie apart from the lists. Training and\n" +
			"test lists number other persons by the same numbers, so ids count from 1 in the\n" +
			"order of the first paths; train and valid share persons, query and gallery too.\n" +
			"Published are 32,621 images for training, with or without the list val. A copy\n" +
			"in Market-1501's folders, named 0000_c14_0030.jpg, is read as well.",
		Published: []Published{
			{Split: "train", Identities: 1041, Images: 32621, Captions: -1},
			{Split: "query", Identities: 3060, Images: 11659, Captions: -1},
			{Split: "gallery", Identities: 3060, Images: 82161, Captions: -1},
			{Identities: 4101, Images: 126441, Captions: -1},
		},
		Open: openMSMT17,
	}
	f.Detect = detectRoot(func(root string) (bool, error) {
		lists, err := hasMSMT17Lists(root)
		if lists || err != nil {
			return lists, err
		}
		return isMarketOf(root, f.Name)
	})
	return f
}

// isMSMT17 tells a root by its lists or, in a repackaged copy, its folders.
func isMSMT17(root string) (bool, error) {
	lists, err := hasMSMT17Lists(root)
	if lists || err != nil {
		return lists, err
	}
	return isMarket(root)
}

func hasMSMT17Lists(root string) (bool, error) {
	for _, l := range msmt17Lists {
		info, err := os.Stat(filepath.Join(root, l.name))
		if err == nil && info.Mode().IsRegular() {
			return true, nil
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
	}
	return false, nil
}

func openMSMT17(ctx context.Context, src string, o SourceOptions) (Source, error) {
	root, err := findRoot(src, isMSMT17)
	if err != nil {
		return nil, fmt.Errorf("msmt17: %w", err)
	}
	lists, err := hasMSMT17Lists(root)
	if err != nil {
		return nil, fmt.Errorf("msmt17: %w", err)
	}
	images, list := root, marketLister(msmt17Name(), &o, msmt17Part)
	if lists {
		list = msmt17Lister(root, &o)
		if o.Images != "" {
			images = o.Images
		}
	} else if o.Images != "" {
		return nil, fmt.Errorf("msmt17: want no folder of images apart from %s, which has no lists, got %s", src, o.Images)
	}
	s, err := openCrops(ctx, images, list, running)
	if err != nil {
		return nil, fmt.Errorf("msmt17 of %s: %w", root, err)
	}
	return s, nil
}

// msmt17Part is the set of persons that a split belongs to.
func msmt17Part(split string) string {
	for _, l := range msmt17Lists {
		if l.split == split {
			return l.part
		}
	}
	return ""
}

// msmt17Lister reads the lists of dir.
func msmt17Lister(dir string, o *SourceOptions) func(context.Context, *Folders) ([]crop, error) {
	return func(ctx context.Context, tree *Folders) ([]crop, error) {
		folders, err := findMSMT17Folders(tree.root.Name())
		if err != nil {
			return nil, err
		}
		var all []crop
		seen := map[string]bool{}
		for _, l := range msmt17Lists {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			folder := folders.train
			if l.part == "test" {
				folder = folders.test
			}
			twice := 0
			err := readMSMT17List(dir, l.name, func(file string, person int64) {
				c := l.crop(folder, file, person)
				if seen[c.path] {
					twice++
					return
				}
				seen[c.path] = true
				all = append(all, c)
			})
			if errors.Is(err, fs.ErrNotExist) {
				o.note("no list %s: read without it", l.name)
				continue
			}
			if err != nil {
				return nil, err
			}
			if twice > 0 {
				o.note("%s: %d images are named before, there or in another list, and stay what they are by the first", l.name, twice)
			}
		}
		if len(all) == 0 {
			return nil, errors.New("want lists that name images, got empty ones")
		}
		return all, nil
	}
}

// findMSMT17Folders tells V1 from V2.
func findMSMT17Folders(root string) (struct{ train, test string }, error) {
	for _, f := range msmt17Folders {
		for _, name := range []string{f.train, f.test} {
			if ok, err := hasFolder(root, name); ok || err != nil {
				return f, err
			}
		}
	}
	v1, v2 := msmt17Folders[0], msmt17Folders[1]
	return v1, fmt.Errorf("%s: want the folders %s and %s, or %s and %s, got none of them", root, v1.train, v1.test, v2.train, v2.test)
}

// crop is a line of the list.
func (l msmt17List) crop(folder, file string, person int64) crop {
	c := crop{path: path.Join(folder, file), split: l.split, person: personKey{l.part, person}, camera: -1}
	if camera, ok := msmt17Camera(path.Base(file)); ok {
		c.camera = camera
	}
	if !filepath.IsLocal(file) {
		c.path = folder + "/" + file // as it stands, for the list of what was left out
		c.err = rejectf(ReasonPathEscape, "want a path below %s, got %q", folder, file)
	}
	return c
}

// msmt17Camera is the third part of PPPP_III_CC_MMDDslot_FFFF_N[_ex].jpg, the
// second of the repackaged PPPP_cCC_FFFF.jpg.
func msmt17Camera(name string) (int32, bool) {
	parts := strings.Split(name, "_")
	if len(parts) < 6 {
		return cameraOf(name)
	}
	return cameraOf("c" + parts[2])
}

// readMSMT17List calls line at every line, "PATH ID", of a list in dir.
func readMSMT17List(dir, name string, line func(file string, person int64)) error {
	f, err := os.OpenInRoot(dir, name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := scanMSMT17List(f, line); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func scanMSMT17List(r io.Reader, line func(file string, person int64)) error {
	lines := bufio.NewScanner(r) // no line longer than 64 kB
	n := 1
	for ; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" {
			continue
		}
		at := strings.LastIndexAny(text, " \t")
		person, ok := parseID(text[at+1:])
		if at < 0 || !ok || person < 0 {
			return fmt.Errorf("line %d: want a path and a person's number, got %.80q", n, text)
		}
		line(strings.TrimSpace(text[:at]), person)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("line %d: %w", n, err)
	}
	return nil
}
