package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"plip/ingest/split"
	"plip/internal/runlog"
	"plip/parquet"
)

// splitFiles are the annotation files of a split under construction. Nothing says
// which run wrote those that are there already, so their content decides: what is
// the same stays, which takes up a run that ended between two of them.
type splitFiles struct {
	dir, name string
	lock      io.Closer
	files     []*runlog.File // by part
	paths     []string
}

// createSplitFiles begins the files of the parts in dir, which no other run may
// be writing to.
func createSplitFiles(dir, name string, parts []string) (*splitFiles, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := parquet.LockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &splitFiles{dir: dir, name: name, lock: lock}
	for _, part := range parts {
		f, err := runlog.CreateFile(s.path(part))
		if err != nil {
			return nil, errors.Join(err, s.close())
		}
		s.files, s.paths = append(s.files, f), append(s.paths, s.path(part))
	}
	return s, nil
}

// path is the file of one part.
func (s *splitFiles) path(part string) string {
	return filepath.Join(s.dir, s.name+"-"+part+".json")
}

// outputs are the files for package split.
func (s *splitFiles) outputs() split.Outputs {
	out := split.Outputs{Train: s.files[0], Test: s.files[1], Valid: s.files[2]}
	if len(s.files) > 3 {
		out.Departed = s.files[3]
	}
	return out
}

// commit gives the files their names. Without force a file with other content
// may not be there. finished tells that all were there.
func (s *splitFiles) commit(force bool) (finished bool, err error) {
	finished = true
	for i, f := range s.files {
		there, same, err := f.Same()
		if err != nil {
			return false, err
		}
		if there && !same && !force {
			return false, &outputExistsError{s.paths[i]}
		}
		finished = finished && same
	}
	for _, f := range s.files {
		if err := f.Commit(); err != nil {
			return false, err
		}
	}
	return finished, nil
}

// close ends what commit has not, and gives up the lock.
func (s *splitFiles) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.Abort()) // nothing to do for a committed file
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
