#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a path that completes part of an I/O and dies leaves data and PI right
# base: fail
# before: inject
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks
mpath_up bio
plan 4
sweep_partial write 65536
ok $? "write of 64 KiB, the path lost after every 512 bytes"
sweep_partial read 65536
ok $? "read of 64 KiB, the path lost after every 512 bytes"

# The third of eight pieces completes in part: the others have come and gone.
split_at 32
good=0
for op in write read; do
	for k in 512 4096 16384 32256; do
		both_work
		[ $op = write ] || put_medium 0 262144 $k $((k & 0xff)) || break
		inject "$A" "add,op=${op^^},status=TRANSPORT,start=128,nr_sectors=64,partial=$k"
		"$TOOLS/pi-io" $op $MP 0 262144 $k $((k & 0xff)) || break
		inject_none "$A"
		has_failed "$A_DEV" && on_medium 0 262144 $k $((k & 0xff)) || break
		good=$((good + 1))
	done
	inject_none "$A"
	[ $good = 4 ]
	ok $? "$op of 256 KiB in eight pieces, the path lost inside the third"
	good=0
done
finish
