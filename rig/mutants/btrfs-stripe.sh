#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a read of btrfs fails if any part of it does
# timeout: 180
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload null_blk nr_devices=0
for d in nullb0 nullb1; do
	null_disk $d memory_backed=1 size=256
done
mkfs.btrfs -q -f -d raid0 -m raid1 /dev/nullb0 /dev/nullb1 || bail "no btrfs"
mount -o device=/dev/nullb0,device=/dev/nullb1 /dev/nullb0 /mnt || bail "no mount"
head -c 4M /dev/urandom >/mnt/f
sync
for d in nullb0 nullb1; do
	echo 3 >/proc/sys/vm/drop_caches
	inject $d "add,op=READ,status=IOERR"
	! dd if=/mnt/f of=/dev/null bs=1M iflag=direct status=none 2>/dev/null
	ok $? "$d can't be read: an error"
	inject_none $d
done
umount /mnt
finish
