# SPDX-License-Identifier: GPL-2.0-only
# make help lists the targets. BASE=<kernel git tree or unpacked source>
# replaces Debian's linux-source-7.3.
SHELL := /bin/bash
export RIG_START := $(shell date +%s)
export BASE
TOPIC ?=
TEST ?=
KERNEL ?= series
CPUS ?= 1
MEM ?= 1G

.PHONY: help demo check test lint compile-check cocci bench protect mutants text blktests xfstests \
	setup fetch tree refresh build boot series path-base path-inject \
	path-series clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t14

demo: setup ## set up, build both kernels, boot both: before and after
	@rig/tree compose
	@rig/build base >/dev/null
	@rig/build series >/dev/null
	@rig/demo

check: build ## set up, and run every test (what CI runs)
	@rc=0; rig/lint >build/lint.ktap & lint=$$!; rig/check || rc=1; \
	wait $$lint || rc=1; cat build/lint.ktap; rig/selftest || rc=1; exit $$rc

test: build ## boot tests only; TEST="name ..." for some of them
	@rig/check $(TEST)

lint: tree ## checkpatch, git am, sparse, shellcheck; each mail builds alone
	@rig/lint

cocci: tree ## semantic patches over the base, and what is written of them (minutes)
	@rig/cocci-report

bench: tree ## instructions that bios take, before and after, under QEMU; into rig/bench/results.txt; BIOSAN=1 for what that takes
	@rig/setup bench
	@rig/bench/run $(if $(BIOSAN),biosan)

protect: tree ## BIOSAN names who writes to a table in flight: x86-64 under QEMU (minutes); KCSAN=1
	@rig/setup bench
	@rig/protect/run $(if $(KCSAN),kcsan)

mutants: tree ## break the series in one place at a time: who notices; into rig/mutants/results.txt
	@rig/build series >/dev/null
	@rig/mutants/run

text: tree ## size of the code of block/, drivers/md/ and NVMe/TCP before and after topic const
	@rig/text

compile-check: tree ## all that touches a bio's table compiles, here and by cross compiler
	@rig/setup compile-check
	@rig/compile-check

blktests: ## blktests with BIOSAN on: BLKTESTS=dir, built; GROUPS, OVER, PI, COMPARE=1
	$(if $(BLKTESTS),,$(error BLKTESTS=dir is missing: a built checkout of blktests))
	@rig/setup suites
	@$(MAKE) -s path-$(KERNEL) $(if $(COMPARE),path-base) >/dev/null
	@rig/blktests -k $(KERNEL) $(if $(COMPARE),-C) $(if $(OVER),-o "$(OVER)") \
		$(if $(PI),-p "$(PI)") "$(BLKTESTS)" $(GROUPS)

xfstests: ## xfstests with BIOSAN on: XFSTESTS=dir, built; FS, OVER, PI, SAMPLE, DEAL=1, TESTS, COMPARE=1
	$(if $(XFSTESTS),,$(error XFSTESTS=dir is missing: a built checkout of xfstests))
	@rig/setup suites
	@$(MAKE) -s path-$(KERNEL) $(if $(COMPARE),path-base) >/dev/null
	@rig/xfstests -k $(KERNEL) $(if $(COMPARE),-C) $(if $(FS),-f "$(FS)") \
		$(if $(OVER),-o "$(OVER)") $(if $(PI),-p "$(PI)") \
		$(if $(SAMPLE),-s "$(SAMPLE)") $(if $(DEAL),-d) "$(XFSTESTS)" $(TESTS)

setup: ## install the Debian packages that are missing
	@rig/setup

fetch: setup ## download the base into the cache
	@rig/fetch base >/dev/null

tree: setup ## compose build/linux from patches/ and the kernel paths
	@rig/tree compose

refresh: ## take commits made in build/linux back into patches/
	@rig/tree refresh

build: tree ## build the base kernel and the patched one
	@rig/build base >/dev/null
	@rig/build inject >/dev/null
	@rig/build series >/dev/null

boot: ## a shell in the patched kernel; CMD='...', KERNEL=base, CPUS=2
	@$(MAKE) -s path-$(KERNEL) >/dev/null
	@rig/boot -k $(KERNEL) -c $(CPUS) -m $(MEM) $(if $(value CMD),"$$CMD")

series: tree ## write the mails to post; TOPIC=iter for one topic
	@rig/series $(TOPIC)

path-base: setup ## print the path of the base kernel, building it if need be
	@rig/tree compose >&2
	@rig/build base

path-inject: setup ## the same for the base with the topic inject
	@rig/tree compose >&2
	@rig/build inject

path-series: setup ## the same for the patched kernel
	@rig/tree compose >&2
	@rig/build series

clean: ## remove build/ (downloads and ccache stay in the cache)
	@rm -rf build
