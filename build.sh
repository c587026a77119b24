#!/usr/bin/env bash
# Building, testing and running need the .NET SDK alone (dotnet build, dotnet test, dotnet run); where apt exists this script adds the demo's dataset and
# the browser of one test. `./build.sh help` lists the verbs.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

solution=RobustAttribution.MLNet.sln
demo=examples/1-TrainRobustClassifier

say() { printf 'build: %s\n' "$*"; }
fail() { printf 'build: error: %s\n' "$*" >&2; exit 1; }

# add PACKAGE WHY: installs a Debian package that is missing, where that can be done; goes on without where not.
add() {
  command -v apt-get >/dev/null || return 0
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null || true)" = installed ] && return
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || { say "going on without $1 ($2): installing it needs root"; return 0; }
    root=(sudo)
  fi
  say "installing $1 with apt-get: $2"
  mkdir -p artifacts
  { "${root[@]}" apt-get update -q && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "$1"; } \
    >artifacts/apt.log 2>&1 || say "going on without it: apt-get failed (artifacts/apt.log)"
}

# Where the dataset does not come this way, the demo offers to download it and the tests that need it are inconclusive.
add_data() {
  [ -n "${ROBUSTATTRIBUTION_FASHION_MNIST:-}" ] || [ -e "${XDG_CACHE_HOME:-${HOME:-}/.cache}/robustattribution/fashion-mnist/t10k-labels-idx1-ubyte.gz" ] \
    || add dataset-fashion-mnist "the Fashion-MNIST images"
}

build() {
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing (dotnet is not on the PATH): see https://dotnet.microsoft.com/download"
  case $(dotnet --version) in [1-9].*) fail "the .NET SDK here is $(dotnet --version); 10.0 or newer is needed" ;; esac
  say "building $1"
  dotnet build "$1" -c Release -v quiet --tl:off
}

run_tests() {
  local settings=eng/ci.runsettings status=0
  if [ "${1:-}" = --long ]; then settings=eng/long.runsettings; shift; fi
  rm -rf artifacts/test-results
  say "testing ($settings)"
  dotnet test "$solution" -c Release --no-build --settings "$settings" --logger trx --results-directory artifacts/test-results "$@" || status=$?
  local passed failed
  count() { cat artifacts/test-results/*.trx 2>/dev/null | grep -o '<Counters [^>]*>' | grep -o " $1=\"[0-9]*\"" | grep -o '[0-9]*' | awk '{ s += $1 } END { print s + 0 }'; }
  passed=$(count passed) failed=$(count failed)
  # A test host that died leaves no failed test behind, but an exit code.
  [ "$status" -ne 0 ] && [ "$failed" -eq 0 ] && failed=1
  [ "$passed" -eq 0 ] && status=1
  printf '%s passed, %s failed\n' "$passed" "$failed"
  return "$status"
}

verb=${1:-help}
[ $# -gt 0 ] && shift
case $verb in
  demo)
    [ "${1:-}" = -- ] && shift
    add_data
    build "$demo"
    # glibc gives large blocks back to the system at once; libtorch asks for the same ones again in the next step, and the page faults cost a tenth of the run.
    export MALLOC_MMAP_THRESHOLD_=${MALLOC_MMAP_THRESHOLD_:-1073741824} MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-4294967296}
    dotnet run --project "$demo" -c Release --no-build -- "$@"
    ;;
  test)
    add_data
    command -v mpirun >/dev/null || add openmpi-bin "the tests of several ranks, which are inconclusive without it"
    command -v chromium >/dev/null || add chromium "the test that looks at the HTML report in a browser"
    build "$solution"
    run_tests "$@"
    ;;
  pack)
    rm -rf artifacts/packages
    # The files in a package are as old as the commit, so that packing again makes the same package.
    if [ -z "${SOURCE_DATE_EPOCH:-}" ] && SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null); then export SOURCE_DATE_EPOCH; fi
    for project in src/*/*.csproj; do dotnet pack "$project" -c Release -v quiet -o artifacts/packages --tl:off "$@"; done
    say "made $(cd artifacts/packages && echo *); './build.sh test' looks into them"
    ;;
  clean)
    rm -rf artifacts
    find src tests examples benchmarks eng \( -name bin -o -name obj \) -type d -prune -exec rm -rf {} +
    say "removed artifacts/, bin/ and obj/"
    ;;
  help | -h | --help)
    cat <<'HELP'
usage: ./build.sh VERB
  demo [options]   build and run examples/1-TrainRobustClassifier (`demo --help` lists its options)
  test [--long]    build and run the tests; --long runs those that take minutes instead
  pack             make the three NuGet packages in artifacts/packages
  clean            remove every build output
HELP
    ;;
  *) fail "unknown verb '$verb'; ./build.sh help lists them" ;;
esac
