package ingest

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestPickleRefuses(t *testing.T) {
	const proto = "\x80\x04"
	dtype := "cnumpy\ndtype\nX\x02\x00\x00\x00i4\x85R"
	for _, c := range []struct{ name, pickle, want string }{
		{"class", proto + "cposix\nsystem\n.", `byte 2: want plain values, got "posix.system": refused, nothing was executed`},
		{"class by stack", proto + "\x8c\x08builtins\x8c\x04eval\x93.", `got "builtins.eval": refused`},
		{"function of numpy", proto + "cnumpy\nload\n.", `got "numpy.load": refused`},
		{"submodule", proto + "cnumpy._core.multiarray\nfromfile\n.", `got "numpy._core.multiarray.fromfile": refused`},
		{"inst", proto + "(ios\nsystem\n.", "got INST: refused"},
		{"obj", proto + "(o.", "got OBJ: refused"},
		{"newobj", proto + ")\x81.", "got NEWOBJ: refused"},
		{"newobj ex", proto + "\x92.", "got NEWOBJ_EX: refused"},
		{"ext", proto + "\x82\x01.", "got EXT: refused"},
		{"persistent", proto + "Q.", "got PERSID: refused"},
		{"text int", "I1\n.", "got 'I' of protocol 0: refused"},
		{"buffer", proto + "\x97.", "got 0x97: refused"},
		{"protocol", "\x80\x07N.", "want protocol 2 to 5, got 7"},
		{"call", proto + "cbuiltins\nlist\n)R.", "got builtins.list with 0 arguments: refused"},
		{"call of text", proto + "X\x01\x00\x00\x00a)R.", "want a class and its arguments, got a text and a list"},
		{"default of a value", proto + "ccollections\ndefaultdict\nK\x01\x85R.", "got collections.defaultdict with 1 arguments"},
		{"state", proto + "}}b.", "want a NumPy array or dtype to set, got a dict: refused"},
		{"object array", proto + "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\x00\x00\x00O8\x85RC\x08abcdefgh\x86R.", `got a NumPy "O8": refused`},
		{"scalar size", proto + "cnumpy.core.multiarray\nscalar\n" + dtype + "C\x02ab\x86R.", "want the bytes of a i4, got 2"},
		{"long int", proto + "\x8a\x09123456789.", "want an integer of at most 8 bytes, got 9"},
		{"long name", proto + "c" + strings.Repeat("a", 600), "want a name of at most 512 bytes"},
		{"no text", proto + "X\x01\x00\x00\x00\xff.", "want text in UTF-8"},
		{"announced", proto + "X\xff\xff\xff\x00abc", "want 16777215 bytes, got 3: unexpected EOF"},
		{"announced too much", proto + "X\xff\xff\xff\xffabc", "want at most 134217728 bytes in one value, got 4294967295"},
		{"announced by 8 bytes", proto + "\x8d\xff\xff\xff\xff\xff\xff\xff\xffabc", "want at most 134217728 bytes in one value"},
		{"empty", "", "byte 0: want 1 bytes, got 0"},
		{"nothing", proto + ".", "want one value at the end, got 0"},
		{"two", proto + "NN.", "want one value at the end, got 2"},
		{"mark left", proto + "(N.", "want one value at the end"},
		{"pop", proto + "0.", "want 1 values on the stack, got 0"},
		{"pop below mark", proto + "N(0.", "want 1 values on the stack, got 0"},
		{"no mark", proto + "Nt.", "want a mark on the stack, got none"},
		{"append to none", proto + "NNa.", "want a list, got a none"},
		{"set in list", proto + "]NNs.", "want a dict, got a list"},
		{"odd", proto + "}(Nu.", "want keys and values, got 1 of both"},
		{"odd dict", proto + "(Nd.", "want keys and values, got 1 of both"},
		{"memo", proto + "h\x05.", "want a value that was kept, got number 5, which was not"},
		{"put nothing", proto + "q\x05.", "want 1 values on the stack, got 0"},
		{"names", proto + "K\x01K\x02\x93.", "want the name of a class, got a integer and a integer"},
		{"values", proto + strings.Repeat("N", maxPlains+1), "want at most 4194304 values and 134217728 bytes of text, got more"},
		{"marks", proto + strings.Repeat("(", maxPlains+1), "want at most 4194304 values"},
	} {
		_, err := readPickle(strings.NewReader(c.pickle), nil)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", c.name, c.want, err)
		}
	}
}

// TestPickleBatches: members of the outer lists are handed over in order and not
// held, inner lists stay whole, and what was handed over cannot be recalled.
func TestPickleBatches(t *testing.T) {
	var got []string
	each := func(key string, item plain) error {
		got = append(got, key+"="+item.text)
		return nil
	}
	text := func(s string) string { return "\x8c" + string(rune(len(s))) + s + "\x94" }
	head := "\x80\x04}\x94(" + text("k") + "]\x94"
	root, err := readPickle(strings.NewReader(head+"("+text("a")+text("b")+"e"+text("c")+"a("+text("b")+"h\x01e"+text("l")+"](]\x94(K\x01K\x02eeu."), each)
	if err != nil {
		t.Fatal(err)
	}
	if want := "k=a k=b k=c k=b k=k l="; strings.Join(got, " ") != want {
		t.Errorf("want %s, got %s", want, strings.Join(got, " "))
	}
	if list, ok := root.get("k"); !ok || len(list.items()) != 0 {
		t.Errorf("want an empty list, got %v", list)
	}
	_, err = readPickle(strings.NewReader(head+"("+text("a")+text("b")+"eh\x03a"), each)
	if err == nil || !strings.Contains(err.Error(), "got number 3, which was not") {
		t.Errorf("recall of what was handed over: got %v", err)
	}
}

// FuzzPickle: any bytes are refused or read in memory in proportion to them.
func FuzzPickle(f *testing.F) {
	paths, err := filepath.Glob("testdata/luperson/detections-*.pkl")
	if err != nil || len(paths) < 3 {
		f.Fatal(paths, err)
	}
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add(detectionsOf([3]int{1, 2, 3}))
	f.Add(keysOf("00001_000001_0000001_00", "00003_000001_0000001_00"))
	f.Add([]byte("\x80\x02]q\x00(h\x00h\x00ea."))
	f.Fuzz(func(t *testing.T, data []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		crops, err := readDetections(bytes.NewReader(data))
		videos, errKeys := readLUPersonKeys(t.Context(), bytes.NewReader(data))
		runtime.ReadMemStats(&after)
		// A byte may make a value, its places on the stack, in a list and in the memo; a key may number a video of 24 MB.
		if used := after.TotalAlloc - before.TotalAlloc; used > uint64(64<<20+2000*len(data)) {
			t.Errorf("%d bytes were allocated for %d", used, len(data))
		}
		if err != nil && crops != nil || errKeys != nil && videos != nil {
			t.Errorf("got values beside errors %v, %v", err, errKeys)
		}
	})
}
