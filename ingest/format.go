package ingest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// Format is the layout of a release that ingest reads.
type Format struct {
	Name string // on the command line
	Long string // what it reads and how, for people: a few lines of at most 80 columns

	// Open opens the source. src is the folder or file that a person names.
	Open func(ctx context.Context, src string, o SourceOptions) (Source, error)

	// Detect tells whether src is of this layout, by names and the first bytes of
	// files alone. It never reads images. nil: not to be detected.
	Detect func(src string) (bool, error)

	// Annotations and Partitions tell which of the options it reads beside Images.
	Annotations, Partitions bool

	// Published are the counts that the release's papers and pages give, for a
	// person to compare with; files differ from them and are not judged by them.
	Published []Published
}

// Published is a count of a release by its authors: -1 stands for none given.
type Published struct {
	Split      string `json:"-"` // "" for the whole
	Identities int64  `json:"identities" doc:"published identities"`
	Images     int64  `json:"images" doc:"published images"`
	Captions   int64  `json:"captions" doc:"published captions"`
}

// SourceOptions are what the layouts have in common. The zero value is the
// default.
type SourceOptions struct {
	Images string // root of the images, where they lie apart from src; "" is found by the layout's rule

	Annotations string // file that describes the tracks of folders, as Annotated reads it

	// Of datasets of labelled attributes: which of the release's random partitions,
	// from 0, sets the splits, and whether labels that figures are not about are kept
	// too, after those that they are about.
	Partition int
	AllLabels bool

	// Scratch is a folder for what the source keeps on disk of a long list of
	// annotations, some 70 bytes a record, in files without a name that are gone
	// when the source is closed, or the process ends. It must exist; "" is os.TempDir.
	Scratch string

	Note func(text string) // is told once of each oddity that was met; may be nil

	sorterMemory  int // bytes of an index before it goes to disk; 0 is sorterMemory. Tests make it small
	createScratch func(dir string) (scratchFile, error)
}

// note tells a person of an oddity.
func (o *SourceOptions) note(format string, args ...any) {
	if o.Note != nil {
		o.Note(fmt.Sprintf(format, args...))
	}
}

// Formats lists every format, in the order in which auto tries them: those of
// the strictest rule first, folders last.
func Formats() []Format {
	var all []Format
	for _, part := range [][]Format{
		reidFormats(),
		textFormats(),
		attributeFormats(),
		foreignFormats(),
		foldersFormats(),
	} {
		all = append(all, part...)
	}
	return all
}

// FormatByName finds a format. "auto" detects it.
func FormatByName(name, src string) (*Format, error) {
	var names []string
	for _, f := range Formats() {
		if name == f.Name {
			return &f, nil
		}
		names = append(names, f.Name)
	}
	if name != "auto" {
		return nil, fmt.Errorf("format: want %s or auto, got %q", strings.Join(names, ", "), name)
	}
	return Detect(src)
}

// Detect finds the format of src.
func Detect(src string) (*Format, error) {
	var problems []error
	for _, f := range Formats() {
		if f.Detect == nil {
			continue
		}
		switch ok, err := f.Detect(src); {
		case err != nil:
			problems = append(problems, fmt.Errorf("%s: %w", f.Name, err))
		case ok:
			return &f, nil
		}
	}
	return nil, errors.Join(append(problems, fmt.Errorf("%s: want a layout that is known, got none: name its format", src))...)
}

// foldersFormats is the format that takes any folders of images.
func foldersFormats() []Format {
	return []Format{{
		Name: "folders",
		Long: "folders reads images below SRC at any depth; the folder that holds an image is its\n" +
			"identity. Folders and images come in sorted order. Where every such folder is\n" +
			"named by a number of its own, that is the id; else ids count from 1. Where every\n" +
			"image has a camera in its name (_c3_, _c3s1_), the shards have a column for it.",
		Open: func(ctx context.Context, src string, o SourceOptions) (Source, error) {
			if o.Annotations != "" {
				return OpenAnnotated(ctx, src, o.Annotations)
			}
			return OpenFolders(ctx, src)
		},
		Annotations: true,
		Detect: func(src string) (bool, error) {
			info, err := os.Stat(src)
			return err == nil && info.IsDir(), err
		},
	}}
}
