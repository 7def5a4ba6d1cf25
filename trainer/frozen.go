package trainer

import (
	"container/list"
	"encoding/binary"

	"plip/internal/nn"
	"plip/internal/tensor"
)

// frozenCache keeps, between the passes of a training, what the text encoder's frozen layers give for captions, each by
// its exact tokens: in BFloat16 with text.frozen_bf16, else as they give it. Where there are more bytes than allowed, the
// caption goes whose last use is the longest ago. It is part of no checkpoint, so a training that goes on begins with an
// empty one; that changes no bit, because a caption is computed by itself, whatever its batch holds and the cache lacks.
// In a pass of many, kernels and with them the last bits would depend on how many there are. The encoder's frozen
// parameters must stay as they are. It is for one goroutine at a time.
type frozenCache struct {
	limit, used  int64                    // bytes, of entrySize
	entries      map[string]*list.Element // of *frozenEntry, by frozenKey
	recent       list.List                // the one used last in front
	dtype        tensor.DType             // of what the layers give
	hits, misses int64                    // captions
	computed     []int64                  // tokens of each caption, masked ones too, that the last pass computed
}

// frozenEntry is one caption.
type frozenEntry struct {
	key string
	x   tensor.Tensor // [T, D], the caption's tokens first; the cache owns it
}

// entryOverhead is about what handles, list and map take for an entry beside its numbers and its key, in bytes.
const entryOverhead = 512

// keepFrozen gives the encoder a cache where its configuration asks for one. closeFrozen frees it.
func (t *Text) keepFrozen() {
	if t.Config.FrozenCache > 0 {
		t.cache = &frozenCache{limit: t.Config.FrozenCache, entries: map[string]*list.Element{}}
	}
}

// closeFrozen frees the cache, if there is one.
func (t *Text) closeFrozen() {
	if t.cache == nil {
		return
	}
	for t.cache.recent.Len() > 0 {
		t.cache.evict()
	}
	t.cache = nil
}

// lower gives the frozen layers' states of captions followed by masked ones, packed as nn.Packing does, into rows of
// which those beyond the tokens are copies of the first.
func (c *frozenCache) lower(t *Text, device tensor.Device, captions, masked tokens, rows int64) tensor.Tensor { // [rows, D]
	return tensor.Block(func() tensor.Tensor {
		c.computed = c.computed[:0]
		var parts []tensor.Tensor // [l, D] of each caption
		left := rows
		for i, l := range captions.lengths() {
			x := c.caption(t, device, captions.ids[int64(i)*captions.l:][:l])
			parts, left = append(parts, x), left-l
		}
		if masked.n > 0 {
			x, l := c.masked(t, device, masked)
			parts, left = append(parts, x), left-l
		}
		if left > 0 {
			parts = append(parts, parts[0].Narrow(0, 0, 1).Expand(left, t.Config.Width))
		}
		return tensor.Cat(0, parts...)
	})
}

// caption finds or computes the states of one caption.
func (c *frozenCache) caption(t *Text, device tensor.Device, ids []int64) tensor.Tensor { // [l, D]
	l, key := int64(len(ids)), frozenKey(ids)
	if e, ok := c.entries[key]; ok {
		c.hits++
		c.recent.MoveToFront(e)
		return e.Value.(*frozenEntry).x.Narrow(0, 0, l).As(c.dtype) // a handle of the scope: the entry may go before it
	}
	c.misses++
	c.computed = append(c.computed, l)
	x := tensor.Block(func() tensor.Tensor {
		ids := tensor.FromInt64(device, ids, 1, l)
		return t.lower(ids, nn.NewPacking(tensor.Full(device, tensor.Int64, 1, 1, l)), true, nil) // [T, D]
	})
	c.dtype = x.DType()
	if t.Config.FrozenBF16 {
		x = x.As(tensor.BFloat16)
	}
	c.put(key, x)
	return x.Narrow(0, 0, l).As(c.dtype)
}

// masked computes the states of masked captions in one pass, and tells how many tokens they have.
func (c *frozenCache) masked(t *Text, device tensor.Device, masked tokens) (x tensor.Tensor, l int64) { // [l, D]
	for _, n := range masked.lengths() {
		c.computed, l = append(c.computed, n), l+n
	}
	return tensor.Block(func() tensor.Tensor {
		ids, mask := masked.tensors(device)
		return t.lower(ids, nn.NewPacking(mask), true, nil).Narrow(0, 0, l)
	}), l
}

// put keeps the states of a caption, and evicts others for it. One that alone is beyond the limit is not kept.
func (c *frozenCache) put(key string, x tensor.Tensor) {
	e := &frozenEntry{key, x}
	if e.size() > c.limit {
		return
	}
	for c.used+e.size() > c.limit {
		c.evict()
	}
	e.x = tensor.Keep(x.Detach()) // a handle of its own: x is the scope's
	c.entries[key] = c.recent.PushFront(e)
	c.used += e.size()
}

// evict drops the entry that was used the longest ago.
func (c *frozenCache) evict() {
	e := c.recent.Remove(c.recent.Back()).(*frozenEntry)
	delete(c.entries, e.key)
	c.used -= e.size()
	e.x.Free()
}

// size is about the bytes that an entry takes.
func (e *frozenEntry) size() int64 {
	return e.x.NumElements()*int64(e.x.DType().Size()) + int64(len(e.key)) + entryOverhead
}

// frozenKey is a caption's tokens as a string.
func frozenKey(ids []int64) string {
	b := make([]byte, 0, 4*len(ids))
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint32(b, uint32(id))
	}
	return string(b)
}
