#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: BIOSAN reports each rule that is broken, by kind and culprit, and no legal idiom
# class: tool
# mail: block: add BIOSAN, a checker for the contract of bios
# mail: block: tell BIOSAN what happens to bios
# mail: block: add a KUnit suite for BIOSAN
# base: none
# cpus: 2
# expects: BUG: BIOSAN: [a-z-]+ in (bad_[a-z_]+\+0x[0-9a-f]+/0x[0-9a-f]+ \[biosan_kunit\]|blk_(update|mq_start)_request\+)
. "$(dirname "$0")/lib.sh"

MODE=/sys/module/biosan/parameters/mode

[ -w "$MODE" ] || bail "a kernel without BIOSAN"
plan 9
# The suite puts back the mode that it finds.
for mode in off full sample; do
	echo "$mode" >"$MODE" || bail "mode $mode"
	kunit_suite biosan "from $mode"
	rmmod biosan_kunit || bail "biosan_kunit is still in use"
	[ "$(cat "$MODE")" = "$mode" ]
	ok $? "mode is $mode again"
done
finish
