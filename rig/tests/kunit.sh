#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: KUnit: clones, copies, splits, chains, struct bio_iter byte for byte, tables
# base: none
# expects: BUG: BIOSAN: (foreign-table|ended-twice|used-after-end|broken-chain) in (others_are_warned|restores_after_chain_has_ended|child_keeps_its_completion)\+.* \[bio_(vecs|iter|chain)_kunit\]
# timeout: 300
. "$(dirname "$0")/lib.sh"

SUITES=(bio_chain bio_clone bio_copy bio_iter bio_vecs)

# So that single pages can fail, too: bio_copy asks for them one by one.
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order ||
	bail "allocations of single pages cannot be made to fail"
plan $((2 * ${#SUITES[@]}))
for s in "${SUITES[@]}"; do
	kunit_suite "$s" "$s"
done
finish
