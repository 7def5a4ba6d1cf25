package ingest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"path/filepath"

	"plip/parquet"
)

// ReasonDuplicate is of a second record of one image with another id or split.
const ReasonDuplicate = "duplicate_path"

// textSource is a Source of one or several files of annotations, in any of the
// words and forms that text-to-image datasets have (record, jsonRecords,
// csvRecords). One pass over the files makes an index of 32 bytes a record;
// Identities then reads the records of one identity after the other again, by
// their offsets. So memory does not depend on how much is written about an image.
// Where ids are names, each name with its smallest path is kept during the pass.
//
// A malformed file, or a record without the fields that are needed, ends the pass.
// The stream is then that of the records before, and ends in the error (textFault),
// so that their shards are kept. Where there are none, or where ids are names, whose
// numbers depend on the whole list, nothing is opened.
type textSource struct {
	rules  textRules
	files  []textFile
	images *imageRoot
	index  *textIndex
	layout Layout
	fault  *textFault // nil of a list that is whole
}

// textFile is one file of annotations.
type textFile struct {
	name   string
	file   *os.File
	reader recordReader
	split  string // which its name tells, for lists whose records have none
}

// openText reads the files, whose records speak of images below root.
func openText(ctx context.Context, rules textRules, names []string, root string, o SourceOptions) (_ *textSource, err error) {
	if len(names) > maxTextFiles {
		return nil, fmt.Errorf("annotations: want at most %d files, got %d", maxTextFiles, len(names))
	}
	t := &textSource{rules: rules}
	defer func() {
		if err != nil {
			err = errors.Join(err, t.Close())
		}
	}()
	for _, name := range names {
		if err := t.addFile(name); err != nil {
			return nil, fmt.Errorf("annotations: %w", err)
		}
	}
	if t.images, err = openImageRoot(root, o.note); err != nil {
		return nil, err
	}
	sum, err := t.scan(ctx, false)
	if errors.Is(err, errNamedIDs) {
		sum, err = t.scan(ctx, true)
	}
	if err == nil {
		err = t.index.finish(t.pathOf)
	}
	if err != nil {
		return nil, fmt.Errorf("annotations: %w", err)
	}
	t.layout = Layout{
		Images: t.index.images, Fingerprint: sum,
		Camera: t.index.cameras, Split: len(t.index.splits) > 1, Labels: t.index.labels,
	}
	if t.fault != nil {
		t.layout.Images = 0
	}
	if t.layout.Labels {
		t.layout.LabelNames = rules.labelNames()
	}
	if n := t.index.emptyCaptions; n > 0 {
		o.note("empty captions: left out %d", n)
	}
	if n := t.index.oddAttributes; n > 0 {
		o.note("attributes that are not six values: kept as they are in %d records", n)
	}
	return t, nil
}

func (t *textSource) addFile(name string) error {
	f := textFile{name: name, split: t.rules.splitOfFile(name)}
	if err := f.open(&t.rules); err != nil {
		return err
	}
	t.files = append(t.files, f)
	return nil
}

// open opens the file and finds its form.
func (f *textFile) open(rules *textRules) (err error) {
	if f.file, err = os.Open(f.name); err != nil {
		return err
	}
	if f.reader, err = rules.newReader(f.file); err != nil {
		return errors.Join(f.place(err), f.file.Close())
	}
	return nil
}

// each reads all records, and writes all that it reads to sum.
func (f *textFile) each(ctx context.Context, sum io.Writer, fn func(p place, r *record) error) error {
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	return f.place(f.reader.each(ctx, io.TeeReader(f.file, sum), fn))
}

// place puts the file's name into the error of a record.
func (f *textFile) place(err error) error {
	var bad *RecordError
	if errors.As(err, &bad) {
		bad.File = f.name
	}
	return err
}

// errNamedIDs starts a pass anew when an id turns out to be a name.
var errNamedIDs = errors.New("ids are names")

// scan makes the index and returns the fingerprint of all that was read.
func (t *textSource) scan(ctx context.Context, named bool) (sum string, err error) {
	t.index = newTextIndex(named)
	all := sha256.New()
	for i := range t.files {
		err := t.scanFile(ctx, i, all)
		var bad *RecordError
		switch {
		case err == nil:
			continue
		case errors.Is(err, errNamedIDs), !errors.As(err, &bad), named, len(t.index.entries) == 0:
			return "", err
		}
		t.fault = newTextFault(t.index, i, err)
		return t.fingerprintOf(ctx, t.fault.file, t.fault.end)
	}
	if len(t.index.entries) == 0 {
		return "", fmt.Errorf("%s: want records, got none", t.files[0].name)
	}
	return fmt.Sprintf("%x", all.Sum(nil)[:8]), nil
}

