package parquet

import (
	"fmt"

	pq "github.com/parquet-go/parquet-go"
)

// interner gives equal short strings one copy: attributes and names repeat over
// all rows of a dataset.
type interner struct{ strings map[string]string }

const maxInterned = 4096

func (in *interner) get(b []byte) string {
	if s, ok := in.strings[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(in.strings) < maxInterned {
		if in.strings == nil {
			in.strings = map[string]string{}
		}
		in.strings[s] = s
	}
	return s
}

func (c *column) text(v pq.Value, in *interner) string {
	if c.interns {
		return in.get(v.ByteArray())
	}
	return string(v.ByteArray())
}

func setImage(_ *column, r *Row, values []pq.Value, _ *interner) error {
	if !values[0].IsNull() {
		b := values[0].ByteArray()
		r.Image = b[:len(b):len(b)]
	}
	return nil
}

func setID(c *column, r *Row, values []pq.Value, _ *interner) (err error) {
	if values[0].IsNull() {
		return errMissing
	}
	r.ID, err = c.integer(values[0])
	return err
}

func setTruthID(c *column, r *Row, values []pq.Value, _ *interner) error {
	if values[0].IsNull() {
		return nil
	}
	n, err := c.integer(values[0])
	r.TruthID = &n
	return err
}

func setCamera(c *column, r *Row, values []pq.Value, _ *interner) error {
	if values[0].IsNull() {
		return nil
	}
	n, err := c.integer32(values[0])
	r.Camera = &n
	return err
}

func setInt32(field func(r *Row) *int32) setFunc {
	return func(c *column, r *Row, values []pq.Value, _ *interner) (err error) {
		if values[0].IsNull() {
			return nil
		}
		*field(r), err = c.integer32(values[0])
		return err
	}
}

func setString(field func(r *Row) *string) setFunc {
	return func(c *column, r *Row, values []pq.Value, in *interner) error {
		if !values[0].IsNull() {
			*field(r) = c.text(values[0], in)
		}
		return nil
	}
}

// setStrings stores a list. An empty one is nil, except where null means
// something else than empty.
func setStrings(field func(r *Row) *[]string, keepEmpty bool) setFunc {
	return func(c *column, r *Row, values []pq.Value, in *interner) error {
		n, null, err := c.length(values)
		if err != nil || null || n == 0 && !keepEmpty {
			return err
		}
		list := make([]string, n)
		for i := range list {
			list[i] = c.text(values[i], in)
		}
		*field(r) = list
		return nil
	}
}

func setLabels(c *column, r *Row, values []pq.Value, _ *interner) error {
	n, null, err := c.length(values)
	if err != nil || null {
		return err
	}
	r.Labels = make([]int8, n)
	for i := range r.Labels {
		v, err := c.integer(values[i])
		if err != nil {
			return err
		}
		if v != int64(int8(v)) {
			return fmt.Errorf("want 8 bits, got %d", v)
		}
		r.Labels[i] = int8(v)
	}
	return nil
}

func setEmbedding(c *column, r *Row, values []pq.Value, _ *interner) error {
	n, null, err := c.length(values)
	if err != nil || null {
		return err
	}
	r.Embedding = make([]float32, n)
	for i := range r.Embedding {
		if c.wanted == pq.Double {
			r.Embedding[i] = float32(values[i].Double())
		} else {
			r.Embedding[i] = values[i].Float()
		}
	}
	return nil
}

// length returns the number of elements of a list, and whether the list is null.
func (c *column) length(values []pq.Value) (n int, null bool, err error) {
	if len(values) == 1 && values[0].IsNull() && (!c.isList || values[0].DefinitionLevel() <= c.emptyLevel) {
		return 0, !c.isList || values[0].DefinitionLevel() < c.emptyLevel, nil
	}
	for i := range values {
		if values[i].IsNull() {
			return 0, false, fmt.Errorf("element %d: %w", i, errMissing)
		}
	}
	return len(values), false, nil
}
