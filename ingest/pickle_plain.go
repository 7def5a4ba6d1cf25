package ingest

// plainKind says what a plain holds.
type plainKind uint8

const (
	plainNone  plainKind = iota
	plainInt             // number; a truth value too
	plainFloat           // its value is of no use here and is not kept
	plainText            // text
	plainBytes           // text
	plainList            // box; a tuple too
	plainDict            // box: keys and values in turn
	plainArray           // a NumPy array; what it holds is not kept
	plainDType           // text is NumPy's code such as i8, box has an item if its values are big-endian
	plainClass           // text is the full name of an allowed class or function
)

func (k plainKind) String() string {
	names := [...]string{"none", "integer", "float", "text", "bytes", "list", "dict", "array", "dtype", "class"}
	return names[k] // every kind has its name
}

// plain is a value of a pickle. Lists and dicts are shared as Python shares them.
type plain struct {
	kind   plainKind
	number int64
	text   string
	box    *[]plain
}

// items are the members of a list, or the keys and values of a dict in turn.
func (p plain) items() []plain {
	if p.box == nil {
		return nil
	}
	return *p.box
}

// get is the value of a key of a dict: the last one, as Python has it.
func (p plain) get(key string) (value plain, ok bool) {
	if p.kind != plainDict {
		return plain{}, false
	}
	for items := p.items(); len(items) > 1; items = items[2:] {
		if items[0].kind == plainText && items[0].text == key {
			value, ok = items[1], true
		}
	}
	return value, ok
}
