package ingest

import (
	"fmt"
	"unicode/utf8"
)

// opStop ends a pickle. The other opcodes are told by their letters, which are
// those of Python's pickletools.
const opStop = '.'

// step does what one opcode other than the last says.
func (p *pickleReader) step(op byte) error {
	switch op {
	case 0x80: // PROTO
		v, err := p.number(1)
		if err == nil && (v < 2 || v > 5) {
			err = fmt.Errorf("want protocol 2 to 5, got %d", v)
		}
		return err
	case 0x95: // FRAME: the length of a part
		_, err := p.take(8)
		return err
	case 'N': // NONE
		p.push(plain{})
	case 0x88: // NEWTRUE
		p.push(plain{kind: plainInt, number: 1})
	case 0x89: // NEWFALSE
		p.push(plain{kind: plainInt})
	case 'G': // BINFLOAT
		_, err := p.take(8)
		p.push(plain{kind: plainFloat})
		return err
	case 'J', 'K', 'M', 0x8a, 0x8b: // BININT, BININT1, BININT2, LONG1, LONG4
		return p.stepInt(op)
	case 'T', 'U', 'X', 0x8c, 0x8d, 'B', 'C', 0x8e, 0x96: // texts and bytes
		return p.stepText(op)
	case '(', '0', '1', '2', 'q', 'r', 0x94, 'h', 'j':
		return p.stepStack(op)
	case ')', 't', 0x85, 0x86, 0x87, ']', 'l', '}', 'd':
		return p.stepBox(op)
	case 'a', 'e', 's', 'u':
		return p.stepInto(op)
	case 'c', 0x93: // GLOBAL, STACK_GLOBAL
		return p.stepClass(op)
	case 'R': // REDUCE
		return p.stepCall()
	case 'b': // BUILD
		return p.stepState()
	default:
		return fmt.Errorf("want an opcode that builds plain values, got %s: refused", pickleOpName(op))
	}
	return nil
}

// pickleOpName names what is refused.
func pickleOpName(op byte) string {
	switch op {
	case 'i':
		return "INST"
	case 'o':
		return "OBJ"
	case 0x81:
		return "NEWOBJ"
	case 0x92:
		return "NEWOBJ_EX"
	case 0x82, 0x83, 0x84:
		return "EXT"
	case 'P', 'Q':
		return "PERSID"
	case 'I', 'L', 'F', 'S', 'V', 'g', 'p':
		return fmt.Sprintf("%q of protocol 0", op)
	}
	return fmt.Sprintf("0x%02X", op)
}

func (p *pickleReader) stepInt(op byte) error {
	size := uint64(4) // BININT
	switch op {
	case 'K':
		size = 1
	case 'M':
		size = 2
	case 0x8a, 0x8b:
		if op == 0x8a {
			size = 1
		}
		text, err := p.counted(size)
		if err != nil {
			return err
		}
		if len(text) > 8 {
			return fmt.Errorf("want an integer of at most 8 bytes, got %d", len(text))
		}
		p.push(plain{kind: plainInt, number: signed([]byte(text))})
		return nil
	}
	b, err := p.take(size)
	if err != nil {
		return err
	}
	n := int64(littleEndian(b))
	if op == 'J' { // the only one with a sign
		n = signed(b)
	}
	p.push(plain{kind: plainInt, number: n})
	return nil
}

// signed reads a little-endian two's complement number of at most 8 bytes.
func signed(b []byte) int64 {
	if len(b) == 0 {
		return 0
	}
	shift := 64 - 8*len(b)
	return int64(littleEndian(b)<<shift) >> shift
}

func (p *pickleReader) stepText(op byte) error {
	size := uint64(4)
	switch op {
	case 'U', 'C', 0x8c:
		size = 1
	case 0x8d, 0x8e, 0x96:
		size = 8
	}
	text, err := p.counted(size)
	if err != nil {
		return err
	}
	kind := plainText
	if op == 'B' || op == 'C' || op == 0x8e || op == 0x96 {
		kind = plainBytes
	} else if !utf8.ValidString(text) { // a Python 2 string, or a lone surrogate
		return fmt.Errorf("want text in UTF-8, got %.60q", text)
	}
	p.push(plain{kind: kind, text: text})
	return nil
}

func (p *pickleReader) stepStack(op byte) error {
	switch op {
	case '(': // MARK
		p.held++ // a place in marks
		p.marks = append(p.marks, len(p.stack))
		p.batch = p.batch[:0]
	case '0': // POP
		_, err := p.pop(1)
		return err
	case '1': // POP_MARK
		_, err := p.popMark()
		return err
	case '2': // DUP
		v, err := p.pop(1)
		if err == nil {
			p.push(v[0])
			p.push(v[0])
		}
		return err
	case 'h', 'j': // BINGET, LONG_BINGET
		index, err := p.index(op == 'j')
		if err != nil {
			return err
		}
		v, ok := p.memo[index]
		if !ok {
			return fmt.Errorf("want a value that was kept, got number %d, which was not", index)
		}
		p.push(v)
	default: // BINPUT, LONG_BINPUT, MEMOIZE
		v, err := p.pop(1)
		if err != nil {
			return err
		}
		p.stack = p.stack[:len(p.stack)+1] // it stays
		index := uint32(p.puts)
		if op != 0x94 {
			if index, err = p.index(op == 'r'); err != nil {
				return err
			}
		}
		p.memo[index] = v[0]
		p.batch = append(p.batch, index)
		p.puts++
		p.held++
	}
	return nil
}

// index reads a place in the memo.
func (p *pickleReader) index(long bool) (uint32, error) {
	size := uint64(1)
	if long {
		size = 4
	}
	n, err := p.number(size)
	return uint32(n), err
}

// stepBox makes tuples, lists and dicts.
func (p *pickleReader) stepBox(op byte) error {
	var items []plain
	var err error
	kind := plainList
	switch op {
	case '}', 'd': // EMPTY_DICT, DICT
		kind = plainDict
	}
	switch op {
	case 't', 'l', 'd': // TUPLE, LIST, DICT
		items, err = p.popMark()
	case 0x85, 0x86, 0x87: // TUPLE1, TUPLE2, TUPLE3
		items, err = p.pop(int(op - 0x84))
	}
	if err == nil && kind == plainDict && len(items)%2 != 0 {
		err = fmt.Errorf("want keys and values, got %d of both", len(items))
	}
	if err == nil {
		p.pushBox(kind, items)
	}
	return err
}

// stepInto adds to the list or dict on the stack.
func (p *pickleReader) stepInto(op byte) error {
	var items []plain
	var err error
	switch op {
	case 'a': // APPEND
		items, err = p.pop(1)
	case 's': // SETITEM
		items, err = p.pop(2)
	default: // APPENDS, SETITEMS
		items, err = p.popMark()
	}
	if err != nil {
		return err
	}
	if op == 'a' || op == 'e' {
		return p.extend(items)
	}
	dict, err := p.top(plainDict)
	if err == nil && len(items)%2 != 0 {
		err = fmt.Errorf("want keys and values, got %d of both", len(items))
	}
	if err == nil {
		*dict.box = append(*dict.box, items...)
	}
	return err
}
