package parquet

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// PartDir is the directory below dir in which task i of n of an array job writes
// its part. I counts from 0.
func PartDir(dir string, i, n int) string {
	return filepath.Join(dir, fmt.Sprintf("part-%d-of-%d", i, n))
}

// Share is n*i/count without overflow: where of n things part i of count begins.
func Share(n int64, i, count int) int64 {
	q, r := n/int64(count), n%int64(count)
	return q*int64(i) + r*int64(i)/int64(count)
}

// MissingPartsError says that parts of an array job are not there.
type MissingPartsError struct {
	Dir     string // that holds the others
	Total   int    // parts of the job
	Missing []int  // ascending, never empty
}

func (e *MissingPartsError) Error() string {
	return fmt.Sprintf("%s: want %d parts, got none with number %s", e.Dir, e.Total, spans(e.Missing))
}

// spans writes ascending numbers as in 1, 4-6.
func spans(numbers []int) string {
	var out []string
	for from := 0; from < len(numbers); {
		to := from
		for to+1 < len(numbers) && numbers[to+1] == numbers[to]+1 {
			to++
		}
		span := strconv.Itoa(numbers[from])
		if to > from {
			span += "-" + strconv.Itoa(numbers[to])
		}
		out = append(out, span)
		from = to + 1
	}
	return strings.Join(out, ", ")
}

// job is the parts of an array job that were met.
type job struct {
	total int
	found map[int]bool
}

// add takes a part by its name; other names are passed over.
func (j *job) add(dir, name string) (isPart bool, err error) {
	m := regexp.MustCompile(`^part-(\d+)-of-(\d+)$`).FindStringSubmatch(name)
	if m == nil {
		return false, nil
	}
	i, errI := strconv.Atoi(m[1])
	n, errN := strconv.Atoi(m[2])
	if err := errors.Join(errI, errN); err != nil {
		return true, fmt.Errorf("%s: %s: %w", dir, name, err)
	}
	if j.found == nil {
		j.total, j.found = n, map[int]bool{}
	}
	if n != j.total {
		return true, fmt.Errorf("%s: want the parts of one job, got parts of %d and of %d", dir, j.total, n)
	}
	j.found[i] = true
	return true, nil
}

// list adds the parts that lie in dir.
func (j *job) list(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if _, err := j.add(dir, e.Name()); err != nil {
			return err
		}
	}
	return nil
}

// dirs are the parts below dir in the order of their numbers. That some are
// missing is an error unless partial.
func (j *job) dirs(dir string, partial bool) ([]string, error) {
	var parts []string
	var missing []int
	for i := range j.total {
		if !j.found[i] {
			missing = append(missing, i)
		}
	}
	if len(missing) > 0 && !partial {
		return nil, &MissingPartsError{Dir: dir, Total: j.total, Missing: missing}
	}
	for _, i := range slices.Sorted(maps.Keys(j.found)) {
		parts = append(parts, PartDir(dir, i, j.total))
	}
	return parts, nil
}

// PartDirs lists what dirs stand for: a directory with the parts of an array job
// for these parts, and any other for itself. Parts that are named one by one, as
// a shell lists them, come in the order of their numbers at the place of the
// first. A *MissingPartsError names the parts of a job that are not among them,
// unless partial.
func PartDirs(dirs []string, partial bool) ([]string, error) {
	jobs := map[string]*job{} // by directory that holds the parts
	var order []string        // a key of jobs, or a dataset
	for _, dir := range dirs {
		dir = filepath.Clean(dir)
		parent, name := filepath.Split(dir)
		parent = filepath.Clean(parent)
		named := &job{}
		isPart, err := named.add(parent, name)
		if err != nil {
			return nil, err
		}
		if !isPart {
			parent = dir
			if err := named.list(dir); err != nil {
				return nil, err
			}
		}
		if j := jobs[parent]; j == nil || j.total == 0 {
			order = append(order, parent)
			jobs[parent] = named
			continue
		}
		if isPart {
			_, err = jobs[parent].add(parent, name)
		} else {
			err = jobs[parent].list(dir)
		}
		if err != nil {
			return nil, err
		}
	}
	var all []string
	for _, dir := range order {
		if jobs[dir].total == 0 {
			all = append(all, dir)
			continue
		}
		parts, err := jobs[dir].dirs(dir, partial)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
	}
	return all, nil
}
