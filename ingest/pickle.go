package ingest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Caps of what a pickle may hold at a time: a video's detections are far below.
const (
	maxPlains     = 4 << 20   // values on the stack, in containers and in the memo, about 60 bytes each
	maxPlainBytes = 128 << 20 // bytes of texts
	maxPlainName  = 512       // bytes of the name of a class
)

// pickleReader reads a pickle of protocol 2 to 5 that holds plain values: dicts,
// lists, tuples, texts, numbers, and of NumPy integers and arrays, whose contents
// are passed over. Nothing of it is executed: it knows the opcodes that build
// those, and what the few allowed functions would do; any other opcode, class or
// function is refused by name. It does not recurse, and holds no more than the
// caps above whatever the bytes say.
//
// Long lists need not be held: where each is set, the members of a list that is
// the value of a text key of the outermost dict go there, in order, as soon as
// Python's writer ended a batch of them, and the list stays empty.
type pickleReader struct {
	each func(key string, item plain) error

	in    *bufio.Reader
	at    int64 // bytes read
	stack []plain
	marks []int
	memo  map[uint32]plain
	puts  int      // into the memo so far
	batch []uint32 // what was put since the last mark or the last batch that went to each
	held  int      // values
	bytes int      // of texts
}

// readPickle reads one pickle and gives the value that it leaves. The error names
// the byte.
func readPickle(r io.Reader, each func(key string, item plain) error) (plain, error) {
	p := &pickleReader{each: each, in: bufio.NewReaderSize(r, 64<<10), memo: map[uint32]plain{}}
	for {
		start := p.at
		op, err := p.op()
		if err == nil && op == opStop {
			if len(p.stack) == 1 && len(p.marks) == 0 {
				return p.stack[0], nil
			}
			err = fmt.Errorf("want one value at the end, got %d", len(p.stack))
		} else if err == nil {
			err = p.step(op)
		}
		if err == nil && (p.held > maxPlains || p.bytes > maxPlainBytes) {
			err = fmt.Errorf("want at most %d values and %d bytes of text, got more", maxPlains, maxPlainBytes)
		}
		if err != nil {
			return plain{}, fmt.Errorf("byte %d: %w", start, err)
		}
	}
}

// op reads one byte.
func (p *pickleReader) op() (byte, error) {
	b, err := p.in.ReadByte()
	if err != nil {
		return 0, cut(err, 1, 0)
	}
	p.at++
	return b, nil
}

// take reads n bytes. Many are copied piece by piece, so that a length alone
// takes no memory.
func (p *pickleReader) take(n uint64) ([]byte, error) {
	if n > maxPlainBytes {
		return nil, fmt.Errorf("want at most %d bytes in one value, got %d", maxPlainBytes, n)
	}
	if n <= 4096 {
		b := make([]byte, n)
		got, err := io.ReadFull(p.in, b)
		p.at += int64(got)
		return b[:got], cut(err, n, int64(got))
	}
	var b bytes.Buffer
	got, err := io.CopyN(&b, p.in, int64(n))
	p.at += got
	return b.Bytes(), cut(err, n, got)
}

// cut says what is missing where the bytes end.
func cut(err error, want uint64, got int64) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("want %d bytes, got %d: %w", want, got, io.ErrUnexpectedEOF)
	}
	return err
}

// number reads a little-endian count of size bytes, at most 8.
func (p *pickleReader) number(size uint64) (uint64, error) {
	var n uint64
	for i := range size {
		b, err := p.op()
		if err != nil {
			return 0, err
		}
		n |= uint64(b) << (8 * i)
	}
	return n, nil
}

func littleEndian(b []byte) uint64 {
	var n uint64
	for i, v := range b {
		n |= uint64(v) << (8 * i)
	}
	return n
}

// counted reads a count of size bytes and that many bytes after it.
func (p *pickleReader) counted(size uint64) (string, error) {
	n, err := p.number(size)
	if err != nil {
		return "", err
	}
	b, err := p.take(n)
	p.bytes += len(b)
	return string(b), err
}

// line reads a name up to a line feed, which it drops.
func (p *pickleReader) line() (string, error) {
	var name []byte
	for len(name) <= maxPlainName {
		b, err := p.op()
		if err != nil {
			return "", err
		}
		if b == '\n' {
			return string(name), nil
		}
		name = append(name, b)
	}
	return "", fmt.Errorf("want a name of at most %d bytes, got one that begins with %.40q", maxPlainName, name)
}

func (p *pickleReader) push(v plain) {
	p.held++
	p.stack = append(p.stack, v)
}

// pushBox pushes a list or dict of a copy of items.
func (p *pickleReader) pushBox(kind plainKind, items []plain) {
	box := append([]plain(nil), items...)
	p.push(plain{kind: kind, box: &box})
}

// pop takes the last n values, none from below the last mark. They are valid
// until the next push.
func (p *pickleReader) pop(n int) ([]plain, error) {
	floor := 0
	if len(p.marks) > 0 {
		floor = p.marks[len(p.marks)-1]
	}
	from := len(p.stack) - n
	if from < floor {
		return nil, fmt.Errorf("want %d values on the stack, got %d", n, len(p.stack)-floor)
	}
	items := p.stack[from:]
	p.stack = p.stack[:from]
	return items, nil
}

// popMark takes what is above the last mark, and the mark.
func (p *pickleReader) popMark() ([]plain, error) {
	if len(p.marks) == 0 {
		return nil, errors.New("want a mark on the stack, got none")
	}
	n := len(p.stack) - p.marks[len(p.marks)-1]
	items, err := p.pop(n)
	p.marks = p.marks[:len(p.marks)-1]
	return items, err
}

// top is the last value, of the given kind.
func (p *pickleReader) top(kind plainKind) (plain, error) {
	v, err := p.pop(1)
	if err != nil {
		return plain{}, err
	}
	p.stack = p.stack[:len(p.stack)+1] // it stays
	if v[0].kind != kind {
		return plain{}, fmt.Errorf("want a %s, got a %s", kind, v[0].kind)
	}
	return v[0], nil
}

// extend appends to the list on the stack, or hands over what it is told.
func (p *pickleReader) extend(items []plain) error {
	list, err := p.top(plainList)
	if err != nil {
		return err
	}
	if p.each == nil || !p.isOuter() {
		*list.box = append(*list.box, items...)
		return nil
	}
	key := p.stack[len(p.stack)-2].text
	// items lie behind the stack's end and are not overwritten: nothing is pushed here.
	for _, item := range items {
		if err := p.each(key, item); err != nil {
			return err
		}
		p.bytes -= len(item.text)
	}
	p.held -= len(items)
	p.forget(items)
	return nil
}

// isOuter tells whether the list on the stack is the value of a text key of the
// outermost dict. Below it lie that dict and, behind a mark unless the pair is its
// only one, the pairs before it.
func (p *pickleReader) isOuter() bool {
	n := len(p.stack)
	if n < 3 || n%2 == 0 || p.stack[0].kind != plainDict || p.stack[n-2].kind != plainText {
		return false
	}
	return n == 3 && len(p.marks) == 0 || len(p.marks) == 1 && p.marks[0] == 1
}

// forget drops the texts that were handed over from the memo, where Python's
// writer puts every one.
func (p *pickleReader) forget(items []plain) {
	gone := 0
	for _, index := range p.batch {
		v := p.memo[index]
		for gone < len(items) && (items[gone].kind != plainText || items[gone].text != v.text) {
			gone++
		}
		if gone == len(items) {
			break
		}
		if v.kind == plainText {
			delete(p.memo, index)
			p.held--
		}
	}
	p.batch = p.batch[:0]
}
