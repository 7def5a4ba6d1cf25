package runlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"os"
)

// EventsFile is the name of the log for TensorBoard in a run's folder: what it looks for is "tfevents" in a name.
const EventsFile = "events.out.tfevents.plip"

// The file is a sequence of records, each framed as TensorFlow's TFRecord (tensorflow.org, "TFRecord and tf.train.Example"):
//
//	uint64 length, little endian | uint32 masked CRC-32C of these 8 bytes | data | uint32 masked CRC-32C of the data
//
// The data is a message Event of tensorflow/core/util/event.proto: the first holds the version of the format, every
// other the figures of one step. There is no time in it, so TensorBoard's relative axis is flat; its axis of steps is
// what counts.
const eventsVersion = "brain.Event:2"

// Numbers of the fields of Event, Summary and Summary.Value.
const (
	eventStep    = 2 // int64
	eventVersion = 3 // string
	eventSummary = 5 // Summary
	summaryValue = 1 // repeated Value
	valueTag     = 1 // string
	valueSimple  = 2 // float
)

// Kinds of encoding in a field's key.
const (
	wireVarint = 0
	wireBytes  = 2
	wireFloat  = 5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// maskedCRC is TFRecord's: a plain sum of data that holds sums is prone to collide.
func maskedCRC(data []byte) uint32 {
	sum := crc32.Checksum(data, castagnoli)
	return (sum>>15 | sum<<17) + 0xa282ead8
}

// appendFrame adds a record.
func appendFrame(to, data []byte) []byte {
	from := len(to)
	to = binary.LittleEndian.AppendUint64(to, uint64(len(data)))
	to = binary.LittleEndian.AppendUint32(to, maskedCRC(to[from:]))
	return binary.LittleEndian.AppendUint32(append(to, data...), maskedCRC(data))
}

func appendKey(to []byte, field, wire uint64) []byte {
	return binary.AppendUvarint(to, field<<3|wire)
}

func appendBytes(to []byte, field uint64, data []byte) []byte {
	to = binary.AppendUvarint(appendKey(to, field, wireBytes), uint64(len(data)))
	return append(to, data...)
}

// eventsHeader is the first record.
func eventsHeader() []byte {
	return appendFrame(nil, appendBytes(nil, eventVersion, []byte(eventsVersion)))
}

// appendEvent adds the figures of one step as a record. A figure that is not finite is NaN, as it is read back.
func appendEvent(to []byte, r Record) []byte {
	var summary, value []byte
	for _, f := range r.Fields {
		value = appendBytes(value[:0], valueTag, []byte(f.Name))
		figure := float32(f.Value)
		if math.IsNaN(f.Value) || math.IsInf(f.Value, 0) {
			figure = float32(math.NaN())
		}
		value = binary.LittleEndian.AppendUint32(appendKey(value, valueSimple, wireFloat), math.Float32bits(figure))
		summary = appendBytes(summary, summaryValue, value)
	}
	event := binary.AppendUvarint(appendKey(nil, eventStep, wireVarint), uint64(r.Step))
	return appendFrame(to, appendBytes(event, eventSummary, summary))
}

// openEvents opens the log for TensorBoard at path so that it holds these records and nothing else. What is there and
// equal stays in place, for a TensorBoard that reads along.
func openEvents(path string, records []Record) (*os.File, error) {
	want := eventsHeader()
	for _, r := range records {
		want = appendEvent(want, r)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, err
	}
	there := make([]byte, len(want))
	n, err := io.ReadFull(f, there)
	if err != nil && !isEnd(err) {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), f.Close())
	}
	same := 0
	if bytes.HasPrefix(want, there[:n]) {
		same = n
	}
	if err = f.Truncate(int64(same)); err == nil {
		_, err = f.WriteAt(want[same:], int64(same))
	}
	if err == nil {
		_, err = f.Seek(int64(len(want)), io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), f.Close())
	}
	return f, nil
}
