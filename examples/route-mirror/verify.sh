#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Plays the steps of this folder's README against running containers.
set -euo pipefail

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
    echo "usage: verify.sh [--keep]"
    echo "Builds and starts the containers, checks the six steps, prints one line a check, exit 0 or 1."
    echo "--keep leaves the containers running. Port 10000 must be free."
    exit 0
fi

cd "$(dirname "${BASH_SOURCE[0]}")"
url=http://localhost:10000
[[ ${1:-} == --keep ]] || trap 'docker compose down --timeout 5 >/dev/null 2>&1' EXIT
passed=0 failed=0

check() {  # check WHAT COMMAND...
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1)); echo "ok    $what"
    else
        failed=$((failed + 1)); echo "FAIL  $what"
    fi
}

answers() {  # answers TEXT CURL-ARGUMENT...
    [[ $(curl --silent --show-error --max-time 5 "${@:2}") == "$1" ]]
}

logged() {  # logged SERVICE PATH HOST: the request line, and the Host, are in the service's log within 10 s
    local deadline=$((SECONDS + 10)) log
    while :; do
        log=$(docker compose logs --no-log-prefix "$1" 2>&1)
        [[ $log == *"Host: $3"* && $log == *"\"GET $2 HTTP/1.1\" 200"* ]] && return 0
        ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
}

count() {
    docker compose logs --no-log-prefix "$1" 2>&1 | grep --count "\"GET $2 " || true
}

# Step 1: up --wait returns when every health check has passed.
check "1  build and start" docker compose up --build --detach --wait --wait-timeout 120

# Steps 2 and 3: the static mirror.
check "2  service 1 answers" answers "Hello from behind Envoy (service 1)!" "$url/service/1"
check "3  service1 saw the request" logged service1 /service/1 localhost:10000
check "3  service1-mirror saw its copy" logged service1-mirror /service/1 localhost-shadow:10000

# Steps 4 and 5: the mirror that the request names.
named=(--header "x-mirror-cluster: service2-mirror")
check "4  service 2 answers" answers "Hello from behind Envoy (service 2)!" "${named[@]}" "$url/service/2"
check "5  service2 saw the request" logged service2 /service/2 localhost:10000
check "5  service2-mirror saw its copy" logged service2-mirror /service/2 localhost-shadow:10000

# Step 6: no name, or one that no cluster has.
check "6  without the header service 2 answers" answers "Hello from behind Envoy (service 2)!" "$url/service/2/none"
check "6  with an unknown name service 2 answers" answers "Hello from behind Envoy (service 2)!" \
    --header "x-mirror-cluster: service2-mirror-non-existent" "$url/service/2/unknown"
# A mirrored request sent last shows when the mirror's log is up to date.
check "6  a last mirrored request" answers "Hello from behind Envoy (service 2)!" "${named[@]}" "$url/service/2/last"
check "6  service2-mirror saw the last one" logged service2-mirror /service/2/last localhost-shadow:10000
check "6  service2-mirror saw nothing else" \
    test "$(count service2-mirror /service/2/none)$(count service2-mirror /service/2/unknown)" = 00

echo "$passed passed, $failed failed"
((failed == 0))
