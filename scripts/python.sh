#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Prints a Python 3.11+ that has PyYAML: the one on the PATH, the system's, or one made once under .build/.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    echo "usage: python.sh [PACKAGE...]"
    echo "Prints the path of a Python 3.11 or later that can import yaml, making one under .build/ if there is none."
    echo "With the names of packages from PyPI: one under .build/ that has them, too."
    exit 0
fi

cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=$PWD/.build/python

usable() {
    "$1" -c 'import sys, yaml; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

for package in "$@"; do
    venv=$venv-$package
done

for python in python3 /usr/bin/python3 "$venv/bin/python"; do
    if usable "$python" && [[ $# -eq 0 || $python == "$venv/bin/python" ]]; then
        command -v "$python"
        exit 0
    fi
done

# Only standard output is the answer, so pip's words go elsewhere.
python3 -m venv "$venv" >&2
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'pyyaml>=6' "$@" >&2
if ! usable "$venv/bin/python"; then
    echo "python.sh: Python 3.11 or later is needed; this is $(python3 --version)" >&2
    exit 1
fi
echo "$venv/bin/python"
