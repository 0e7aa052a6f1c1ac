# What a developer does with this repository. `make help` lists it.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help control-plane node node-packages definitions helm oracle build release demo test upgrade e2e memory bench fuzz lint verify scan generate clean-cache cargo

# Outside the checkout, so that every clone finds what another has built.
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/hardened-app
export CARGO_TARGET_DIR := $(or $(CARGO_TARGET_DIR),$(CACHE)/target)
BIN := $(CARGO_TARGET_DIR)/debug
HOST = $(shell rustc --print host-tuple)

# One folder per set of sources and flags: another version is built anew, a known one never again.
version = $(shell cat $(addprefix e2e/$(1)/,$(2)) | { sha256sum || shasum -a 256; } 2>/dev/null | cut -c1-16)
PROGRAMS := $(CACHE)/control-plane/$(call version,kubernetes,go.mod go.sum build)
export KUBEBUILDER_ASSETS := $(or $(KUBEBUILDER_ASSETS),$(PROGRAMS))
OWN_HELM := $(CACHE)/helm/$(call version,helm,go.mod go.sum build)/helm
export HELM := $(or $(HELM),$(OWN_HELM))
OWN_ORACLE := $(CACHE)/oracle/$(call version,oracle,go.mod go.sum main.go selectors.go build)/oracle
export ORACLE := $(or $(ORACLE),$(OWN_ORACLE))

OWN_NODE := $(CACHE)/node/$(call version,node,$(foreach module,kubernetes containerd,$(module)/go.mod $(module)/go.sum) build)
export NODE_ASSETS := $(or $(NODE_ASSETS),$(OWN_NODE))
export CILIUM_ASSETS := $(CACHE)/cilium/$(call version,node/cilium,go.mod go.sum modules_linux.go build)
export COREDNS_ASSETS := $(CACHE)/coredns/$(call version,node/coredns,go.mod go.sum build)
export CONTOUR_ASSETS := $(CACHE)/contour/$(call version,node/contour,go.mod go.sum build)
export ENVOY_LAYER := $(CACHE)/envoy/$(call version,node/envoy,requirements.txt build)
export DATABASE_LAYERS := $(CACHE)/databases/$(call version,node/databases,postgres redis build)

export DEFINITIONS := $(CACHE)/definitions/$(call version,definitions,go.mod go.sum build)

# What was installed for one Python doesn't work with another.
PYTHON := $(shell python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)
CHECKOV := $(CACHE)/checkov/$(call version,checkov,requirements.txt build)-python$(PYTHON)

DENY_VERSION := 0.20.2
DENY := $(CACHE)/cargo-deny-$(DENY_VERSION)/bin/cargo-deny

help: ## List the targets
	@sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 24

demo: build control-plane definitions ## See five attacks on apps undone or reported, and a migration hold up a release (KEEP=1: look around afterwards)
	@$(BIN)/demo $(if $(KEEP),--keep)

test: build control-plane definitions helm oracle ## Run all tests, against a real control plane
	$(BIN)/control-plane exec --operator -- cargo test --workspace --locked --no-fail-fast

upgrade: build control-plane ## Upgrade from an earlier commit and count the writes (FROM=<commit>)
	PREVIOUS=$$(e2e/upgrade/build "$(FROM)" "$(CACHE)/upgrade") \
	  cargo test --package e2e --features upgrade --locked --test upgrade -- --nocapture

# All is built before: within the node's namespaces there is no network. One test at a time: together they'd ask for more CPUs.
NODE_TESTS = cargo test --workspace --features e2e/node --test node
e2e: build control-plane definitions node node-packages release ## Run the operator and the samples as pods on a real node (needs root)
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --package guest --target $(HOST)
	$(NODE_TESTS) --locked --no-run
	STATIC_PROGRAMS=$(CARGO_TARGET_DIR)/$(HOST)/release $(BIN)/control-plane exec --node --operator -- $(NODE_TESTS) --frozen -- --test-threads=1
	$(MAKE) memory

memory: release control-plane ## Attack the operator's memory while it has what the chart gives it (needs root; N=5000: so many apps)
	STATIC_PROGRAMS=$(CARGO_TARGET_DIR)/$(HOST)/release $(if $(N),APPS=$(N)) \
	  cargo test --package e2e --features memory --locked --test memory -- --nocapture

