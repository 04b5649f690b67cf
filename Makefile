# SPDX-License-Identifier: GPL-2.0-only
# make help lists the targets. BASE=<kernel git tree or unpacked source>
# replaces Debian's linux-source-7.3.
SHELL := /bin/bash
export RIG_START := $(shell date +%s)
# Not every shell expands a tilde there.
override BASE := $(patsubst ~/%,$(HOME)/%,$(BASE))
export BASE
SET ?=
TEST ?=
KERNEL ?= series
CPUS ?= 1
MEM ?= 1G

.PHONY: help demo check check-all smoke test lint cocci bench protect mutants errors docs \
	text compile-check kunit blktests xfstests setup fetch tree refresh build boot \
	series vm demo-vm deb gdb times path-base path-inject path-series path-vm clean

help: ## this list; times are of two processors, the first time and again
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | expand -t14

demo: ## both kernels, before and after (20 min, 1 min; 6 GiB)
	@rig/demo

check: ## set up, and run what CI runs: lint, boot tests, selftest (60 min, 15 min; 10 GiB)
	@rig/check-all check

check-all: ## that, and each mail built, kunit, cocci, compile-check, mutants, protect, bench (hours; 25 GiB)
	@rig/check-all everything

smoke: build ## a boot test of each kind (3 min once the kernels are there)
	@rig/check -s

test: build ## the boot tests (15 min); TEST="name ..." for some of them
	@rig/check $(TEST)

lint: tree ## checkpatch, git am, sparse, each topic builds (20 min, 1 min); ONLY="builds*": each mail
	@rig/lint $(if $(ONLY),"$(ONLY)")

cocci: tree ## semantic patches over the base, into results/cocci.txt (10 min)
	@rig/cocci-report

bench: tree ## instructions that bios take, under QEMU (30 min); BIOSAN=1 for what that takes
	@rig/setup bench
	@rig/bench/run $(if $(BIOSAN),biosan)

protect: tree ## BIOSAN names what writes to a table in flight: x86-64, QEMU (20 min); KCSAN=1
	@rig/setup bench
	@rig/protect/run $(if $(KCSAN),kcsan)

mutants: tree ## break the series in one place at a time: is it noticed? (90 min)
	@rig/build series >/dev/null
	@rig/mutants/run

kunit: tree ## the KUnit suites by kunit.py and their .kunitconfig (6 min, 1 min; 1 GiB)
	@rig/kunit

errors: tree ## what stacked drivers make of each status of a leg, into results/errors-matrix.txt (20 min)
	@rig/build inject >/dev/null
	@rig/build series >/dev/null
	@rig/errors-matrix

docs: tree ## the kernel's documents on the block layer as HTML, ours without a warning (1 min; 2 GiB)
	@rig/setup docs
	@rig/htmldocs

text: tree ## size of the code before and after topic const (20 min)
	@rig/text

compile-check: tree ## all that touches a bio's table compiles, here and by cross compiler (60 min)
	@rig/setup compile-check
	@rig/compile-check

blktests: ## blktests with BIOSAN on: BLKTESTS=dir, built; TESTS, OVER, PI, COMPARE=1 (2 h)
	$(if $(BLKTESTS),,$(error BLKTESTS=dir is missing: a built checkout of blktests))
	@rig/setup suites
	@$(MAKE) -s path-$(KERNEL) $(if $(COMPARE),path-base) >/dev/null
	@rig/blktests -k $(KERNEL) $(if $(COMPARE),-C) $(if $(OVER),-o "$(OVER)") \
		$(if $(PI),-p "$(PI)") "$(BLKTESTS)" $(TESTS)

xfstests: ## xfstests with BIOSAN on: XFSTESTS=dir, built; FS, OVER, PI, SAMPLE, DEAL=1, TESTS, COMPARE=1
	$(if $(XFSTESTS),,$(error XFSTESTS=dir is missing: a built checkout of xfstests))
	@rig/setup suites
	@$(MAKE) -s path-$(KERNEL) $(if $(COMPARE),path-base) >/dev/null
	@rig/xfstests -k $(KERNEL) $(if $(COMPARE),-C) $(if $(FS),-f "$(FS)") \
		$(if $(OVER),-o "$(OVER)") $(if $(PI),-p "$(PI)") \
		$(if $(SAMPLE),-s "$(SAMPLE)") $(if $(DEAL),-d) "$(XFSTESTS)" $(TESTS)

setup: ## install the Debian packages that are missing
	@rig/setup

fetch: setup ## download the base into the cache (160 MiB)
	@rig/fetch base >/dev/null

tree: setup ## compose build/linux from patches/ (2 min; 3 GiB)
	@rig/tree compose

refresh: ## take commits made in build/linux back into patches/ and the kernel paths
	@rig/tree refresh

build: tree ## build the base kernel, that with the injector, and the patched one (30 min)
	@rig/build base >/dev/null
	@rig/build inject >/dev/null
	@rig/build series >/dev/null

boot: ## a shell in the patched kernel; CMD='...', KERNEL=base, CPUS=2
	@$(MAKE) -s path-$(KERNEL) >/dev/null
	@rig/boot -k $(KERNEL) -c $(CPUS) -m $(MEM) $(if $(value CMD),"$$CMD")

vm: setup ## a shell in a virtual machine, on Debian; CMD='...', KERNEL=debian, CPUS=4, DEB=1 (15 min, 1 min; 4 GiB)
	@rig/setup vm
	$(if $(filter debian,$(KERNEL))$(DEB),,@$(MAKE) -s path-vm >/dev/null)
	@rig/vm/run -k $(KERNEL) $(if $(DEB),-d) -c $(if $(filter command environment,$(origin CPUS)),$(CPUS),2) \
		-m $(MEM) $(if $(value CMD),"$$CMD")

demo-vm: setup ## a panic and a lost write on Debian's own kernel, and not on ours (25 min, 5 min; 5 GiB)
	@rig/setup vm
	@$(MAKE) -s path-vm >/dev/null
	@rig/demo-vm

deb: setup ## packages of the patched kernel, of Debian's configuration or CONFIG=file (2 h, 3 min; 12 GiB)
	@rig/setup deb
	@rig/tree compose >&2
	@rig/deb $(CONFIG)

gdb: tree ## lx-bio of gdb and drgn, in a kernel that has just panicked (10 min, 1 min)
	@rig/setup gdb
	@rig/gdb/run

path-vm: setup ## the same for the patched kernel of "make vm"
	@rig/tree compose >&2
	@rig/vm/build

series: tree ## write the mails to post into build/series; SET=md for one posting, REROLL=2
	@rig/series $(SET)

times: ## where the time of the last demo or check went, by step
	@rig/times

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
