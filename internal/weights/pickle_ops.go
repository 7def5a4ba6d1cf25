package weights

import (
	"fmt"
	"unicode/utf8"
)

// The opcodes of the pickle protocols 2 to 5 that build plain values, by their letters in Python's own list.
const (
	opMark            = '('
	opStop            = '.'
	opPop             = '0'
	opPopMark         = '1'
	opDup             = '2'
	opBinInt          = 'J'
	opBinInt1         = 'K'
	opBinInt2         = 'M'
	opNone            = 'N'
	opBinPersID       = 'Q'
	opReduce          = 'R'
	opBinString       = 'T'
	opShortBinString  = 'U'
	opBinUnicode      = 'X'
	opEmptyList       = ']'
	opAppend          = 'a'
	opBuild           = 'b'
	opGlobal          = 'c'
	opDict            = 'd'
	opAppends         = 'e'
	opBinGet          = 'h'
	opLongBinGet      = 'j'
	opList            = 'l'
	opBinPut          = 'q'
	opLongBinPut      = 'r'
	opSetItem         = 's'
	opTuple           = 't'
	opEmptyTuple      = ')'
	opSetItems        = 'u'
	opBinFloat        = 'G'
	opEmptyDict       = '}'
	opProto           = 0x80
	opNewObj          = 0x81
	opTuple1          = 0x85
	opTuple2          = 0x86
	opTuple3          = 0x87
	opNewTrue         = 0x88
	opNewFalse        = 0x89
	opLong1           = 0x8A
	opLong4           = 0x8B
	opBinBytes        = 'B'
	opShortBinBytes   = 'C'
	opShortBinUnicode = 0x8C
	opBinUnicode8     = 0x8D
	opBinBytes8       = 0x8E
	opStackGlobal     = 0x93
	opMemoize         = 0x94
	opFrame           = 0x95
)

// step executes one opcode other than STOP.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		v, err := m.number(1)
		if err == nil && (v < 2 || v > 5) {
			err = refuse("", "pickle protocol %d, want 2 to 5", v)
		}
		return err
	case opFrame:
		_, err := m.take(8) // the length of a part, of no use to who has the whole
		return err
	case opNone:
		m.make(KindNone, nil)
	case opNewTrue, opNewFalse:
		m.make(KindBool, op == opNewTrue)
	case opBinInt, opBinInt1, opBinInt2, opLong1, opLong4:
		return m.stepInt(op)
	case opBinFloat:
		return m.float()
	case opBinString, opShortBinString, opBinUnicode, opShortBinUnicode, opBinUnicode8, opBinBytes, opShortBinBytes, opBinBytes8:
		return m.stepText(op)
	case opMark, opPop, opPopMark, opDup, opBinPut, opLongBinPut, opMemoize, opBinGet, opLongBinGet:
		return m.stepStack(op)
	case opEmptyTuple, opTuple, opTuple1, opTuple2, opTuple3, opEmptyList, opList, opAppend, opAppends:
		return m.stepSequence(op)
	case opEmptyDict, opDict, opSetItem, opSetItems:
		return m.stepDict(op)
	case opGlobal, opStackGlobal, opReduce, opNewObj, opBuild, opBinPersID:
		return m.stepObject(op)
	default:
		name := opName(op)
		return refuse(name, "pickle byte %d: opcode %s is not on the list of what builds plain values", m.at-1, name)
	}
	return nil
}

// opName names the opcodes that are refused; they belong to protocols 0 and 1 or make objects of any class.
func opName(op byte) string {
	switch op {
	case 'i':
		return "INST"
	case 'o':
		return "OBJ"
	case 0x82, 0x83, 0x84:
		return "EXT"
	case 0x92:
		return "NEWOBJ_EX"
	case 'P':
		return "PERSID"
	case 'I', 'L', 'F', 'S', 'V', 'g', 'p':
		return fmt.Sprintf("%q of protocol 0", op)
	}
	return fmt.Sprintf("0x%02X", op)
}

