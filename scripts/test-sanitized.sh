#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the tests with a sanitizer, beside the usual build, and runs them.
set -euo pipefail

usage="usage: test-sanitized.sh [--codec] address|thread"
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    echo "$usage"
    echo "Runs the tests under the address or the thread sanitizer.  With --codec only those of UnderstudyCore and"
    echo "UnderstudyHTTP, for which neither protobuf nor YAML has to be built."
    exit 0
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ ${1:-} == --codec ]]; then
    export UNDERSTUDY_CODEC_ONLY=1
    shift
fi
case ${1:-} in
address) scratch=.build-asan ;;
thread) scratch=.build-tsan ;;
*) echo "$usage" >&2; exit 2 ;;
esac

# Leaks are not looked for: what the detector reports at the end are Swift's statics and the test library's own objects.
export ASAN_OPTIONS=detect_leaks=0
# Every report fails the run, and a crash is the sanitizer's to explain.
export TSAN_OPTIONS="suppressions=$PWD/scripts/tsan-suppressions.txt halt_on_error=0 exitcode=66"
export SWIFT_BACKTRACE=enable=no

# Names of functions are all that a report needs.
options=(--sanitize="$1" --scratch-path "$scratch" -debug-info-format none -Xswiftc -use-ld=lld)
# The process tests start what stands in the scratch folder.
if [[ -z ${UNDERSTUDY_CODEC_ONLY:-} ]]; then swift build --product understudy "${options[@]}"; fi
swift build --product understudyPackageTests "${options[@]}"
echo "== $1 sanitizer"
swift test --skip-build "${options[@]}"
