# What a new user types. Every target installs what it needs first (Debian packages, by scripts/setup).

# Warnings are errors here and in CI, not for those who build the package with a newer compiler.
export SERIN_WARNINGS_AS_ERRORS = 1

SWIFT ?= swift
# The standard library is linked in, so that the binary runs where no Swift is installed. Exclusivity of class properties is
# checked by every debug build and test; at run time it would cost a tenth of a request. Link-time optimisation (lld comes with
# the toolchain) puts small functions of one module into the next: a twentieth. What requests go through lies side by side, in few
# pages (Benchmarks/rig/order.py finds it; a name that is no more is passed over).
RELEASE_FLAGS = -c release --static-swift-stdlib -Xswiftc -enforce-exclusivity=unchecked \
	--experimental-lto-mode full -Xswiftc -use-ld=lld \
	-Xlinker --symbol-ordering-file="$(CURDIR)/scripts/function-order" -Xlinker --no-warn-symbol-ordering
RELEASE = .build/release/serin

.PHONY: run build test test-sanitize bench fuzz scan clean

# The gray release of the founding document, with two origins to play with.
run: build
	$(RELEASE) demo

build:
	scripts/setup build
	$(SWIFT) build $(RELEASE_FLAGS) --product serin

# The end-to-end tests drive the binary of the same build.
test:
	scripts/setup test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build

# The end-to-end tests with AddressSanitizer and with ThreadSanitizer; see scripts/test-sanitize.
test-sanitize:
	scripts/setup test
	scripts/test-sanitize

# Serin beside a raw relay, nginx and HAProxy, in one run; see Benchmarks/README.md.
bench:
	scripts/setup bench
	$(SWIFT) build $(RELEASE_FLAGS) --product serin
	Benchmarks/run --serin $(RELEASE) --markdown Benchmarks/RESULTS.md

# libFuzzer on every reader of bytes from outside, a minute each; see scripts/fuzz.
fuzz:
	scripts/setup build
	scripts/fuzz

# testssl.sh and sslyze against Serin, and against nginx and HAProxy for comparison; see scripts/scan.
scan:
	scripts/setup scan
	$(SWIFT) build $(RELEASE_FLAGS) --product serin
	scripts/scan --write

clean:
	$(SWIFT) package clean
	rm -rf Benchmarks/build
