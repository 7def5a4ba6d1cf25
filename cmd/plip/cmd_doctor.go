//go:build cgo

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"plip/internal/libtorch"
	"plip/internal/tensor"
)

func doctorCommand() command {
	return command{
		use:   "doctor",
		short: "Say which libtorch is in use and what the machine can do",
		long: "doctor says which libtorch this program uses and where it was loaded from, its\n" +
			"BLAS and threads, the CUDA devices, what the processor can do, and which\n" +
			"functions of gotch this libtorch lacks (none of which is called). What is missing\n" +
			"or too old is told with its mend, and ends in status 1.",
		example: "plip doctor",
		result:  doctorResult{},
		options: &doctorOptions{},
	}
}

// doctorResult is what `plip doctor --json` prints.
type doctorResult struct {
	OK       bool            `json:"ok" doc:"whether nothing is missing or too old"`
	Libtorch doctorLibtorch  `json:"libtorch" doc:"the libtorch in use"`
	BLAS     string          `json:"blas" doc:"library of the matrix products"`
	Threads  int             `json:"threads" doc:"threads of one operation"`
	CUDA     doctorCUDA      `json:"cuda" doc:"CUDA devices"`
	CPU      doctorCPU       `json:"cpu" doc:"the processor"`
	Problems []doctorProblem `json:"problems" doc:"what is missing or too old"`
}

type doctorLibtorch struct {
	Version  string   `json:"version" doc:"version that is loaded"`
	BuiltFor string   `json:"built_for" doc:"version this program was compiled for"`
	Pinned   string   `json:"pinned" doc:"version that make setup installs"`
	Folder   string   `json:"folder" doc:"where it was loaded from"`
	Kernels  string   `json:"kernels" doc:"processor capability its kernels use"`
	Absent   []string `json:"absent" doc:"functions of gotch that it lacks; information only"`
}

type doctorCUDA struct {
	Library string `json:"library" doc:"libtorch's CUDA library, empty when not installed"`
	Devices int    `json:"devices" doc:"devices that libtorch sees"`
	Extra   string `json:"extra" doc:"our object for NCCL and CUDA graphs, empty when not built"`
	NCCL    string `json:"nccl" doc:"version of NCCL the object was compiled for, empty when it is not open"`
}

type doctorCPU struct {
	Model    string   `json:"model" doc:"name of the processor"`
	Cores    int      `json:"cores" doc:"processors this program may use"`
	Features []string `json:"features" doc:"features that choose libtorch's kernels"`
	BFloat16 bool     `json:"bfloat16" doc:"whether bfloat16 is multiplied in hardware"`
}

type doctorProblem struct {
	Problem string `json:"problem" doc:"what is missing or too old"`
	Mend    string `json:"mend" doc:"what to do about it"`
}

// doctorOptions has no settings of its own.
type doctorOptions struct{}

func (*doctorOptions) addFlags(*pflag.FlagSet) {}

func (*doctorOptions) validate([]string) error { return nil }

func (*doctorOptions) run(_ context.Context, c *call) error {
	r, err := examine()
	if err != nil {
		return err
	}
	if err := c.print(r, r.table); err != nil {
		return err
	}
	if !r.OK {
		return fmt.Errorf("doctor: want nothing missing or too old, got %d problems", len(r.Problems))
	}
	return nil
}

// examine looks at the process and the machine.
func examine() (doctorResult, error) {
	folder, err := libtorch.Loaded()
	if err != nil {
		return doctorResult{}, err
	}
	processor, err := libtorch.ReadCPU()
	if err != nil {
		return doctorResult{}, err
	}
	library, err := libtorch.CUDALibrary(folder)
	if err != nil {
		return doctorResult{}, err
	}
	extra, err := libtorch.CUDAExtra(folder)
	if err != nil {
		return doctorResult{}, err
	}
	r := doctorResult{
		Libtorch: doctorLibtorch{Version: tensor.Version(), BuiltFor: tensor.BuiltFor(), Pinned: libtorch.Version, Folder: folder, Absent: libtorch.Absent()},
		Threads:  tensor.Threads(),
		CUDA:     doctorCUDA{Library: library, Extra: extra},
		CPU:      doctorCPU{Model: processor.Model, Cores: runtime.NumCPU(), Features: processor.Features, BFloat16: processor.BFloat16()},
	}
	// The CUDA library must be opened before anything asks for devices.
	var openError, extraError error
	if library != "" {
		if openError = tensor.OpenCUDA(library); openError == nil && extra != "" {
			extraError = tensor.OpenCUDAExtra(extra)
		}
	}
	r.CUDA.Devices, r.CUDA.NCCL = tensor.CUDADevices(), tensor.NCCL()
	build := tensor.BuildText()
	r.Libtorch.Kernels = firstMatch(build, `(?m)^capability (.*)$`)
	r.BLAS = strings.ToLower(firstMatch(build, `BLAS_INFO=([^,\s]+)`))
	if mkl := firstMatch(build, `(?m)Math Kernel Library Version ([\d.]+)`); r.BLAS == "mkl" && mkl != "" {
		r.BLAS += " " + mkl
	}
	r.diagnose(libtorch.HasCUDADevice(), openError, extraError, compute())
	return r, nil
}