func (t *textSource) scanFile(ctx context.Context, i int, sum hash.Hash) error {
	f := &t.files[i]
	fmt.Fprintf(sum, "%s\x00", filepath.Base(f.name))
	return f.each(ctx, sum, func(p place, r *record) error {
		if p.at >= 1<<fileShift || p.bytes > maxRecordBytes {
			return fmt.Errorf("want an offset of %d bits and at most %d bytes, got %d and %d", fileShift, maxRecordBytes, p.at, p.bytes)
		}
		if err := t.rules.apply(r, f.split); err != nil {
			return err
		}
		if !t.index.named && (r.name != "" || !r.hasID()) {
			return errNamedIDs
		}
		_, camera := t.rules.cameraOf(r.path)
		if p.index == recordsToGuess {
			t.index.grow(f.recordsLeft(p))
		}
		return t.index.add(i, p, r, camera)
	})
}

// recordsToGuess is how many records of a file tell how many it has.
const recordsToGuess = 1000

// recordsLeft is about how many records lie behind p, were they as long as those before it.
func (f *textFile) recordsLeft(p place) int {
	info, err := f.file.Stat()
	if err != nil || p.at == 0 {
		return 0 // what cannot be known is not needed either
	}
	return int(float64(info.Size()-p.at) / float64(p.at) * float64(p.index))
}

// record reads a record of the index again.
func (t *textSource) record(e *textEntry) (*record, error) {
	f := &t.files[e.file()]
	raw := make([]byte, e.bytes)
	if _, err := f.file.ReadAt(raw, e.offset()); err != nil {
		return nil, fmt.Errorf("%s: byte %d: a record of %d bytes that was listed before: %w", f.name, e.offset(), e.bytes, err)
	}
	r := &record{}
	err := f.reader.parse(raw, r)
	if err == nil {
		err = t.rules.apply(r, f.split)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: byte %d: a record that changed since it was listed: %w", f.name, e.offset(), err)
	}
	return r, nil
}

func (t *textSource) pathOf(e *textEntry) (string, error) {
	r, err := t.record(e)
	if err != nil {
		return "", err
	}
	return r.path, nil
}

// Layout implements Source.
func (t *textSource) Layout() Layout { return t.layout }

// Identities implements Source: by ascending id, the images of each as listed.
func (t *textSource) Identities(ctx context.Context) iter.Seq2[*Identity, error] {
	return func(yield func(*Identity, error) bool) {
		for from, to := 0, 0; from < len(t.index.entries); from = to {
			id := t.index.entries[from].id
			for to < len(t.index.entries) && t.index.entries[to].id == id {
				to++
			}
			err := ctx.Err()
			identity := &Identity{ID: id}
			if err == nil {
				identity.Samples, err = t.samples(t.index.entries[from:to])
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if !yield(identity, nil) {
				return
			}
		}
		if t.fault != nil {
			yield(nil, fmt.Errorf("annotations: %w", t.fault.err))
		}
	}
}

// samples reads the records of one identity. Those of one image become one.
func (t *textSource) samples(entries []textEntry) ([]Sample, error) {
	samples := make([]Sample, 0, len(entries))
	place := make(map[string]int, len(entries))
	for i := range entries {
		r, err := t.record(&entries[i])
		if err != nil {
			return nil, err
		}
		at, there := place[r.path]
		if there && !entries[i].twice && samples[at].Row.Split == r.split {
			row := &samples[at].Row
			row.Captions = append(row.Captions, r.captions...)
			row.PromptCaption = append(row.PromptCaption, r.prompts...)
			continue
		}
		s := t.sample(r)
		if entries[i].twice {
			s.Err = rejectf(ReasonDuplicate, "want one id and split an image, got another record of it before, and now id %d and split %q", entries[i].id, r.split)
		} else {
			place[r.path] = len(samples)
		}
		samples = append(samples, s)
	}
	return samples, nil
}

func (t *textSource) sample(r *record) Sample {
	s := Sample{Err: r.bad, Row: parquet.Row{
		FilePath: r.path, Split: r.split,
		Attributes: r.attributes, Captions: r.captions, PromptCaption: r.prompts,
		Labels: r.labels,
	}}
	if camera, ok := t.rules.cameraOf(r.path); ok && t.layout.Camera {
		s.Row.Camera = &camera
	}
	return s
}

// Read implements Source.
func (t *textSource) Read(ctx context.Context, s *Sample) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return t.images.read(s.Row.FilePath)
}

// Stat implements Stater.
func (t *textSource) Stat(ctx context.Context, s *Sample) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	_, err := t.images.find(s.Row.FilePath)
	return err
}

// Close implements Source.
func (t *textSource) Close() error {
	var problems []error
	for _, f := range t.files {
		problems = append(problems, f.file.Close())
	}
	if t.images != nil {
		problems = append(problems, t.images.close())
	}
	return errors.Join(problems...)
}
