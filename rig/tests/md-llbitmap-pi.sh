#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md's lockless bitmap may change while it is written to PI legs
# what: an md array with a lockless bitmap on DIF/DIX disks is written by several
# then: healthy legs are kicked out
# now: the array stays whole
# class: false-error
# mail: md: write a copy of metadata to devices that need stable pages
# mail: md/md-llbitmap: make bits dirty and mark their block as one
# base: fail
# before: base
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md

write_chunk()
{
	dd if=/dev/zero of=$md bs=64k count=1 seek="$1" oflag=direct status=none
}

dirty() { grep -qx "dirty $1" $sys/llbitmap/bits; }

# all_dirty DISK: the 512 bits of this block, a byte (2) each, on the medium
all_dirty()
{
	[ "$(dd if="/dev/$1" bs=512 skip=18 count=1 iflag=direct status=none |
		tr -cd '\2' | wc -c)" = 512 ]
}

# An mdadm which knows of this bitmap would do: an internal one, and another
# version (6) and state (first use) in its superblock.
create()
{
	local d

	mdadm --create $md --run --level=1 --raid-devices=2 --metadata=1.2 \
		--bitmap=internal --assume-clean --data-offset=1M \
		"/dev/$A" "/dev/$B" >/dev/null 2>&1 &&
		wait_for mdadm --quiet --stop $md || return
	for d in "$A" "$B"; do
		printf '\6' | dd of="/dev/$d" bs=1 seek=$((8192 + 4)) \
			conv=notrunc status=none
		printf '\10' | dd of="/dev/$d" bs=1 seek=$((8192 + 48)) \
			conv=notrunc status=none
		blockdev --flushbufs "/dev/$d"
	done
	mdadm --quiet --assemble $md "/dev/$A" "/dev/$B" &&
		grep -qF '[llbitmap]' $sys/bitmap_type
}

plan 3
scsi_disks 2 dif=1 dix=1 add_host=2 per_host_store=1 dev_size_mb=64 \
	ndelay=1000000
modload raid1
read -r A B <<<"${SD[*]}"
create || bail "no lockless bitmap"
echo 0 >$sys/safe_mode_delay
# Another block of the bitmap: this one is for the array to become active.
write_chunk 700
dmesg -C

# What is submitted to a leg while it is held has its guard tags already.
hold "$A"
hold "$B"
write_chunk 0 &
first=$!
wait_for dirty 2
write_chunk 100 &
wait_for dirty 513 && kill -0 $first $!
ok $? "a write to the array while the bitmap is being written for another"
release "$A"
release "$B"
wait

! dmesg | grep -E 'GUARD check failed|super_written gets error' &&
	[ "$(cat $sys/degraded)" = 0 ]
ok $? "both legs take the bitmap"
all_dirty "$A" && all_dirty "$B"
ok $? "and have all of it"
finish
