package main

import (
	"context"
	"math/rand"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"plip/internal/vectors"
	"plip/parquet"
)

// vectorsFile makes an embedding file of a text of the script: `vectors OUT IN`.
// A line is id, key, camera and the numbers; - is null.
func vectorsFile(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: vectors OUT IN")
	}
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[1])), "\n")
	w, err := vectors.Create(ts.MkAbs(args[0]), vectors.Options{Dim: len(strings.Fields(lines[0])) - 3, Camera: true})
	ts.Check(err)
	defer w.Abort()
	for _, line := range lines {
		fields := strings.Fields(line)
		r := vectors.Row{Key: fields[1]}
		if fields[0] != "-" {
			id, err := strconv.ParseInt(fields[0], 10, 64)
			ts.Check(err)
			r.ID = &id
		}
		if fields[2] != "-" {
			n, err := strconv.ParseInt(fields[2], 10, 32)
			ts.Check(err)
			camera := int32(n)
			r.Camera = &camera
		}
		for _, f := range fields[3:] {
			v, err := strconv.ParseFloat(f, 32)
			ts.Check(err)
			r.Embedding = append(r.Embedding, float32(v))
		}
		ts.Check(w.Write(&r))
	}
	ts.Check(w.Close())
}

// embedTruth copies a dataset with truth and gives every row an embedding near
// one vector per true identity: `embed OUT DIR`. It stands for a perfect encoder
// with some noise.
func embedTruth(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: embed OUT DIR")
	}
	const dim = 32
	ctx := context.Background()
	d, err := parquet.Open(ts.MkAbs(args[1]))
	ts.Check(err)
	defer d.Close()
	o := parquet.DefaultWriterOptions()
	o.Source, o.Camera, o.Truth, o.Embedding, o.EmbeddingDim = "test", true, true, true, dim
	o.Split = true
	w, err := parquet.Create(ctx, ts.MkAbs(args[0]), o)
	ts.Check(err)
	defer w.Abort()
	ts.Check(d.Scan(ctx, parquet.ColAll, 0, func(i int64, r *parquet.Row) error {
		person := rand.New(rand.NewSource(*r.TruthID))
		noise := rand.New(rand.NewSource(-1 - i))
		r.Embedding = make([]float32, dim)
		for k := range r.Embedding {
			r.Embedding[k] = float32(person.NormFloat64() + 0.2*noise.NormFloat64())
		}
		return w.Write(ctx, r)
	}))
	_, err = w.Close()
	ts.Check(err)
}
