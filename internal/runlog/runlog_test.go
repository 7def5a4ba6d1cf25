package runlog

import (
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestLine(t *testing.T) {
	got := Line(120, Field{"loss", 3.218437}, Field{"lr", 0.0002}, Field{"images/s", 412}, Field{"bad", math.NaN()})
	const want = "step    120  loss 3.2184  lr 0.0002  images/s 412  bad NaN"
	if got != want {
		t.Errorf("want %q, got %q", want, got)
	}
}

// TestMetricsResume logs ten steps, resumes at every one of them and logs the
// rest again: the file is that of the uninterrupted run. Garbage after the last
// whole line is what a kill leaves.
func TestMetricsResume(t *testing.T) {
	path := filepath.Join(t.TempDir(), MetricsFile)
	logSteps := func(keep, from int64) {
		t.Helper()
		m, err := OpenMetrics(path, keep)
		if err != nil {
			t.Fatal(err)
		}
		for step := from; step <= 10; step++ {
			if err := m.Append(step, Field{"loss", 1 / float64(step)}, Field{"lr", 1e-7}); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(m.Sync(), m.Close()); err != nil {
			t.Fatal(err)
		}
	}
	logSteps(-1, 1)
	want := read(t, path)
	if n := strings.Count(want, "\n"); n != 10 {
		t.Fatalf("want 10 lines, got %d", n)
	}
	for keep := int64(-1); keep <= 11; keep++ {
		if err := os.WriteFile(path, []byte(want+`{"step":11,"lo`), 0o666); err != nil {
			t.Fatal(err)
		}
		logSteps(keep, max(keep+1, 1))
		if got := read(t, path); got != want {
			t.Errorf("resumed at %d: want\n%s\ngot\n%s", keep, want, got)
		}
	}
}

func TestMetricsRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), MetricsFile)
	want := []Record{
		{1, []Field{{"loss", 0.1}, {"a \"b\" é", -3e300}, {"nan", math.NaN()}}},
		{2, nil},
		{2, []Field{{"valid.r1", 1}}},
	}
	m, err := OpenMetrics(path, -1)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range want {
		if err := m.Append(r.Step, r.Fields...); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Append(3, Field{"inf", math.Inf(1)}); err != nil {
		t.Fatal(err)
	}
	want = append(want, Record{3, []Field{{"inf", math.NaN()}}})
	got, err := ReadMetrics(path) // a run in progress can be read
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateNaNs()); d != "" {
		t.Error(d)
	}
	if v, ok := got[0].Get("loss"); v != 0.1 || !ok {
		t.Errorf("want 0.1 true, got %v %v", v, ok)
	}
	if _, ok := got[0].Get("lr"); ok {
		t.Error("want no lr")
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Append(4); err == nil {
		t.Error("want an error after Close")
	}
}

func FuzzParseRecord(f *testing.F) {
	for _, s := range []string{`{"step":1,"loss":0.5}`, `{"step":1e3}`, `{"step":null}`, `{"step":0.5}`, `[]`, `{"step":1}{`, `{"step":1,"a":"b"}`, `{"a":1}`, ``} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		r, err := parseRecord(line)
		if err != nil {
			return
		}
		path := filepath.Join(t.TempDir(), "m")
		m, err := OpenMetrics(path, -1)
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(m.Append(r.Step, r.Fields...), m.Close()); err != nil {
			t.Fatal(err)
		}
		again, err := ReadMetrics(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]Record{r}, again, cmpopts.EquateNaNs()); d != "" {
			t.Error(d)
		}
	})
}

func TestMetricsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"{\"step\":1}\nnonsense\n":     `line 2: want a JSON object, got "nonsense`,
		"{\"loss\":1}\n":               `line 1: want a key "step"`,
		"{\"step\":1,\"loss\":true}\n": `line 1: key "loss": `,
	} {
		path := filepath.Join(t.TempDir(), MetricsFile)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadMetrics(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("read: want %q, got %v", want, err)
		}
		if _, err := OpenMetrics(path, 5); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open: want %q, got %v", want, err)
		}
		if got := read(t, path); got != text {
			t.Errorf("a log that is not understood was changed to %q", got)
		}
	}
}

func TestBegin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	r := Run{"pretrain", map[string]string{"seed": "1", "rate": "0.1"}}
	for _, want := range []bool{false, true, true} {
		begun, err := Begin(dir, r)
		if err != nil || begun != want {
			t.Fatalf("want %v, got %v, %v", want, begun, err)
		}
	}
	_, err := Begin(dir, Run{"probe", map[string]string{"seed": "2", "width": "8"}})
	var mismatch *MismatchError
	if !errors.As(err, &mismatch) {
		t.Fatalf("want a MismatchError, got %v", err)
	}
	want := []string{`command: want "pretrain", got "probe"`, `rate: want "0.1", got none`, `seed: want "1", got "2"`, `width: want none, got "8"`}
	if d := cmp.Diff(want, mismatch.Differences); d != "" {
		t.Error(d)
	}
}

func TestFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.json")
	if err := WriteJSON(path, map[string]int{"step": 1}); err != nil {
		t.Fatal(err)
	}
	old := read(t, path)

	// Neither an unfinished nor an abandoned file changes the old one.
	f, err := CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte("half")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != old {
		t.Errorf("before Commit: want %q, got %q", old, got)
	}
	if err := f.Abort(); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != old {
		t.Errorf("after Abort: want %q, got %q", old, got)
	}

	// A full disk: the write fails, Commit reports it and keeps the old file.
	f, err = CreateFile(path)
	if err != nil {
		t.Fatal(err)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.f.Close(); err != nil {
		t.Fatal(err)
	}
	f.f = full
	if _, err := f.Write([]byte("x")); err == nil {
		t.Error("want an error on a full disk")
	}
	if err := f.Commit(); err == nil {
		t.Error("want Commit to report the failed write")
	}
	if got := read(t, path); got != old {
		t.Errorf("after a full disk: want %q, got %q", old, got)
	}

	if err := WriteFile(path, []byte("new")); err != nil {
		t.Fatal(err)
	}
	if got := read(t, path); got != "new" {
		t.Errorf("want new, got %q", got)
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("want state.json alone, got %v, %v", names, err)
	}
	if err := ReadJSON(filepath.Join(dir, "missing"), new(int)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("want fs.ErrNotExist, got %v", err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
