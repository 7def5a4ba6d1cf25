package weights

import (
	"errors"
	"fmt"
)

// RefusedError says why the bytes of a file are not accepted as weights. Errors of the file system are not of this type.
type RefusedError struct {
	File   string
	Reason string
	// Name is what was refused where it has a name: the function a pickle would call, an opcode, a record, a tensor.
	Name string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("read weights %s: refused: %s", e.File, e.Reason)
}

// refuse makes the error for the thing called name, "" where there is none; inFile adds the file.
func refuse(name, format string, args ...any) error {
	return &RefusedError{Name: name, Reason: fmt.Sprintf(format, args...)}
}

// inFile completes a refusal with the file that was read; any other error is wrapped.
func inFile(path string, err error) error {
	var r *RefusedError
	if errors.As(err, &r) {
		located := *r // a copy: a storage keeps its error for every tensor that asks
		if located.File == "" {
			located.File = path
		}
		return &located
	}
	return fmt.Errorf("read weights %s: %w", path, err)
}
