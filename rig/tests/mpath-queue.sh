#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: with all paths lost and one regained, queued I/O ends right, PI too
# what: all paths are lost, then one is regained, with `queue_if_no_path`
# then: panic
# now: queued I/O ends right
# class: position
# mail: dm mpath: restore the position in PI when a bio is submitted again
# base: panic
# cpus: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks
split_at 32
mpath_up bio queue_if_no_path
plan 5
L=262144
try()
{
	local op=$1 back=$2 dev=$3

	both_work
	[ "$op" = write ] || put_medium 0 $L 3 3
	state "$A" offline
	state "$B" offline
	"$TOOLS/pi-io" "$op" $MP 0 $L 3 3 &
	wait_for has_failed "$A_DEV" && wait_for has_failed "$B_DEV" &&
		kill -0 $! || return 1
	state "$back" running
	dmsetup message mp 0 "reinstate_path $dev"
	wait $! || return 1
	state "$B" running
	on_medium 0 $L 3 3
}
try write "$A" "$A_DEV"
ok $? "write of 256 KiB waits for path A, and is right"
try write "$B" "$B_DEV"
ok $? "write of 256 KiB waits for path B, and is right"
try read "$A" "$A_DEV"
ok $? "read of 256 KiB waits for path A, and is right"
try read "$B" "$B_DEV"
ok $? "read of 256 KiB waits for path B, and is right"

# lose_all PID: both paths, while the load at PID is running
lose_all()
{
	local rc=1

	state "$A" offline
	state "$B" offline
	wait_for eval "{ has_failed $A_DEV && has_failed $B_DEV; } || ended $1"
	{ ! has_failed "$A_DEV" || ! has_failed "$B_DEV"; } || rc=0
	both_work
	return $rc
}
both_work
under_load 8 lose_all
ok $? "both paths lost and regained, with 32 in flight"
finish
