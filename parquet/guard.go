package parquet

import (
	"fmt"
	"runtime"
)

// guard runs f and turns a panic of the Parquet library into an error: it checks
// a file's structure but not every number in it, and a dataset of a million
// files will hold a broken one.
func guard(f func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("corrupt data: %w", p)
		default:
			err = fmt.Errorf("corrupt data: %v", p)
		}
	}()
	return f()
}
