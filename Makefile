# PLIP in Go: `make help` lists the targets. Every target sets up what it needs (system packages, Go, libtorch).
SHELL := /bin/bash
.DEFAULT_GOAL := build

export PLIP_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/plip
TORCH := $(or $(LIBTORCH),$(PLIP_CACHE)/libtorch-2.11.0/torch)
BUILD := $(PLIP_CACHE)/build
export PATH := $(PATH):$(PLIP_CACHE)/go/bin:/usr/local/go/bin

# The cgo settings stand here and nowhere else: their text is part of Go's build cache key, so a second spelling would
# compile gotch's wrappers again (a minute and a half). -trimpath lets all checkouts share that cache.
export CGO_ENABLED := 1
export CXX := $(BUILD)/cxx.sh
export CGO_CXXFLAGS := -O2 -I$(TORCH)/include -I$(TORCH)/include/torch/csrc/api/include -include $(BUILD)/gotch_compat.h -w
export CGO_LDFLAGS := -L$(TORCH)/lib -L$(BUILD) -Wl,--as-needed -Wl,-rpath,$$ORIGIN/lib -Wl,-rpath,$(TORCH)/lib
export GOFLAGS := -trimpath

.PHONY: help setup build demo test lint bench fuzz env check-fixtures clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what the build needs (CUDA=1 adds the CUDA libraries, LIBTORCH=DIR uses an existing libtorch)
	@internal/libtorch/setup.sh

build: setup ## bin/plip
	@mkdir -p bin
	go build -o bin/plip ./cmd/plip

env: ## print the CGO_* settings: eval "$(make -s env)" makes plain `go build ./...` work
	@printf 'export CXX=%q CGO_CXXFLAGS=%q CGO_LDFLAGS=%q GOFLAGS=%q\n' '$(CXX)' '$(CGO_CXXFLAGS)' '$(CGO_LDFLAGS)' '$(GOFLAGS)'

