package ingest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// lpwCase has a person of two views, the same number in another scene, numbers
// with gaps, and folders that are no scene.
func lpwCase() layoutCase {
	const root = "pep_256x128"
	return layoutCase{
		name: "lpw",
		build: func(t *testing.T, dir string) {
			buildFolders(t, dir+"/"+root,
				"scen1/view1/1/1.jpg", "scen1/view1/1/10.jpg", "scen1/view1/1/2.jpg", "scen1/view3/1/1.jpg", "scen1/view2/7/1.jpg", "scen1/view10/7/1.jpg",
				"scen2/view4/1/1.jpg", "scen3/view1/0099/5.jpg",
			)
			writeFile(t, dir, root+"/scen1/view1/1/Thumbs.db", []byte("x"))
			writeFile(t, dir, root+"/readme.txt", []byte("x"))
			writeFile(t, dir, root+"/scen1/notes/1/x.txt", []byte("x"))
		},
		open: openAs("lpw"),
		file: below(root),
		want: []identityLines{
			{1, [][]string{{"scen1/view1/1/1.jpg", "camera 101"}, {"scen1/view1/1/10.jpg", "camera 101"}, {"scen1/view1/1/2.jpg", "camera 101"}, {"scen1/view3/1/1.jpg", "camera 103"}}},
			{2, [][]string{{"scen1/view2/7/1.jpg", "camera 102"}, {"scen1/view10/7/1.jpg", "camera 110"}}},
			{3, [][]string{{"scen2/view4/1/1.jpg", "camera 204"}}},
			{4, [][]string{{"scen3/view1/0099/5.jpg", "camera 301"}}},
		},
	}
}

func TestLPWUnfit(t *testing.T) {
	dir := t.TempDir()
	buildFolders(t, dir, "scen1/view1/3/1.jpg", "loose.jpg", "scen1/loose.jpg", "scen1/view1/loose.jpg", "other/view1/3/1.jpg", "scen1/other/3/1.jpg", "scen0/view1/3/1.jpg", "scen01x/view1/1/1.jpg")
	s, notes := openNoting(t, "lpw", dir, SourceOptions{})
	want := map[string]string{"loose.jpg": ReasonNoIdentity, "scen1/loose.jpg": ReasonNoIdentity, "scen1/view1/loose.jpg": ReasonNoIdentity}
	if diff := cmp.Diff(want, reasons(t, s)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := s.Layout().Images; n != 4 {
		t.Errorf("want 4 images, got %d", n)
	}
	wantNotes := []string{"folder other is no scene: passed over", "folder scen0 is no scene: passed over", "folder scen01x is no scene: passed over", "folder scen1/other is no view: passed over"}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
}
