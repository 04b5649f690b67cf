#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a path that completes part of an I/O and dies leaves data and PI right
# base: fail
# before: inject
# timeout: 300
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/mpath.inc"

mpath_disks 400
mpath_up bio
plan 6
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

# The same below XFS, which brings its own protection information.
split_at 64
both_work
{ mkfs.xfs -q -f $MP && mount $MP /mnt; } || bail "no XFS"
: >/mnt/f
"$TOOLS/pi-io" fill /mnt/f 0 65536 0 && sync
sweep_xfs()
{
	local cmd=$1 op=$2 k

	for ((k = 512; k < 65536; k += 512)); do
		both_work
		inject "$A" "add,op=$op,status=TRANSPORT,partial=$k"
		# What is read is what the write before it left there.
		[ "$cmd" = fill ] || seed=$last
		[ "$cmd" = cmp ] || seed=$k
		"$TOOLS/pi-io" "$cmd" /mnt/f 0 65536 "$seed" || break
		inject_none "$A"
		has_failed "$A_DEV" || { echo "# path A did not fail"; break; }
		"$TOOLS/pi-io" cmp /mnt/f 0 65536 "$seed" || break
		last=$seed
	done
	inject_none "$A"
	[ $k -ge 65536 ] || echo "# stopped at $k of 65536 bytes"
	[ $k -ge 65536 ]
}
last=0 seed=0
sweep_xfs fill WRITE
ok $? "XFS: 64 KiB written, the path lost after every 512 bytes"
sweep_xfs cmp READ
ok $? "XFS: 64 KiB read, the path lost after every 512 bytes"
finish
