#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-crypt keeps a write hint
# what: dm-crypt writes with a write hint
# then: hint lost
# now: passed on
# class: count
# mail: dm-crypt: keep the write hint and the write stream
# base: fail
. "$(dirname "$0")/lib.sh"

groups=/sys/bus/pseudo/drivers/scsi_debug/group_number_stats
key=$(printf '%02x' {1..64})
scsi_disks 1 dev_size_mb=16 delay=0
disk=/dev/${SD[0]}
modload dm-crypt
dmsetup create crypt --table "0 $(blockdev --getsz "$disk") crypt \
	aes-xts-plain64 $key 0 $disk 0" || bail "no dm-crypt"

# A disk is told the write hint as the group number; "long" is 4.
hinted()
{
	perl -e '$h = pack("Q", 4); open(F, "+<", $ARGV[0]) && fcntl(F, 1036, $h) ||
		die "F_SET_RW_HINT: $!\n"' "$1" &&
		echo 0 >$groups &&
		dd if=/dev/zero of="$1" bs=64k count=1 oflag=direct \
			status=none || return
	grep -v ' 0$' $groups | sed 's/^/# group and writes: /'
	! grep -qx '4 0' $groups
}

plan 2
hinted "$disk"
ok $? "write to the disk"
hinted /dev/mapper/crypt
ok $? "write through dm-crypt"
finish