// diagnose lists what is missing or too old. hasDevice tells whether the machine has a CUDA device, openError and
// extraError what opening libtorch's CUDA library and ours gave, computeError what a small computation gave.
func (r *doctorResult) diagnose(hasDevice bool, openError, extraError, computeError error) {
	r.Problems = []doctorProblem{}
	add := func(mend, format string, args ...any) {
		r.Problems = append(r.Problems, doctorProblem{fmt.Sprintf(format, args...), mend})
	}
	if r.Libtorch.Version != r.Libtorch.BuiltFor {
		add("make build (with LIBTORCH=DIR as it was set before, or without)",
			"libtorch in %s: want version %s, which this program was compiled for, got %q", r.Libtorch.Folder, r.Libtorch.BuiltFor, r.Libtorch.Version)
	}
	if older(r.Libtorch.Version, oldestLibtorch) {
		add("make setup build, without LIBTORCH, installs "+r.Libtorch.Pinned, "libtorch in %s: want version %s or newer, got %q", r.Libtorch.Folder, oldestLibtorch, r.Libtorch.Version)
	}
	if computeError != nil {
		add("remove "+r.Libtorch.Folder+" and run make setup", "libtorch does not compute: %v", computeError)
	}
	switch {
	case hasDevice && r.CUDA.Library == "":
		add("make setup CUDA=1", "the machine has a CUDA device, and libtorch_cuda.so is not in %s", r.Libtorch.Folder)
	case hasDevice && openError != nil:
		add("make setup CUDA=1", "open %s: %v", r.CUDA.Library, openError)
	case hasDevice && r.CUDA.Devices == 0:
		add("install a driver for CUDA 13 (580 or newer)", "the machine has a CUDA device, and libtorch sees none")
	case hasDevice && r.CUDA.Extra == "":
		add("make setup CUDA=1", "the machine has a CUDA device, and libplip_cuda.so, by which several of them sum over NCCL, is not in %s", r.Libtorch.Folder)
	case extraError != nil:
		add("make setup CUDA=1", "open %v", extraError)
	}
	r.OK = len(r.Problems) == 0
}

// oldestLibtorch is what gotch_compat.h is good for.
const oldestLibtorch = "2.2.0"

// older compares versions number by number; what follows a plus or a letter does not count.
func older(version, than string) bool {
	var a, b [3]int
	fmt.Sscanf(version, "%d.%d.%d", &a[0], &a[1], &a[2])
	fmt.Sscanf(than, "%d.%d.%d", &b[0], &b[1], &b[2])
	for i := range a {
		if a[i] != b[i] {
			return a[i] < b[i]
		}
	}
	return false
}

// compute multiplies two matrices and takes a gradient: libtorch, its BLAS and autograd work.
func compute() error {
	return tensor.Do(func(*tensor.Scope) error {
		const n = 64
		a := tensor.Full(tensor.CPU, tensor.Float32, 2, n, n).RequireGrad(true)
		product := a.MatMul(tensor.Full(tensor.CPU, tensor.Float32, 3, n, n)).Mean()
		product.Backward()
		if got := product.Item(); math.Abs(got-6*n) > 1e-3 {
			return fmt.Errorf("matrix product: want %d, got %v", 6*n, got)
		}
		if got := a.Grad().Sum().Item(); math.Abs(got-3*n) > 1e-3 {
			return errors.New("gradient: wrong sum")
		}
		return nil
	})
}

func firstMatch(text, pattern string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(text); m != nil {
		return strings.TrimSpace(m[1])
	}
	return ""
}

// table writes the result for people, problems last.
func (r doctorResult) table(w io.Writer) {
	version := r.Libtorch.Version
	if r.Libtorch.Version != r.Libtorch.Pinned {
		version += " (make setup installs " + r.Libtorch.Pinned + ")"
	}
	cuda := "libraries not installed"
	if r.CUDA.Library != "" {
		cuda = fmt.Sprintf("%d devices, %s", r.CUDA.Devices, r.CUDA.Library)
	}
	nccl := "libplip_cuda.so not built"
	switch {
	case r.CUDA.NCCL != "":
		nccl = fmt.Sprintf("%s, %s", r.CUDA.NCCL, r.CUDA.Extra)
	case r.CUDA.Extra != "":
		nccl = "not open, " + r.CUDA.Extra
	}
	bf16 := "not in hardware"
	if r.CPU.BFloat16 {
		bf16 = "in hardware"
	}
	for _, row := range [][2]string{
		{"libtorch", version},
		{"loaded from", r.Libtorch.Folder},
		{"kernels", r.Libtorch.Kernels},
		{"blas", r.BLAS},
		{"threads", fmt.Sprint(r.Threads)},
		{"cuda", cuda},
		{"nccl", nccl},
		{"cpu", fmt.Sprintf("%s, %d cores", r.CPU.Model, r.CPU.Cores)},
		{"cpu features", strings.Join(r.CPU.Features, " ")},
		{"bfloat16", bf16},
		{"gotch lacks", strings.Join(r.Libtorch.Absent, " ") + " (none is called)"},
	} {
		fmt.Fprintf(w, "%s\t%s\n", row[0], row[1])
	}
	for _, p := range r.Problems {
		fmt.Fprintf(w, "problem\t%s\nmend\t%s\n", p.Problem, p.Mend)
	}
	if r.OK {
		fmt.Fprintln(w, "ok\tnothing is missing or too old")
	}
}
