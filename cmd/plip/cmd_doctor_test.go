package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestDiagnose takes one thing away at a time: each ends in one problem with a mend.
func TestDiagnose(t *testing.T) {
	for _, c := range []struct {
		name      string
		change    func(*doctorResult)
		device    bool
		open, sum error
		extra     error
		want      string // beginning of the problem, "" for none
		mend      string
	}{
		{"all there", func(*doctorResult) {}, false, nil, nil, nil, "", ""},
		{"another version", func(r *doctorResult) { r.Libtorch.Version = "2.12.0" }, false, nil, nil, nil, "libtorch in /lib: want version 2.11.0, which this program was compiled for", "make build"},
		{"too old", func(r *doctorResult) { r.Libtorch.Version, r.Libtorch.BuiltFor = "2.1.2", "2.1.2" }, false, nil, nil, nil, "libtorch in /lib: want version 2.2.0 or newer", "make setup build"},
		{"does not compute", func(*doctorResult) {}, false, nil, errors.New("boom"), nil, "libtorch does not compute: boom", "make setup"},
		{"no CUDA libraries", func(*doctorResult) {}, true, nil, nil, nil, "the machine has a CUDA device, and libtorch_cuda.so is not", "make setup CUDA=1"},
		{"broken CUDA libraries", func(r *doctorResult) { r.CUDA.Library = "/lib/libtorch_cuda.so" }, true, errors.New("libcudnn.so.9"), nil, nil, "open /lib/libtorch_cuda.so: libcudnn.so.9", "make setup CUDA=1"},
		{"no driver", func(r *doctorResult) { r.CUDA.Library = "/lib/libtorch_cuda.so" }, true, nil, nil, nil, "the machine has a CUDA device, and libtorch sees none", "driver"},
		{"no device", func(r *doctorResult) { r.CUDA.Library = "/lib/libtorch_cuda.so" }, false, nil, nil, nil, "", ""},
		{"no object of ours", func(r *doctorResult) { r.CUDA = doctorCUDA{Library: "/lib/libtorch_cuda.so", Devices: 1} }, true, nil, nil, nil, "the machine has a CUDA device, and libplip_cuda.so", "make setup CUDA=1"},
		{"an old object of ours", func(r *doctorResult) {
			r.CUDA = doctorCUDA{Library: "/lib/libtorch_cuda.so", Extra: "/lib/libplip_cuda.so"}
		}, false, nil, nil, errors.New("/lib/libplip_cuda.so: want table 1, got 0"), "open /lib/libplip_cuda.so: want table 1, got 0", "make setup CUDA=1"},
		{"all there with CUDA", func(r *doctorResult) {
			r.CUDA = doctorCUDA{"/lib/libtorch_cuda.so", 1, "/lib/libplip_cuda.so", "2.28.9"}
		}, true, nil, nil, nil, "", ""},
	} {
		r := doctorResult{Libtorch: doctorLibtorch{Version: "2.11.0", BuiltFor: "2.11.0", Pinned: "2.11.0", Folder: "/lib"}}
		c.change(&r)
		r.diagnose(c.device, c.open, c.extra, c.sum)
		if c.want == "" {
			if !r.OK || len(r.Problems) != 0 {
				t.Errorf("%s: want no problem, got %+v", c.name, r.Problems)
			}
			continue
		}
		if r.OK || len(r.Problems) != 1 || !strings.HasPrefix(r.Problems[0].Problem, c.want) || !strings.Contains(r.Problems[0].Mend, c.mend) {
			t.Errorf("%s: want the problem %q and the mend %q, got %+v", c.name, c.want, c.mend, r.Problems)
		}
	}
}

func TestOlder(t *testing.T) {
	versions := []string{"", "1.13.1", "2.1.2", "2.2.0", "2.10.1", "2.11.0"}
	for i, a := range versions {
		for j, b := range versions {
			if got := older(a, b); got != (i < j) {
				t.Errorf("older(%q, %q): got %v", a, b, got)
			}
		}
	}
	if older("2.11.0+cpu", "2.11.0") || older("2.11.0", "2.11.0+cu130") {
		t.Error("a local version counts")
	}
}

func TestFirstMatch(t *testing.T) {
	if got := []string{firstMatch("capability AVX512\nx", `(?m)^capability (.*)$`), firstMatch("x", "y(z)")}; !slices.Equal(got, []string{"AVX512", ""}) {
		t.Errorf("got %q", got)
	}
}
