#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a FUA write stays one if the path it failed on had no use for FUA
# what: a FUA write fails on a path without a write cache
# then: not FUA on the next path
# now: FUA on each path
# class: data-loss
# mail: dm mpath: don't lose FUA and PREFLUSH of a bio when a path fails
# base: fail
. "$(dirname "$0")/lib.sh"

knobs=/sys/kernel/debug/legdisk
modload legdisk mode=bio nr=2 wcache=1
modload dm-multipath
modload dm-round-robin
echo "write through" >/sys/block/leg0/queue/write_cache
dmsetup create mp --table "0 $(blockdev --getsz /dev/leg0) multipath \
	2 queue_mode bio 0 2 1 \
	round-robin 0 1 1 /dev/leg0 1 round-robin 0 1 1 /dev/leg1 1" ||
	bail "no multipath device"
grep -q back "/sys/block/$(dmsetup info -c --noheadings -o blkdevname mp)/queue/write_cache" ||
	bail "the multipath device has no write cache"

# A direct synchronous write is a FUA write, and a flush that follows it.
synced()
{
	echo 0 >$knobs/leg1/flushes
	dd if=/dev/zero of=/dev/mapper/mp bs=4096 count=1 oflag=direct,dsync \
		status=none || return
	echo "# $(<$knobs/leg1/flushes) flushes and FUA writes reach leg1"
	[ "$(<$knobs/leg1/flushes)" = 2 ]
}

plan 2
echo 1 >$knobs/leg0/fail_count
synced
ok $? "FUA write that fails on leg0, which has no write cache"
synced
ok $? "FUA write that goes to leg1 at once"
finish
