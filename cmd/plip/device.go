//go:build cgo

package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"plip/internal/libtorch"
	"plip/internal/tensor"
	"plip/trainer"
)

// deviceFlags are the settings of commands that use libtorch.
type deviceFlags struct {
	device    string
	precision string
	threads   int
	exact     bool  // operations that are not deterministic fail
	place     place // among the ranks of this machine, where there are some
}

// addFlags defines --device, --precision, --threads and --deterministic. Threads
// are recorded because sums depend on their number.
func (d *deviceFlags) addFlags(f *pflag.FlagSet) {
	f.StringVar(&d.device, "device", "auto", "`device` to compute on: auto, cpu, cuda or cuda:N")
	f.StringVar(&d.precision, "precision", "auto", "number `format`: auto (bf16 where the hardware has it), fp32, bf16 or fp16")
	f.IntVar(&d.threads, "threads", 0, "compute `threads` of a process; 0 is one per core, shared by the ranks of a machine")
	f.BoolVar(&d.exact, "deterministic", false, "use deterministic operations alone, and fail where there is none; on the CPU all are")
}

// validate reports every wrong value.
func (d *deviceFlags) validate() error {
	var problems []error
	if n, ok := strings.CutPrefix(d.device, "cuda:"); ok {
		if n == "" || strings.Trim(n, "0123456789") != "" || len(n) > 3 {
			problems = append(problems, fmt.Errorf("--device: want a number after cuda:, got %q", n))
		}
	} else {
		problems = append(problems, checkChoice("device", d.device, "auto", "cpu", "cuda"))
	}
	problems = append(problems, checkChoice("precision", d.precision, "auto", "fp32", "bf16", "fp16"))
	if d.threads < 0 {
		problems = append(problems, fmt.Errorf("--threads: want 0 or more, got %d", d.threads))
	}
	return errors.Join(problems...)
}

// applyTraining is apply with the trainer's precision. auto is bf16 only where it is said to be.
func (d *deviceFlags) applyTraining(auto bool) (device tensor.Device, precision string, err error) {
	half := *d
	if d.precision == trainer.PrecisionFP16 {
		half.precision = trainer.PrecisionFP32 // for what apply says of the device alone
	}
	device, bf16, err := half.apply()
	switch {
	case err != nil:
		return device, "", err
	case d.precision == trainer.PrecisionFP16 && device == tensor.CPU:
		return device, "", errors.New("--precision fp16 needs a CUDA device; on the CPU bf16 is the fast one")
	case d.precision == trainer.PrecisionFP16:
		return device, trainer.PrecisionFP16, nil
	case bf16 && (auto || d.precision == trainer.PrecisionBF16):
		return device, trainer.PrecisionBF16, nil
	}
	return device, trainer.PrecisionFP32, nil
}

// cublasWorkspace is the setting with which cuBLAS adds in one order (CUDA's documentation); libtorch asks for it.
const cublasWorkspace = "CUBLAS_WORKSPACE_CONFIG"

// apply puts --threads, --device and --deterministic in force for this process. It returns the device, and whether matrix products and
// convolutions run in bfloat16.
func (d *deviceFlags) apply() (device tensor.Device, bf16 bool, err error) {
	threads := d.threads
	if threads == 0 {
		threads = d.place.cores()
	}
	tensor.SetThreads(threads)
	if d.exact {
		if os.Getenv(cublasWorkspace) == "" { // read when CUDA starts, which is later
			if err := os.Setenv(cublasWorkspace, ":4096:8"); err != nil {
				return tensor.CPU, false, err
			}
		}
		tensor.Deterministic(true)
	}
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
		return device, false, errors.New("--precision fp16 is for pretrain and finetune: want fp32 or bf16")
	}
	return device, false, nil
}

// cuda opens the CUDA libraries beside libtorch where they are and picks the device. With auto, none is no error.
func (d *deviceFlags) cuda() (tensor.Device, error) {
	folder, err := libtorch.Loaded()
	if err != nil {
		return tensor.CPU, err
	}
	library, err := libtorch.CUDALibrary(folder)
	if err != nil {
		return tensor.CPU, err
	}
	devices := 0
	if library != "" {
		if err := tensor.OpenCUDA(library); err != nil && d.device != "auto" {
			return tensor.CPU, fmt.Errorf("open %s: %w", library, err)
		}
		devices = tensor.CUDADevices()
	}
	if library == "" && d.device != "auto" {
		return tensor.CPU, fmt.Errorf("--device %s: libtorch's CUDA libraries are not installed (make setup CUDA=1)", d.device)
	}
	device, err := d.pick(devices)
	if err != nil || device == tensor.CPU {
		return device, err
	}
	return device, openCUDAExtra(folder)
}

// pick chooses among the CUDA devices that this process sees. Of several ranks on a machine each takes the one of its local
// rank, or the only one where the launcher shows each rank its own.
func (d *deviceFlags) pick(devices int) (tensor.Device, error) {
	index, named := d.place.local, false
	if s, ok := strings.CutPrefix(d.device, "cuda:"); ok {
		index, _ = strconv.Atoi(s) // validate has seen it
		named = true
	}
	switch {
	case devices == 0 && d.device == "auto":
		return tensor.CPU, nil
	case devices == 1 && !named:
		return 0, nil
	case index < devices:
		return tensor.Device(index), nil
	case named || devices == 0:
		return tensor.CPU, fmt.Errorf("--device %s: %d CUDA devices are there", d.device, devices)
	}
	return tensor.CPU, fmt.Errorf("--device %s: want a CUDA device for local rank %d, got %d devices; cuda:N lets ranks share one", d.device, index, devices)
}

// openCUDAExtra opens libplip_cuda.so where it is: without it, several ranks' sums go through host memory.
func openCUDAExtra(folder string) error {
	library, err := libtorch.CUDAExtra(folder)
	if err != nil || library == "" {
		return err
	}
	if err := tensor.OpenCUDAExtra(library); err != nil {
		return fmt.Errorf("open %w (make setup CUDA=1 builds it anew)", err)
	}
	return nil
}

// cpuHasBFloat16 tells whether the CPU multiplies bfloat16 in hardware.
func cpuHasBFloat16() bool {
	cpu, err := libtorch.ReadCPU()
	return err == nil && cpu.BFloat16()
}
