package parquet

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
)

// Blocks are written whole and at multiples of their length, which lets a file
// system use large pages: half the time of writes of 128 kB. Three of them keep
// the hash from holding up the writer.
const (
	blockBytes = 1 << 20
	blockCount = 3
)

// shardOutput is the file of a shard under construction. What is written goes
// through SHA-256 on a goroutine of its own, so that the manifest needs no second
// read; it ends with commit or discard. Not safe for concurrent use.
type shardOutput struct {
	file  *atomicFile
	at    int64       // bytes written
	block []byte      // not yet in the file
	full  chan []byte // in the file, to be hashed; nil once the hash has ended
	free  chan []byte // to be filled
	sum   chan string // the hash at the end
}

func newShardOutput(file *atomicFile) *shardOutput {
	o := &shardOutput{
		file: file,
		full: make(chan []byte, blockCount),
		free: make(chan []byte, blockCount),
		sum:  make(chan string, 1),
	}
	for range blockCount - 1 {
		o.free <- make([]byte, 0, blockBytes)
	}
	o.block = make([]byte, 0, blockBytes)
	go hashBlocks(o.full, o.free, o.sum)
	return o
}

// hashBlocks never waits for the writer: free and sum have room for all it sends.
func hashBlocks(full <-chan []byte, free chan<- []byte, sum chan<- string) {
	h := sha256.New()
	for block := range full {
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
		if len(o.block) == blockBytes {
			if err := o.flush(); err != nil {
				return n - len(p), err
			}
		}
	}
	o.at += int64(n)
	return n, nil
}

// flush writes the block and passes it on.
func (o *shardOutput) flush() error {
	if n, err := o.file.Write(o.block); err != nil {
		return err
	} else if n < len(o.block) {
		return io.ErrShortWrite
	}
	o.full <- o.block
	o.block = <-o.free
	return nil
}

// commit gives the file its name and returns its SHA-256 in lower-case hex.
// After an error the file is gone.
func (o *shardOutput) commit() (string, error) {
	if err := o.flush(); err != nil {
		o.discard()
		return "", err
	}
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
