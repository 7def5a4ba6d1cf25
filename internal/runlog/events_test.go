package runlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestMaskedCRC holds the checksum against one that every TensorFlow writes: that of the length of its first record, 24.
func TestMaskedCRC(t *testing.T) {
	if got := maskedCRC(binary.LittleEndian.AppendUint64(nil, 24)); got != 0x224b7fa3 {
		t.Errorf("want 224b7fa3, got %x", got)
	}
}

// frames cuts a file of records, checking their sums.
func frames(t *testing.T, data []byte) (out [][]byte) {
	t.Helper()
	for len(data) > 0 {
		n := int(binary.LittleEndian.Uint64(data))
		if len(data) < n+16 {
			t.Fatalf("want a record of %d bytes, got %d in all", n, len(data)-16)
		}
		if sum := binary.LittleEndian.Uint32(data[8:]); sum != maskedCRC(data[:8]) {
			t.Fatalf("sum of the length: got %x", sum)
		}
		record := data[12 : 12+n]
		if sum := binary.LittleEndian.Uint32(data[12+n:]); sum != maskedCRC(record) {
			t.Fatalf("sum of the data: got %x", sum)
		}
		out, data = append(out, record), data[16+n:]
	}
	return out
}

// fields cuts a protocol buffer message into its fields, numbers as they stand.
func fields(t *testing.T, data []byte) (out []struct {
	number uint64
	varint uint64
	bytes  []byte
}) {
	t.Helper()
	for len(data) > 0 {
		key, k := binary.Uvarint(data)
		data = data[k:]
		next := struct {
			number uint64
			varint uint64
			bytes  []byte
		}{number: key >> 3}
		switch key & 7 {
		case 0:
			next.varint, k = binary.Uvarint(data)
			data = data[k:]
		case 2:
			n, k := binary.Uvarint(data)
			next.bytes, data = data[k:k+int(n)], data[k+int(n):]
		case 5:
			next.bytes, data = data[:4], data[4:]
		default:
			t.Fatalf("field %d: unknown kind %d", key>>3, key&7)
		}
		out = append(out, next)
	}
	return out
}

// readEvents decodes a file of events.
func readEvents(t *testing.T, path string) (out []Record) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := frames(t, data)
	if first := fields(t, all[0]); len(first) != 1 || first[0].number != 3 || string(first[0].bytes) != "brain.Event:2" {
		t.Fatalf("first record: want the version alone, got %v", first)
	}
	for _, record := range all[1:] {
		r := Record{}
		for _, f := range fields(t, record) {
			switch f.number {
			case 2:
				r.Step = int64(f.varint)
			case 5:
				for _, v := range fields(t, f.bytes) {
					parts := fields(t, v.bytes)
					if v.number != 1 || len(parts) != 2 || parts[0].number != 1 || parts[1].number != 2 {
						t.Fatalf("value: want a tag and a figure, got %v", parts)
					}
					r.Fields = append(r.Fields, Field{string(parts[0].bytes), float64(math.Float32frombits(binary.LittleEndian.Uint32(parts[1].bytes)))})
				}
			}
		}
		out = append(out, r)
	}
	return out
}

// TestEventsFollowMetrics logs, is cut off, goes back to a checkpoint and goes on: the events are those of the lines.
func TestEventsFollowMetrics(t *testing.T) {
	dir := t.TempDir()
	path, events := filepath.Join(dir, MetricsFile), filepath.Join(dir, EventsFile)
	log := func(keep int64, records ...Record) {
		t.Helper()
		m, err := OpenMetrics(path, keep)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range records {
			if err := m.Append(r.Step, r.Fields...); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		want, err := ReadMetrics(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, readEvents(t, events), cmpopts.EquateNaNs(), cmpopts.EquateApprox(1e-6, 0)); d != "" {
			t.Error(d)
		}
	}
	log(-1, Record{1, []Field{{"loss", 0.5}, {"lr", 1e-4}}}, Record{300, []Field{{"loss", math.Inf(1)}}}, Record{1 << 40, []Field{{"é", -2}}})
	first, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	log(300, Record{301, []Field{{"loss", 0.25}}})
	second, err := os.ReadFile(events)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(first) * 2 / 3; !bytes.Equal(first[:n], second[:n]) {
		t.Error("want what was kept to stay in place")
	}
	for name, damage := range map[string]func() error{
		"half a record": func() error { return os.Truncate(events, int64(len(second)-5)) },
		"no file":       func() error { return os.Remove(events) },
		"other bytes":   func() error { return os.WriteFile(events, bytes.Repeat([]byte{7}, 999), 0o666) },
	} {
		if err := damage(); err != nil {
			t.Fatal(err)
		}
		log(301)
		if got, err := os.ReadFile(events); err != nil || !bytes.Equal(got, second) {
			t.Errorf("%s: want the file as it was, got %d bytes for %d, %v", name, len(got), len(second), err)
		}
	}
	if err := errors.Join(os.Remove(events), os.Mkdir(events, 0o777)); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenMetrics(path, 301); err == nil {
		t.Error("want an error for a folder of that name")
	}
}
