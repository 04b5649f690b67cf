#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: XFS on bio-mode multipath with DIX survives the loss of a path
# what: a path is lost under bio-mode dm-multipath, and the bio had been split: XFS with DIX
# then: panic
# now: fails over, data and tags right
# class: position
# mail: dm mpath: restore the position in PI when a bio is submitted again
# base: panic
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks 400
split_at 64
mpath_up bio
plan 7
{ mkfs.xfs -q -f $MP && mount $MP /mnt; } || bail "no XFS"
F=/mnt/f
: >$F
"$TOOLS/pi-io" fill $F 0 2097152 1 && sync
"$TOOLS/pi-io" cmp $F 0 2097152 1
ok $? "2 MiB written and read with both paths, pieces of 64 KiB"

state "$A" offline
"$TOOLS/pi-io" fill $F 0 262144 2
ok $? "256 KiB written, the path lost before its four pieces"
has_failed "$A_DEV"
ok $? "multipath gave up that path"
"$TOOLS/pi-io" cmp $F 0 262144 2 && "$TOOLS/pi-io" cmp $F 262144 262144 1
ok $? "what was written is what is read, and nothing else changed"

both_work
state "$A" offline
"$TOOLS/pi-io" cmp $F 0 262144 2 && has_failed "$A_DEV"
ok $? "256 KiB read, the path lost before its four pieces"

both_work
dd if=/dev/zero of=/mnt/g bs=1M count=4 2>/dev/null && sync
both_work
state "$A" offline
dd if=/dev/urandom of=/mnt/g bs=1M count=4 conv=notrunc,fsync 2>/dev/null &&
	has_failed "$A_DEV"
ok $? "4 MiB through the page cache, the path lost before writeback"

sum=$(md5sum </mnt/g)
umount /mnt && both_work && mount $MP /mnt &&
	[ "$sum" = "$(md5sum </mnt/g)" ] &&
	dd if="/dev/$B" of=/dev/null bs=1M iflag=direct 2>/dev/null
ok $? "the same after a remount, and every tag on the medium is right"
finish
