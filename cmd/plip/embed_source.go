//go:build cgo

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"plip/internal/pixels"
	"plip/internal/vectors"
	"plip/parquet"
)

// maxTextBytes bounds a line of a file of texts.
const maxTextBytes = 1 << 20

// isDataset tells shards, or a foreign Parquet file, from other files and folders.
func isDataset(path string) (bool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return false, err
	}
	if !info.IsDir() {
		return filepath.Ext(path) == ".parquet", nil
	}
	found, err := filepath.Glob(filepath.Join(path, "*.parquet"))
	return len(found) > 0, err
}

// shardSource embeds the images of a dataset.
func shardSource(ctx context.Context, c *call, e encoder, path string, workers int) (*embedSource, error) {
	d, err := parquet.Open(path)
	if err != nil {
		return nil, err
	}
	columns := d.Manifest().Columns
	return &embedSource{slices.Contains(columns, "camera"), slices.Contains(columns, "split"), func(f func(r *vectors.Row) error) error {
		defer d.Close()
		report := c.progress.Callback("embed", "images")
		return embedRows(ctx, e, d, workers, 0, false, func(number int64, r *parquet.Row, embedding []float32) error {
			report(number+1, d.NumRows())
			return f(&vectors.Row{ID: &r.ID, Key: r.FilePath, Camera: r.Camera, Split: r.Split, Embedding: embedding})
		})
	}}, nil
}

// pictureSource embeds the pictures below a folder in the order of their paths, which are relative to it. A file that
// is no readable picture is left out and named.
func pictureSource(ctx context.Context, c *call, e encoder, dir string, workers int) (*embedSource, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() && slices.Contains([]string{".jpg", ".jpeg", ".png", ".bmp", ".webp", ".gif"}, strings.ToLower(filepath.Ext(path))) {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: want shards or pictures (jpg, png, bmp, webp, gif), got neither", dir)
	}
	return &embedSource{scan: func(f func(r *vectors.Row) error) error {
		report := c.progress.Callback("embed", "images")
		for from := 0; from < len(files); from += embedBatch {
			batch := files[from:min(from+embedBatch, len(files))]
			keys, images, err := readPictures(ctx, c, e, dir, batch, workers)
			if err != nil {
				return err
			}
			if len(keys) == 0 {
				continue
			}
			embeddings, err := e.EmbedImages(images)
			if err != nil {
				return fmt.Errorf("pictures from %s: %w", batch[0], err)
			}
			for i, key := range keys {
				if err := f(&vectors.Row{Key: key, Embedding: embeddings[i*e.Dim() : (i+1)*e.Dim()]}); err != nil {
					return err
				}
			}
			report(int64(from+len(batch)), int64(len(files)))
		}
		return nil
	}}, nil
}

// readPictures decodes files. images is [N, 3, H, W], of those that are pictures.
func readPictures(ctx context.Context, c *call, e encoder, dir string, files []string, workers int) (keys []string, images []float32, err error) {
	height, px, norm := e.Input()
	table := norm.Table()
	decoded := make([][]float32, len(files)) // nil: no picture
	group, inner := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for i, file := range files {
		group.Go(func() error {
			if err := inner.Err(); err != nil {
				return err
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			picture, err := pixels.Decode(data)
			if err != nil {
				c.logf("%s is left out: %v", file, err)
				return nil
			}
			rgb := make([]uint8, 3*height*px)
			pixels.ResizeBicubic(rgb, picture, px, height)
			decoded[i] = make([]float32, 3*height*px)
			table.CHW(decoded[i], rgb, px, height, false)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	for i, pixels := range decoded {
		if pixels == nil {
			continue
		}
		key, err := filepath.Rel(dir, files[i])
		if err != nil {
			return nil, nil, err
		}
		keys, images = append(keys, filepath.ToSlash(key)), append(images, pixels...)
	}
	return keys, images, nil
}

// textSource embeds the texts of a file or the captions of a dataset.
func textSource(ctx context.Context, c *call, e textEncoder, path string, shards bool) (*embedSource, error) {
	read := readTexts
	if shards {
		read = readCaptions
	}
	rows, err := read(ctx, path)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fmt.Errorf("%s: want one text or more, got none", path)
	}
	return &embedSource{split: shards, scan: func(f func(r *vectors.Row) error) error {
		texts := make([]string, len(rows))
		for i, r := range rows {
			texts[i] = r.Key
		}
		report := c.progress.Callback("embed", "texts")
		embeddings, err := embedTexts(ctx, e, texts, func(n int) { report(int64(n), int64(len(texts))) })
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].Embedding = embeddings[i*e.Dim() : (i+1)*e.Dim()]
			if err := f(&rows[i]); err != nil {
				return err
			}
		}
		return nil
	}}, nil
}

// readCaptions makes a row of every caption of a dataset.
func readCaptions(ctx context.Context, path string) (rows []vectors.Row, err error) {
	d, err := parquet.Open(path)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	err = d.Scan(ctx, parquet.ColText|parquet.ColMeta, 0, func(_ int64, r *parquet.Row) error {
		for _, caption := range r.Captions {
			rows = append(rows, vectors.Row{ID: &r.ID, Key: caption, Split: r.Split})
		}
		return nil
	})
	return rows, err
}

// readTexts reads one text a line, or JSON lines with "text" and optionally "id" where the first line begins with "{".
// Empty lines are left out.
func readTexts(_ context.Context, path string) ([]vectors.Row, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	rows, err := parseTexts(data)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return rows, nil
}

func parseTexts(data []byte) (rows []vectors.Row, err error) {
	isJSON := bytes.HasPrefix(bytes.TrimSpace(data), []byte("{"))
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, maxTextBytes)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		row := vectors.Row{Key: line}
		if isJSON {
			var entry struct {
				ID   *int64  `json:"id"`
				Text *string `json:"text"`
			}
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			if entry.Text == nil {
				return nil, fmt.Errorf("line %d: want a key \"text\", got %.60q", n, line)
			}
			row.ID, row.Key = entry.ID, *entry.Text
		}
		rows = append(rows, row)
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("want lines of at most %d bytes", maxTextBytes)
	}
	return rows, lines.Err()
}
