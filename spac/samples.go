package spac

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// SamplesFile is the name of the log of generated texts in a run's folder: one object a line, of the first images of the
// validation part after each epoch that trains the generator.
const SamplesFile = "samples.jsonl"

// sample is a line of it.
type sample struct {
	Step       int64          `json:"step"`
	FilePath   string         `json:"file_path"`
	Attributes [Slots]string  `json:"attributes"`
	Captions   [Styles]string `json:"captions"`
}

// sampleLog appends to the log.
type sampleLog struct{ f *os.File }

// openSamples opens the log for appending and drops the lines after step keep, and a last one that a kill cut short.
func openSamples(path string, keep int64) (*sampleLog, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	size := 0
	for n := 1; ; n++ {
		line, _, whole := bytes.Cut(data[size:], []byte{'\n'})
		if !whole {
			break
		}
		var s sample
		if err := json.Unmarshal(line, &s); err != nil {
			return nil, errors.Join(fmt.Errorf("read %s: line %d: %w", path, n, err), f.Close())
		}
		if s.Step > keep {
			break
		}
		size += len(line) + 1
	}
	if err = f.Truncate(int64(size)); err == nil {
		_, err = f.Seek(int64(size), io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &sampleLog{f}, nil
}

func (l *sampleLog) append(s sample) error {
	line, err := json.Marshal(s)
	if err == nil {
		_, err = l.f.Write(append(line, '\n'))
	}
	return err
}

func (l *sampleLog) close() { l.f.Close() }
