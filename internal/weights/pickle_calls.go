package weights

import (
	"slices"
	"strings"
)

// The classes and functions that a pickle may name. What they do is done here; nothing else can be named.
const (
	orderedDict   = "collections.OrderedDict"
	counter       = "collections.Counter"
	torchSize     = "torch.Size"
	torchDevice   = "torch.device"
	torchTensor   = "torch.Tensor"
	parameter     = "torch.nn.parameter.Parameter"
	rebuild       = "torch._utils._rebuild_tensor"
	rebuildV2     = "torch._utils._rebuild_tensor_v2"
	rebuildParam  = "torch._utils._rebuild_parameter"
	rebuildState  = "torch._utils._rebuild_parameter_with_state"
	rebuildTyped  = "torch._tensor._rebuild_from_type_v2"
	scriptTypeTag = "torch.jit._pickle.restore_type_tag"
	scriptLists   = "torch.jit._pickle.build_" // intlist, doublelist, boollist, tensorlist
	scriptClasses = "__torch__."               // TorchScript's own modules: plain dicts of their attributes
)

// allowed says whether a pickle may name this class or function.
func allowed(full string) bool {
	switch full {
	case orderedDict, counter, torchSize, torchDevice, torchTensor, parameter,
		rebuild, rebuildV2, rebuildParam, rebuildState, rebuildTyped, scriptTypeTag:
		return true
	}
	if strings.HasPrefix(full, scriptClasses) {
		return true
	}
	if list, ok := strings.CutPrefix(full, scriptLists); ok {
		return slices.Contains([]string{"intlist", "doublelist", "boollist", "tensorlist"}, list)
	}
	if name, ok := strings.CutPrefix(full, "torch."); ok && isTorchDType(name) {
		return true
	}
	_, ok := storageDType(full)
	return ok
}

// storageDType gives the element type of a storage class.
func storageDType(full string) (DType, bool) {
	switch full {
	case "torch.FloatStorage":
		return F32, true
	case "torch.DoubleStorage":
		return F64, true
	case "torch.HalfStorage":
		return F16, true
	case "torch.BFloat16Storage":
		return BF16, true
	case "torch.LongStorage":
		return I64, true
	case "torch.IntStorage":
		return I32, true
	case "torch.ShortStorage":
		return I16, true
	case "torch.CharStorage":
		return I8, true
	case "torch.ByteStorage":
		return U8, true
	case "torch.BoolStorage":
		return Bool, true
	}
	return "", false
}

// isTorchDType says whether name, in module torch, is a data type. As a value it becomes the string "torch.float32".
func isTorchDType(name string) bool {
	switch name {
	case "float64", "float32", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool":
		return true
	}
	return false
}

// stepObject executes the opcodes that name and call.
func (m *machine) stepObject(op byte) error {
	switch op {
	case opGlobal:
		module, err := m.line()
		if err != nil {
			return err
		}
		name, err := m.line()
		if err != nil {
			return err
		}
		return m.class(module, name)
	case opStackGlobal:
		names, err := m.lastN(2)
		if err != nil {
			return err
		}
		module, ok1 := names[0].Text()
		name, ok2 := names[1].Text()
		if !ok1 || !ok2 || len(module)+len(name) > maxNameBytes {
			return refuse("", "pickle byte %d: a class without a name", m.at)
		}
		return m.class(module, name)
	case opBinPersID:
		id, err := m.pop()
		if err != nil {
			return err
		}
		return m.persistent(id)
	}

	operands, err := m.lastN(2) // what is called or built, and its arguments or state
	if err != nil {
		return err
	}
	subject, argument := operands[0], operands[1]
	if op == opBuild {
		return m.build(subject, argument)
	}
	if subject.kind != kindClass || argument.kind != KindTuple {
		return refuse("", "pickle byte %d: calls a %s with a %s", m.at, subject.kind, argument.kind)
	}
	v, err := m.call(subject.data.(string), argument.items)
	if err != nil {
		return err
	}
	m.made++
	m.push(v)
	return nil
}