func (m *machine) stepInt(op byte) error {
	size := uint64(4)
	switch op {
	case opBinInt1, opLong1:
		size = 1
	case opBinInt2:
		size = 2
	}
	if op == opLong1 || op == opLong4 {
		b, err := m.counted(size)
		if err != nil {
			return err
		}
		return m.integer(b)
	}
	n, err := m.number(size)
	if err != nil {
		return err
	}
	if op == opBinInt { // the only signed one
		n = uint64(int64(int32(uint32(n))))
	}
	m.make(KindInt, int64(n))
	return nil
}

func (m *machine) stepText(op byte) error {
	size := uint64(4)
	switch op {
	case opShortBinString, opShortBinUnicode, opShortBinBytes:
		size = 1
	case opBinUnicode8, opBinBytes8:
		size = 8
	}
	s, err := m.counted(size)
	if err != nil {
		return err
	}
	switch op {
	case opBinBytes, opShortBinBytes, opBinBytes8:
		m.make(KindBytes, s)
		return nil
	}
	if !utf8.ValidString(s) { // a Python 2 string, or a lone surrogate
		return refuse("", "pickle byte %d: the string %.60q is not UTF-8", m.at, s)
	}
	m.make(KindString, s)
	return nil
}

func (m *machine) stepStack(op byte) error {
	switch op {
	case opMark:
		m.marks = append(m.marks, len(m.stack))
	case opPop:
		_, err := m.pop()
		return err
	case opPopMark:
		_, err := m.popMark()
		return err
	case opBinGet, opLongBinGet:
		size := uint64(1)
		if op == opLongBinGet {
			size = 4
		}
		n, err := m.number(size)
		if err != nil {
			return err
		}
		v, ok := m.memo[uint32(n)]
		if !ok {
			return refuse("", "pickle byte %d: recalls value %d, which was not stored", m.at, n)
		}
		m.push(v)
	case opDup, opBinPut, opLongBinPut, opMemoize:
		if len(m.stack) <= m.floor() {
			return refuse("", "pickle byte %d: looks at an empty stack", m.at)
		}
		v := m.stack[len(m.stack)-1]
		if op == opDup {
			m.push(v)
			return nil
		}
		n := uint64(len(m.memo))
		var err error
		switch op {
		case opBinPut:
			n, err = m.number(1)
		case opLongBinPut:
			n, err = m.number(4)
		}
		if err != nil {
			return err
		}
		m.memo[uint32(n)] = v
	}
	return nil
}

func (m *machine) stepSequence(op byte) error {
	var items []*Value
	var err error
	switch op {
	case opEmptyTuple, opEmptyList:
	case opTuple, opList, opAppends:
		items, err = m.popMark()
	case opTuple1, opAppend:
		items, err = m.lastN(1)
	case opTuple2:
		items, err = m.lastN(2)
	case opTuple3:
		items, err = m.lastN(3)
	}
	if err != nil {
		return err
	}
	switch op {
	case opAppend, opAppends:
		list, err := m.top(KindList)
		if err != nil {
			return err
		}
		list.items = append(list.items, items...)
	case opEmptyList, opList:
		m.tuple(KindList, items)
	default:
		m.tuple(KindTuple, items)
	}
	return nil
}

func (m *machine) stepDict(op byte) error {
	var items []*Value
	var err error
	switch op {
	case opDict, opSetItems:
		items, err = m.popMark()
	case opSetItem:
		items, err = m.lastN(2)
	}
	if err != nil {
		return err
	}
	if len(items)%2 != 0 {
		return refuse("", "pickle byte %d: a dict of %d keys and values", m.at, len(items))
	}
	d := newDict()
	if op == opSetItem || op == opSetItems {
		if d, err = m.top(KindDict); err != nil {
			return err
		}
	}
	for i := 0; i < len(items); i += 2 {
		if err := d.set(items[i], items[i+1]); err != nil {
			return err
		}
	}
	if op == opEmptyDict || op == opDict {
		m.made++
		m.push(d)
	}
	return nil
}
