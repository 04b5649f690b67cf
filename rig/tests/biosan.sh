#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: BIOSAN reports each rule that is broken, by kind and culprit, and no legal idiom
# base: none
# cpus: 2
# timeout: 400
# expects: BUG: BIOSAN: [a-z-]+ in bad_[a-z_]+\+0x[0-9a-f]+/0x[0-9a-f]+ \[biosan_kunit\]
. "$(dirname "$0")/lib.sh"

MODE=/sys/module/biosan/parameters/mode
RESULTS=/sys/kernel/debug/kunit/biosan/results

[ -w "$MODE" ] || bail "a kernel without BIOSAN"
plan 9
# The suite puts back the mode that it finds.
for mode in off full sample; do
	echo "$mode" >"$MODE" || bail "mode $mode"
	modload biosan_kunit
	[ -r "$RESULTS" ] || bail "no results"
	totals=$(grep '^# Totals: ' "$RESULTS")
	grep -E '^ *not ok|# Totals' "$RESULTS" | sed 's/^ *not ok/# &/'
	n=$(sed -n 's/.* pass:\([0-9]*\).*/\1/p' <<<"$totals")
	[ "${n:-0}" -gt 0 ]
	ok $? "from $mode: ${n:-no} cases passed"
	grep -q ' fail:0 skip:0 ' <<<"$totals" && ! grep -q '^not ok' "$RESULTS"
	ok $? "from $mode: no case failed or was skipped"
	rmmod biosan_kunit || bail "biosan_kunit is still in use"
	[ "$(cat "$MODE")" = "$mode" ]
	ok $? "mode is $mode again"
done
finish
