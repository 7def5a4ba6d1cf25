package ingest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// petaLabelCase is the original release without PETA.mat: three of its datasets.
func petaLabelCase() layoutCase {
	return layoutCase{
		name: "peta labels",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir, "GRID/archive/0002_1.jpeg", "GRID/archive/0002_2.jpeg", "GRID/archive/0003_1.jpeg", "GRID/archive/0010_x.jpeg",
				"cuhk/archive/0001.png", "cuhk/archive/0002.png", "VIPeR/archive/000_45.bmp",
				"VIPeR/archive/001_45.bmp", "VIPeR/archive/002_45.bmp", "VIPeR/archive/003_45.bmp", "VIPeR/archive/004_45.bmp", "VIPeR/archive/005_45.bmp")
			writeFile(t, dir, "GRID/archive/Label.txt", []byte("\xef\xbb\xbf2 personalMale carryingBackpack footwearSneakers accessoryShawl \r\n\r\n0003\tpersonalMale upperBodyBlack\r\n10\n"))
			writeFile(t, dir, "cuhk/archive/Label.txt", []byte("0001.png accessoryHat\n0002.png upperBodyThickStripes lowerBodyLogo"))
			writeFile(t, dir, "VIPeR/archive/Label.txt", []byte("0 personalLess30\n1\n2\n3\n4\n005 hairLong"))
		},
		open: openAttributes("peta", SourceOptions{}),
		file: func(p string) string { return p },
		want: []identityLines{
			{1, [][]string{{"cuhk/archive/0001.png"}}},
			{2, [][]string{{"cuhk/archive/0002.png"}}},
			{3, [][]string{{"GRID/archive/0002_1.jpeg"}, {"GRID/archive/0002_2.jpeg"}}},
			{4, [][]string{{"GRID/archive/0003_1.jpeg"}}},
			{5, [][]string{{"GRID/archive/0010_x.jpeg"}}},
			{6, [][]string{{"VIPeR/archive/000_45.bmp"}}},
			{7, [][]string{{"VIPeR/archive/001_45.bmp"}}},
			{8, [][]string{{"VIPeR/archive/002_45.bmp"}}},
			{9, [][]string{{"VIPeR/archive/003_45.bmp"}}},
			{10, [][]string{{"VIPeR/archive/004_45.bmp"}}},
			{11, [][]string{{"VIPeR/archive/005_45.bmp"}}},
		},
	}
}

// TestPETANames holds the list against facts of PETA.mat (attributes.md, 5.1 and 8.1).
func TestPETANames(t *testing.T) {
	names := namesPETA()
	if len(names) != 105 {
		t.Fatalf("want 105 names, got %d", len(names))
	}
	for at, want := range map[int]string{0: "personalLess30", 10: "accessoryHat", 16: "personalMale", 34: "upperBodyVNeck", 35: "upperBodyBlack",
		45: "upperBodyYellow", 46: "lowerBodyBlack", 57: "hairBlack", 78: "footwearYellow", 79: "accessoryHeadphone", 104: "upperBodyThickStripes"} {
		if names[at] != want {
			t.Errorf("name %d: want %s, got %s", at, want, names[at])
		}
	}
}

func TestPETAArchiveLabels(t *testing.T) {
	dir := t.TempDir()
	petaLabelCase().build(t, dir)
	buildFolders(t, dir, "GRID/archive/0044_1.jpeg")
	o := SourceOptions{AllLabels: true}
	notes := notesOf(&o)
	s, err := openAttributes("peta", o)(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if diff := cmp.Diff(namesPETA(), s.Layout().LabelNames); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	present := map[string]string{}
	for stem, labels := range labelsOf(t, s) {
		var names []string
		for i, v := range labels {
			if v == 1 {
				names = append(names, s.Layout().LabelNames[i])
			}
		}
		present[stem] = strings.Join(names, " ")
	}
	want := map[string]string{
		"0001": "accessoryHat", "0002": "upperBodyThickStripes", "000_45": "personalLess30",
		"0002_1": "carryingBackpack personalMale footwearSneaker", "0002_2": "carryingBackpack personalMale footwearSneaker",
		"0003_1": "personalMale upperBodyBlack", "0010_x": "", "0044_1": "",
		"001_45": "", "002_45": "", "003_45": "", "004_45": "", "005_45": "hairLong",
	}
	if diff := cmp.Diff(want, present); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	var unlabelled []string
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			if sample.Err != nil && sample.Err.Reason == ReasonUnlabelled {
				unlabelled = append(unlabelled, sample.Row.FilePath)
			}
		}
	}
	if diff := cmp.Diff([]string{"GRID/archive/0044_1.jpeg"}, unlabelled); diff != "" {
		t.Errorf("unlabelled (-want +got):\n%s", diff)
	}
	if len(*notes) != 2 || !strings.HasSuffix((*notes)[0], "not there: 3DPeS, CAVIAR4REID, i-LID, MIT, PRID, SARC3D, TownCentre") {
		t.Errorf("notes: want the absent datasets first, got %q", *notes)
	}
}

func TestPETABadLabels(t *testing.T) {
	for text, want := range map[string]string{
		"2 personalMale\n3 personalman\n":                  `Label.txt: line 2: want the name of an attribute, got "personalman"`,
		"2 personalMale\n\n2 hairLong":                     `Label.txt: line 3: want an id of its own, got "2" again`,
		"2\n3 " + strings.Repeat("hairLong ", 8000) + "\n": "Label.txt: line 2: want at most 65536 bytes",
	} {
		dir := t.TempDir()
		petaLabelCase().build(t, dir)
		writeFile(t, dir, "GRID/archive/Label.txt", []byte(text))
		if _, err := petaLabelCase().open(t.Context(), dir); err == nil || !strings.Contains(err.Error(), "GRID/archive: "+want) {
			t.Errorf("%.40q: want %q in the error, got %v", text, want, err)
		}
	}
}

func FuzzPETALabels(f *testing.F) {
	f.Add([]byte("0001 personalMale hairLong \r\n\r\n7.png accessoryShawl\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		labels, err := readLabels(bytes.NewReader(data), namesPETA())
		if err != nil {
			return
		}
		for id, row := range labels {
			if id == "" || len(row) != len(namesPETA()) {
				t.Errorf("want an id and a label for each name, got %q and %d", id, len(row))
			}
		}
	})
}
