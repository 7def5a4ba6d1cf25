package ingest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"plip/parquet"
)

// layoutCase is a reader with a miniature copy of the layout that it reads, made
// by test code. Its images are all fit, and there are several identities.
type layoutCase struct {
	name  string
	build func(t *testing.T, dir string)
	open  func(ctx context.Context, dir string) (Source, error)
	file  func(filePath string) string // where in dir the file of a row lies
	want  []identityLines
}

// identityLines is an identity as a test spells it: of each sample file_path, then
// camera, split and captions where it has them.
type identityLines struct {
	ID      int64
	Samples [][]string
}

// layoutCases lists every reader.
func layoutCases() []layoutCase {
	return append(attributeCases(), []layoutCase{
		foldersCase(),
		annotatedCase(),
		cuhkCase(), textReIDCase(), icfgCase(), rstpCase(), synthCase(), hamCase(), ufineCase(), malsCase(), aptmCase(), jsonlCase(), csvCase(),
		marketCase(), dukeCase(), cuhk03Case(), msmt17Case(), msmt17V2Case(), msmt17RepackagedCase(), lpwCase(), lupersonCase(),
	}...)
}

// TestConformance holds every reader to what Source promises and to what Write
// promises of all sources.
func TestConformance(t *testing.T) {
	for _, c := range layoutCases() {
		t.Run(c.name, func(t *testing.T) {
			t.Run("stream", c.testStream)
			t.Run("layout", c.testLayout)
			t.Run("read", c.testRead)
			t.Run("stop", c.testStop)
			t.Run("rows", c.testRows)
			t.Run("spoiled", c.testSpoiled)
			t.Run("resume", c.testResume)
			t.Run("sections", c.testSections)
		})
	}
}

// source builds the layout and opens it.
func (c layoutCase) source(t *testing.T) (s Source, dir string) {
	t.Helper()
	dir = t.TempDir()
	c.build(t, dir)
	return c.reopen(t, dir), dir
}

func (c layoutCase) reopen(t *testing.T, dir string) Source {
	t.Helper()
	s, err := c.open(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// collect is the whole stream.
func collect(t *testing.T, s Source) []*Identity {
	t.Helper()
	var all []*Identity
	for identity, err := range s.Identities(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, identity)
	}
	return all
}

func spell(identities []*Identity) []identityLines {
	var lines []identityLines
	for _, identity := range identities {
		l := identityLines{ID: identity.ID}
		for _, s := range identity.Samples {
			l.Samples = append(l.Samples, spellSample(s))
		}
		lines = append(lines, l)
	}
	return lines
}

func (c layoutCase) testStream(t *testing.T) {
	s, _ := c.source(t)
	for range 2 { // each range starts anew
		if diff := cmp.Diff(c.want, spell(collect(t, s))); diff != "" {
			t.Errorf("stream (-want +got):\n%s", diff)
		}
	}
	ids, paths := map[int64]bool{}, map[string]bool{}
	for _, identity := range collect(t, s) {
		if ids[identity.ID] {
			t.Errorf("identity %d appears twice", identity.ID)
		}
		ids[identity.ID] = true
		for _, sample := range identity.Samples {
			p := sample.Row.FilePath
			if paths[p] || path.IsAbs(p) || path.Clean(p) != p || strings.HasPrefix(p, "..") {
				t.Errorf("file path %q: want a clean relative one that is unique", p)
			}
			paths[p] = true
		}
	}
}

func (c layoutCase) testLayout(t *testing.T) {
	s, dir := c.source(t)
	l := s.Layout()
	var images int64
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			images++
			if sample.Row.Camera != nil && !l.Camera || sample.Row.Split != "" && !l.Split || sample.Row.Labels != nil && !l.Labels {
				t.Errorf("%s has a column that the layout %+v lacks", sample.Row.FilePath, l)
			}
		}
	}
	if l.Images != 0 && l.Images != images {
		t.Errorf("images: want the %d of the stream, got %d", images, l.Images)
	}
	if l.Fingerprint == "" || strings.Contains(l.Fingerprint, "/") {
		t.Errorf("fingerprint: want one without a path, got %q", l.Fingerprint)
	}
	if again := c.reopen(t, dir).Layout(); !cmp.Equal(l, again) {
		t.Errorf("layout of the same folder: first %+v, then %+v", l, again)
	}
	elsewhere, _ := c.source(t)
	if got := elsewhere.Layout(); !cmp.Equal(l, got) {
		t.Errorf("layout of a copy elsewhere: want %+v, got %+v", l, got)
	}
}

