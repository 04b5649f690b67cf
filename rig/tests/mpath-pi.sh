#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: io_uring's own PI arrives right when bio-mode multipath fails over
# what: a path is lost, the bio had been split, and it has io_uring's own protection information
# then: panic
# now: fails over, tags right on the medium
# class: position
# mail: dm mpath: restore the position in PI when a bio is submitted again
# base: panic
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks
mpath_up bio
plan 8
K=1024
for max in 64 32 4; do
	split_at $max
	both_work
	state "$A" offline
	"$TOOLS/pi-io" write $MP $((K * K)) $((256 * K)) $max $max &&
		has_failed "$A_DEV" &&
		on_medium $((K * K)) $((256 * K)) $max $max
	ok $? "write of 256 KiB in pieces of $max KiB, path lost before"
	both_work
	state "$A" offline
	"$TOOLS/pi-io" read $MP $((K * K)) $((256 * K)) $max $max &&
		has_failed "$A_DEV"
	ok $? "read of 256 KiB in pieces of $max KiB, path lost before"
done
split_at 32
both_work
state "$A" offline
"$TOOLS/pi-io" --vecs=7 write $MP 0 $((224 * K)) 9 9 &&
	has_failed "$A_DEV" && on_medium 0 $((224 * K)) 9 9
ok $? "write from seven vectors, path lost before"
both_work
state "$A" offline
"$TOOLS/pi-io" --vecs=7 read $MP 0 $((224 * K)) 9 9 && has_failed "$A_DEV"
ok $? "read into seven vectors, path lost before"
finish
