# The front door. Everything after `setup` runs on the Node of package-lock.json, which lies in node_modules/.bin.
SHELL := /bin/sh
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
HELM := $(or $(TESTBED_BIN),$(HOME)/.cache/caskade-testbed/bin)/helm
DEPS := node_modules/.package-lock.json
SOURCES := $(shell find src proto crds -type f 2>/dev/null)

help: ## this list
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t 14
setup: $(DEPS) wasm/kernels.wasm dist/main.js ## installs and compiles everything, runs nothing
$(DEPS): package-lock.json
	npm ci --loglevel=error && touch $@
wasm/kernels.wasm: wasm/kernels.ts wasm/asconfig.json $(DEPS)
	asc --config wasm/asconfig.json
dist/main.js: $(DEPS) wasm/kernels.wasm tsconfig.json tsconfig.build.json $(SOURCES)
	rm -rf dist && tsc -p tsconfig.build.json
build: dist/main.js ## compiles to dist/
lock: ## after editing package.json: a lock file that holds on every platform
	npm install --package-lock-only && node tools/lock-platforms.js
crds: $(DEPS) ## types and schemas from crds/
	node tools/crd-types.ts
proto: $(DEPS) ## types from proto/
	rm -rf src/api/proto
	proto-loader-gen-types --longs=Number --enums=String --defaults --oneofs --includeComments --grpcLib=@grpc/grpc-js \
	  --importFileExtension=.ts --inputTemplate=%s --outputTemplate=%sRead -I proto -O src/api/proto pool.proto target.proto csi.proto pluginregistration.proto
lint: setup ## types, lint with the import directions, format
	tsc && oxlint --deny-warnings src tools e2e && oxfmt --check src tools e2e
format: setup ## formats the sources in place
	oxfmt src tools e2e && oxfmt src tools e2e
unit: setup ## unit tests, seconds
	node tools/test.ts unit
image: setup ## the image of all roles as an OCI archive in build/image (IMAGE_NAME, ARCH=amd64|arm64)
	image/build.sh $(ARCH)
chart: ## the Helm chart, linted and packed, in build/chart
	rm -rf charts/caskade/files && mkdir -p charts/caskade/files && cp -r crds charts/caskade/files/crds
	e2e/testbed/build helm
	$(HELM) lint --quiet --strict charts/caskade && $(HELM) package -d build/chart charts/caskade
demo: setup ## the main job on a real Kubernetes here, in minutes: pools, a volume, faults, proof
	node e2e/demo/run.ts
demo-down: $(DEPS) ## removes the demo and its cluster
	node e2e/demo/down.ts
demo-local: setup ## the same story without Kubernetes or root
	node e2e/demo/local.ts
e2e: setup ## the suites that need processes, root or a cluster
	node tools/test.ts iscsi vm local apiserver operator csi cluster
e2e-vm: setup ## Linux's own initiator and csi-node with it, in an emulated machine
	node tools/test.ts vm
test: setup ## everything that must hold
	node tools/test.ts
sim: $(DEPS) ## replication under faults: SEEDS=1000 FIRST=1, or one SEED=n (KEEP=1,4-6) with its trace; REWINDS=1: pools go back, too
	node tools/sim.ts $(if $(REWINDS),--rewinds) $(if $(SEED),--seed=$(SEED) $(if $(KEEP),--keep=$(KEEP)),--seeds=$(or $(SEEDS),1000) --first=$(or $(FIRST),1))
soak: $(DEPS) ## the same from seed FIRST until interrupted
	node tools/sim.ts --soak --first=$(or $(FIRST),1)
sim-mutants: $(DEPS) ## whether the simulator finds what is broken on purpose (SAMPLE=n: only so many)
	node tools/mutants.ts replication --jobs=$(or $(JOBS),1) $(if $(SAMPLE),--sample=$(SAMPLE) --seed=$(or $(FIRST),1)) $(if $(ONLY),--only=$(ONLY))
bench: setup ## start-up times and idle memory of the roles
	node e2e/bench/idle.ts
bench-engine: setup ## the engine beside fio, one line per figure (RECORD=1: into docs/performance.md, STRICT=1: short is an error)
	node e2e/bench/engine/run.ts $(if $(RECORD),--record)
bench-engine-1t: setup ## a pool with 1 TiB of live 4 KiB blocks: import, memory, random I/O; some 20 GiB of disk (TIB=n, ROUNDS=n)
	node e2e/bench/engine-1t/run.ts --tib=$(or $(TIB),1) --rounds=$(or $(ROUNDS),3)
soak-engine: setup ## power cuts and faults for two hours, from seed FIRST on (default 1)
	node e2e/engine/crash.ts --states=100000000 --minutes=$(or $(MINUTES),100) --first=$(or $(FIRST),1)
	node e2e/engine/model.ts --operations=100000000 --minutes=20 --first=$(or $(FIRST),1)
engine-mutants: setup ## can the engine's proofs fail? every mutant must be found
	node tools/mutants.ts engine --jobs=$(or $(JOBS),2) $(if $(ONLY),--only=$(ONLY))
clean: ## removes what was built here (not the caches outside)
	rm -rf dist build coverage wasm/kernels.wasm node_modules/.cache
bench-iscsi: setup ## the target alone beside tgt, one line per figure (RECORD=1, STRICT=1 as above); needs tgt, libiscsi-bin, qemu-utils
	node e2e/bench/iscsi/run.ts --rounds=$(or $(ROUNDS),5) $(if $(ONLY),--only="$(ONLY)") $(if $(RECORD),--record)
bench-volume: setup ## three replicas beside tgt's one copy, rebuilds, starts, idle (RECORD=1, STRICT=1 as above); needs tgt, fio
	node e2e/bench/volume/run.ts --rounds=$(or $(ROUNDS),3) $(if $(ONLY),--only="$(ONLY)") $(if $(RECORD),--record)
iscsi-fuzz: setup ## a million mutated PDUs against the iSCSI target, then floods on sockets (PDUS=n SEED=n SECONDS=n)
	node tools/iscsi-fuzz.ts --pdus=$(or $(PDUS),1000000) --seed=$(or $(SEED),1) --sockets=$(or $(SECONDS),120)
iscsi-mutants: setup ## can the target's tests fail? every mutant must be found
	node tools/mutants.ts iscsi --jobs=$(or $(JOBS),2) $(if $(ONLY),--only=$(ONLY))
iscsi-conformance: setup ## libiscsi's suite against three replicas and against tgt; renews docs/iscsi-conformance.md
	node e2e/iscsi/conformance.ts --write
.PHONY: bench-iscsi bench-volume iscsi-fuzz iscsi-mutants iscsi-conformance bench-engine bench-engine-1t soak-engine engine-mutants help setup build lock crds proto lint format unit test clean demo demo-down demo-local e2e e2e-vm image chart bench sim soak sim-mutants
