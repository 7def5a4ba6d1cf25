package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"plip/internal/pixels"
)

// pictureFiles makes a small JPEG for each name, each of another colour:
// `pictures FILE...`. Scripts cannot hold binary files.
func pictureFiles(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: pictures FILE...")
	}
	for i, name := range args {
		m := pixels.NewImage(12, 24)
		for at := range m.Pix {
			m.Pix[at] = uint8(40*i + 5*at)
		}
		data, err := pixels.EncodeJPEG(m, 90)
		ts.Check(err)
		file := ts.MkAbs(name)
		ts.Check(os.MkdirAll(filepath.Dir(file), 0o777))
		ts.Check(os.WriteFile(file, data, 0o666))
	}
}
