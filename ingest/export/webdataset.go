package export

import (
	"archive/tar"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"plip/parquet"
)

// webDataset is the layout of the webdataset library: tars in which the files of a
// sample follow each other under one key.
type webDataset struct {
	columns  []string
	tarBytes int64

	file *os.File // nil between tars
	tar  *tar.Writer
}

func newWebDataset(d *parquet.Dataset, o *Options) layout {
	return &webDataset{columns: d.Manifest().Columns, tarBytes: o.TarBytes}
}

func (l *webDataset) config() map[string]string {
	return map[string]string{"tar-bytes": strconv.FormatInt(l.tarBytes, 10)}
}

func (l *webDataset) batchBytes() int64 { return l.tarBytes }

func (l *webDataset) add(s *stage, at place, r *parquet.Row) error {
	ext, err := suffix(r.Image)
	if err != nil {
		return err
	}
	if l.file == nil {
		if l.file, err = s.create(fmt.Sprintf("part-%05d.tar", s.state.Batches)); err != nil {
			return err
		}
		l.tar = tar.NewWriter(l.file)
	}
	sample, err := object(append([]field{{"id", r.ID}}, rowFields(r, l.columns)...))
	if err != nil {
		return err
	}
	key := fmt.Sprintf("%09d", at.row)
	if err := l.put(key+ext, r.Image); err != nil {
		return err
	}
	return l.put(key+".json", append(sample, '\n'))
}

// put writes one file whose header depends on its name and size alone.
func (l *webDataset) put(name string, data []byte) error {
	h := tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(data)), Mode: 0o444, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR}
	if err := l.tar.WriteHeader(&h); err != nil {
		return err
	}
	_, err := l.tar.Write(data)
	return err
}

func (l *webDataset) endBatch(*stage) error {
	if l.file == nil { // a dataset without rows
		return nil
	}
	err := errors.Join(l.tar.Close(), l.file.Close())
	l.file, l.tar = nil, nil
	return err
}

// end writes the dataset card, by which the datasets library finds the tars.
func (l *webDataset) end(s *stage) error {
	return s.append(cardName, []byte("---\nconfigs:\n- config_name: default\n  data_files: \"*.tar\"\n---\n\n"+
		"Crops of persons: a picture and a JSON object under one key.\n"))
}
