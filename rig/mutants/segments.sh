#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: the segments of what was split within a page are all there
. "$(dirname "$0")/../tests/lib.sh"

plan 2
scsi_disks 1 dev_size_mb=16
d=${SD[0]}
# What remains of 10 KiB is a page long, and in two of them.
echo 6 >"/sys/block/$d/queue/max_sectors_kb" || bail "no limit"
rc=0
for ((i = 0; i < 16; i++)); do
	"$TOOLS/pi-io" fill "/dev/$d" $((i * 16))k 10k $i || rc=$?
done
[ $rc = 0 ]
ok $? "written in parts of 6 KiB"
for ((i = 0; i < 16; i++)); do
	"$TOOLS/pi-io" cmp "/dev/$d" $((i * 16))k 10k $i || rc=$?
done
[ $rc = 0 ]
ok $? "and read as it was"
finish
