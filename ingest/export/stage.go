package export

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"plip/parquet"
)

const (
	doneName  = "export.json" // in OUT, the last file
	stageDir  = ".tmp-export"
	stateName = stageDir + "/state.json"
	newDir    = stageDir + "/new"
	textDir   = stageDir + "/text"
)

// stage is an export under construction. After its first error it is of no more
// use, and what is on disk is for the next run.
type stage struct {
	root *os.Root
	dir  *os.File // of root, for syncing
	lock io.Closer
	step func(what string) error

	state state            // on disk
	next  state            // with the batch under way
	moves []move           // of the batch
	file  *os.File         // created last; closed by who writes it
	texts map[string]*text // growing files that were written to in this run
}

// move is a file of the batch and its final name.
type move struct{ from, to string }

// text is a growing file.
type text struct {
	f      *os.File
	w      *bufio.Writer
	length int64
}

// openStage claims dir. Beside an error s may be read for its summary and is
// otherwise nil.
func openStage(dir string, config map[string]string, step func(string) error) (*stage, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	lock, err := parquet.LockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &stage{lock: lock, step: step, texts: map[string]*text{}}
	if s.root, err = os.OpenRoot(dir); err == nil {
		s.dir, err = s.root.Open(".")
	}
	if err == nil {
		err = s.claim(dir, config)
	}
	if err != nil {
		return s, errors.Join(err, s.close())
	}
	return s, nil
}

