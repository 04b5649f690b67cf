#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: KUnit: clones, struct bio_iter byte for byte, who owns a table, the loops
# base: none
# timeout: 300
. "$(dirname "$0")/lib.sh"

SUITES=(bio_chain bio_clone bio_copy bio_iter bio_vecs)

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
	grep -q ' fail:0 ' <<<"$totals" && ! grep -q '^not ok' "$results"
	ok $? "$s: no case failed"
done
finish
