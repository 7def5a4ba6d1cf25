package main

import (
	"context"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"plip/parquet"
)

// sameRows compares two datasets row by row, all columns: `samerows WANT GOT`.
// Where their shards begin may differ.
func sameRows(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: samerows WANT GOT")
	}
	compareRows(ts, args, func(r parquet.Row) parquet.Row { return r })
}

// sameTexts compares what an annotation file of SYNTH-PEDES holds: `sametexts
// WANT GOT`.
func sameTexts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: sametexts WANT GOT")
	}
	compareRows(ts, args, func(r parquet.Row) parquet.Row {
		return parquet.Row{ID: r.ID, Image: r.Image, Attributes: r.Attributes, Captions: r.Captions, PromptCaption: r.PromptCaption}
	})
}

// compareRows compares what keep leaves of each row.
func compareRows(ts *testscript.TestScript, dirs []string, keep func(r parquet.Row) parquet.Row) {
	want, got := scriptRows(ts, dirs[0]), scriptRows(ts, dirs[1])
	if len(want) == 0 || len(want) != len(got) {
		ts.Fatalf("%s: want the %d rows of %s, some at least, got %d", dirs[1], len(want), dirs[0], len(got))
	}
	for i := range want {
		if diff := cmp.Diff(keep(want[i]), keep(got[i])); diff != "" {
			ts.Fatalf("%s: row %d (-%s +%s):\n%s", dirs[1], i, dirs[0], dirs[1], diff)
		}
	}
}

func scriptRows(ts *testscript.TestScript, dir string) (rows []parquet.Row) {
	d, err := parquet.Open(ts.MkAbs(dir))
	ts.Check(err)
	defer d.Close()
	ts.Check(d.Scan(context.Background(), parquet.ColAll, 0, func(_ int64, r *parquet.Row) error {
		rows = append(rows, *r)
		return nil
	}))
	return rows
}
