package tensor

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"plip/internal/libtorch"
)

// TestCUDAProcess is what TestCUDAWithoutDevices runs in a process of its own: the libraries stay open.
func TestCUDAProcess(t *testing.T) {
	if os.Getenv("PLIP_TEST_CUDA") == "" {
		t.Skip("run by TestCUDAWithoutDevices")
	}
	folder, err := libtorch.Loaded()
	if err != nil {
		t.Fatal(err)
	}
	library, err := libtorch.CUDALibrary(folder)
	if err != nil {
		t.Fatal(err)
	}
	extra, err := libtorch.CUDAExtra(folder)
	if err != nil {
		t.Fatal(err)
	}
	if library == "" || extra == "" {
		library, extra = "", ""
	} else if err := OpenCUDA(library); err != nil {
		t.Fatal(err)
	} else if err := OpenCUDAExtra(extra); err != nil {
		t.Fatal(err)
	}
	if opened := extra != ""; (NCCL() != "") != opened {
		t.Errorf("opened %v: NCCL %q", opened, NCCL())
	}
	fmt.Printf("opened %q, %d devices\n", extra, CUDADevices())
	if CUDADevices() > 0 {
		return
	}
	inOneGroup(t, 1, true, func(g *Group, rank int) error {
		_, graph := RecordGraph(0, Tensor.ReLU, 2)
		for what, err := range map[string]error{"graph": graph, "connect": g.ConnectDevices(0), "synchronize": Do(func(*Scope) error { Synchronize(0); return nil }), "memory": memoryError(0)} {
			if err == nil {
				return fmt.Errorf("%s without a device: want an error", what)
			}
			fmt.Printf("%s: %v\n", what, err)
			for _, other := range []string{"undefined symbol", "\n"} {
				if strings.Contains(err.Error(), other) {
					return fmt.Errorf("%s: want a reason in a line, got %v", what, err)
				}
			}
		}
		return nil
	})
}

func memoryError(d Device) error {
	_, err := d.MemoryUse()
	return err
}

func TestRecordGraphOnCPU(t *testing.T) {
	if g, err := RecordGraph(CPU, Tensor.ReLU, 2); g != nil || err == nil || err.Error() != "record a graph: want a CUDA device, got cpu" {
		t.Errorf("want an error, got %v, %v", g, err)
	}
}

// TestCUDAWithoutDevices opens libtorch's CUDA library and libplip_cuda.so where they are installed: their symbols are
// found, and without a device every call says so. Where they are not, every call says that.
func TestCUDAWithoutDevices(t *testing.T) {
	cmd := exec.Command(os.Args[0], "-test.run=^TestCUDAProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "PLIP_TEST_CUDA=1")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "PASS: TestCUDAProcess") {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
