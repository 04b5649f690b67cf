#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: btrfs reads from a degraded RAID 5 what it has written
# timeout: 180
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload null_blk nr_devices=0
for d in nullb0 nullb1 nullb2; do
	null_disk $d memory_backed=1 size=256
done
mkfs.btrfs -q -f -d raid5 -m raid1 /dev/nullb[0-2] || bail "no btrfs"
opts=device=/dev/nullb0,device=/dev/nullb1,device=/dev/nullb2
mount -o $opts /dev/nullb0 /mnt || bail "no mount"
head -c 4M /dev/urandom >/tmp/f
# One bio that is split into stripes: without checksums it is not buffered.
touch /mnt/f
chattr +C /mnt/f
dd if=/tmp/f of=/mnt/f bs=4M oflag=direct 2>/dev/null || bail "no direct write"
echo 3 >/proc/sys/vm/drop_caches
cmp /tmp/f /mnt/f
ok $? "read as it was written"
echo 3 >/proc/sys/vm/drop_caches
inject nullb1 "add,op=READ,status=IOERR"
cmp /tmp/f /mnt/f
ok $? "without one of the disks, too"
inject_none nullb1
umount /mnt
finish
