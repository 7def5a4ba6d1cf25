# PLIP in Go: `make help` lists the targets. Every target sets up what it needs (system packages, Go, libtorch).
SHELL := /bin/bash
.DEFAULT_GOAL := build

export PLIP_CACHE ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/plip
TORCH := $(or $(LIBTORCH),$(PLIP_CACHE)/libtorch-2.11.0/torch)
BUILD := $(PLIP_CACHE)/build
# The Go that setup installed stands first: it did so because the others were missing or too old.
export PATH := $(PLIP_CACHE)/go/bin:/usr/local/go/bin:$(PATH)

# The cgo settings stand here and nowhere else: their text is part of Go's build cache key, so a second spelling would
# compile gotch's wrappers again (a minute and a half). -trimpath lets all checkouts share that cache.
export CGO_ENABLED := 1
export CXX := $(BUILD)/cxx.sh
export CGO_CXXFLAGS := -O2 -I$(TORCH)/include -I$(TORCH)/include/torch/csrc/api/include -include $(BUILD)/gotch_compat.h -w
export CGO_LDFLAGS := -L$(TORCH)/lib -L$(BUILD) -Wl,--as-needed -Wl,-rpath,$$ORIGIN/lib -Wl,-rpath,$(TORCH)/lib
export GOFLAGS := -trimpath

# Packages that build and are tested without libtorch. pixels and what imports it need libjpeg-turbo, or the standard
# library's decoder where cgo is off.
PLAIN := ./templates ./parquet ./ingest/... ./eval/... ./spac/attributes ./spac/filter ./spac/distribute \
         ./internal/text ./internal/weights ./internal/pixels ./internal/feed ./internal/runlog ./internal/report ./internal/vectors

# Of these, the ones with goroutines run again under the race detector; of the corpus only its writer has any.
RACE := ./parquet ./ingest ./ingest/split ./eval ./spac/filter ./internal/text ./internal/weights ./internal/pixels \
        ./internal/feed ./internal/runlog ./internal/vectors

.PHONY: help setup cuda-shim build build-data demo ablations test test-plain test-slow lint bench fuzz env check-fixtures interop test-slurm dist clean

help: ## list the targets
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## install what the build needs (CUDA=1 adds the CUDA libraries, LIBTORCH=DIR uses an existing libtorch)
	@internal/libtorch/setup.sh

cuda-shim: ## only compile libplip_cuda.so (NCCL, CUDA graphs) from CUDA's headers: needs no GPU
	@CUDA=object internal/libtorch/setup.sh

build: setup ## bin/plip
	@mkdir -p bin
	go build -o bin/plip ./cmd/plip

build-data: setup ## bin/plip-data: the commands of datasets alone, one static file without libtorch
	@mkdir -p bin
	CGO_ENABLED=0 go build -o bin/plip-data ./cmd/plip

demo: build ## the whole line on the drawn corpus: demo/report.html (ARGS="--quick", ARGS="--images DIR")
	bin/plip demo $(ARGS)

ablations: build ## every row of the paper's ablation tables at demo size: DATA=shards TEST=shards; ARGS="--groups tasks"
	bin/plip ablation --data $(or $(DATA),demo/pedes/train) --test $(or $(TEST),demo/corpus/test) -o ablations $(ARGS)

test: setup test-plain ## all tests; those that need no libtorch also without cgo and under the race detector
	OMP_WAIT_POLICY=passive go test -p 1 -timeout 40m ./...

test-plain: setup
	CGO_ENABLED=0 go test $(PLAIN)
	CGO_CXXFLAGS= CGO_LDFLAGS= CXX=g++ go test -race -short $(RACE)
	CGO_CXXFLAGS= CGO_LDFLAGS= CXX=g++ go test -race -short -run Write ./ingest/demo

test-slow: setup ## 200 kills of the commands of dataset construction (KILLS=N), the whole line killed, 50 kills of a training
	PLIP_KILLS=$(or $(KILLS),200) OMP_WAIT_POLICY=passive go test -timeout 60m -v -run 'TestKilled' ./cmd/plip
	PLIP_TRAINING_KILLS=$(or $(TRAINING_KILLS),50) OMP_WAIT_POLICY=passive go test -timeout 60m -v -run 'TestKilled.*GoesOn' ./trainer

lint: setup ## gofmt, go vet, staticcheck; the import table is a test in cmd/plip
	@test -z "$$(gofmt -l .)" || { echo "not formatted:"; gofmt -l .; exit 1; }
	go vet ./...
	go tool staticcheck ./...

bench: setup ## benchmarks of all packages
	go test -run '^$$' -bench . ./...

fuzz: setup ## every fuzz target for FUZZTIME (default 10s) each
	@for pkg in $$(grep -rl --include=*_test.go 'func Fuzz' . | xargs -n1 dirname | sort -u); do \
	  for target in $$(grep -rhoE 'func (Fuzz[A-Za-z0-9]+)' $$pkg/*_test.go | cut -d' ' -f2); do \
	    echo "$$pkg $$target"; go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(or $(FUZZTIME),10s) $$pkg || exit 1; \
	  done; done

check-fixtures: build ## compare with reference numbers: make check-fixtures DIR=folder
	bin/plip check $(DIR)

interop: build ## developer's check: duckdb, pyarrow, pandas and datasets (from PyPI, in a throwaway venv) read our shards
	@dir=$$(mktemp -d) && trap 'rm -rf "$$dir"' EXIT && \
	bin/plip ingest demo -o $$dir/corpus --captioned 20 --raw 5 --valid 5 --test 5 > /dev/null && \
	bin/plip export imagefolder $$dir/corpus/captioned -o $$dir/imagefolder > /dev/null && \
	bin/plip export webdataset $$dir/corpus/captioned -o $$dir/webdataset --tar-bytes 100000 > /dev/null && \
	python3 -m venv $$dir/venv && $$dir/venv/bin/pip install -q duckdb pyarrow pandas datasets pillow && \
	$$dir/venv/bin/python internal/reference/interop.py $$dir/corpus/captioned $$dir/corpus/raw --imagefolder $$dir/imagefolder --webdataset $$dir/webdataset

test-slurm: build ## developer's check: a Slurm of its own trains by srun and captions by an array (installs slurm-wlm and munge)
	.ci/test-slurm

dist: build ## bin/plip with its libraries in dist/, to be copied to another machine
	rm -rf dist && mkdir -p dist/lib
	cp bin/plip dist/
	cp -L $(TORCH)/lib/lib{c10,torch_cpu}.so $(TORCH)/lib/lib{gomp,cudart,cupti}*.so* dist/lib/
	cp -L $$(ldd bin/plip | awk '/libjpeg/{print $$3}') dist/lib/

env: ## print the cgo settings: eval "$$(make -s env)" makes plain `go build ./...` work
	@printf 'export CGO_ENABLED=1 CXX=%q CGO_CXXFLAGS=%q CGO_LDFLAGS=%q GOFLAGS=%q\n' '$(CXX)' '$(CGO_CXXFLAGS)' '$(CGO_LDFLAGS)' '$(GOFLAGS)'

clean: ## remove what was built here; the cache stays
	rm -rf bin dist
