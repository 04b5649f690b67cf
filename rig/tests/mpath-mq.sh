#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: control: request-mode multipath does all this on any kernel
# what: request-mode dm-multipath loses a path within an I/O
# then: right
# now: right
# class: position
# mail: dm mpath: restore the position in PI when a bio is submitted again
# base: pass
# before: inject
# cpus: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks
split_at 64
mpath_up mq queue_if_no_path
plan 6
sweep 512 65536 "write of 64 KiB, the path lost" partial write 65536
sweep 512 65536 "read of 64 KiB, the path lost" partial read 65536
for op in write read; do
	both_work
	state "$A" offline
	pi $op $MP 0 262144 7 7 && has_failed "$A_DEV" &&
		on_medium 0 262144 7 7
	ok $? "$op of 256 KiB in pieces of 64 KiB, path lost before"
done
both_work
state "$A" offline
state "$B" offline
"$TOOLS/pi-io" write $MP 0 262144 8 8 &
wait_for has_failed "$A_DEV" && wait_for has_failed "$B_DEV"
nap
kill -0 $! && state "$B" running &&
	dmsetup message mp 0 "reinstate_path $B_DEV" && wait $! &&
	on_medium 0 262144 8 8
ok $? "write of 256 KiB, all paths lost and one regained"
both_work
under_load 10 lose_part
ok $? "a queue of 32, the path lost inside an I/O, again and again"
finish
