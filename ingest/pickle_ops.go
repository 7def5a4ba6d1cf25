package ingest

import (
	"fmt"
	"slices"
	"strings"
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

// The functions that are known; what they do is done by stepCall.
const (
	pickleOrdered = "collections.OrderedDict"
	pickleDefault = "collections.defaultdict"
	pickleEncode  = "_codecs.encode"
	pickleArray   = "numpy.core.multiarray._reconstruct"
	pickleBuffer  = "numpy.core.numeric._frombuffer" // an array too, of protocol 5
	pickleScalar  = "numpy.core.multiarray.scalar"
	pickleDType   = "numpy.dtype"
)

// stepClass pushes an allowed class or function by its full name.
func (p *pickleReader) stepClass(op byte) error {
	var module, name string
	var err error
	if op == 'c' {
		if module, err = p.line(); err == nil {
			name, err = p.line()
		}
	} else {
		var both []plain
		if both, err = p.pop(2); err == nil {
			if both[0].kind != plainText || both[1].kind != plainText {
				return fmt.Errorf("want the name of a class, got a %s and a %s", both[0].kind, both[1].kind)
			}
			module, name = both[0].text, both[1].text
		}
	}
	if err != nil {
		return err
	}
	full := strings.Replace(module, "numpy._core", "numpy.core", 1) + "." + name // NumPy 2 moved it
	allowed := []string{pickleOrdered, pickleDefault, pickleEncode, pickleArray, pickleBuffer, pickleScalar, pickleDType,
		"numpy.ndarray", "builtins.list", "builtins.dict", "builtins.int", "__builtin__.list", "__builtin__.dict", "__builtin__.int"}
	if !slices.Contains(allowed, full) {
		return fmt.Errorf("want plain values, got %.100q: refused, nothing was executed", module+"."+name)
	}
	p.push(plain{kind: plainClass, text: full})
	return nil
}

// stepCall does what calling an allowed function would.
func (p *pickleReader) stepCall() error {
	both, err := p.pop(2)
	if err != nil {
		return err
	}
	called, args := both[0], both[1].items()
	if called.kind != plainClass || both[1].kind != plainList {
		return fmt.Errorf("want a class and its arguments, got a %s and a %s", called.kind, both[1].kind)
	}
	is := func(i int, kind plainKind) bool { return i < len(args) && args[i].kind == kind }
	switch {
	case called.text == pickleOrdered && len(args) == 0,
		called.text == pickleDefault && len(args) == 1 && is(0, plainClass):
		p.pushBox(plainDict, nil)
	case called.text == pickleArray && len(args) == 3, called.text == pickleBuffer && len(args) == 4:
		p.push(plain{kind: plainArray})
	case called.text == pickleDType && is(0, plainText):
		p.push(plain{kind: plainDType, text: args[0].text, box: new([]plain)})
	case called.text == pickleEncode && is(0, plainText): // bytes as protocol 2 writes them: one rune each
		p.push(plain{kind: plainBytes, text: fromLatin1(args[0].text)})
	case called.text == pickleScalar && len(args) == 2 && is(0, plainDType) && is(1, plainBytes):
		return p.scalar(args[0], args[1].text)
	default:
		return fmt.Errorf("want a call that builds a plain value, got %s with %d arguments: refused", called.text, len(args))
	}
	return nil
}

// fromLatin1 undoes what Python 3 does to bytes for protocol 2.
func fromLatin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

// scalar pushes a NumPy number.
func (p *pickleReader) scalar(dtype plain, data string) error {
	b := []byte(data)
	if len(dtype.items()) > 0 {
		slices.Reverse(b)
	}
	code := strings.TrimLeft(dtype.text, "<=|")
	switch size := fmt.Sprint(len(b)); {
	case len(b) > 8 || len(b) == 0 || !strings.HasSuffix(code, size):
		return fmt.Errorf("want the bytes of a %s, got %d", dtype.text, len(b))
	case code == "i"+size:
		p.push(plain{kind: plainInt, number: signed(b)})
	case code == "u"+size:
		p.push(plain{kind: plainInt, number: int64(littleEndian(b))})
	case code == "f"+size:
		p.push(plain{kind: plainFloat})
	default:
		return fmt.Errorf("want a number, got a NumPy %.20q: refused", dtype.text)
	}
	return nil
}

// stepState sets the state of an array, which is not kept, or of a dtype.
func (p *pickleReader) stepState() error {
	both, err := p.pop(2)
	if err != nil {
		return err
	}
	object, state := both[0], both[1].items()
	if object.kind != plainArray && object.kind != plainDType {
		return fmt.Errorf("want a NumPy array or dtype to set, got a %s: refused", object.kind)
	}
	if object.kind == plainDType && len(state) > 1 && state[1].text == ">" {
		*object.box = state[1:2]
	}
	p.push(object)
	return nil
}