// claim begins a run or takes up an unfinished one.
func (s *stage) claim(dir string, config map[string]string) error {
	if err := s.read(doneName); err == nil {
		if err := parquet.CompareConfig(dir, s.state.Config, config); err != nil {
			return err
		}
		return errors.Join(parquet.ErrFinished, s.root.RemoveAll(stageDir)) // a run may have ended before it removed it
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch err := s.read(stateName); {
	case err == nil:
		if err := parquet.CompareConfig(dir, s.state.Config, config); err != nil {
			return err
		}
	case errors.Is(err, fs.ErrNotExist):
		if err := s.begin(config); err != nil {
			return err
		}
	default:
		return err
	}
	s.next = s.state.clone()
	return s.cutBack()
}

// read sets the state from a file.
func (s *stage) read(name string) error {
	f, err := s.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if s.state, err = readState(f); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// begin writes the first state into an empty folder.
func (s *stage) begin(config map[string]string) error {
	entries, err := s.dir.ReadDir(-1)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name() != stageDir { // of a run that ended before its first state
			return fmt.Errorf("want an empty folder or an unfinished export, got a folder with %s", e.Name())
		}
	}
	if err := s.root.MkdirAll(stageDir, 0o777); err != nil {
		return err
	}
	s.next = state{Config: config, Texts: map[string]int64{}}
	return s.save()
}

// cutBack removes what is not part of the state.
func (s *stage) cutBack() error {
	if err := s.root.RemoveAll(newDir); err != nil {
		return err
	}
	if s.state.Whole {
		return nil // the growing files may have their names already
	}
	if err := s.root.MkdirAll(newDir, 0o777); err != nil {
		return err
	}
	return fs.WalkDir(s.root.FS(), textDir, func(p string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && p == textDir {
			return nil
		}
		if err != nil || e.IsDir() {
			return err
		}
		name := p[len(textDir)+1:]
		if _, known := s.state.Texts[name]; known {
			return nil // openText cuts it
		}
		return s.root.Remove(p)
	})
}

// create makes a file that the commit of the batch will put at name.
func (s *stage) create(name string) (*os.File, error) {
	if err := s.step("create " + name); err != nil {
		return nil, err
	}
	from := path.Join(newDir, strconv.Itoa(len(s.moves)))
	f, err := s.root.OpenFile(from, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return nil, err
	}
	s.file, s.moves = f, append(s.moves, move{from, name})
	s.next.Files++
	return f, nil
}

// put is create with the bytes of the whole file.
func (s *stage) put(name string, data []byte) error {
	f, err := s.create(name)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// append adds to the growing file that will have that name.
func (s *stage) append(name string, data []byte) error {
	t, err := s.openText(name)
	if err != nil {
		return err
	}
	_, err = t.w.Write(data)
	t.length += int64(len(data))
	return err
}

// size is the length of a growing file, 0 when there is none.
func (s *stage) size(name string) int64 {
	if t := s.texts[name]; t != nil {
		return t.length
	}
	return s.state.Texts[name]
}

// textNames lists the growing files in order.
func (s *stage) textNames() []string {
	names := maps.Clone(s.state.Texts)
	for name := range s.texts {
		names[name] = 0
	}
	return slices.Sorted(maps.Keys(names))
}

func (s *stage) openText(name string) (*text, error) {
	if t := s.texts[name]; t != nil {
		return t, nil
	}
	staged := path.Join(textDir, name)
	if err := s.root.MkdirAll(path.Dir(staged), 0o777); err != nil {
		return nil, err
	}
	f, err := s.root.OpenFile(staged, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	t := &text{f: f, w: bufio.NewWriterSize(f, 256<<10), length: s.state.Texts[name]}
	s.texts[name] = t
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() < t.length {
		return nil, fmt.Errorf("%s: want %d bytes or more, got %d", staged, t.length, info.Size())
	}
	if err := f.Truncate(t.length); err != nil {
		return nil, err
	}
	_, err = f.Seek(t.length, io.SeekStart)
	return t, err
}

// commit makes the batch durable and gives its files their names.
func (s *stage) commit() error {
	for _, name := range s.textNames() {
		if t := s.texts[name]; t != nil {
			if err := t.w.Flush(); err != nil {
				return err
			}
			s.next.Texts[name] = t.length
		}
	}
	if err := s.sync(); err != nil {
		return err
	}
	for _, m := range s.moves {
		if err := s.rename(m.from, m.to); err != nil {
			return err
		}
	}
	s.moves = s.moves[:0]
	return s.save()
}

// rename gives a file its final name, in folders that are made for it.
func (s *stage) rename(from, to string) error {
	if err := s.step("rename " + to); err != nil {
		return err
	}
	if err := s.root.MkdirAll(path.Dir(to), 0o777); err != nil {
		return err
	}
	return s.root.Rename(from, to)
}

// save makes next the state on disk. The one sync is of the new state and of all
// that it counts on, the renames before it included.
func (s *stage) save() error {
	if err := s.writeState(stateName); err != nil {
		return err
	}
	s.state = s.next.clone()
	return nil
}

func (s *stage) writeState(name string) error {
	b, err := s.next.encode()
	if err != nil {
		return err
	}
	temporary := stageDir + "/new-state"
	f, err := s.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o666)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err := errors.Join(err, f.Close(), s.sync()); err != nil {
		return err
	}
	return s.rename(temporary, name)
}

// finish gives the growing files their names, then marks the export as finished.
func (s *stage) finish() error {
	for _, name := range slices.Sorted(maps.Keys(s.state.Texts)) {
		staged := path.Join(textDir, name)
		if _, err := s.root.Stat(staged); errors.Is(err, fs.ErrNotExist) {
			continue // a run before had come so far
		} else if err != nil {
			return err
		}
		if err := s.rename(staged, name); err != nil {
			return err
		}
	}
	if err := s.writeState(doneName); err != nil {
		return err
	}
	if err := s.step("remove " + stageDir); err != nil {
		return err
	}
	if err := s.root.RemoveAll(stageDir); err != nil {
		return err
	}
	return s.sync()
}

// sync brings the whole file system to disk: one call for thousands of pictures.
func (s *stage) sync() error {
	if err := s.step("sync"); err != nil {
		return err
	}
	if err := unix.Syncfs(int(s.dir.Fd())); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}

func (s *stage) summary() Summary {
	if s == nil {
		return Summary{}
	}
	return s.state.Summary
}

// close frees what the stage holds, and leaves the disk as it is.
func (s *stage) close() error {
	var errs []error
	if s.file != nil {
		_ = s.file.Close() // open only after an error, which matters more
	}
	for _, t := range s.texts {
		errs = append(errs, t.f.Close())
	}
	if s.dir != nil {
		errs = append(errs, s.dir.Close())
	}
	if s.root != nil {
		errs = append(errs, s.root.Close())
	}
	return errors.Join(append(errs, s.lock.Close())...)
}
