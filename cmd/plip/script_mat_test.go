package main

import (
	"os"
	"path"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"plip/ingest/mat/mattest"
)

// matRelease makes the miniature of an attribute dataset, annotations and images:
// `mat RELEASE DIR`. Scripts cannot hold binary files.
func matRelease(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: mat RELEASE DIR")
	}
	var r mattest.Release
	switch args[0] {
	case "peta":
		r = mattest.PETA()
	case "peta-archive":
		r = mattest.PETAArchive()
	case "pa100k":
		r = mattest.PA100K()
	case "rap1":
		r = mattest.RAP1()
	case "rap2":
		r = mattest.RAP2()
	default:
		ts.Fatalf("release: want peta, peta-archive, pa100k, rap1 or rap2, got %q", args[0])
	}
	images := make([]string, len(r.Images))
	for i, name := range r.Images {
		images[i] = path.Join(args[1], name)
	}
	pictureFiles(ts, false, images)
	file := filepath.Join(ts.MkAbs(args[1]), filepath.FromSlash(r.File))
	ts.Check(os.MkdirAll(filepath.Dir(file), 0o777))
	ts.Check(os.WriteFile(file, mattest.File(mattest.Options{Compressed: true}, r.Variables...), 0o666))
}
