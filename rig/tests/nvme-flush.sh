#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: NVMe multipath: a path that is lost during a flush does not lose it
# mail: block: steal what waits for a flush
# base: fail
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nvme.inc"

head=/dev/nvme0n1

# flushes: how many the disk below has done
flushes() { awk '{ print $16 }' /sys/block/null0/stat; }

# lose PID: path 0, with what it has in flight; PID is to wait for more
lose()
{
	sleep 0.3
	kill -0 "$1" && echo 1 >/sys/class/nvme/nvme0/reset_controller &&
		wait_for 10 grep -q live /sys/class/nvme/nvme0/state &&
		sleep 0.3 && kill -0 "$1"
}

# slow SECONDS: that is how long the disk takes to flush, also what it has begun
slow()
{
	dmsetup reload slow --table "0 $((128 * 2048)) delay /dev/null0 0 0 \
		/dev/null0 0 0 /dev/null0 0 ${1}000" &&
		dmsetup suspend --noflush --nolockfs slow && dmsetup resume slow
}

# A disk with a cache
modload null_blk nr_devices=0
null_disk null0 size=128 memory_backed=1 cache_size=16
modload dm-delay
dmsetup create slow --table "0 $((128 * 2048)) delay /dev/null0 0 0 \
	/dev/null0 0 0 /dev/null0 0 0" || bail dm-delay
modload nvme-tcp
modload nvmet-tcp
target /dev/mapper/slow
for i in 0 1; do
	port $i tcp
	attach $i tcp
	wait_for 10 test -e /sys/block/nvme0c${i}n1 || bail "no path $i"
done
wait_for 10 test -b $head || bail "no $head"

plan 3
# Held, the disk does nothing at all.
dmsetup suspend --noflush --nolockfs slow || bail suspend
n=$(flushes)
sync $head &
lose $!
ok $? "fsync waits for a disk that has not done the flush"
dmsetup resume slow
wait $! && [ "$(flushes)" -gt "$n" ]
ok $? "fsync ends when the disk has"

# The flush before a write, here of the journal's commit block
mkfs.ext4 -q $head && mount $head /mnt || bail ext4
dd if=/dev/urandom of=/mnt/f bs=1M count=4 status=none
slow 100 || bail slow
sync /mnt/f &
lose $! && slow 0 && wait $! && umount /mnt && e2fsck -fn $head >/dev/null 2>&1
ok $? "a write after a flush, of ext4"
finish
