#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: btrfs reads from the other mirror what one of them can't read
# timeout: 180
. "$(dirname "$0")/../tests/lib.sh"

plan 3
modload null_blk nr_devices=0
for d in nullb0 nullb1; do
	null_disk $d memory_backed=1 size=256 max_sectors=64
done
mkfs.btrfs -q -f -d raid1 -m raid1 /dev/nullb0 /dev/nullb1 || bail "no btrfs"
mount -o device=/dev/nullb0,device=/dev/nullb1 /dev/nullb0 /mnt || bail "no mount"
head -c 4M /dev/urandom >/mnt/f
sync
want=$(md5sum </mnt/f)
for d in nullb0 nullb1; do
	echo 3 >/proc/sys/vm/drop_caches
	inject $d "add,op=READ,status=IOERR"
	[ "$(md5sum </mnt/f)" = "$want" ]
	ok $? "$d can't be read: right from the other"
	inject_none $d
done
echo 3 >/proc/sys/vm/drop_caches
[ "$(md5sum </mnt/f)" = "$want" ]
ok $? "and right from both"
umount /mnt
finish
