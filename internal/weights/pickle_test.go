package weights

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The beginnings of hand-written pickles.
const (
	proto   = "\x80\x02"
	float   = "ctorch\nFloatStorage\n"
	v2      = "ctorch._utils\n_rebuild_tensor_v2\n"
	pair    = "\x86"
	ordered = "ccollections\nOrderedDict\n"
)

// text pushes a short string.
func text(s string) string { return "\x8c" + string(rune(len(s))) + s }

// tensorOf pushes a tensor of shape [size] in the float storage "0" of the given elements.
func tensorOf(elements, size byte) string {
	id := "(" + text("storage") + float + text("0") + text("cpu") + "K" + string([]byte{elements}) + "tQ"
	return v2 + "(" + id + "K\x00K" + string([]byte{size}) + "\x85K\x01\x85\x89" + ordered + ")RtR"
}

// archiveOf makes a zip archive of a pickle and the storage "0" of 16 bytes. method is how both are stored.
func archiveOf(t testing.TB, pickle string, method uint16) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, record := range []struct{ name, data string }{
		{"archive/data.pkl", pickle},
		{"archive/byteorder", "little"},
		{"archive/data/0", "\x00\x00\x80\x3f\x00\x00\x00\x40\x00\x00\x40\x40\x00\x00\x80\x40"}, // 1 2 3 4
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: record.name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, record.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// everyOpcode is a pickle that says things in the ways that the reference archives do not use.
func everyOpcode() string {
	return proto + "}(" +
		text("frame") + "\x95\x00\x00\x00\x00\x00\x00\x00\x00K\x07" +
		text("ordered") + ordered + "]" + text("b") + "K\x02" + pair + "a" + text("a") + "K\x01" + pair + "a\x85R" +
		text("counter") + "ccollections\nCounter\n}K\x05K\x06s\x85R" +
		text("size") + "ctorch\nSize\nK\x03K\x04\x86\x85R" +
		text("device") + "ctorch\ndevice\n" + text("cpu") + "\x85R" +
		text("dtype") + text("torch") + text("float16") + "\x93" +
		text("long") + "\x8b\x09\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80" +
		text("negative") + "J\xfe\xff\xff\xff" +
		text("bytes") + "C\x02\xff\x00" +
		text("memo") + text("x") + "\x940h\x00" +
		text("list") + "(K\x01K\x0220(N1Nl" + // 1 2, 2 again and away, a mark and away, None
		text("dict") + "(K\x01K\x02\x88K\x03d" +
		text("weight") + tensorOf(4, 4) +
		text("typed") + "ctorch._tensor\n_rebuild_from_type_v2\n(" + v2 + "ctorch\nTensor\n" + strings.TrimSuffix(strings.TrimPrefix(tensorOf(4, 2), v2), "R") + "}tR" +
		"u."
}

func TestPickleValues(t *testing.T) {
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		a, err := parseArchive("x", archiveOf(t, everyOpcode(), method))
		if err != nil {
			t.Fatal(err)
		}
		root := a.Root()
		if n, _ := root.Get("frame").Int(); n != 7 {
			t.Errorf("frame: %d", n)
		}
		if keys := root.Get("ordered").Keys(); len(keys) != 2 || keyText(keys[0]) != "b" || keyText(keys[1]) != "a" {
			t.Errorf("ordered: want b, a, got %d keys", len(keys))
		}
		if n, _ := root.Get("counter").Items()[0].Int(); n != 6 || keyText(root.Get("counter").Keys()[0]) != "5" {
			t.Errorf("counter: %d", n)
		}
		if size := root.Get("size"); size.Kind() != KindTuple || len(size.Items()) != 2 {
			t.Errorf("size: %s", size.Kind())
		}
		for key, want := range map[string]string{"device": "cpu", "dtype": "torch.float16", "bytes": "\xff\x00", "memo": "x"} {
			if got, _ := root.Get(key).Text(); got != want {
				t.Errorf("%s: want %q, got %q", key, want, got)
			}
		}
		want := new(big.Int).Lsh(big.NewInt(-1), 71)
		if got, _ := root.Get("long").BigInt(); got.Cmp(want) != 0 {
			t.Errorf("long: want %s, got %s", want, got)
		}
		if n, _ := root.Get("negative").Int(); n != -2 {
			t.Errorf("negative: %d", n)
		}
		if items := root.Get("list").Items(); len(items) != 3 || items[2].Kind() != KindNone {
			t.Errorf("list: %d items", len(items))
		}
		// True is the key 1 again: the first key keeps its place and takes the later value.
		if d := root.Get("dict"); len(d.Keys()) != 1 {
			t.Errorf("dict: want one key, got %d", len(d.Keys()))
		} else if n, _ := d.Items()[0].Int(); n != 3 {
			t.Errorf("dict: want 3, got %d", n)
		}
		for key, want := range map[string][]float32{"weight": {1, 2, 3, 4}, "typed": {1, 2}} {
			tensor, err := root.Get(key).Tensor()
			if err != nil {
				t.Fatal(err)
			}
			if got, err := tensor.Float32s(); err != nil || !slices.Equal(got, want) {
				t.Errorf("%s: want %v, got %v, %v", key, want, got, err)
			}
		}
	}
}

