#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what fails in part fails as a whole: chains, splits, direct I/O
. "$(dirname "$0")/../tests/lib.sh"

# The disk splits what it gets into parts of 8 KiB.  The first one of what is
# written at 1 MiB fails, what comes after it is fine.
plan 5
modload dm-mod
modload null_blk nr_devices=0
null_disk nullb0 memory_backed=1 size=64 max_sectors=16 badblocks=+2048-2055
dmsetup create lin --table "0 100000 linear /dev/nullb0 0" || bail "no linear"
dev=/dev/mapper/lin

! dd if=/dev/zero of=$dev bs=1M seek=1 count=1 oflag=direct status=none 2>/dev/null
ok $? "one direct write over a bad spot: an error"
! dd if=/dev/zero of=$dev bs=4M oseek=1M count=1 oflag=direct,seek_bytes \
	status=none 2>/dev/null
ok $? "a direct write of several bios over a bad spot: an error"
! blkdiscard -f -z -o 1M -l 16M $dev 2>/dev/null
ok $? "zeroes over a bad spot: an error"
blkdiscard -f -z -o 2M -l 16M $dev
ok $? "zeroes elsewhere: none"
"$TOOLS/pi-io" fill $dev 2m 256k 5 && "$TOOLS/pi-io" cmp $dev 2m 256k 5
ok $? "what is written is read"
finish