// testRead reads all files at once, in several goroutines.
func (c layoutCase) testRead(t *testing.T) {
	s, dir := c.source(t)
	var wait sync.WaitGroup
	for _, identity := range collect(t, s) {
		for _, sample := range identity.Samples {
			wait.Go(func() {
				got, err := s.Read(t.Context(), &sample)
				if err != nil {
					t.Error(err)
				}
				want, err := os.ReadFile(filepath.Join(dir, c.file(sample.Row.FilePath)))
				if err != nil {
					t.Error(err)
				}
				if !bytes.Equal(got, want) {
					t.Errorf("%s: want its %d bytes untouched, got %d bytes", sample.Row.FilePath, len(want), len(got))
				}
			})
		}
	}
	wait.Wait()
	sample := &collect(t, s)[0].Samples[0]
	if err := os.Remove(filepath.Join(dir, c.file(sample.Row.FilePath))); err != nil {
		t.Fatal(err)
	}
	var reject *RejectError
	if _, err := s.Read(t.Context(), sample); !errors.As(err, &reject) || reject.Reason != ReasonMissing {
		t.Errorf("file that went after it was listed: want reason %s, got %v", ReasonMissing, err)
	}
}

// testStop ends streams early: by leaving the loop and by the context.
func (c layoutCase) testStop(t *testing.T) {
	s, _ := c.source(t)
	for range s.Identities(t.Context()) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last error
	seen := 0
	for _, err := range s.Identities(ctx) {
		seen++
		last = err
		cancel()
	}
	if seen != 2 || !errors.Is(last, context.Canceled) {
		t.Errorf("stream whose context is cancelled in its first identity: want one more item, %v; got %d items, the last %v", context.Canceled, seen, last)
	}
	out := t.TempDir()
	if _, err := Write(ctx, s, out, testOptions()); !errors.Is(err, context.Canceled) {
		t.Errorf("write: want %v, got %v", context.Canceled, err)
	}
	if _, err := os.Stat(filepath.Join(out, "dataset.json")); err == nil {
		t.Error("write: want no dataset.json after a cancelled run")
	}
}

