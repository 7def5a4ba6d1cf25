package parquet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
)

// PartDir is the directory below dir in which task i of n of an array job writes
// its part. I counts from 0.
func PartDir(dir string, i, n int) string {
	return filepath.Join(dir, fmt.Sprintf("part-%d-of-%d", i, n))
}

// PartDirs lists the parts of an array job below dir, in order: none when dir
// has no parts, an error when some are missing or belong to another job.
func PartDirs(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	name := regexp.MustCompile(`^part-(\d+)-of-(\d+)$`)
	found := map[int]bool{}
	total := 0
	for _, e := range entries {
		m := name.FindStringSubmatch(e.Name())
		if m == nil || !e.IsDir() {
			continue
		}
		i, errI := strconv.Atoi(m[1])
		n, errN := strconv.Atoi(m[2])
		if err := errors.Join(errI, errN); err != nil {
			return nil, fmt.Errorf("%s: %s: %w", dir, e.Name(), err)
		}
		if total != 0 && n != total {
			return nil, fmt.Errorf("%s: want the parts of one job, got parts of %d and of %d", dir, total, n)
		}
		total = n
		found[i] = true
	}
	var parts []string
	for i := range total {
		if !found[i] {
			return nil, fmt.Errorf("%s: want %d parts, got none with number %d", dir, total, i)
		}
		parts = append(parts, PartDir(dir, i, total))
	}
	return parts, nil
}
