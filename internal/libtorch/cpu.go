package libtorch

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// CPU is what the processor can do that libtorch makes use of.
type CPU struct {
	Model    string
	Features []string // of the kernel's flags those in cpuFeatures, in that order
}

// cpuFeatures are the flags of /proc/cpuinfo that choose kernels in libtorch and oneDNN, plainest first.
var cpuFeatures = []string{"avx2", "fma", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8", "amx_tile"}

// ReadCPU reads /proc/cpuinfo.
func ReadCPU() (CPU, error) {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return CPU{}, fmt.Errorf("read the processor's features: %w", err)
	}
	return parseCPU(string(text)), nil
}

// parseCPU reads the first processor of the text; all are alike.
func parseCPU(text string) CPU {
	var c CPU
	var flags []string
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		switch strings.TrimSpace(key) {
		case "model name":
			if c.Model == "" {
				c.Model = strings.TrimSpace(value)
			}
		case "flags":
			if flags == nil {
				flags = strings.Fields(value)
			}
		}
	}
	for _, f := range cpuFeatures {
		if slices.Contains(flags, f) {
			c.Features = append(c.Features, f)
		}
	}
	return c
}

// BFloat16 tells whether the processor multiplies bfloat16 in hardware.
func (c CPU) BFloat16() bool {
	return slices.Contains(c.Features, "avx512_bf16") || slices.Contains(c.Features, "amx_bf16")
}