func (c layoutCase) testRows(t *testing.T) {
	s, dir := c.source(t)
	out := t.TempDir()
	writeAll(t, s, out, testOptions())
	d, err := parquet.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var got []identityLines
	err = d.Scan(t.Context(), parquet.ColAll, 0, func(_ int64, r *parquet.Row) error {
		if len(got) == 0 || got[len(got)-1].ID != r.ID {
			got = append(got, identityLines{ID: r.ID})
		}
		l := &got[len(got)-1]
		l.Samples = append(l.Samples, spellSample(Sample{Row: *r}))
		want, err := os.ReadFile(filepath.Join(dir, c.file(r.FilePath)))
		if err != nil {
			return err
		}
		if !bytes.Equal(r.Image, want) || r.ImagePath != path.Base(r.FilePath) || r.Source != "mini" {
			t.Errorf("%s: want its own bytes, base name and source, got %d bytes, %q, %q", r.FilePath, len(r.Image), r.ImagePath, r.Source)
		}
		if w, h, err := probe(want); err != nil || int(r.Width) != w || int(r.Height) != h {
			t.Errorf("%s: want %dx%d, got %dx%d", r.FilePath, w, h, r.Width, r.Height)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(c.want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for name, data := range readDir(t, out) {
		if bytes.Contains(data, []byte(dir)) || bytes.Contains(data, []byte(out)) {
			t.Errorf("%s holds an absolute path", name)
		}
	}
}

// testSpoiled spoils the second image of the first identity that has two, else the
// last image, in each way a file can be bad.
func (c layoutCase) testSpoiled(t *testing.T) {
	for name, spoil := range spoils() {
		t.Run(name, func(t *testing.T) {
			s, dir := c.source(t)
			var victim, last string
			total := 0
			for _, identity := range collect(t, s) {
				total += len(identity.Samples)
				if victim == "" && len(identity.Samples) > 1 {
					victim = identity.Samples[1].Row.FilePath
				}
				last = identity.Samples[len(identity.Samples)-1].Row.FilePath
			}
			if victim == "" { // every image is an identity
				victim = last
			}
			file := filepath.Join(dir, c.file(victim))
			spoil.apply(t, file)
			s = c.reopen(t, dir)
			o := testOptions()
			o.Examine = spoil.examine(o.Examine)
			out := t.TempDir()
			m := writeAll(t, s, out, o)
			if m.Rejects != 1 || m.Rows != int64(total)-1 {
				t.Errorf("want 1 reject and %d rows, got %d and %d", total-1, m.Rejects, m.Rows)
			}
			data := readDir(t, out)["rejects.jsonl"]
			want := `{"path":"` + victim + `","reason":"` + spoil.reason + `","detail":"`
			if !bytes.HasPrefix(data, []byte(want)) || bytes.Contains(data, []byte(dir)) {
				t.Errorf("rejects.jsonl: want %s... without an absolute path, got %s", want, data)
			}
			counts, err := RejectCounts(out)
			if err != nil || counts[spoil.reason] != 1 || len(counts) != 1 {
				t.Errorf("counts: want %s 1, got %v, %v", spoil.reason, counts, err)
			}
		})
	}
}

// testResume interrupts the run at every image, once by an error and once by the
// context, and compares what the next run leaves with an undisturbed one.
func (c layoutCase) testResume(t *testing.T) {
	s, dir := c.source(t)
	spoils()["truncated"].apply(t, filepath.Join(dir, c.file(collect(t, s)[0].Samples[0].Row.FilePath)))
	o := testOptions()
	o.ShardBytes, o.RowGroupBytes = 1000, 1000 // a shard an identity or so
	undisturbed := t.TempDir()
	m := writeAll(t, s, undisturbed, o)
	want := readDir(t, undisturbed)
	total := m.Rows + m.Rejects
	if len(m.Shards) < 3 {
		t.Fatalf("want 3 shards or more for this test, got %d", len(m.Shards))
	}
	skipped := false
	for i := range 2 * total {
		stopped := &stoppingSource{Source: s, left: i / 2, err: errors.New("disk went away")}
		ctx, cancel := context.WithCancel(t.Context())
		if i%2 == 1 {
			stopped.err, stopped.cancel = context.Canceled, cancel
		}
		o.Workers = int(1 + i%3)
		out := t.TempDir()
		if _, err := Write(ctx, stopped, out, o); !errors.Is(err, stopped.err) {
			t.Fatalf("stopped at image %d: want %v, got %v", i/2, stopped.err, err)
		}
		cancel()
		counting := &countingSource{Source: s}
		writeAll(t, counting, out, o)
		skipped = skipped || counting.reads.Load() < total
		if diff := cmp.Diff(want, readDir(t, out)); diff != "" {
			t.Fatalf("stopped at image %d and resumed (-undisturbed +resumed):\n%s", i/2, diff)
		}
	}
	if !skipped {
		t.Error("every resumed run read every image again: want whole shards kept")
	}
}

// stoppingSource fails once left images have been read.
type stoppingSource struct {
	Source
	left   int64
	err    error
	cancel context.CancelFunc // called at that point; may be nil
}

func (s *stoppingSource) Read(ctx context.Context, sample *Sample) ([]byte, error) {
	if atomic.AddInt64(&s.left, -1) < 0 {
		if s.cancel != nil {
			s.cancel()
		}
		return nil, s.err
	}
	return s.Source.Read(ctx, sample)
}

// countingSource counts the images read.
type countingSource struct {
	Source
	reads atomic.Int64
}

func (s *countingSource) Read(ctx context.Context, sample *Sample) ([]byte, error) {
	s.reads.Add(1)
	return s.Source.Read(ctx, sample)
}

// readDir is every file of a folder by name.
func readDir(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

func writeAll(t *testing.T, s Source, out string, o Options) *parquet.Manifest {
	t.Helper()
	m, err := Write(t.Context(), s, out, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func spellSample(s Sample) []string {
	words := []string{s.Row.FilePath}
	if s.Row.Camera != nil {
		words = append(words, "camera "+strconv.Itoa(int(*s.Row.Camera)))
	}
	if s.Row.Split != "" {
		words = append(words, s.Row.Split)
	}
	return slices.Concat(words, s.Row.Captions)
}
