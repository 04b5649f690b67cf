#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a write is not done if the flush that was to precede it failed
# what: dm: the flush before a journal's commit block fails on one of two disks
# then: fsync succeeds
# now: fails
# class: lost-error
# mail: dm: fail a write if its preflush failed
# base: fail
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mnt=/tmp/mnt

# flushes DISK: how many it had
flushes() { awk '{ print $16 }' "/sys/block/$1/stat"; }

# write_file NAME: and have the journal written, behind a flush
write_file()
{
	dd if=/dev/zero of=$mnt/"$1" bs=4k count=1 conv=fsync status=none
}

scsi_disks 2 add_host=2 per_host_store=1 dev_size_mb=32 delay=0
modload dm-mod
read -r a b <<<"${SD[*]}"
error=/sys/kernel/debug/scsi_debug/$(basename "$(realpath "/sys/block/$b/device")")/error
# The file system is on the first disk, the second one only has to flush.
dmsetup create two --table "0 65536 linear /dev/$a 0
65536 65536 linear /dev/$b 0" &&
	mkfs.ext4 -q /dev/mapper/two 32m && mkdir $mnt &&
	mount /dev/mapper/two $mnt || bail "no file system"

plan 6
before=$(flushes "$b")
write_file one
ok $? "fsync of a file"
[ "$(flushes "$b")" -gt "$before" ]
ok $? "the second disk is flushed"
# SYNCHRONIZE CACHE (35h), always: CHECK CONDITION, HARDWARE ERROR
echo "2 1 35 0 0 2 4 0 0" >"$error" || bail "no error injection"
! write_file two
ok $? "fsync of a file fails if the second disk fails to flush"
! sync /dev/mapper/two
ok $? "fsync of the device does"
! dmesg | grep "error, dev $b, sector.* phys_seg [^0]"
ok $? "nothing of the data comes with such a flush"
echo "- 2 35" >"$error"
! touch $mnt/three 2>/dev/null && umount $mnt
ok $? "the journal is aborted"
finish