// persistent resolves ('storage', class, key, location, elements), with a sixth member in legacy archives that must be
// None. The location (a device) is of no interest.
func (m *machine) persistent(id *Value) error {
	if m.storage == nil {
		return refuse("", "pickle byte %d: a storage where none may be", m.at)
	}
	var tag, class, key string
	if id.kind == KindTuple && (len(id.items) == 5 || len(id.items) == 6 && id.items[5].kind == KindNone) {
		tag, _ = id.items[0].Text()
		key, _ = id.items[2].Text()
		if id.items[1].kind == kindClass {
			class = id.items[1].data.(string)
		}
	}
	dtype, ok := storageDType(class)
	if tag != "storage" || !ok || key == "" {
		return refuse("", "pickle byte %d: want a persistent id ('storage', class, key, location, elements), got a %s of %d", m.at, id.kind, len(id.items))
	}
	elements, ok := id.items[4].Int()
	if !ok {
		return refuse(key, "storage %q: want a number of elements, got a %s", key, id.items[4].kind)
	}
	s, err := m.storage(key, dtype, elements)
	if err != nil {
		return err
	}
	m.make(kindStorage, s)
	return nil
}

// build gives an object its state. A TorchScript module takes its attributes; what Python hangs on an ordered dict
// ("_metadata": versions of modules) is left aside.
func (m *machine) build(subject, state *Value) error {
	if subject.kind != KindDict || state.kind != KindDict {
		return refuse("", "pickle byte %d: sets the state of a %s to a %s", m.at, subject.kind, state.kind)
	}
	if subject.data.(*dict).class != "" {
		m.made += len(state.items)
		for i, key := range state.Keys() {
			if err := subject.set(key, state.items[i]); err != nil {
				return err
			}
		}
	}
	m.push(subject)
	return nil
}

// call does what the allowed functions do.
func (m *machine) call(name string, args []*Value) (*Value, error) {
	wrong := func() (*Value, error) {
		kinds := make([]string, len(args))
		for i, a := range args {
			kinds[i] = a.kind.String()
		}
		return nil, refuse(name, "pickle byte %d: %s is called with (%s)", m.at, name, strings.Join(kinds, ", "))
	}
	switch name {
	case orderedDict, counter:
		d := newDict()
		if len(args) == 0 {
			return d, nil
		}
		// Counted, because a call of few bytes may copy a large dict again and again.
		m.made += len(args[0].items)
		if len(args) != 1 || !fill(d, args[0]) {
			return wrong()
		}
		return d, nil
	case torchSize:
		if len(args) == 1 && args[0].kind == KindTuple {
			return &Value{kind: KindTuple, items: args[0].items}, nil
		}
	case torchDevice:
		if len(args) > 0 && args[0].kind == KindString {
			return &Value{kind: KindString, data: args[0].data}, nil
		}
	case rebuild, rebuildV2:
		if len(args) < 4 || args[0].kind != kindStorage {
			return wrong()
		}
		offset, ok := args[1].Int()
		shape, ok1 := integers(args[2])
		stride, ok2 := integers(args[3])
		if !ok || !ok1 || !ok2 {
			return wrong()
		}
		v, err := newView(args[0].data.(*storage), offset, shape, stride)
		if err != nil {
			return nil, err
		}
		return &Value{kind: KindTensor, data: v}, nil
	case rebuildParam, rebuildState, scriptTypeTag:
		if len(args) >= 2 && (args[0].kind == KindTensor || name == scriptTypeTag) {
			return args[0], nil
		}
	case rebuildTyped: // (function, class, arguments, state)
		if len(args) == 4 && args[0].kind == kindClass && args[2].kind == KindTuple {
			switch f := args[0].data.(string); f {
			case rebuild, rebuildV2, rebuildParam, rebuildState:
				return m.call(f, args[2].items)
			}
		}
	default:
		if strings.HasPrefix(name, scriptClasses) && len(args) == 0 {
			d := newDict()
			d.data.(*dict).class = name
			return d, nil
		}
		if strings.HasPrefix(name, scriptLists) && len(args) == 1 && args[0].kind == KindList {
			return args[0], nil
		}
	}
	return wrong()
}

// fill puts the pairs of a dict, or of a list of pairs, into d.
func fill(d, pairs *Value) bool {
	keys := pairs.Keys()
	for i, item := range pairs.items {
		key, value := item, item
		switch {
		case pairs.kind == KindDict:
			key = keys[i]
		case (item.kind == KindTuple || item.kind == KindList) && len(item.items) == 2:
			key, value = item.items[0], item.items[1]
		default:
			return false
		}
		if d.set(key, value) != nil {
			return false
		}
	}
	return pairs.kind == KindDict || pairs.kind == KindList || pairs.kind == KindTuple
}

// integers reads a tuple of sizes or strides.
func integers(v *Value) ([]int64, bool) {
	if v.kind != KindTuple && v.kind != KindList || len(v.items) > maxRank {
		return nil, false
	}
	out := make([]int64, len(v.items))
	for i, item := range v.items {
		n, ok := item.Int()
		if !ok {
			return nil, false
		}
		out[i] = n
	}
	return out, true
}
