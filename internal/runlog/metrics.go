package runlog

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// MetricsFile is the name of the log in a run's folder.
const MetricsFile = "metrics.jsonl"

// Field is one figure of a step. A figure that is not finite is written as
// null and read back as NaN.
type Field struct {
	Name  string
	Value float64
}

// Record is one line of the log: the figures of a step, in the order they were
// logged.
type Record struct {
	Step   int64
	Fields []Field
}

// Get returns the figure of that name; ok is false when the record has none.
func (r Record) Get(name string) (v float64, ok bool) {
	for _, f := range r.Fields {
		if f.Name == name {
			return f.Value, true
		}
	}
	return 0, false
}

// Metrics appends to metrics.jsonl, and the same figures to the log for
// TensorBoard beside it. It is not safe for concurrent use, and unusable after
// its first error.
type Metrics struct {
	f      *os.File
	events *os.File
	buf    []byte
	err    error
}

// OpenMetrics opens the log at path for appending and drops every line after
// step keep, the step of the checkpoint that is being resumed, and a last line
// that a kill cut short. Negative keep begins anew. EventsFile beside it is made
// to hold the same.
func OpenMetrics(path string, keep int64) (*Metrics, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	size, err := lengthUntil(f, keep)
	if err == nil {
		err = f.Truncate(size)
	}
	if err == nil {
		_, err = f.Seek(size, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), f.Close())
	}
	records, err := ReadMetrics(path)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	events, err := openEvents(filepath.Join(filepath.Dir(path), EventsFile), records)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &Metrics{f: f, events: events}, nil
}

// lengthUntil is the length of the leading lines that are whole and belong to
// steps up to keep.
func lengthUntil(r io.Reader, keep int64) (int64, error) {
	var size int64
	b := bufio.NewReader(r)
	for n := 1; ; n++ {
		line, err := b.ReadBytes('\n')
		if err == io.EOF {
			return size, nil // what is left has no end of line
		}
		if err != nil {
			return 0, err
		}
		record, err := parseRecord(line)
		if err != nil {
			return 0, fmt.Errorf("line %d: %w", n, err)
		}
		if record.Step > keep {
			return size, nil
		}
		size += int64(len(line))
	}
}

// Append writes one line, in one write, so that a reader that follows the file
// sees whole lines.
func (m *Metrics) Append(step int64, fields ...Field) error {
	if m.err != nil {
		return m.err
	}
	m.buf = append(m.buf[:0], `{"step":`...)
	m.buf = strconv.AppendInt(m.buf, step, 10)
	for _, f := range fields {
		name, err := json.Marshal(f.Name)
		if err != nil {
			return err
		}
		m.buf = append(append(append(m.buf, ','), name...), ':')
		if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
			m.buf = append(m.buf, "null"...)
			continue
		}
		m.buf = strconv.AppendFloat(m.buf, f.Value, 'g', -1, 64)
	}
	m.buf = append(m.buf, "}\n"...)
	if _, m.err = m.f.Write(m.buf); m.err == nil {
		_, m.err = m.events.Write(appendEvent(nil, Record{step, fields}))
	}
	return m.err
}

// Sync makes the log durable: called before a checkpoint is committed, so that
// the log never lags behind it.
func (m *Metrics) Sync() error {
	if m.err == nil {
		m.err = m.f.Sync()
	}
	return m.err
}

// Close closes the files.
func (m *Metrics) Close() error { return errors.Join(m.f.Close(), m.events.Close()) }

// ReadMetrics reads the log at path. A last line without its end, as a run in
// progress or a kill may leave, is ignored.
func ReadMetrics(path string) ([]Record, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var records []Record
	for n := 1; ; n++ {
		line, rest, whole := bytes.Cut(data, []byte{'\n'})
		if !whole {
			return records, nil
		}
		r, err := parseRecord(line)
		if err != nil {
			return nil, fmt.Errorf("read %s: line %d: %w", path, n, err)
		}
		records, data = append(records, r), rest
	}
}

// parseRecord reads one line, keeping the order of its fields.
func parseRecord(line []byte) (Record, error) {
	var r Record
	d := json.NewDecoder(bytes.NewReader(line))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return r, fmt.Errorf("want a JSON object, got %.60q", line)
	}
	hasStep := false
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return r, err
		}
		var v *float64
		if err := d.Decode(&v); err != nil {
			return r, fmt.Errorf("key %q: %w", key, err)
		}
		value := math.NaN()
		if v != nil {
			value = *v
		}
		if key == "step" {
			if value != math.Trunc(value) || math.Abs(value) > 1<<53 {
				return r, fmt.Errorf(`key "step": want an integer, got %v`, value)
			}
			r.Step, hasStep = int64(value), true
			continue
		}
		r.Fields = append(r.Fields, Field{key.(string), value})
	}
	if _, err := d.Token(); err != nil {
		return r, err
	}
	if _, err := d.Token(); err != io.EOF {
		return r, fmt.Errorf("want one JSON object, got more after it")
	}
	if !hasStep {
		return r, fmt.Errorf(`want a key "step"`)
	}
	return r, nil
}
