package ingest

import (
	"fmt"
	"slices"
	"strings"
)

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
