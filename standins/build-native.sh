#!/usr/bin/env bash
# Builds the CMake project in folder $1 and prints the path of lib$2.so, its only line on standard output.
# The result is cached by content: key = sources, compiler, and the versions of the libraries it links.
set -euo pipefail
source_folder=$1 library=$2
cache=${ROBUSTATTRIBUTION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/robust-attribution}
key=$( { cd "$source_folder"; find . -type f | LC_ALL=C sort | xargs sha256sum; c++ --version 2>/dev/null | head -n 1
         dpkg-query -W -f '${Package} ${Version}\n' libtorch-dev libopenblas0-openmp libopencv-imgcodecs-dev 2>/dev/null || true; } | sha256sum | cut -c 1-16 )
target=$cache/native/$library-$key
if [ ! -f "$target/lib$library.so" ]; then
  command -v cmake >/dev/null || { echo "error: cmake is missing; ./build.sh build installs what the stand-ins need" >&2; exit 1; }
  mkdir -p "$cache/native"
  work=$(mktemp -d "$cache/native/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  { cmake -S "$source_folder" -B "$work" -DCMAKE_BUILD_TYPE=Release && cmake --build "$work" --parallel; } >"$work/log" 2>&1 \
    || { cat "$work/log" >&2; echo "error: the native part of the stand-in in $source_folder did not build" >&2; exit 1; }
  mkdir -p "$work/out"
  cp "$work/lib$library.so" "$work/out/"
  mv -T "$work/out" "$target" 2>/dev/null || [ -f "$target/lib$library.so" ]   # another build may have been first
fi
echo "$target/lib$library.so"
