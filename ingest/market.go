package ingest

import (
	"context"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// marketFolders are the folders of the Market-1501 layout and the splits that
// they are. gt_bbox and gt_query, of the multi-query protocol, are not read. The
// table is never written to.
var marketFolders = [...]struct{ name, split string }{
	{"bounding_box_train", "train"},
	{"bounding_box_test", "gallery"},
	{"query", "query"},
	{"images", "gallery"}, // the 500,000 distractors that may be added
}

// cropName is the form of a file's name: its parts between underscores, each a
// letter or none before a number. The first part is the person, the second the
// camera; "s" stands for a sequence in the camera's part.
type cropName struct {
	example  string
	sequence bool     // the camera's part has one: c1s1
	rest     []string // the letters before the numbers of further parts
	junk     bool     // the person may be -1
}

// The forms are functions, so that nothing can change them.
func marketName() cropName {
	return cropName{example: "0002_c1s1_000451_03.jpg", sequence: true, rest: []string{"", ""}, junk: true}
}
func dukeName() cropName   { return cropName{example: "0005_c2_f0046985.jpg", rest: []string{"f"}} }
func cuhk03Name() cropName { return cropName{example: "0003_c1_21.png", rest: []string{""}} }
func msmt17Name() cropName { return cropName{example: "0000_c14_0030.jpg", rest: []string{""}} }

// parse reads the person and the camera, as they are written, of a file's name.
func (n cropName) parse(file string) (person int64, camera int32, ok bool) {
	name := path.Base(file)
	parts := strings.Split(strings.TrimSuffix(name, path.Ext(name)), "_")
	if len(parts) != 2+len(n.rest) {
		return 0, 0, false
	}
	person, ok = parseID(parts[0])
	if !ok || person < 0 && !(n.junk && person == -1) {
		return 0, 0, false
	}
	if _, _, hasSequence := strings.Cut(parts[1], "s"); hasSequence != n.sequence {
		return 0, 0, false
	}
	camera, ok = cameraOf(parts[1])
	for i, letter := range n.rest {
		number, found := strings.CutPrefix(parts[2+i], letter)
		ok = ok && found && isDigits(number)
	}
	return person, camera, ok
}

// marketFormat is Market-1501 (image-reid.md, section 5.1).
func marketFormat() Format {
	return marketLike(Format{
		Name: "market1501",
		Long: "market1501 reads bounding_box_train (split train), bounding_box_test (gallery)\n" +
			"and query, and where it is there the added distractors of images (gallery). SRC\n" +
			"is Market-1501-v15.09.15 or the folder it lies in. Person and camera are as in\n" +
			"the names, 0002_c1s1_000451_03.jpg; the junk images of person -1 and the\n" +
			"distractors of person 0 are rows of these ids. A person of query and gallery is\n" +
			"one identity.",
		Published: []Published{
			{Split: "train", Identities: 751, Images: 12936, Captions: -1},
			{Split: "query", Identities: 750, Images: 3368, Captions: -1},
			{Split: "gallery", Identities: -1, Images: 19732, Captions: -1}, // junk and distractors included
		},
	}, marketName())
}

// dukeFormat is DukeMTMC-reID (image-reid.md, section 5.2).
func dukeFormat() Format {
	return marketLike(Format{
		Name: "dukemtmc",
		Long: "dukemtmc reads bounding_box_train (split train), bounding_box_test (gallery) and\n" +
			"query. SRC is DukeMTMC-reID or the folder it lies in. Person and camera are as\n" +
			"in the names, 0005_c2_f0046985.jpg. A person of query and gallery is one\n" +
			"identity.",
		Published: []Published{
			{Split: "train", Identities: 702, Images: 16522, Captions: -1},
			{Split: "query", Identities: 702, Images: 2228, Captions: -1},
			{Split: "gallery", Identities: 1110, Images: 17661, Captions: -1},
		},
	}, dukeName())
}

// cuhk03Format is CUHK03-NP (image-reid.md, section 5.4).
func cuhk03Format() Format {
	return marketLike(Format{
		Name: "cuhk03-np",
		Long: "cuhk03-np reads bounding_box_train (split train), bounding_box_test (gallery)\n" +
			"and query. SRC is detected or labeled of CUHK03-NP, or a folder with one of\n" +
			"them: the two are other crops of the same pictures and make two datasets.\n" +
			"Published are 7,365, 1,400 and 5,332 images of detected (train, query, gallery),\n" +
			"7,368, 1,400 and 5,328 of labeled. Person and camera are as in the names,\n" +
			"0003_c1_21.png.",
		Published: []Published{
			{Split: "train", Identities: 767, Images: -1, Captions: -1},
			{Split: "query", Identities: 700, Images: 1400, Captions: -1},
			{Split: "gallery", Identities: 700, Images: -1, Captions: -1},
		},
	}, cuhk03Name())
}

// marketLike completes a format of Market-1501's folders.
func marketLike(f Format, name cropName) Format {
	f = reidFormat(f, isMarket, func(ctx context.Context, _, root string, o SourceOptions) (Source, error) {
		return openCrops(ctx, root, marketLister(name, &o, func(string) string { return "" }), asNumbered)
	})
	f.Detect = detectRoot(func(root string) (bool, error) { return isMarketOf(root, f.Name) })
	return f
}

// isMarket tells a root of Market-1501's folders.
func isMarket(root string) (bool, error) {
	train, err := hasFolder(root, marketFolders[0].name)
	if train || err != nil {
		return train, err
	}
	return hasFolder(root, marketFolders[1].name)
}

// isMarketOf tells a root of Market-1501's folders with the names of a format.
// CUHK03-NP and repackaged MSMT17 have the same names but for their ending.
func isMarketOf(root, format string) (bool, error) {
	for _, f := range marketFolders[:3] {
		ok, err := hasFolder(root, f.name)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		entries, err := someEntries(filepath.Join(root, f.name))
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			if is := marketFormatOf(e.Name()); is != "" {
				return is == format, nil
			}
		}
	}
	return false, nil
}

