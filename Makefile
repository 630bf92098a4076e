# Every target is a few lines that call swift or a script in .ci/.

# What the program needs of Debian, and what its tests need besides.
needs = libhiredis-dev libcurl4-openssl-dev redis-server
test_needs = $(needs) lua-check openssl python3-venv curl chromium chromium-driver prometheus sqlite3 tmux \
	haproxy systemd docker-compose
bench_needs = wrk redis-tools
compose_needs = podman runc netavark aardvark-dns iptables debootstrap python3-venv curl

# With Swift's own libraries inside: a tenth less CPU a request than calls through shared ones, a faster start, and a
# binary that runs where there is no Swift. What nothing calls is left out, which keeping names for others would prevent.
release = -c release --static-swift-stdlib -Xlinker --no-export-dynamic

.PHONY: help run build test chaos fuzz compose-test lint format bench bench-compare clean
.DEFAULT_GOAL := help

help: ## show these lines
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

run: build ## install what is missing, build, and serve on port 5678 with an embedded Redis
	@exec .build/release/kefu serve

build: ## the release binary: .build/release/kefu
	@.ci/install $(needs)
	swift build $(release) --product kefu

test: ## what CI runs: install, lint, build, every test
	@.ci/install $(test_needs)
	@.ci/lint
	@.ci/test

ROUNDS = 200
SEED =

chaos: ## real instances and a real Redis while everything breaks; `make chaos ROUNDS=1000 SEED=7`
	@.ci/install $(test_needs)
	@.ci/chaos $(ROUNDS) $(SEED)

compose-test: build ## compose/compose.yaml with real containers, by podman and without any registry; wants root
	@.ci/install $(compose_needs)
	@.ci/compose-test

lint: ## layout of the Swift files, luacheck over the scripts
	@.ci/install lua-check
	@.ci/lint

format: ## lay out the Swift files
	swift format --in-place --parallel --recursive Package.swift Sources Tests

bench: build ## the benchmark, against a release build and a private Redis; `make bench options="--only accept"`
	@.ci/install $(bench_needs)
	swift build $(release) --product KefuBench
	.build/release/KefuBench $(options)

bench-compare: ## the benchmark beside an earlier one: `make bench-compare BASE=a.json`; two earlier ones: WITH=b.json
	@test -n "$(BASE)" || { echo "make bench-compare BASE=<json> [WITH=<json>]" >&2; exit 1; }
ifdef WITH
	swift build $(release) --product KefuBench
	@.build/release/KefuBench compare $(BASE) $(WITH)
else
	@$(MAKE) --no-print-directory bench options="--base $(BASE) $(options)"
endif

fuzz: ## a million hostile inputs for each reader; `make fuzz inputs=20000`, `make fuzz seed=1`
	@.ci/install $(test_needs)
	@.ci/fuzz $(or $(inputs),1000000) $(seed)

clean: ## forget what was built
	rm -rf .build
