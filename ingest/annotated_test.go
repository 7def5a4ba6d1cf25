package ingest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const annotationsFile = "notes.json"

func openAnnotated(ctx context.Context, dir string) (Source, error) {
	return OpenAnnotated(ctx, dir, filepath.Join(dir, annotationsFile))
}

// annotatedCase has a person of two tracks, a second person in the middle of the
// first track, and a track without segments.
func annotatedCase() layoutCase {
	return layoutCase{
		name: "annotated",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir, "0001/0003.jpg", "0001/0004.jpg", "0001/0009.jpg", "0002/0001.jpg", "sub/0003/0100.jpg", "sub/0003/0200.jpg", "4/0001.jpg", "4/0002.jpg")
			writeFile(t, dir, annotationsFile, []byte(`{
				"version": 1,
				"persons": {"b": {"gender": "woman", "upper": "red coat", "belongings": "none seen"}},
				"tracks": [
					{"track": "sub/0003", "person": "a", "gender": "man", "captions": {"short": "man."}},
					{"track": "0001", "person": "a", "mixed": true, "gender": "man", "hair": "no hair", "lower": "jeans",
					 "segments": [{"first": 0, "last": 3, "persons": ["a", "b"]}, {"first": 4, "last": 4, "persons": ["b", "a"]}, {"first": 5, "last": 9, "persons": ["a"]}],
					 "captions": {"long": "A man.", "short": "man"}},
					{"track": "0002", "person": "b", "gender": "woman", "captions": {"long": "A woman."}},
					{"track": "4", "person": "d"}
				]}`))
		},
		open: openAnnotated,
		file: func(p string) string { return p },
		want: []identityLines{
			{1, [][]string{{"sub/0003/0100.jpg", "man."}, {"sub/0003/0200.jpg", "man."}, {"0001/0003.jpg", "man", "A man."}, {"0001/0009.jpg", "man", "A man."}}},
			{2, [][]string{{"0001/0004.jpg"}, {"0002/0001.jpg", "A woman."}}},
			{3, [][]string{{"4/0001.jpg"}, {"4/0002.jpg"}}},
		},
	}
}

func TestAnnotatedAttributes(t *testing.T) {
	s, _ := annotatedCase().source(t)
	got := map[string][]string{}
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			got[sample.Row.FilePath] = sample.Row.Attributes
		}
	}
	for file, want := range map[string][]string{
		"0001/0003.jpg": {"man", "no hair", "unknown", "jeans", "unknown", "unknown"},
		"0001/0004.jpg": {"woman", "unknown", "red coat", "unknown", "unknown", "unknown"}, // of the table
		"0002/0001.jpg": {"woman", "unknown", "unknown", "unknown", "unknown", "unknown"},  // of the track
	} {
		if diff := cmp.Diff(want, got[file]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", file, diff)
		}
	}
}

// TestAnnotatedGaps has crops that no entry speaks of.
func TestAnnotatedGaps(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "1/0001.jpg", "1/0005.jpg", "1/x.jpg", "2/0001.jpg", "9/0001.jpg")
	writeFile(t, dir, annotationsFile, []byte(`{"tracks": [{"track": "1", "person": "a", "segments": [{"first": 1, "last": 4, "persons": ["a"]}]}, {"track": "2", "person": "b"}]}`))
	s, err := openAnnotated(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var unfit, fit []string
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			switch {
			case sample.Err == nil:
				fit = append(fit, sample.Row.FilePath)
			case sample.Err.Reason != ReasonUnannotated:
				t.Errorf("%s: want reason %s, got %v", sample.Row.FilePath, ReasonUnannotated, sample.Err)
			default:
				unfit = append(unfit, sample.Row.FilePath)
			}
		}
	}
	if diff := cmp.Diff([]string{"1/0001.jpg", "2/0001.jpg"}, fit); diff != "" {
		t.Errorf("fit (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"1/0005.jpg", "1/x.jpg", "9/0001.jpg"}, unfit); diff != "" {
		t.Errorf("unfit (-want +got):\n%s", diff)
	}
	if got := s.Layout().Images; got != 5 {
		t.Errorf("images: want 5, got %d", got)
	}
}

func TestAnnotatedBadFiles(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "1/0001.jpg", "2/0001.jpg")
	for text, want := range map[string]string{
		``:                              "byte 0: unexpected EOF",
		`[]`:                            "want {, got [",
		`{"tracks": {}}`:                "want [, got {",
		`{"tracks": []}`:                `want an object with "tracks", got none`,
		`{"tracks": [{"person": "a"}]}`: `track 0: want a track and a person, got "" and "a"`,
		`{"tracks": [{"track": 1, "person": "a"}]}`:                                                            "byte 39: track 0: json: cannot unmarshal number",
		`{"tracks": [{"track": "1", "person": "a"}`:                                                            "byte 41: ",
		`{"tracks": [{"track": "3", "person": "a"}]}`:                                                          "track 0: want a folder with images of that name, got none: 3",
		`{"tracks": [{"track": "../1", "person": "a"}]}`:                                                       "track 0: want a folder with images of that name, got none: ../1",
		`{"tracks": [{"track": "1", "person": "a"}, {"track": "./1", "person": "b"}]}`:                         "track 1: 1 has an entry already",
		`{"tracks": [{"track": "1", "person": "a", "segments": [{"first": 1, "last": 2}]}]}`:                   "track 0: segment 1..2: want a person, got none",
		`{"tracks": [{"track": "1", "person": "a", "segments": [{"first": 1, "last": 2, "persons": ["z"]}]}]}`: `want a person of the table persons, got "z"`,
	} {
		writeFile(t, dir, annotationsFile, []byte(text))
		if _, err := openAnnotated(t.Context(), dir); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q in the error, got %v", text, want, err)
		}
	}
	if _, err := OpenAnnotated(t.Context(), dir, filepath.Join(dir, "none.json")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: want %v, got %v", os.ErrNotExist, err)
	}
}

func FuzzAnnotations(f *testing.F) {
	f.Add([]byte(`{"tracks": [{"track": "1", "person": "a", "segments": [{"first": 1, "last": 4, "persons": ["a"]}], "captions": {"short": "x"}}], "persons": {}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), annotationsFile)
		if err := os.WriteFile(file, data, 0o666); err != nil {
			t.Fatal(err)
		}
		n, err := readNotes(file)
		if err != nil {
			return
		}
		for _, track := range n.tracks {
			if track.Track == "" || track.Person == "" {
				t.Errorf("want a track and a person, got %+v", track)
			}
			track.captions()
			track.attributes()
		}
	})
}
