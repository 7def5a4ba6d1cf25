package parquet

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// Blocks are written whole and at multiples of their length, which lets a file
// system use large pages: half the time of writes of 128 kB. Three of them keep
// the hash from holding up the writer. Behind each is room for the page that does
// not end with it.
const (
	blockBytes = 1 << 20
	blockRoom  = 256 << 10
	blockCount = 3
)

// writebackBytes is how much the kernel is told at a time to put on the disk.
const writebackBytes = 4 << 20

// shardOutput is the file of a shard under construction. What is written goes
// through SHA-256 on a goroutine of its own, so that the manifest needs no second
// read, and on to the disk while the rest is made, so that the sync at the end
// finds little left. It ends with commit or discard. Not safe for concurrent use.
type shardOutput struct {
	file  *atomicFile
	at    int64       // bytes written
	block []byte      // not yet in the file: less than blockBytes between calls
	gap   int         // left before a page's values for its head: as long as the last one
	full  chan []byte // in the file, to be hashed; nil once the hash has ended
	free  chan []byte // to be filled; nil stands for one not made yet
	sum   chan string // the hash at the end
}

func newShardOutput(file *atomicFile) *shardOutput {
	o := &shardOutput{
		file:  file,
		block: newBlock(),
		full:  make(chan []byte, blockCount),
		free:  make(chan []byte, blockCount),
		sum:   make(chan string, 1),
	}
	for range blockCount - 1 {
		o.free <- nil
	}
	go hashBlocks(file, o.full, o.free, o.sum)
	return o
}

func newBlock() []byte { return make([]byte, 0, blockBytes+blockRoom) }

// hashBlocks never waits for the writer: free and sum have room for all it sends.
func hashBlocks(file *atomicFile, full <-chan []byte, free chan<- []byte, sum chan<- string) {
	h := sha256.New()
	var at, started int64
	for block := range full {
		at += int64(len(block))
		if at-started >= writebackBytes {
			file.startWriteback(started, at-started)
			started = at
		}
		h.Write(block)
		free <- block[:0]
	}
	sum <- hex.EncodeToString(h.Sum(nil))
}

func (o *shardOutput) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		k := min(len(p), blockBytes-len(o.block))
		o.block = append(o.block, p[:k]...)
		p = p[k:]
		if err := o.flushFull(); err != nil {
			return n - len(p), err
		}
	}
	o.at += int64(n)
	return n, nil
}

// room returns memory for a page's values, empty: writePage need not copy what
// lies there. Nothing else may be written before that.
func (o *shardOutput) room() []byte {
	n := len(o.block) + o.gap
	return o.block[n:n]
}

// writePage writes a page's header and levels, then its values.
func (o *shardOutput) writePage(head, values []byte) error {
	n, gap := len(o.block), o.gap
	o.gap = len(head)
	end := n + len(head) + len(values)
	inRoom := len(values) > 0 && n+gap < cap(o.block) && &values[0] == &o.block[:n+gap+1][n+gap]
	if inRoom && end <= cap(o.block) {
		o.block = o.block[:end]
		if len(head) != gap { // rare: a checksum of fewer digits
			copy(o.block[n+len(head):], values)
		}
		copy(o.block[n:], head)
		o.at += int64(len(head) + len(values))
		return o.flushFull()
	}
	if inRoom { // and the room ends with it, but the head is longer than the gap
		values = append([]byte(nil), values...)
	}
	if _, err := o.Write(head); err != nil {
		return err
	}
	_, err := o.Write(values)
	return err
}

// flushFull writes a full block, passes it on, and begins the next with what lies
// behind it.
func (o *shardOutput) flushFull() error {
	if len(o.block) < blockBytes {
		return nil
	}
	block, rest := o.block[:blockBytes], o.block[blockBytes:]
	if err := o.store(block); err != nil {
		return err
	}
	o.full <- block
	next := <-o.free
	if next == nil {
		next = newBlock()
	}
	o.block = append(next, rest...)
	return nil
}

func (o *shardOutput) store(block []byte) error {
	n, err := o.file.Write(block)
	if err == nil && n < len(block) {
		err = io.ErrShortWrite
	}
	return err
}

// commit gives the file its name and returns its SHA-256 in lower-case hex.
// After an error the file is gone.
func (o *shardOutput) commit() (string, error) {
	if err := o.store(o.block); err != nil {
		o.discard()
		return "", err
	}
	o.full <- o.block
	sum := o.endHash()
	return sum, o.file.commit()
}

// discard removes the unfinished file.
func (o *shardOutput) discard() {
	o.endHash()
	o.file.discard()
}

func (o *shardOutput) endHash() string {
	if o.full == nil {
		return ""
	}
	close(o.full)
	o.full = nil
	return <-o.sum
}
