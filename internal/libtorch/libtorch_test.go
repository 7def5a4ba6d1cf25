package libtorch

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestVersionIsTheOnePinned holds the version against the files that fetch and link it.
func TestVersionIsTheOnePinned(t *testing.T) {
	for file, want := range map[string]string{
		"setup.sh":       "\nversion=" + Version + "\n",
		"../../Makefile": "/libtorch-" + Version + "/torch",
	} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(text), want) {
			t.Errorf("%s: want %q in it", file, want)
		}
	}
}

func TestAbsent(t *testing.T) {
	if got, want := Absent(), []string{"_cslt_sparse_mm", "_scaled_mm", "_scaled_mm_out"}; !slices.Equal(got, want) {
		t.Errorf("want %v, got %v", want, got)
	}
}

func TestLoadedFrom(t *testing.T) {
	const maps = `7f00-7f01 r--p 00000000 fe:00 11                 /opt/a libtorch/torch/lib/libc10.so
7f01-7f02 r-xp 00000000 fe:00 12                 /opt/a libtorch/torch/lib/libtorch_cpu.so
7f02-7f03 rw-p 00000000 00:00 0
`
	if got, err := loadedFrom(maps); err != nil || got != "/opt/a libtorch/torch/lib" {
		t.Errorf("want the folder, got %q, %v", got, err)
	}
	if got, err := loadedFrom("7f02-7f03 rw-p 00000000 00:00 0 [heap]\n"); err == nil {
		t.Errorf("want an error without libtorch, got %q", got)
	}
	// This test is free of cgo, so nothing is loaded here.
	if got, err := Loaded(); err == nil {
		t.Errorf("want an error in a process without libtorch, got %q", got)
	}
}

func TestCUDALibraries(t *testing.T) {
	for name, find := range map[string]func(string) (string, error){"libtorch_cuda.so": CUDALibrary, "libplip_cuda.so": CUDAExtra} {
		dir := t.TempDir()
		if got, err := find(dir); got != "" || err != nil {
			t.Errorf("%s: want none, got %q, %v", name, got, err)
		}
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, nil, 0o666); err != nil {
			t.Fatal(err)
		}
		if got, err := find(dir); got != file || err != nil {
			t.Errorf("want %q, got %q, %v", file, got, err)
		}
	}
}

func TestParseCPU(t *testing.T) {
	const text = "processor\t: 0\nmodel name\t: Some CPU @ 2.00GHz\nflags\t\t: fpu fma avx2 amx_bf16 avx512f\n\nprocessor\t: 1\nmodel name\t: Some CPU @ 2.00GHz\nflags\t\t: fpu\n"
	c := parseCPU(text)
	if c.Model != "Some CPU @ 2.00GHz" || !slices.Equal(c.Features, []string{"avx2", "fma", "avx512f", "amx_bf16"}) || !c.BFloat16() {
		t.Errorf("got %+v, bfloat16 %v", c, c.BFloat16())
	}
	if c := parseCPU("flags : avx2\n"); c.BFloat16() {
		t.Errorf("want no bfloat16, got %+v", c)
	}
}
