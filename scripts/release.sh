#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the program that is shipped: for speed, with the Swift library linked in, and with the functions that a start
# uses side by side (scripts/order-functions.py), without which five MiB more are resident.
#
# The order is taken once, from a first build, and kept in the build folder; `make clean` forgets it.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=.build-static
order=$folder/functions.txt
binary=$folder/release/understudy
linker=(-Xlinker "--symbol-ordering-file=$PWD/$order" -Xlinker --no-warn-symbol-ordering)

# What has to be put right at the start for the addresses that the program was given, packed: 1.7 MiB less to read. Older
# C libraries cannot.
read -r library version < <(getconf GNU_LIBC_VERSION 2>/dev/null || echo none 0.0)
if [[ $library == glibc ]] && ((${version%%.*} * 100 + $(cut -d. -f2 <<<"$version") >= 236)); then
    linker+=(-Xlinker -z -Xlinker pack-relative-relocs)
fi

build() {
    swift build --configuration release --product understudy --static-swift-stdlib --scratch-path "$folder" \
        -Xswiftc -enforce-exclusivity=unchecked "${linker[@]}"
}

mkdir -p "$folder"
# One at a time: whoever waits finds everything done.
exec 9>"$folder/release.lock"
if command -v flock >/dev/null; then flock 9; fi
[[ -e $order ]] || : >"$order"
build
[[ -s $order ]] && exit 0
if ! command -v valgrind >/dev/null; then
    echo "release: without valgrind nobody knows which functions a start uses; they stay where they are" >&2
    exit 0
fi
scripts/order-functions.py "$binary" "$order.new" || exit 0
# First of all, since the builder does not see that the order has changed.
rm -f "$binary"
mv "$order.new" "$order"
build
