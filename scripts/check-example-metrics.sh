#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Starts a binary with the example's configuration and lets Prometheus read its statistics.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/check-example-metrics.sh BINARY

promtool reads them, and prometheus scrapes them if it is there, too (Debian: apt-get install prometheus).

exit: 0 readable or promtool is missing, 1 not readable, 2 bad usage
TEXT
}

case "${1:-}" in
-h | --help) usage; exit 0 ;;
"") usage >&2; exit 2 ;;
esac

root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
started=()
trap 'for process in "${started[@]}"; do kill "$process" 2>/dev/null || true; done; wait; rm -rf "$folder"' EXIT

# Runs the command again until it succeeds, at most 20 s.
eventually() {
    for _ in $(seq 200); do
        if "$@"; then return 0; fi
        sleep 0.1
    done
    return 1
}

# The example's own file, on ports of the system's choice and with an admin server.
{
    echo 'admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }'
    sed -e '/^admin:/,/^[^ ]/{/^admin:/d;/^ /d}' -e 's/port_value: 10000$/port_value: 0/' \
        -e 's/address: 0\.0\.0\.0$/address: 127.0.0.1/' "$root/examples/route-mirror/envoy.yaml"
} >"$folder/envoy.yaml"

hosts=()
for name in service1 service1-mirror service2 service2-mirror; do hosts+=(--add-host "$name:127.0.0.1"); done
"$1" -c "$folder/envoy.yaml" "${hosts[@]}" --admin-address-path "$folder/admin" 2>"$folder/log" &
proxy=$!
started+=("$proxy")

listens_or_ended() {
    grep -q '\[listener\].* listening ' "$folder/log" || ! kill -0 "$proxy" 2>/dev/null
}
eventually listens_or_ended || true
port=$(sed -n 's/.*\[listener\].* listening address=[^ ]*:\([0-9]*\).*/\1/p' "$folder/log" | head -n 1)
if [ -z "$port" ] || [ ! -s "$folder/admin" ]; then
    echo "check-example-metrics: the proxy did not start:" >&2
    cat "$folder/log" >&2
    exit 1
fi

# Something to count: nobody answers behind it.
for path in /service/1 /service/2 /nowhere; do curl -s -o "$folder/answer" "http://127.0.0.1:$port$path" || true; done

code=0
admin=$(cat "$folder/admin")
"$root/scripts/check-metrics.sh" "http://$admin/stats/prometheus" "http://$admin/stats/prometheus?histogram_buckets=summary" \
    || code=$?
if [ "$code" -eq 77 ]; then
    echo "check-example-metrics: skipped, since promtool is not there"
    exit 0
fi
[ "$code" -eq 0 ] || exit "$code"

if ! command -v prometheus >/dev/null; then
    echo "check-example-metrics: not scraped, since prometheus is not there"
    exit 0
fi
cat >"$folder/prometheus.yml" <<TEXT
scrape_configs:
- { job_name: proxy, scrape_interval: 1s, metrics_path: /stats/prometheus, static_configs: [{ targets: ["$admin"] }] }
TEXT
prometheus --config.file="$folder/prometheus.yml" --storage.tsdb.path="$folder/data" \
    --web.listen-address=127.0.0.1:0 2>"$folder/prometheus.log" &
started+=("$!")

is_scraped() {
    local place
    place=$(sed -n 's/.*msg="Listening on".* address=\([0-9.:]*\).*/\1/p' "$folder/prometheus.log")
    [ -n "$place" ] && curl -sf "http://$place/api/v1/query?query=up" >"$folder/up" \
        && grep -q '"value":\[[0-9.]*,"1"\]' "$folder/up"
}
if ! eventually is_scraped; then
    echo "check-example-metrics: prometheus did not scrape http://$admin/stats/prometheus:" >&2
    cat "$folder/up" "$folder/prometheus.log" >&2 || true
    exit 1
fi
echo "check-example-metrics: scraped by $(prometheus --version 2>&1 | sed -n '1s/,* (.*//p')"
