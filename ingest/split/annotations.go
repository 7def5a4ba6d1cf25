package split

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
)

// Outputs are where the parts of an annotation file go. Departed is nil where
// the one-caption-a-record train file is not wanted.
type Outputs struct {
	Train, Test, Valid, Departed io.Writer
}

// Counts are the records of each part.
type Counts struct {
	Records  int64 // in the source
	Train    int64
	Test     int64
	Valid    int64
	Departed int64 // one per train caption
	// Names counts the records of each split name of the source, of the first
	// maxNames names it has, in their order. Names other than "train" and
	// "test" went to the valid part.
	Names []NameCount
}

// NameCount is how many records have one split name, as JSON prints it.
type NameCount struct {
	Name    string
	Records int64
}

// maxNames bounds Counts.Names: a field that is no split name has many values.
const maxNames = 32

// Uncommon is a train record whose number of captions is not two, of which the
// original script tells when it departs captions.
type Uncommon struct {
	Record   int64
	FilePath string // as JSON prints it
	Captions int
}

// Annotations splits the annotation file src. With Departed it calls uncommon
// for every train record that has not two captions; uncommon may be nil.
// Malformed input is a *SyntaxError. ctx is checked every thousand records.
func Annotations(ctx context.Context, src io.Reader, out Outputs, uncommon func(Uncommon)) (Counts, error) {
	train, test, valid := newList(out.Train), newList(out.Test), newList(out.Valid)
	var departed *list
	if out.Departed != nil {
		departed = newList(out.Departed)
	}
	var counts Counts
	err := eachRecord(src, func(r *record) error {
		if r.index%1000 == 0 && ctx.Err() != nil {
			return fmt.Errorf("record %d: %w", r.index, ctx.Err())
		}
		name, err := r.split()
		if err != nil {
			return err
		}
		counts.add(name)
		switch name {
		case `"train"`:
			train.add(r)
			if departed != nil {
				return r.depart(departed, uncommon)
			}
		case `"test"`:
			test.add(r)
		default:
			valid.add(r)
		}
		return nil
	})
	if err != nil {
		return counts, err
	}
	err = errors.Join(train.close(), test.close(), valid.close())
	counts.Train, counts.Test, counts.Valid = train.n, test.n, valid.n
	counts.Records = train.n + test.n + valid.n
	if departed != nil {
		err = errors.Join(err, departed.close())
		counts.Departed = departed.n
	}
	return counts, err
}

func newList(w io.Writer) *list { return &list{w: bufio.NewWriterSize(w, 256<<10)} }

// add counts one record of a split name.
func (c *Counts) add(name string) {
	for i := range c.Names {
		if c.Names[i].Name == name {
			c.Names[i].Records++
			return
		}
	}
	if len(c.Names) < maxNames {
		c.Names = append(c.Names, NameCount{name, 1})
	}
}

// eachRecord calls f for every element of the array in src. The record is
// valid until f returns.
func eachRecord(src io.Reader, f func(*record) error) error {
	s := newScanner(src)
	if s.fill(3) && string(s.buf[:3]) == "\ufeff" {
		s.pos = 3 // a byte order mark, which some editors add
	}
	if s.space() != '[' {
		return s.failure(-1, "an array of records")
	}
	s.pos++
	var r record
	if s.space() == ']' {
		s.pos++
	} else {
		for i, more := int64(0), true; more; i++ {
			s.space()
			if err := r.parse(s, i); err != nil {
				return err
			}
			if err := f(&r); err != nil {
				return err
			}
			switch s.space() {
			case ',':
			case ']':
				more = false
			default:
				return s.failure(-1, fmt.Sprintf("',' or ']' after record %d", i))
			}
			s.pos++
		}
	}
	s.space()
	if !s.atEnd() {
		return s.failure(-1, "the end of the file after the array")
	}
	if !errors.Is(s.err, io.EOF) {
		return s.err
	}
	return nil
}

// field is the node of a member of the record, 0 when it has none.
func (r *record) field(name string) int32 { return r.lookup(0, []byte(`"`+name+`"`), nil) }

// startErrorf is an error about the record as a whole.
func (r *record) startErrorf(format string, args ...any) error {
	return &SyntaxError{r.start, r.index, fmt.Sprintf(format, args...)}
}

// split is the printed value of the record's "split"; a value that is no
// string is a name like any other, as for the original script.
func (r *record) split() (string, error) {
	if r.nodes[0].kind != object {
		return "", r.startErrorf("want an object")
	}
	at := r.field("split")
	if at == 0 {
		return "", &NoSplitError{SyntaxError{r.start, r.index, `key "split" is missing`}}
	}
	if r.nodes[at].kind != scalar {
		return "", nil
	}
	return string(r.bytes(r.nodes[at].text)), nil
}

// NoSplitError is a record without "split". CUHK-PEDES' second official file,
// caption_all.json, is like that and cannot be split by itself.
type NoSplitError struct{ SyntaxError }

func (e *NoSplitError) Unwrap() error { return &e.SyntaxError }

// depart writes the record once per caption.
func (r *record) depart(l *list, uncommon func(Uncommon)) error {
	path := r.field("file_path")
	if path == 0 {
		path = r.field("img_path") // RSTPReid
	}
	id, captions := r.field("id"), r.field("captions")
	switch {
	case id == 0:
		return r.startErrorf(`key "id" is missing`)
	case path == 0:
		return r.startErrorf(`key "file_path" is missing`)
	case captions == 0:
		return r.startErrorf(`key "captions" is missing`)
	case r.nodes[captions].kind != array:
		return r.startErrorf(`key "captions": want an array`)
	}
	n := 0
	for c := r.nodes[captions].first; c != 0; c = r.nodes[c].next {
		l.begin()
		r.departOne(l.w, id, path, c)
		n++
	}
	if n != 2 && uncommon != nil {
		uncommon(Uncommon{r.index, string(r.bytes(r.nodes[path].text)), n})
	}
	return nil
}

// departOne writes the record of one caption at level 1.
func (r *record) departOne(w *bufio.Writer, id, path, caption int32) {
	w.WriteByte('{')
	newline(w, 2)
	w.WriteString(`"split": "train",`)
	newline(w, 2)
	w.WriteString(`"id": `)
	r.print(w, id, 2)
	w.WriteByte(',')
	newline(w, 2)
	w.WriteString(`"file_path": `)
	r.print(w, path, 2)
	w.WriteByte(',')
	newline(w, 2)
	w.WriteString(`"captions": [`)
	newline(w, 3)
	r.print(w, caption, 3)
	newline(w, 2)
	w.WriteByte(']')
	newline(w, 1)
	w.WriteByte('}')
}
