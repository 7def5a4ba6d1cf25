package weights

import (
	"math/big"
	"strconv"
)

// Kind says what a Value holds.
type Kind uint8

// The kinds of values in an archive.
const (
	KindNone Kind = iota
	KindBool
	KindInt
	KindFloat
	KindString
	KindBytes
	KindList
	KindTuple
	KindDict
	KindTensor

	// Inside the machine only; a tree that holds one is refused.
	kindClass   // an allowed class or function that is not called yet
	kindStorage // the bytes that tensors point into
)

func (k Kind) String() string {
	names := [...]string{"none", "bool", "int", "float", "string", "bytes", "list", "tuple", "dict", "tensor", "class", "storage"}
	if int(k) < len(names) {
		return names[k]
	}
	return "kind " + strconv.Itoa(int(k))
}

// Value is a node of what an archive holds. Objects of TorchScript and ordered dicts are plain dicts; dict keys keep
// their order. A nil *Value is "not there": every method may be called on it. Values must not be changed.
type Value struct {
	kind  Kind
	items []*Value // of a list or tuple, or the values of a dict
	data  any      // bool, int64 or *big.Int, float64, string (string, bytes, class), *dict, *view, *storage
}

// dict holds the keys of a dict value; its values are the items of the same index.
type dict struct {
	keys  []*Value
	index map[dictKey]int
	class string // of the TorchScript object it stands for
}

// dictKey makes keys comparable as Python compares them: True is 1.
type dictKey struct {
	text  bool
	value string
}

// Kind says what v holds, KindNone for nil.
func (v *Value) Kind() Kind {
	if v == nil {
		return KindNone
	}
	return v.kind
}

// Bool gives a bool; false as second result if v is none.
func (v *Value) Bool() (value, ok bool) {
	if v.Kind() != KindBool {
		return false, false
	}
	value, ok = v.data.(bool)
	return value, ok
}

// Int gives an integer that fits an int64.
func (v *Value) Int() (int64, bool) {
	if v.Kind() != KindInt {
		return 0, false
	}
	n, ok := v.data.(int64)
	return n, ok
}

// BigInt gives an integer of any size as a new number.
func (v *Value) BigInt() (*big.Int, bool) {
	if v.Kind() != KindInt {
		return nil, false
	}
	if n, ok := v.data.(int64); ok {
		return big.NewInt(n), true
	}
	n, ok := v.data.(*big.Int)
	if !ok {
		return nil, false
	}
	return new(big.Int).Set(n), true
}

// Float gives a float, or an integer that fits an int64 as the nearest float.
func (v *Value) Float() (float64, bool) {
	if n, ok := v.Int(); ok {
		return float64(n), true
	}
	if v.Kind() != KindFloat {
		return 0, false
	}
	f, ok := v.data.(float64)
	return f, ok
}

// Text gives a string or the content of a bytes value.
func (v *Value) Text() (string, bool) {
	if k := v.Kind(); k != KindString && k != KindBytes {
		return "", false
	}
	s, ok := v.data.(string)
	return s, ok
}

// Items are the members of a list or tuple, or the values of a dict in the order of its keys; nil for anything else.
func (v *Value) Items() []*Value {
	if v == nil {
		return nil
	}
	return v.items
}

// Keys are the keys of a dict in order, strings or integers; nil for anything else.
func (v *Value) Keys() []*Value {
	if v.Kind() != KindDict {
		return nil
	}
	d, ok := v.data.(*dict)
	if !ok {
		return nil
	}
	return d.keys
}

// Get is the value of a string key of a dict, nil if v is no dict or lacks the key.
func (v *Value) Get(key string) *Value {
	if v.Kind() != KindDict {
		return nil
	}
	if d, ok := v.data.(*dict); ok {
		if i, ok := d.index[dictKey{text: true, value: key}]; ok {
			return v.items[i]
		}
	}
	return nil
}

// Tensor reads a tensor value: a new contiguous Data for a strided view, else Data in the file's mapping. Its Name is
// empty.
func (v *Value) Tensor() (Tensor, error) {
	if v.Kind() != KindTensor {
		return Tensor{}, refuse("", "want a tensor, got a value of kind %s", v.Kind())
	}
	return v.data.(*view).read()
}

// View describes a tensor value without reading it; false for any other kind.
func (v *Value) View() (View, bool) {
	if v.Kind() != KindTensor {
		return View{}, false
	}
	return v.data.(*view).describe(), true
}

// newDict makes an empty dict.
func newDict() *Value {
	return &Value{kind: KindDict, data: &dict{index: make(map[dictKey]int)}}
}

// set puts a key as Python does: a key that is there keeps its place and takes the new value.
func (v *Value) set(key, value *Value) error {
	k := dictKey{text: key.kind == KindString}
	switch data := key.data.(type) {
	case string:
		k.value = data
	case int64:
		k.value = strconv.FormatInt(data, 10)
	case bool:
		k.value = "0"
		if data {
			k.value = "1"
		}
	}
	if !k.text && (key.kind != KindInt && key.kind != KindBool || k.value == "") {
		return refuse("", "a dict has a key of kind %s, only strings and 64-bit integers are read", key.kind)
	}
	d := v.data.(*dict)
	if i, ok := d.index[k]; ok {
		v.items[i] = value
		return nil
	}
	d.index[k] = len(d.keys)
	d.keys = append(d.keys, key)
	v.items = append(v.items, value)
	return nil
}

// keyText spells a key for the name of a tensor.
func keyText(key *Value) string {
	if s, ok := key.Text(); ok {
		return s
	}
	if n, ok := key.Int(); ok {
		return strconv.FormatInt(n, 10)
	}
	b, _ := key.Bool()
	return strconv.FormatBool(b)
}