// marketFormatOf is the format with such names, "" where there is none.
func marketFormatOf(name string) string {
	if !isImageName(name) {
		return ""
	}
	if _, _, ok := marketName().parse(name); ok {
		return "market1501"
	}
	if _, _, ok := dukeName().parse(name); ok {
		return "dukemtmc"
	}
	if _, _, ok := cuhk03Name().parse(name); !ok {
		return ""
	}
	if strings.EqualFold(path.Ext(name), ".png") {
		return "cuhk03-np"
	}
	return "msmt17"
}

// marketLister lists the folders of Market-1501's layout. part tells apart what
// equal numbers of different splits may not join.
func marketLister(name cropName, o *SourceOptions, part func(split string) string) func(context.Context, *Folders) ([]crop, error) {
	return func(ctx context.Context, tree *Folders) ([]crop, error) {
		var all []crop
		fit, last := 0, ""
		for _, folder := range marketFolders {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			ok, err := hasFolder(tree.root.Name(), folder.name)
			if err != nil {
				return nil, err
			}
			if !ok {
				if folder.name != "images" {
					o.note("no folder %s: read without it", folder.name)
				}
				continue
			}
			samples, _, err := tree.list(folder.name)
			if err != nil {
				return nil, err
			}
			for _, s := range samples {
				c := crop{path: s.Row.FilePath, split: folder.split, camera: -1, err: s.Err}
				if person, camera, ok := name.parse(c.path); ok {
					c.person, c.camera = personKey{part(folder.split), person}, camera
					fit++
				} else {
					c.err, last = rejectf(ReasonNoIdentity, "want a name such as %s, got %q", name.example, path.Base(c.path)), c.path
				}
				all = append(all, c)
			}
		}
		switch {
		case len(all) == 0:
			return nil, errors.New("want images, got none")
		case fit == 0:
			return nil, fmt.Errorf("want names such as %s, got %s of %d images", name.example, strconv.Quote(last), len(all))
		}
		return all, nil
	}
}
