#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: XFS lets go of its log device if the data can't be flushed before
# what: XFS can't flush its data, and so does not write its log
# then: the log device's queue stays for ever
# now: gone
# class: leak
# smoke: yes
# mail: xfs: fix blkg leak of an iclog that is not written
# base: fail
# cmdline: slub_debug=F,request_queue
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# An iclog's bio holds the log device's request queue, by the blkg.
plan 2
modload null_blk nr_devices=0
scsi_disks 1 dev_size_mb=512 delay=0
data=${SD[0]}
error=/sys/kernel/debug/scsi_debug/$(basename \
	"$(realpath "/sys/block/$data/device")")/error

# cycle fail|: a file system with a log of its own, of which a flush fails
cycle()
{
	null_disk log size=512 memory_backed=1
	wait_for [ -b /dev/log ] || bail "no null_blk disk"
	mkfs.xfs -q -f -l logdev=/dev/log,size=64m "/dev/$data" || bail mkfs.xfs
	mkdir -p /tmp/xfs
	mount -o logdev=/dev/log "/dev/$data" /tmp/xfs || bail "XFS is not mounted"
	echo 1 >/tmp/xfs/a
	sync -f /tmp/xfs
	# Fail (2) one SYNCHRONIZE CACHE (35) with a medium error
	[ "$1" != fail ] || echo "2 1 35 0 0 2 4 0 0" >"$error"
	echo 2 >/tmp/xfs/b
	if sync /tmp/xfs/b 2>/dev/null; then
		[ "$1" != fail ] || bail "the flush has not failed"
	else
		[ "$1" = fail ] || bail "fsync has failed"
	fi
	umount /tmp/xfs || bail "XFS is busy"
	[ "$1" != fail ] || echo "- 2 35" >"$error" 2>/dev/null
	null_gone log || bail "the disk does not go"
}

at_first=$(queues)
[ -n "$at_first" ] || bail "there is no slab for request queues"
cycle ""
queues_left "$at_first"
ok $? "no queue is left of a log that has been written"
cycle fail
queues_left "$at_first"
ok $? "nor of one that has not: $(($(queues) - at_first))"
finish
