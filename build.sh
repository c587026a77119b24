#!/usr/bin/env bash
# Builds, tests and runs RobustAttribution.MLNet on a bare Linux machine with the .NET SDK. `./build.sh help` lists the verbs.
set -euo pipefail
cd "$(dirname "$0")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

solution=RobustAttribution.MLNet.sln
demo=examples/1-TrainRobustClassifier
data_package=dataset-fashion-mnist

say() { printf 'build: %s\n' "$*"; }
fail() { printf 'build: error: %s\n' "$*" >&2; exit 1; }

# install WHY PACKAGE…: installs the Debian packages that are missing, and only those.
install() {
  local why=$1 missing=() package
  shift
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "$why needs ${missing[*]} (Debian's names), and there is no apt-get here: install them by hand."
  local root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || fail "$why needs ${missing[*]}. Run as root, or with sudo installed: apt-get install ${missing[*]}"
    root=(sudo)
  fi
  say "installing ${missing[*]} with apt-get: $why"
  mkdir -p artifacts
  { "${root[@]}" apt-get update -q && "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"; } \
    >artifacts/apt.log 2>&1 || { tail -n 20 artifacts/apt.log >&2; fail "apt-get could not install ${missing[*]} (artifacts/apt.log)"; }
}

# Without the dataset the demo offers to download it, and the tests that need it end as inconclusive.
install_data() {
  [ -n "${ROBUSTATTRIBUTION_FASHION_MNIST:-}" ] && return
  [ -e "${XDG_CACHE_HOME:-${HOME:-}/.cache}/robustattribution/fashion-mnist/t10k-labels-idx1-ubyte.gz" ] && return
  if command -v apt-get >/dev/null; then
    (install "Fashion-MNIST" "$data_package") || say "going on without: $demo/README.md says where else Fashion-MNIST can come from"
  else
    say "no apt-get here: $demo/README.md says where Fashion-MNIST can come from"
  fi
}

# A browser for the test that looks at the report; without it that test ends as inconclusive.
install_browser() {
  command -v chromium >/dev/null && return
  if command -v apt-get >/dev/null; then
    (install "the test that looks at the HTML report in a browser" chromium) || say "going on without: that test will be inconclusive"
  else
    say "no apt-get here: without chromium on the PATH the test that looks at the HTML report is inconclusive"
  fi
}

prepare() {
  command -v dotnet >/dev/null || fail "the .NET 10 SDK is missing (dotnet is not on the PATH): see https://dotnet.microsoft.com/download"
  case $(dotnet --version) in [1-9].*) fail "the .NET SDK here is $(dotnet --version); 10.0 or newer is needed" ;; esac
}

# build [PROJECT] [option…]: the whole solution by default.
build() {
  local what=$solution
  [ $# -gt 0 ] && [ -e "$1" ] && { what=$1; shift; }
  say "building $what"
  dotnet build "$what" -c Release -v quiet --tl:off "$@"
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

case ${1:-help} in
  build) shift; prepare; build "$@" ;;
  test) shift; prepare; install_data; install_browser; build; run_tests "$@" ;;
  demo)
    shift
    [ "${1:-}" = -- ] && shift
    prepare; install_data; build "$demo"
    # glibc gives large blocks back to the system at once; libtorch asks for the same ones again in the next step, and the page faults cost a tenth of the run.
    export MALLOC_MMAP_THRESHOLD_=${MALLOC_MMAP_THRESHOLD_:-1073741824} MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-4294967296}
    dotnet run --project "$demo" -c Release --no-build -- "$@"
    ;;
  pack)
    shift
    prepare
    rm -rf artifacts/packages
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
  demo [options]   install what is missing, build, and run examples/1-TrainRobustClassifier (`demo --help` lists its options)
  test [--long]    install what is missing, build, and run the tests; --long runs those that take minutes instead
  build            install what is missing and build
  pack             make the two NuGet packages in artifacts/packages
  clean            remove every build output
HELP
    ;;
  *) fail "unknown verb '$1'; ./build.sh help lists them" ;;
esac
