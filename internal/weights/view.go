package weights

import (
	"slices"
	"sync"
)

// View is what an archive says about a tensor: where its elements lie in a storage that other tensors may share.
type View struct {
	DType   DType
	Shape   []int64
	Stride  []int64 // in elements
	Offset  int64   // in elements
	Storage string  // key of the storage; views with one key share memory
}

// maxExpansionBytes is how much larger than its storage a view may be (stride 0 repeats elements). Checkpoints expand
// position ids and the like; without a bound a few bytes would name a tensor of any size.
const maxExpansionBytes = 16 << 20

// storage is a run of elements. Its size is checked against the container before any view of it is read.
type storage struct {
	key      string
	dtype    DType
	elements int64
	data     []byte                 // in the mapping
	inflate  func() ([]byte, error) // instead of data, for a compressed record
	once     sync.Once
	err      error
}

// sizeBytes is checked for overflow where storages are made.
func (s *storage) sizeBytes() int64 { return s.elements * s.dtype.Size() }

func (s *storage) bytes() ([]byte, error) {
	s.once.Do(func() {
		if s.inflate != nil {
			s.data, s.err = s.inflate()
		}
	})
	return s.data, s.err
}

// newStorage checks a declared size for sense; whether the bytes are there is for the container to check.
func newStorage(key string, dtype DType, elements int64) (*storage, error) {
	if elements < 0 {
		return nil, refuse(key, "storage %q: declares %d elements", key, elements)
	}
	if _, ok := mul(elements, dtype.Size()); !ok {
		return nil, refuse(key, "storage %q: declares %d elements of %s, too many for any file", key, elements, dtype)
	}
	return &storage{key: key, dtype: dtype, elements: elements}, nil
}

// view is a tensor of an archive, checked to lie inside its storage.
type view struct {
	storage       *storage
	offset        int64
	shape, stride []int64
	elements      int64
}

// newView checks that every element of the view lies in the storage, without touching it.
func newView(s *storage, offset int64, shape, stride []int64) (*view, error) {
	if len(shape) != len(stride) {
		return nil, refuse(s.key, "tensor in storage %q: want as many strides as sizes, got %v for %v", s.key, stride, shape)
	}
	if offset < 0 {
		return nil, refuse(s.key, "tensor in storage %q: storage offset %d is negative", s.key, offset)
	}
	n, ok := elementCount(shape)
	if !ok {
		return nil, refuse(s.key, "tensor in storage %q: shape %v is negative or too large", s.key, shape)
	}
	v := &view{storage: s, offset: offset, shape: shape, stride: stride, elements: n}
	if n == 0 {
		return v, nil
	}
	last := offset
	for i, d := range shape {
		if stride[i] < 0 {
			return nil, refuse(s.key, "tensor in storage %q: stride %v is negative", s.key, stride)
		}
		reach, ok := mul(d-1, stride[i])
		if ok {
			last, ok = add(last, reach)
		}
		if !ok {
			last = s.elements // beyond any storage
			break
		}
	}
	if last >= s.elements {
		return nil, refuse(s.key, "tensor in storage %q: shape %v with strides %v from offset %d reaches outside the %d elements of the storage", s.key, shape, stride, offset, s.elements)
	}
	size, ok := mul(n, s.dtype.Size())
	if !ok || size-s.sizeBytes() > maxExpansionBytes {
		return nil, refuse(s.key, "tensor in storage %q: shape %v repeats the %d elements of the storage too often", s.key, shape, s.elements)
	}
	return v, nil
}

func (v *view) describe() View {
	return View{DType: v.storage.dtype, Shape: slices.Clone(v.shape), Stride: slices.Clone(v.stride), Offset: v.offset, Storage: v.storage.key}
}

// contiguous says whether the elements lie one after the other in row-major order.
func (v *view) contiguous() bool {
	want := int64(1)
	for i := len(v.shape) - 1; i >= 0; i-- {
		if v.shape[i] != 1 && v.stride[i] != want {
			return false
		}
		want *= v.shape[i]
	}
	return true
}

// read gives the elements in row-major order: a part of the storage itself where they lie so, else a copy.
func (v *view) read() (Tensor, error) {
	t := Tensor{DType: v.storage.dtype, Shape: slices.Clone(v.shape)}
	if v.elements == 0 {
		return t, nil
	}
	data, err := v.storage.bytes()
	if err != nil {
		return Tensor{}, err
	}
	size := v.storage.dtype.Size()
	if v.contiguous() {
		begin, end := v.offset*size, (v.offset+v.elements)*size
		t.Data = data[begin:end:end]
		return t, nil
	}
	t.Data = make([]byte, 0, v.elements*size)
	// An odometer over all dimensions; at is the element it points to.
	index := make([]int64, len(v.shape))
	at := v.offset
	for range v.elements {
		t.Data = append(t.Data, data[at*size:(at+1)*size]...)
		for d := len(index) - 1; d >= 0; d-- {
			index[d]++
			at += v.stride[d]
			if index[d] < v.shape[d] {
				break
			}
			at -= v.stride[d] * v.shape[d]
			index[d] = 0
		}
	}
	return t, nil
}
