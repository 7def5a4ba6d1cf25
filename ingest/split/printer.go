package split

import "bufio"

// list writes a JSON array record by record, in Python's indent=4 form.
type list struct {
	w *bufio.Writer
	n int64 // records written
}

// begin starts the next element.
func (l *list) begin() {
	if l.n == 0 {
		l.w.WriteByte('[')
	} else {
		l.w.WriteByte(',')
	}
	l.n++
	newline(l.w, 1)
}

// add writes a record as the next element. Errors of the underlying writer
// stay in the bufio.Writer until close.
func (l *list) add(r *record) {
	l.begin()
	r.print(l.w, 0, 1)
}

// close ends the array and flushes.
func (l *list) close() error {
	if l.n == 0 {
		l.w.WriteString("[]")
	} else {
		newline(l.w, 0)
		l.w.WriteByte(']')
	}
	return l.w.Flush()
}

// print writes the value of a node whose children stand at level+1.
func (r *record) print(w *bufio.Writer, at int32, level int) {
	n := &r.nodes[at]
	if n.kind == scalar {
		w.Write(r.bytes(n.text))
		return
	}
	open, shut := byte('['), byte(']')
	if n.kind == object {
		open, shut = '{', '}'
	}
	w.WriteByte(open)
	for c := n.first; c != 0; c = r.nodes[c].next {
		if c != n.first {
			w.WriteByte(',')
		}
		newline(w, level+1)
		if n.kind == object {
			w.Write(r.bytes(r.nodes[c].key))
			w.WriteString(": ")
		}
		r.print(w, c, level+1)
	}
	if n.first != 0 {
		newline(w, level)
	}
	w.WriteByte(shut)
}

// newline begins a line at a level of four spaces.
func newline(w *bufio.Writer, level int) {
	const spaces = "                                "
	w.WriteByte('\n')
	for n := 4 * level; n > 0; {
		k := min(n, len(spaces))
		w.WriteString(spaces[:k])
		n -= k
	}
}
