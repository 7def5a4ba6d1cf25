package main

import (
	"fmt"
	"strings"
	"testing"

	"plip/parquet"
)

// TestShardRows cuts datasets of identities of many sizes into every number of
// parts: each row is in one part, and every identity in one.
func TestShardRows(t *testing.T) {
	for _, sizes := range [][]int{{}, {1}, {5}, {1, 1, 1}, {3, 1, 4, 1, 5, 9, 2, 6}, {20, 1, 1}} {
		dir := t.TempDir()
		w, err := parquet.Create(t.Context(), dir, parquet.DefaultWriterOptions())
		if err != nil {
			t.Fatal(err)
		}
		first := map[int64]bool{0: true} // rows at which an identity begins, and the end
		rows := int64(0)
		for id, n := range sizes {
			for k := 0; k < n; k++ {
				r := parquet.Row{Image: []byte{1}, ID: int64(id), FilePath: fmt.Sprintf("%d/%d.jpg", id, k), Width: 1, Height: 1}
				if err := w.Write(t.Context(), &r); err != nil {
					t.Fatal(err)
				}
				rows++
			}
			first[rows] = true
		}
		if _, err := w.Close(); err != nil {
			t.Fatal(err)
		}
		d, err := parquet.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		for count := 1; count <= 12; count++ {
			next := int64(0)
			for index := 0; index < count; index++ {
				from, to, err := (&shard{index: index, count: count}).rows(t.Context(), d)
				if err != nil {
					t.Fatal(err)
				}
				if from != next || to < from || !first[to] {
					t.Errorf("%v: part %d of %d: want rows from %d to a border, got %d to %d", sizes, index, count, next, from, to)
				}
				next = to
			}
			if next != rows {
				t.Errorf("%v in %d parts: want %d rows in all, got %d", sizes, count, rows, next)
			}
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestShardResolve(t *testing.T) {
	for _, test := range []struct {
		spec, env string
		want      string // directory below "out", or the error
	}{
		{"", "", "out"},
		{"0/1", "", "out"},
		{"2/3", "", "out/part-2-of-3"},
		{"", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=8", "out/part-3-of-8"},
		{"", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=8 SLURM_ARRAY_TASK_MIN=1", "out/part-2-of-8"},
		{"", "SLURM_ARRAY_TASK_ID=10 SLURM_ARRAY_TASK_COUNT=4 SLURM_ARRAY_TASK_MIN=2 SLURM_ARRAY_TASK_STEP=4", "out/part-2-of-4"},
		{"0/1", "SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_COUNT=8", "out"},
		{"auto/8", "JOB_COMPLETION_INDEX=5", "out/part-5-of-8"},
		{"auto/8", "SLURM_ARRAY_TASK_ID=5", "out/part-5-of-8"},
		{"", "JOB_COMPLETION_INDEX=5", "want --shard auto/N"},
		{"auto/5", "JOB_COMPLETION_INDEX=5", "want an index in 0..4"},
		{"auto/5", "", "want SLURM_ARRAY_TASK_ID or JOB_COMPLETION_INDEX"},
		{"auto/5", "SLURM_ARRAY_TASK_ID=x", "want SLURM_ARRAY_TASK_ID to be a number"},
		{"3/3", "", "want an index in 0..2"},
		{"-1/3", "", "want an index in 0..2"},
		{"x/3", "", "want an index in 0..2"},
		{"1/0", "", "want a number of parts from 1"},
		{"7", "", "want i/n such as 0/8"},
	} {
		env := map[string]string{}
		for _, kv := range strings.Fields(test.env) {
			k, v, _ := strings.Cut(kv, "=")
			env[k] = v
		}
		s := shard{spec: test.spec}
		err := s.resolve(func(k string) string { return env[k] })
		got := s.dir("out")
		if err != nil {
			got = err.Error()
		}
		if got != test.want && (err == nil || !strings.Contains(got, test.want)) {
			t.Errorf("%q with %q: want %q, got %q", test.spec, test.env, test.want, got)
		}
	}
}
