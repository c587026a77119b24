#!/usr/bin/env bash
# The tests of the category "Gpu" as one archive, for a machine with a GPU, a libtorch for CUDA and neither .NET nor a network:
#   eng/pack-gpu.sh gpu/tests.tar.xz
# There (docs/how-to/train-on-a-gpu.md): unpack it, put the folder and libtorch's on LD_LIBRARY_PATH, and run
#   ROBUSTATTRIBUTION_TEST_DEVICE=cuda ./RobustAttribution.Tests --filter TestCategory=Gpu
set -euo pipefail
archive=$(realpath -m "${1:?usage: eng/pack-gpu.sh ARCHIVE}")
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Without libtorch, which is that of the other machine, and with TorchSharp's native library as it is in the package.
dotnet publish tests/RobustAttribution.Tests -c Release -v quiet -r linux-x64 --self-contained --artifacts-path "$work/build" -o "$work/app" \
  -p:NativeTorch=false -p:NeedsLoadableTorchSharp=false -p:EnableMSTestRunner=true
mkdir -p "$(dirname "$archive")"
tar -C "$work/app" --exclude=Microsoft.CodeCoverage --exclude='*.pdb' -cJf "$archive" .
du -h "$archive"
