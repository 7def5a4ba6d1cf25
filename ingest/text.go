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
// csvRecords). One pass over the files makes an index (textIndex), which goes to
// scratch space where it is long; Identities then reads the records of one identity
// after the other again, by their offsets. So memory depends neither on the number
// of records nor on how much is written about an image, but on the largest
// identity: its records are held together.
//
// A malformed file, or a record without the fields that are needed, ends the pass.
// The stream is then that of the records before, and ends in the error (textFault),
// so that their shards are kept. Where there are none, nothing is opened.
type textSource struct {
	rules  textRules
	space  scratchSpace
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
	t := &textSource{rules: rules, space: newScratchSpace(&o)}
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
	if t.index != nil {
		if err := t.index.close(); err != nil {
			return "", err
		}
	}
	t.index = newTextIndex(named, t.space)
	all := sha256.New()
	for i := range t.files {
		err := t.scanFile(ctx, i, all)
		var (
			bad    *RecordError
			broken *indexError
		)
		switch {
		case err == nil:
			continue
		case errors.As(err, &broken):
			return "", broken // what was read is not what is wrong
		case errors.Is(err, errNamedIDs), !errors.As(err, &bad), t.index.records == 0:
			return "", err
		}
		t.fault = newTextFault(t.index, i, err)
		return t.fingerprintOf(ctx, t.begunForm(), t.fault.file, t.fault.end)
	}
	if t.index.records == 0 {
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
		if !t.index.named() && (r.name != "" || !r.hasID()) {
			return errNamedIDs
		}
		_, camera := t.rules.cameraOf(r.path)
		return t.index.add(i, p, r, camera)
	})
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
		var of []textEntry // of one identity
		for e, err := range t.index.all() {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(of) > 0 && of[0].id != e.id {
				if !t.give(ctx, of, yield) {
					return
				}
				of = of[:0]
			}
			of = append(of, e)
		}
		if len(of) > 0 && !t.give(ctx, of, yield) {
			return
		}
		if t.fault != nil {
			yield(nil, fmt.Errorf("annotations: %w", t.fault.err))
		}
	}
}

// give yields the identity of these records. It reports whether there is to be more.
func (t *textSource) give(ctx context.Context, of []textEntry, yield func(*Identity, error) bool) bool {
	err := ctx.Err()
	identity := &Identity{ID: of[0].id}
	if err == nil {
		identity.Samples, err = t.samples(of)
	}
	if err != nil {
		yield(nil, err)
		return false
	}
	return yield(identity, nil)
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
	if t.index != nil {
		problems = append(problems, t.index.close())
	}
	return errors.Join(problems...)
}
