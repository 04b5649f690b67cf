#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: KUnit: clones, copies, splits, chains, struct bio_iter byte for byte, tables
# base: none
# expects: BUG: BIOSAN: (foreign-table|ended-twice|used-after-end) in (others_are_warned|restores_after_chain_has_ended)\+.* \[bio_(vecs|iter)_kunit\]
# timeout: 300
. "$(dirname "$0")/lib.sh"

SUITES=(bio_chain bio_clone bio_copy bio_iter bio_vecs)

# So that single pages can fail, too: bio_copy asks for them one by one.
echo 0 >/sys/kernel/debug/fail_page_alloc/min-order ||
	bail "allocations of single pages cannot be made to fail"
plan $((2 * ${#SUITES[@]}))
for s in "${SUITES[@]}"; do
	modload "${s}_kunit"
	results=/sys/kernel/debug/kunit/$s/results
	[ -r "$results" ] || bail "no results of $s"
	# A suite that ran no case is "ok" too: go by its totals.
	totals=$(grep '^# Totals: ' "$results")
	grep -E '^ *not ok|# Totals' "$results" | sed 's/^ *not ok/# &/'
	n=$(sed -n 's/.* pass:\([0-9]*\).*/\1/p' <<<"$totals")
	[ "${n:-0}" -gt 0 ]
	ok $? "$s: ${n:-no} cases passed"
	grep -q ' fail:0 skip:0 ' <<<"$totals" && ! grep -q '^not ok' "$results"
	ok $? "$s: no case failed or was skipped"
done
finish
