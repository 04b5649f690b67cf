#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: KUnit: clones, copies, splits, chains, struct bio_pos byte for byte, tables
# class: tool
# smoke: yes
# mail: block: add a KUnit suite for clones
# mail: block: add a KUnit suite for struct bio_pos
# mail: block: add a KUnit suite for the tables of bios
# mail: block: add a KUnit suite for what clones and copies share
# mail: block: add a KUnit suite for splits and chains
# base: none
# expects: BUG: BIOSAN: (ended-twice|used-after-end|broken-chain) in (restores_after_chain_has_ended|child_keeps_its_completion)\+.* \[bio_(pos|chain)_kunit\]
# cpus: 2
. "$(dirname "$0")/lib.sh"

SUITES=(bio_chain bio_clone bio_copy bio_pos bio_vecs)

# So that single pages can fail, too: bio_alloc_copy() asks for them at last.
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order ||
	bail "allocations of single pages cannot be made to fail"
plan $((2 * ${#SUITES[@]}))
for s in "${SUITES[@]}"; do
	kunit_suite "$s" "$s"
done
finish
