package main

import (
	"strings"
	"testing"
)

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