# Released like what it measures: a slow bare client would flatter the operator.
bench: release control-plane ## Measure the operator against a bare client (N=5000: so many apps; OUT=docs/performance.md)
	cargo build --release --locked --package e2e --bin bench --bin control-plane
	$(CARGO_TARGET_DIR)/release/bench --operator $(CARGO_TARGET_DIR)/$(HOST)/release/hardened-app \
	  $(if $(N),--apps $(N)) $(if $(OUT),--out $(OUT))

# In a release build: a debug build takes twenty times as long.
fuzz: cargo ## Judge a million random live objects (N=100000: so many)
	FUZZ=$(or $(N),1000000) cargo test --release --locked --package hardened-app --lib fuzz -- --nocapture

lint: cargo ## Check format, lints and documentation
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --all-features --locked -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --workspace --no-deps --document-private-items --locked

# Below the folder $(1). The image is a placeholder: none is published.
write = $(BIN)/hardened-app generate "$(1)"; deploy/render "$(1)/charts/hardened-app" >"$(1)/deploy/install.yaml"

# Into a copy, so that a check changes no file.
verify: build helm $(DENY) ## Prove that generated files are fresh and licences allowed
	$(HELM) lint --strict --quiet charts/hardened-app
	@copy=$$(mktemp -d); trap 'rm -rf "$$copy"' EXIT; cp -R crds charts deploy docs "$$copy"; \
	$(call write,$$copy); \
	for folder in crds charts deploy docs; do diff -ru "$$folder" "$$copy/$$folder" || \
	  { echo "generated files in $$folder/ are stale: run 'make generate' and commit the result" >&2; exit 1; }; done
	@echo 'generated files are fresh'
	$(DENY) --locked check licenses bans sources

scan: build $(CHECKOV) ## Have Checkov judge everything that is rendered (needs Python)
	$(CHECKOV)/bin/python e2e/checkov/scan.py $(BIN)/hardened-app

generate: build helm ## Write the generated files
	$(call write,.)

build: cargo ## Build the operator and the test programs
	cargo build --workspace --locked

# The triple is named so that the flag holds for the program alone, not for what the build itself runs.
release: cargo ## Build the operator for an image: one static program
	RUSTFLAGS='-C target-feature=+crt-static' cargo build --release --locked --package hardened-app --target $(HOST)
	@echo $(CARGO_TARGET_DIR)/$(HOST)/release/hardened-app

control-plane: $(KUBEBUILDER_ASSETS) ## Build etcd and Kubernetes' programs, once (set KUBEBUILDER_ASSETS to use your own)

$(PROGRAMS):
	@e2e/kubernetes/build $@

definitions: $(DEFINITIONS) ## Take the definitions of optional APIs from their modules, once

$(DEFINITIONS):
	@e2e/definitions/build $@

node: $(NODE_ASSETS) $(CILIUM_ASSETS) $(COREDNS_ASSETS) $(CONTOUR_ASSETS) $(ENVOY_LAYER) $(DATABASE_LAYERS) ## Build kubelet, containerd and what else a node runs, once (set NODE_ASSETS to use your own)

$(OWN_NODE):
	@e2e/node/build $@

$(CILIUM_ASSETS):
	@e2e/node/cilium/build $@

$(COREDNS_ASSETS):
	@e2e/node/coredns/build $@

$(CONTOUR_ASSETS):
	@e2e/node/contour/build $@

$(ENVOY_LAYER):
	@e2e/node/envoy/build $@

$(DATABASE_LAYERS):
	@e2e/node/databases/build $@

node-packages:
	@e2e/node/packages

helm: $(HELM) ## Build Helm, once (set HELM to use your own)

$(OWN_HELM):
	@e2e/helm/build $(@D)

oracle: $(ORACLE) ## Build the judge of the tests of reachability, once (set ORACLE to use a built one)

$(OWN_ORACLE):
	@e2e/oracle/build $(@D)

$(CHECKOV):
	@e2e/checkov/build $@

# A target folder of its own that goes when it's done: cargo-deny shares next to nothing with us.
$(DENY): | cargo
	@echo 'building cargo-deny, once: some minutes …'
	env -u CARGO_TARGET_DIR cargo install --quiet --locked --root $(CACHE)/cargo-deny-$(DENY_VERSION) cargo-deny@$(DENY_VERSION)

cargo:
	@command -v cargo >/dev/null || { echo 'cargo is missing: install Rust as rust-toolchain.toml names it, with rustup' >&2; exit 1; }
	@command -v cc >/dev/null || { echo 'cc is missing: install a C compiler (Debian: apt-get install gcc libc6-dev)' >&2; exit 1; }

clean-cache: ## Remove everything that was built outside the checkout
	rm -rf $(CACHE)
