#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: control: request-mode multipath does all this on any kernel
# base: pass
# before: inject
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks
split_at 64
mpath_up mq queue_if_no_path
plan 5
sweep 512 65536 "write of 64 KiB, the path lost" partial write 65536
sweep 512 65536 "read of 64 KiB, the path lost" partial read 65536
for op in write read; do
	both_work
	state "$A" offline
	"$TOOLS/pi-io" $op $MP 0 262144 7 7 && has_failed "$A_DEV" &&
		on_medium 0 262144 7 7
	ok $? "$op of 256 KiB in pieces of 64 KiB, path lost before"
done
both_work
state "$A" offline
state "$B" offline
"$TOOLS/pi-io" write $MP 0 262144 8 8 &
wait_for 10 has_failed "$A_DEV" && wait_for 10 has_failed "$B_DEV"
sleep 0.2
kill -0 $! && state "$B" running &&
	dmsetup message mp 0 "reinstate_path $B_DEV" && wait $! &&
	on_medium 0 262144 8 8
ok $? "write of 256 KiB, all paths lost and one regained"
finish
