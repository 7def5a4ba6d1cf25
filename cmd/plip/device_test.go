package main

import (
	"strings"
	"testing"

	"plip/internal/tensor"
)

// TestPickDevice has processes that see some devices, as ranks of a machine or alone.
func TestPickDevice(t *testing.T) {
	for _, c := range []struct {
		flag           string
		local, devices int
		want           tensor.Device
		problem        string
	}{
		{"auto", 0, 0, tensor.CPU, ""},
		{"auto", 3, 0, tensor.CPU, ""},
		{"auto", 0, 4, 0, ""},
		{"auto", 3, 4, 3, ""},
		{"cuda", 2, 4, 2, ""},
		{"cuda", 2, 1, 0, ""}, // the launcher shows each rank its own
		{"cuda:1", 3, 4, 1, ""},
		{"cuda", 0, 0, tensor.CPU, "--device cuda: 0 CUDA devices are there"},
		{"cuda:4", 0, 4, tensor.CPU, "--device cuda:4: 4 CUDA devices are there"},
		{"cuda:1", 0, 1, tensor.CPU, "--device cuda:1: 1 CUDA devices are there"},
		{"auto", 2, 2, tensor.CPU, "--device auto: want a CUDA device for local rank 2, got 2 devices; cuda:N lets ranks share one"},
	} {
		d := deviceFlags{device: c.flag, place: place{local: c.local}}
		got, err := d.pick(c.devices)
		if c.problem == "" && (err != nil || got != c.want) || c.problem != "" && (err == nil || err.Error() != c.problem) {
			t.Errorf("--device %s, local rank %d, %d devices: want %v %q, got %v, %v", c.flag, c.local, c.devices, c.want, c.problem, got, err)
		}
	}
}

// TestExtraObjectThatIsNone has a library of another kind, and none, in libplip_cuda.so's place.
func TestExtraObjectThatIsNone(t *testing.T) {
	for path, want := range map[string]string{"/nowhere/libplip_cuda.so": "/nowhere/libplip_cuda.so", "libm.so.6": "libm.so.6: no function plip_cuda"} {
		if err := tensor.OpenCUDAExtra(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("open %s: want %q, got %v", path, want, err)
		}
	}
	if got := tensor.NCCL(); got != "" {
		t.Errorf("want no NCCL, got %q", got)
	}
	if _, err := tensor.Device(0).Describe(); err == nil || !strings.Contains(err.Error(), "libplip_cuda.so is not open") {
		t.Errorf("want what is missing, got %v", err)
	}
}
