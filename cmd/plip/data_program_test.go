package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestDataProgram builds the commands of datasets without cgo and has them split a list of 32 MB: the files are those of
// the whole program, and the process stays below 64 MiB, which libtorch's libraries alone would exceed.
func TestDataProgram(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "plip-data")
	build := exec.Command("go", "build", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build without cgo: %v\n%s", err, out)
	}
	list := filepath.Join(dir, "list.json")
	writeSplitList(t, list, 32<<20)

	peak := peakOf(t, exec.Command(program, "split", list, "-o", filepath.Join(dir, "got")))
	if most := int64(64 << 20); peak > most {
		t.Errorf("want at most %d bytes of memory, got %d", most, peak)
	}
	var out bytes.Buffer
	if err := run(t.Context(), []string{"split", list, "-o", filepath.Join(dir, "want")}, nil, &out, &out); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	names, err := filepath.Glob(filepath.Join(dir, "want", "*.json"))
	if err != nil || len(names) < 3 {
		t.Fatalf("want a file a split at least, got %v, %v", names, err)
	}
	for _, name := range names {
		sameFile(t, filepath.Join(dir, "got", filepath.Base(name)), name)
	}
	if said, err := exec.Command(program, "pretrain").CombinedOutput(); err == nil || !strings.Contains(string(said), `unknown command "pretrain"`) {
		t.Errorf("want a command that needs libtorch to be unknown, got %v\n%s", err, said)
	}
}

// writeSplitList writes records of CUHK-PEDES' form, at least so many bytes of them.
func writeSplitList(t *testing.T, path string, size int) {
	t.Helper()
	b := []byte("[")
	for i := 0; len(b) < size; i++ {
		if i > 0 {
			b = append(b, ", "...)
		}
		split := []string{"train", "test", "val"}[i%3]
		b = fmt.Appendf(b, `{"split": %q, "captions": ["A man of row %d in a black coat.", "He carries a bag."], "file_path": "CUHK03/%d.png", `+
			`"processed_tokens": [["a", "man", "in", "a", "black", "coat"], ["he", "carries", "a", "bag"]], "id": %d}`, split, i, i, i/3)
	}
	if err := os.WriteFile(path, append(b, ']'), 0o666); err != nil {
		t.Fatal(err)
	}
}

// peakOf runs a command and returns its greatest resident memory in bytes. What the system tells after its end counts the
// process that started it too.
func peakOf(t *testing.T, cmd *exec.Cmd) (peak int64) {
	t.Helper()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil || peak == 0 {
				t.Fatalf("%v: %v, peak %d\n%s", cmd.Args, err, peak, &stderr)
			}
			return peak
		case <-time.After(5 * time.Millisecond):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
		if err != nil {
			continue // it has just ended
		}
		_, rest, _ := strings.Cut(string(status), "VmHWM:")
		kib, _, _ := strings.Cut(strings.TrimSpace(rest), " ")
		if n, err := strconv.ParseInt(kib, 10, 64); err == nil {
			peak = n << 10 // it never falls
		}
	}
}

func sameFile(t *testing.T, got, want string) {
	t.Helper()
	a, err := os.ReadFile(got)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a, b) {
		t.Errorf("%s of %d bytes and %s of %d bytes differ", got, len(a), want, len(b))
	}
}
