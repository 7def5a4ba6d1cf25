package main

import (
	"fmt"
	"strconv"
	"strings"

	"plip/internal/libtorch"
	"plip/internal/tensor"
)

// apply puts --threads and --device in force for this process. It returns the device, and whether matrix products and
// convolutions run in bfloat16.
func (d *deviceFlags) apply() (device tensor.Device, bf16 bool, err error) {
	threads := d.threads
	if threads == 0 {
		threads = d.place.cores()
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
	index, devices := d.place.local, 0
	if s, ok := strings.CutPrefix(d.device, "cuda:"); ok {
		index, _ = strconv.Atoi(s) // validate has seen it
	}
	folder, err := libtorch.Loaded()
	if err != nil {
		return tensor.CPU, err
	}
	library, err := libtorch.CUDALibrary(folder)
	if err != nil {
		return tensor.CPU, err
	}
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

// cpuHasBFloat16 tells whether the CPU multiplies bfloat16 in hardware.
func cpuHasBFloat16() bool {
	cpu, err := libtorch.ReadCPU()
	return err == nil && cpu.BFloat16()
}
