package parquet

// columnSetter adds a row's levels and values to a column.
type columnSetter func(w *leafWriter, r *Row)

// columnSetters returns one setter for each leaf column of fileSchema, in order.
func columnSetters(o *WriterOptions) []columnSetter {
	setters := []columnSetter{
		func(w *leafWriter, r *Row) { w.picture(r.Image) },
		func(w *leafWriter, r *Row) { w.text(0, r.ImagePath) },
		func(w *leafWriter, r *Row) { w.int64(r.ID) },
		func(w *leafWriter, r *Row) { w.text(0, r.FilePath) },
	}
	if o.Camera {
		setters = append(setters, func(w *leafWriter, r *Row) {
			if r.Camera == nil {
				w.null(nullScalar)
			} else {
				w.int32(0, *r.Camera)
			}
		})
	}
	if o.Split {
		setters = append(setters, func(w *leafWriter, r *Row) {
			if r.Split == "" {
				w.null(nullScalar)
			} else {
				w.text(0, r.Split)
			}
		})
	}
	setters = append(setters,
		func(w *leafWriter, r *Row) { w.text(0, r.Source) },
		func(w *leafWriter, r *Row) { w.int32(0, r.Width) },
		func(w *leafWriter, r *Row) { w.int32(0, r.Height) },
		func(w *leafWriter, r *Row) { addList(w, r.Attributes, (*leafWriter).text, emptyList) },
		func(w *leafWriter, r *Row) { addList(w, r.Captions, (*leafWriter).text, emptyList) },
		func(w *leafWriter, r *Row) { addList(w, r.PromptCaption, (*leafWriter).text, emptyList) },
	)
	if o.Labels {
		setters = append(setters, func(w *leafWriter, r *Row) {
			addList(w, r.Labels, func(w *leafWriter, i int, v int8) { w.int32(i, int32(v)) }, nullList)
		})
	}
	if o.Embedding {
		setters = append(setters, func(w *leafWriter, r *Row) { addList(w, r.Embedding, (*leafWriter).float, nullList) })
	}
	if o.Truth {
		setters = append(setters,
			func(w *leafWriter, r *Row) {
				if r.TruthID == nil {
					w.null(nullScalar)
				} else {
					w.int64(*r.TruthID)
				}
			},
			func(w *leafWriter, r *Row) { addList(w, r.TruthAttributes, (*leafWriter).text, nullList) })
	}
	return setters
}

// Definition levels of what is not there. A scalar is null at the outermost
// level, a list is optional and has optional elements.
const (
	nullScalar = 0
	nullList   = 0
	emptyList  = 1
)

// addList adds the values of a list; nilLevel says whether nil is null or empty.
func addList[T any](w *leafWriter, values []T, add func(w *leafWriter, i int, v T), nilLevel byte) {
	switch {
	case values == nil:
		w.null(nilLevel)
	case len(values) == 0:
		w.null(emptyList)
	}
	for i, v := range values {
		add(w, i, v)
	}
}
