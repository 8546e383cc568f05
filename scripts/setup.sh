#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Makes sure that what the build needs is there; installs Debian packages only if some are missing.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    echo "usage: setup.sh [PACKAGE...]"
    echo "Checks for Swift 6.2 or later and for the Debian packages that the build needs, and those that are named;"
    echo "missing packages are installed when root, or when sudo asks for no password."
    exit 0
fi

packages=(libre2-dev libyaml-dev "$@")
# The test kits need PyYAML; without root, scripts/python.sh finds another way to it.
if ((EUID == 0)) && ! python3 -c 'import yaml' 2>/dev/null && ! /usr/bin/python3 -c 'import yaml' 2>/dev/null; then
    packages+=(python3-yaml)
fi

if ! version=$(swift --version 2>&1 | grep --only-matching --extended-regexp 'Swift version [0-9]+\.[0-9]+'); then
    echo "setup: no swift on the PATH; install Swift 6.2 or later: https://www.swift.org/install" >&2
    exit 1
fi
version=${version##* }
if ((${version%.*} * 100 + ${version#*.} < 602)); then
    echo "setup: Swift $version is too old; install 6.2 or later: https://www.swift.org/install" >&2
    exit 1
fi

if ! command -v dpkg-query >/dev/null; then
    # Not Debian: the compiler will tell, but this message says what to do about it.
    echo "setup: not a Debian system; make sure that RE2 and libyaml with their headers and Python 3.11 are installed" >&2
    exit 0
fi

missing=()
for package in "${packages[@]}"; do
    state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $state == installed ]] || missing+=("$package")
done
((${#missing[@]})) || exit 0

if ((EUID == 0)); then
    root=()
elif sudo --non-interactive true 2>/dev/null; then
    root=(sudo --non-interactive)
else
    echo "setup: these packages are missing: ${missing[*]}" >&2
    echo "setup: install them, for instance: sudo apt-get install ${missing[*]}" >&2
    exit 1
fi
echo "setup: installing ${missing[*]}"
"${root[@]}" apt-get update --quiet
"${root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends "${missing[@]}" </dev/null
