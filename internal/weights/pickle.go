package weights

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/big"
	"strings"
)

const (
	// maxValues bounds what a pickle may build: about 200 MB. The largest checkpoints with optimizer have some 100,000.
	maxValues = 2 << 20
	// maxIntBytes is the longest integer that is read.
	maxIntBytes = 1024
	// maxRank is the most dimensions a tensor may have (libtorch's own limit).
	maxRank = 64
	// maxNameBytes is the longest name of a module, class or function.
	maxNameBytes = 512
)

// machine reads one pickle after the other from data. It has a stack, marks on it and a memo, as the protocol demands;
// values are shared by pointer, as Python shares objects.
type machine struct {
	data []byte
	at   int

	stack []*Value
	marks []int
	memo  map[uint32]*Value
	made  int // values so far

	// storage resolves a persistent id; nil where none may occur.
	storage func(key string, dtype DType, elements int64) (*storage, error)
}

// run reads the pickle at the current position and gives the object it leaves. It never recurses.
func (m *machine) run() (*Value, error) {
	m.stack, m.marks, m.memo = nil, nil, make(map[uint32]*Value)
	for {
		start := m.at
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == opStop {
			v, err := m.pop()
			if err != nil {
				return nil, err
			}
			if len(m.stack) > 0 || len(m.marks) > 0 {
				return nil, refuse("", "pickle byte %d: the end leaves %d values on the stack", start, len(m.stack))
			}
			return v, nil
		}
		if err := m.step(op[0]); err != nil {
			return nil, err
		}
		if m.made > maxValues {
			return nil, refuse("", "pickle byte %d: builds more than %d values", start, maxValues)
		}
	}
}

// take steps over n bytes of the pickle.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.data)-m.at) {
		return nil, refuse("", "the pickle ends at byte %d, %d more were announced", len(m.data), n)
	}
	b := m.data[m.at : m.at+int(n)]
	m.at += int(n)
	return b, nil
}

// number reads a little-endian count of size bytes.
func (m *machine) number(size uint64) (uint64, error) {
	b, err := m.take(size)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// counted reads a count of size bytes and as many bytes after it.
func (m *machine) counted(size uint64) (string, error) {
	n, err := m.number(size)
	if err != nil {
		return "", err
	}
	if n > maxPickleBytes {
		return "", refuse("", "pickle byte %d: a text of %d bytes, at most %d are read", m.at, n, maxPickleBytes)
	}
	b, err := m.take(n)
	return string(b), err
}

// line reads up to a line feed, which it drops.
func (m *machine) line() (string, error) {
	rest := m.data[m.at:min(len(m.data), m.at+maxNameBytes)]
	n := bytes.IndexByte(rest, '\n')
	if n < 0 {
		return "", refuse("", "pickle byte %d: a name without end in %d bytes", m.at, len(rest))
	}
	m.at += n + 1
	return string(rest[:n]), nil
}

func (m *machine) push(v *Value) { m.stack = append(m.stack, v) }

// make pushes a new value.
func (m *machine) make(kind Kind, data any) {
	m.made++
	m.push(&Value{kind: kind, data: data})
}

// floor is the lowest stack position that may be popped: nothing below the last mark.
func (m *machine) floor() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

func (m *machine) pop() (*Value, error) {
	top := len(m.stack) - 1
	if top < m.floor() {
		return nil, refuse("", "pickle byte %d: takes a value from an empty stack", m.at)
	}
	v := m.stack[top]
	m.stack = m.stack[:top]
	return v, nil
}

// top is the value on the stack, of the given kind.
func (m *machine) top(kind Kind) (*Value, error) {
	if len(m.stack) <= m.floor() {
		return nil, refuse("", "pickle byte %d: looks at an empty stack", m.at)
	}
	v := m.stack[len(m.stack)-1]
	if v.kind != kind {
		return nil, refuse("", "pickle byte %d: want a %s, got a %s", m.at, kind, v.kind)
	}
	return v, nil
}

// popMark takes everything above the last mark, and the mark. The result is valid until the next push.
func (m *machine) popMark() ([]*Value, error) {
	if len(m.marks) == 0 {
		return nil, refuse("", "pickle byte %d: no mark on the stack", m.at)
	}
	from := m.floor()
	m.marks = m.marks[:len(m.marks)-1]
	items := m.stack[from:]
	m.stack = m.stack[:from]
	return items, nil
}

// tuple pushes a tuple or list of a copy of items.
func (m *machine) tuple(kind Kind, items []*Value) {
	m.made++
	m.push(&Value{kind: kind, items: append([]*Value(nil), items...)})
}

// lastN takes n values from the stack.
func (m *machine) lastN(n int) ([]*Value, error) {
	if len(m.stack)-n < m.floor() {
		return nil, refuse("", "pickle byte %d: takes %d values from a stack of %d", m.at, n, len(m.stack)-m.floor())
	}
	items := m.stack[len(m.stack)-n:]
	m.stack = m.stack[:len(m.stack)-n]
	return items, nil
}

// integer pushes the little-endian two's complement number in b.
func (m *machine) integer(b string) error {
	if len(b) > maxIntBytes {
		return refuse("", "pickle byte %d: an integer of %d bytes, at most %d are read", m.at, len(b), maxIntBytes)
	}
	n := bigFromLittleEndian(b)
	if n.IsInt64() {
		m.make(KindInt, n.Int64())
	} else {
		m.make(KindInt, n)
	}
	return nil
}

func bigFromLittleEndian(b string) *big.Int {
	reversed := make([]byte, len(b))
	for i := range len(b) {
		reversed[len(b)-1-i] = b[i]
	}
	n := new(big.Int).SetBytes(reversed)
	if len(b) > 0 && b[len(b)-1]&0x80 != 0 { // negative: n - 2^bits
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return n
}

// float reads a big-endian IEEE 754 double.
func (m *machine) float() error {
	b, err := m.take(8)
	if err != nil {
		return err
	}
	m.make(KindFloat, math.Float64frombits(binary.BigEndian.Uint64(b)))
	return nil
}

// class pushes an allowed class or function by its full name; any other is refused before it could be called.
func (m *machine) class(module, name string) error {
	full := module + "." + name
	if !allowed(full) {
		return refuse(full, "the pickle asks for %q, which is not on the list of what builds tensors; nothing was executed", full)
	}
	if strings.HasPrefix(full, "torch.") && isTorchDType(name) {
		m.make(KindString, full)
		return nil
	}
	m.make(kindClass, full)
	return nil
}