func TestPickleRefuses(t *testing.T) {
	nested := strings.Repeat("(", 200) + strings.Repeat("t", 200)
	for _, c := range []struct{ name, pickle, want, refused string }{
		{"tuple nest", proto + nested + ".", "nested more than 100 deep", ""},
		{"cycle", proto + "]q\x00h\x00a.", "nested more than 100 deep", ""},
		{"laughs", proto + "]" + strings.Repeat("q\x000(h\x00h\x00l", 60) + ".", "more than 4194304 values", ""},
		{"global", proto + "cos\nsystem\n.", `asks for "os.system"`, "os.system"},
		{"stack global", "\x80\x04" + text("builtins") + text("exec") + "\x93.", `asks for "builtins.exec"`, "builtins.exec"},
		{"nested name", proto + "ctorch\nutils.data.x\n.", `asks for "torch.utils.data.x"`, "torch.utils.data.x"},
		{"unknown storage", proto + "ctorch\nComplexFloatStorage\n.", `asks for "torch.ComplexFloatStorage"`, "torch.ComplexFloatStorage"},
		{"inst", proto + "(ios\nsystem\n.", "opcode INST", "INST"},
		{"obj", proto + "(" + float + "o.", "opcode OBJ", "OBJ"},
		{"ext", proto + "\x82\x01.", "opcode EXT", "EXT"},
		{"newobj ex", proto + "\x92.", "opcode NEWOBJ_EX", "NEWOBJ_EX"},
		{"text int", proto + "I1\n.", `opcode 'I' of protocol 0`, `'I' of protocol 0`},
		{"unknown", proto + "\xff.", "opcode 0xFF", "0xFF"},
		{"protocol", "\x80\x09N.", "pickle protocol 9, want 2 to 5", ""},
		{"class left", proto + ordered + ".", "stands in the tree without being called", "collections.OrderedDict"},
		{"storage left", proto + "(" + text("storage") + float + text("0") + text("cpu") + "K\x04tQ.", "without a tensor", "0"},
		{"call a string", proto + text("x") + ")R.", "calls a string with a tuple", ""},
		{"call on a list", proto + ordered + "]R.", "calls a class with a list", ""},
		{"call size", proto + "ctorch\nSize\nK\x01\x85R.", "torch.Size is called with (int)", "torch.Size"},
		{"call tensor", proto + "ctorch\nTensor\n)R.", "torch.Tensor is called with ()", "torch.Tensor"},
		{"rebuild wrong", proto + v2 + "K\x01K\x02\x86R.", "called with (int, int)", "torch._utils._rebuild_tensor_v2"},
		{"typed other", proto + "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch\ndevice\nN)NtR.", "is called with (class, none, tuple, none)", "torch._tensor._rebuild_from_type_v2"},
		{"build a list", proto + "]}b.", "sets the state of a list", ""},
		{"key", proto + "}]Ns.", "a dict has a key of kind list", ""},
		{"float key", proto + "}G\x3f\xf0\x00\x00\x00\x00\x00\x00Ns.", "a dict has a key of kind float", ""},
		{"odd dict", proto + "(K\x01d.", "a dict of 1 keys and values", ""},
		{"empty", "", "the pickle ends at byte 0", ""},
		{"no stop", proto + "N", "the pickle ends at byte 3", ""},
		{"stop on nothing", proto + ".", "takes a value from an empty stack", ""},
		{"two left", proto + "NN.", "leaves 1 values on the stack", ""},
		{"mark left", proto + "N(.", "takes a value from an empty stack", ""},
		{"no mark", proto + "t.", "no mark", ""},
		{"below mark", proto + "N(0.", "takes a value from an empty stack", ""},
		{"append to none", proto + "NNa.", "want a list, got a none", ""},
		{"memo", proto + "h\x05.", "recalls value 5", ""},
		{"put nothing", proto + "q\x00.", "looks at an empty stack", ""},
		{"string length", proto + "X\xff\xff\xff\x7fabc.", "a text of 2147483647 bytes", ""},
		{"string cut", proto + "X\xff\x00\x00\x00abc.", "255 more were announced", ""},
		{"string bytes", proto + "X\x01\x00\x00\x00\xff.", "is not UTF-8", ""},
		{"long int", proto + "\x8b\x00\x08\x00\x00" + strings.Repeat("\x01", 2048) + ".", "an integer of 2048 bytes", ""},
		{"long name", proto + "c" + strings.Repeat("a", 600) + "\nb\n.", "a name without end in 512 bytes", ""},
		{"persistent", proto + text("0") + "Q.", "want a persistent id", ""},
		{"persistent tag", proto + "(" + text("module") + float + text("0") + text("cpu") + "K\x04tQ.", "want a persistent id", ""},
		{"record size", proto + tensorOf(5, 2) + ".", "declares 20 bytes (5 elements of F32), its record has 16", "data/0"},
		{"beyond", proto + tensorOf(4, 5) + ".", "reaches outside the 4 elements", "0"},
		{"two names", proto + "}(" + text("a.b") + tensorOf(4, 4) + text("a") + "}" + text("b") + tensorOf(4, 4) + "su.", `two tensors have the name "a.b"`, "a.b"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parseArchive("x", archiveOf(t, c.pickle, zip.Store))
		runtime.ReadMemStats(&after)
		var r *RefusedError
		if !errors.As(err, &r) || !strings.Contains(r.Reason, c.want) || c.refused != "" && r.Name != c.refused {
			t.Errorf("%s: want a refusal of %q with %q, got %v", c.name, c.refused, c.want, err)
		}
		if used := after.TotalAlloc - before.TotalAlloc; used > 8<<20 {
			t.Errorf("%s: %d bytes were allocated", c.name, used)
		}
	}
}

// TestPickleCopiesAreCounted: a call of six bytes may copy a dict of a thousand keys, so calls alone are no bound.
func TestPickleCopiesAreCounted(t *testing.T) {
	var keys strings.Builder
	for i := range 1000 {
		keys.WriteString("M" + string([]byte{byte(i), byte(i >> 8)}) + "N")
	}
	pickle := proto + "}(" + keys.String() + "uq\x00" + ordered + "q\x010" + strings.Repeat("h\x01h\x00\x85R0", 3000) + "."
	_, err := parseArchive("x", archiveOf(t, pickle, zip.Store))
	if err == nil || !strings.Contains(err.Error(), "builds more than 2097152 values") {
		t.Errorf("got %v", err)
	}
}

func TestExpandedViewIsBounded(t *testing.T) {
	s, err := newStorage("0", F32, 4)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := newView(s, 0, []int64{maxExpansionBytes / 4, 1}, []int64{0, 1}); err != nil {
		t.Errorf("want a view of %d bytes read, got %v", maxExpansionBytes, err)
	}
	for _, shape := range [][]int64{{maxExpansionBytes, 4}, {1 << 40, 1}, {1 << 61, 1}} {
		if _, err := newView(s, 0, shape, []int64{0, 1}); err == nil || !strings.Contains(err.Error(), "repeats the 4 elements of the storage too often") {
			t.Errorf("%v: got %v", shape, err)
		}
	}
	if _, err := newView(s, 0, []int64{2, 2}, []int64{1 << 62, 1 << 62}); err == nil || !strings.Contains(err.Error(), "reaches outside") {
		t.Errorf("got %v", err)
	}
	if _, err := newStorage("0", F64, 1<<61); err == nil || !strings.Contains(err.Error(), "too many for any file") {
		t.Errorf("got %v", err)
	}
}

func TestTorchScript(t *testing.T) {
	s, err := Load("testdata/script/script.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if want := []string{"visual.conv1.weight", "visual.conv1.bias", "visual.positional_embedding", "logit_scale"}; !slices.Equal(s.Names(), want) {
		t.Errorf("want %q, got %q", want, s.Names())
	}
	visual := s.Sub("visual")
	for name, want := range map[string][]float32{
		"conv1.weight":         {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11},
		"conv1.bias":           {0.5, -1, 2},
		"positional_embedding": {0, 3, 1, 4, 2, 5},
	} {
		tensor, err := visual.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tensor.Float32s(); err != nil || !slices.Equal(got, want) || tensor.Name != name {
			t.Errorf("%s: want %v, got %v, %v", name, want, got, err)
		}
	}
	a, err := ReadPickle("testdata/script/script.pt")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if n, _ := a.Root().Get("visual").Get("input_resolution").Int(); n != 224 {
		t.Errorf("want input_resolution 224, got %d", n)
	}
}

func TestConcurrentReads(t *testing.T) {
	a, err := parseArchive("x", archiveOf(t, everyOpcode(), zip.Deflate))
	if err != nil {
		t.Fatal(err)
	}
	s := a.StateDict()
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for _, name := range s.Names() {
				if _, err := s.Tensor(name); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	if _, err := Load(dir); err == nil || !strings.Contains(err.Error(), "want model.safetensors or pytorch_model.bin in this folder, got neither") {
		t.Errorf("got %v", err)
	}
	other := filepath.Join(dir, "model.safetensors")
	if err := os.WriteFile(other, []byte("\x89PNG\r\n\x1a\n...."), 0o644); err != nil {
		t.Fatal(err)
	}
	var r *RefusedError
	if _, err := Load(dir); !errors.As(err, &r) || r.File != other || !strings.Contains(err.Error(), "want safetensors or a PyTorch archive, the file begins with") {
		t.Errorf("got %v", err)
	}
	if _, err := Load(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// FuzzPickle: any bytes, taken as an archive and as the pickle of one, are refused or give a tree that can be walked
// and read, in bounded memory.
func FuzzPickle(f *testing.F) {
	for _, pattern := range []string{"testdata/pth/tensors*", "testdata/pth/bad-[^td]*", "testdata/script/script.pt"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("%s: %v", pattern, err)
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Add([]byte(proto + "}(" + text("a") + tensorOf(4, 4) + text("b") + "]" + strings.Repeat("q\x00(h\x00h\x00l", 9) + "u."))
	f.Add(archiveOf(f, everyOpcode(), zip.Deflate))
	f.Add([]byte(everyOpcode()))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			t.Skip("a megabyte is enough")
		}
		for _, c := range []struct {
			archive []byte
			limit   int
		}{
			// A byte of a stored pickle may make a value, its place on the stack and in a list; besides there are the
			// names of maxTensors.
			{archiveOf(t, string(data), zip.Store), 64<<20 + 400*len(data)},
			// A compressed one may grow to maxPickleBytes and maxValues.
			{data, 1 << 30},
		} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			a, err := parseArchive("x", c.archive)
			runtime.ReadMemStats(&after)
			if used := after.TotalAlloc - before.TotalAlloc; used > uint64(c.limit) {
				t.Fatalf("%d bytes were allocated for an archive of %d", used, len(c.archive))
			}
			if err != nil {
				var r *RefusedError
				if !errors.As(err, &r) {
					t.Fatalf("want a refusal, got %v", err)
				}
				continue
			}
			s := a.StateDict()
			total := 0
			for _, name := range s.Names() {
				if total > 64<<20 {
					break // many views of one storage may be copied one after the other
				}
				tensor, err := s.Tensor(name)
				var r *RefusedError
				if err != nil && !errors.As(err, &r) { // a compressed record may be found broken here only
					t.Fatal(err)
				}
				if err == nil && tensor.check() != nil {
					t.Fatal(tensor.check())
				}
				total += len(tensor.Data)
			}
		}
	})
}
