package parquet

import (
	pq "github.com/parquet-go/parquet-go"
)

// columnSetter appends the values of one row's column, levels included.
type columnSetter func(dst []pq.Value, r *Row) []pq.Value

// columnSetters returns one setter for each leaf column of fileSchema, in order.
func columnSetters(o *WriterOptions) []columnSetter {
	setters := []columnSetter{
		scalar(2, func(r *Row) (pq.Value, bool) { return pq.ByteArrayValue(r.Image), true }),
		scalar(2, func(r *Row) (pq.Value, bool) { return stringValue(r.ImagePath), true }),
		scalar(1, func(r *Row) (pq.Value, bool) { return pq.Int64Value(r.ID), true }),
		scalar(1, func(r *Row) (pq.Value, bool) { return stringValue(r.FilePath), true }),
	}
	if o.Camera {
		setters = append(setters, scalar(1, func(r *Row) (pq.Value, bool) {
			if r.Camera == nil {
				return pq.Value{}, false
			}
			return pq.Int32Value(*r.Camera), true
		}))
	}
	if o.Split {
		setters = append(setters, scalar(1, func(r *Row) (pq.Value, bool) { return stringValue(r.Split), r.Split != "" }))
	}
	setters = append(setters,
		scalar(1, func(r *Row) (pq.Value, bool) { return stringValue(r.Source), true }),
		scalar(1, func(r *Row) (pq.Value, bool) { return pq.Int32Value(r.Width), true }),
		scalar(1, func(r *Row) (pq.Value, bool) { return pq.Int32Value(r.Height), true }),
		list(func(r *Row) []string { return r.Attributes }, stringValue, false),
		list(func(r *Row) []string { return r.Captions }, stringValue, false),
		list(func(r *Row) []string { return r.PromptCaption }, stringValue, false),
	)
	if o.Labels {
		setters = append(setters, list(func(r *Row) []int8 { return r.Labels }, func(v int8) pq.Value { return pq.Int32Value(int32(v)) }, true))
	}
	if o.Embedding {
		setters = append(setters, list(func(r *Row) []float32 { return r.Embedding }, pq.FloatValue, true))
	}
	if o.Truth {
		setters = append(setters,
			scalar(1, func(r *Row) (pq.Value, bool) {
				if r.TruthID == nil {
					return pq.Value{}, false
				}
				return pq.Int64Value(*r.TruthID), true
			}),
			list(func(r *Row) []string { return r.TruthAttributes }, stringValue, true))
	}
	for i, set := range setters {
		setters[i] = func(dst []pq.Value, r *Row) []pq.Value {
			dst = set(dst, r)
			for j := range dst {
				dst[j].SetColumnIndex(i)
			}
			return dst
		}
	}
	return setters
}

func stringValue(s string) pq.Value { return pq.ByteArrayValue([]byte(s)) }

// scalar columns are at definition level depth where there is a value; without
// one they are null at the outermost level.
func scalar(depth int, get func(r *Row) (value pq.Value, ok bool)) columnSetter {
	return func(dst []pq.Value, r *Row) []pq.Value {
		v, ok := get(r)
		if !ok {
			return append(dst, pq.Value{}.Level(0, 0, 0))
		}
		return append(dst, v.Level(0, depth, 0))
	}
}

// Definition levels of an optional list of optional elements.
const (
	nullList = iota
	emptyList
	_ // null element, never written
	listElement
)

// list columns hold nil as null where keepNull says so, and as empty elsewhere.
func list[T any](get func(r *Row) []T, value func(T) pq.Value, keepNull bool) columnSetter {
	return func(dst []pq.Value, r *Row) []pq.Value {
		values := get(r)
		switch {
		case values == nil && keepNull:
			return append(dst, pq.Value{}.Level(0, nullList, 0))
		case len(values) == 0:
			return append(dst, pq.Value{}.Level(0, emptyList, 0))
		}
		for i, v := range values {
			dst = append(dst, value(v).Level(min(i, 1), listElement, 0))
		}
		return dst
	}
}
