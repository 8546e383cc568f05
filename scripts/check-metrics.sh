#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Checks that Prometheus can read what an admin server shows.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/check-metrics.sh URL|FILE...

Reads each with `promtool check metrics`; a URL is that of /stats/prometheus. Remarks about Envoy's names, which stay
as they are, and missing help texts are not errors; those about names of our own are.

exit: 0 readable, 1 not readable, 2 bad usage, 77 promtool is missing (Debian: apt-get install prometheus)
TEXT
}

case "${1:-}" in
-h | --help) usage; exit 0 ;;
"") usage >&2; exit 2 ;;
esac

if ! command -v promtool >/dev/null; then
    echo "check-metrics: promtool is not installed, so nothing was checked" >&2
    exit 77
fi

failed=0
text=$(mktemp)
trap 'rm -f "$text"' EXIT
for source in "$@"; do
    case "$source" in
    http://* | https://*) curl -sSf "$source" >"$text" ;;
    *) cat -- "$source" >"$text" ;;
    esac
    # 0: nothing to say; 3: remarks only; anything else: it could not be read.
    code=0
    remarks=$(promtool check metrics <"$text" 2>&1) || code=$?
    ours=$(echo "$remarks" | grep '^understudy_' | grep -v ' no help text$' || true)
    if [ -n "$ours" ]; then
        echo "check-metrics: $source has names that Prometheus advises against:" >&2
        echo "$ours" >&2
        failed=1
    elif [ "$code" -eq 0 ] || [ "$code" -eq 3 ]; then
        echo "check-metrics: $source: $(grep -vc '^#' "$text" || true) values are readable"
    else
        echo "check-metrics: $source cannot be read:" >&2
        echo "$remarks" | grep -i error >&2 || echo "$remarks" >&2
        failed=1
    fi
done
exit "$failed"
