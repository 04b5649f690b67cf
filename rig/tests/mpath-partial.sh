#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a path that completes part of an I/O and dies leaves data and PI right
# what: a path completes part of an I/O and dies, at each 512 bytes
# then: protection errors, or panic
# now: right at every boundary
# class: position
# mail: dm mpath: restore the position in PI when a bio is submitted again
# base: fail
# before: inject
# cpus: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks 400
mpath_up bio
plan 7
sweep 512 65536 "write of 64 KiB, the path lost" partial write 65536
sweep 512 65536 "read of 64 KiB, the path lost" partial read 65536

# The third of eight pieces completes in part: the others have come and gone.
split_at 32
good=0
for op in write read; do
	for k in 512 4096 16384 32256; do
		both_work
		[ $op = write ] || put_medium 0 262144 $k $((k & 0xff)) || break
		inject "$A" "add,op=${op^^},status=TRANSPORT,start=128,nr_sectors=64,partial=$k"
		pi $op $MP 0 262144 $k $((k & 0xff)) || break
		inject_none "$A"
		has_failed "$A_DEV" && on_medium 0 262144 $k $((k & 0xff)) || break
		good=$((good + 1))
	done
	inject_none "$A"
	[ $good = 4 ]
	ok $? "$op of 256 KiB in eight pieces, the path lost inside the third"
	good=0
done

split_at 64
both_work
under_load 10 lose_part
ok $? "a queue of 32, the path lost inside an I/O, again and again"

# The same below XFS, which brings its own protection information.
split_at 64
both_work
{ mkfs.xfs -q -f $MP && mount $MP /mnt; } || bail "no XFS"
: >/mnt/f
pi fill /mnt/f 0 65536 0 && sync
xfs_write()
{
	dies_after WRITE pi fill /mnt/f 0 65536 "$1" "$1" &&
		pi cmp /mnt/f 0 65536 "$1"
}
sweep 512 65536 "XFS: write of 64 KiB, the path lost" xfs_write
pi fill /mnt/f 0 65536 1
sweep 512 65536 "XFS: read of 64 KiB, the path lost" dies_after READ \
	pi cmp /mnt/f 0 65536 1
finish
