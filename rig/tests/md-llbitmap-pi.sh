#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md's lockless bitmap may change while it is written to PI legs
# base: fail
# before: base
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md
ndelay=/sys/bus/pseudo/drivers/scsi_debug/ndelay

write_chunk()
{
	dd if=/dev/zero of=$md bs=64k count=1 seek="$1" oflag=direct status=none
}

dirty() { grep -qx "dirty $1" $sys/llbitmap/bits; }
# reading DISK: a read is in flight
reading() { read -r r _ <"/sys/block/$1/inflight" && [ "$r" = 1 ]; }

# all_dirty DISK: the 512 bits of this block, a byte (2) each, on the medium
all_dirty()
{
	[ "$(dd if="/dev/$1" bs=512 skip=18 count=1 iflag=direct status=none |
		tr -cd '\2' | wc -c)" = 512 ]
}

# slow NS: the time of each command
slow() { wait_for 5 eval "echo $1 2>/dev/null >$ndelay"; }

# An mdadm which knows of this bitmap would do: an internal one, and another
# version (6) and state (first use) in its superblock.
create()
{
	local d

	mdadm --create $md --run --level=1 --raid-devices=2 --metadata=1.2 \
		--bitmap=internal --assume-clean --data-offset=1M \
		"/dev/$A" "/dev/$B" >/dev/null 2>&1 && sleep 0.5 &&
		mdadm --quiet --stop $md || return
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

# What is submitted to a leg while it is busy has its guard tags already.
slow 900000000
for d in "$A" "$B"; do
	echo 1 >"/sys/block/$d/device/queue_depth"
	dd if="/dev/$d" of=/dev/null bs=4k count=1 skip=900 iflag=direct \
		status=none &
done
wait_for 5 reading "$A" && wait_for 5 reading "$B"
write_chunk 0 &
wait_for 5 dirty 2
write_chunk 100 &
wait_for 5 dirty 513 && reading "$A" && reading "$B"
ok $? "a write to the array while the bitmap is being written for another"
wait
slow 1000000

! dmesg | grep -E 'GUARD check failed|super_written gets error' &&
	[ "$(cat $sys/degraded)" = 0 ]
ok $? "both legs take the bitmap"
all_dirty "$A" && all_dirty "$B"
ok $? "and have all of it"
finish
