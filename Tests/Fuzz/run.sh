#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the fuzzer with libFuzzer and the address sanitizer, and runs its targets one after another.
set -euo pipefail

usage="usage: run.sh [--seconds N] [TARGET ...]"
if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    echo "$usage"
    echo "Runs the targets, by default all, for N seconds together (default 60).  What breaks one is kept in"
    echo ".build-fuzz/findings; what is new to it joins the corpus in .build-fuzz/corpus."
    exit 0
fi

seconds=60
if [[ ${1:-} == --seconds ]]; then
    seconds=$2
    shift 2
fi
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
if [[ -z $(find "$(dirname "$(command -v swift)")/.." -name 'libclang_rt.fuzzer*' -print -quit 2>/dev/null) ]]; then
    echo "skipped: this Swift has no libFuzzer"
    exit 0
fi

targets=("$@")
if ((${#targets[@]} == 0)); then
    for folder in Tests/Fuzz/corpus/*/; do targets+=("$(basename "$folder")"); done
fi
each=$((seconds / ${#targets[@]}))
((each > 0)) || each=1

scratch=.build-fuzz
# Protobuf and YAML take most of the time to build, and only one target needs them.
if [[ " ${targets[*]} " != *" configuration "* ]]; then export UNDERSTUDY_CODEC_ONLY=1; fi
export UNDERSTUDY_FUZZ=1 SWIFT_BACKTRACE=enable=no ASAN_OPTIONS=detect_leaks=0
# Optimised: twenty times the inputs. Checks of bounds and overflow stay, and tests may look inside.
swift build --product Fuzzer --scratch-path "$scratch" --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address \
    -Xswiftc -O -debug-info-format none

passed=0 failed=0
for target in "${targets[@]}"; do
    words=http
    [[ $target == configuration ]] && words=yaml
    mkdir -p "$scratch/corpus/$target" "$scratch/findings"
    echo "== $target, $each s"
    if FUZZ=$target "$scratch/debug/Fuzzer" "$scratch/corpus/$target" "Tests/Fuzz/corpus/$target" \
        -dict="Tests/Fuzz/$words.dict" -artifact_prefix="$scratch/findings/$target-" -max_total_time="$each" \
        -max_len=2048 -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 >"$scratch/$target.log" 2>&1; then
        grep --extended-regexp '^stat::(number_of_executed_units|new_units_added)|^#[0-9]+.*DONE' "$scratch/$target.log"
        passed=$((passed + 1))
    else
        tail -n 60 "$scratch/$target.log"
        failed=$((failed + 1))
    fi
done
echo "$passed passed, $failed failed"
((failed == 0))
