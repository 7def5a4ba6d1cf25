package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"plip/internal/tensor"
)

// apply puts --threads and --device in force for this process. It returns the device, and whether matrix products and
// convolutions run in bfloat16.
func (d *deviceFlags) apply() (device tensor.Device, bf16 bool, err error) {
	threads := d.threads
	if threads == 0 {
		threads = runtime.NumCPU()
	}
	tensor.SetThreads(threads)
	device = tensor.CPU
	if d.device != "cpu" {
		if device, err = d.cuda(); err != nil {
			return device, false, err
		}
	}
	switch d.precision {
	case "bf16":
		return device, true, nil
	case "auto":
		return device, device != tensor.CPU || cpuHasBFloat16(), nil
	case "fp16":
		if device == tensor.CPU {
			return device, false, fmt.Errorf("--precision fp16 needs a CUDA device")
		}
		return device, false, fmt.Errorf("--precision fp16 needs loss scaling, which is not built")
	}
	return device, false, nil
}

// cuda opens the CUDA libraries beside libtorch where they are and picks the device. With auto, none is no error.
func (d *deviceFlags) cuda() (tensor.Device, error) {
	index, devices := 0, 0
	if s, ok := strings.CutPrefix(d.device, "cuda:"); ok {
		index, _ = strconv.Atoi(s) // validate has seen it
	}
	library := cudaLibrary()
	if library != "" {
		if err := tensor.OpenCUDA(library); err != nil && d.device != "auto" {
			return tensor.CPU, fmt.Errorf("open %s: %w", library, err)
		}
		devices = tensor.CUDADevices()
	}
	switch {
	case index < devices:
		return tensor.Device(index), nil
	case d.device == "auto":
		return tensor.CPU, nil
	case library == "":
		return tensor.CPU, fmt.Errorf("--device %s: libtorch's CUDA libraries are not installed (make setup CUDA=1)", d.device)
	}
	return tensor.CPU, fmt.Errorf("--device %s: %d CUDA devices are there", d.device, devices)
}

// cudaLibrary is libtorch's CUDA library beside the libtorch in use, or "" where there is none.
func cudaLibrary() string {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(maps), "\n") {
		if i := strings.IndexByte(line, '/'); i >= 0 && strings.HasSuffix(line, "/libtorch_cpu.so") {
			library := filepath.Join(filepath.Dir(line[i:]), "libtorch_cuda.so")
			if _, err := os.Stat(library); err == nil {
				return library
			}
		}
	}
	return ""
}

// cpuHasBFloat16 tells whether the CPU multiplies bfloat16 in hardware.
func cpuHasBFloat16() bool {
	info, err := os.ReadFile("/proc/cpuinfo")
	return err == nil && (strings.Contains(string(info), "avx512_bf16") || strings.Contains(string(info), "amx_bf16"))
}
