#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a log entry that raid5 can't write any more lets go of its disk
# base: fail
# cmdline: slub_debug=F,request_queue
# timeout: 300
. "$(dirname "$0")/lib.sh"

# A bio holds its disk's request queue, by the blkg. Of the log entries that
# wait while a slow one is written some are not written any more when that disk
# is set faulty.
plan 2
modload null_blk nr_devices=0
modload raid456

# write_all: in the background
write_all()
{
	local i j

	for i in {1..48}; do
		for j in 1 2 3; do
			dd if=/dev/zero of=/dev/md0 bs=4k count=1 \
				seek=$(((i * 37 + j * 501) % 16000)) \
				oflag=direct conv=notrunc 2>/dev/null
		done &
	done
}

# cycle fail|: writes to an array of three disks, one of which fails meanwhile
cycle()
{
	local i

	for i in 0 1 2; do
		null_disk d$i memory_backed=1 size=64 blocksize=4096 irqmode=2 \
			completion_nsec=100000000
	done
	wait_for 5 [ -b /dev/d2 ] || bail "no null_blk disks"
	mdadm --create /dev/md0 --run --level=5 --raid-devices=3 --chunk=64 \
		--metadata=1.2 --assume-clean --consistency-policy=ppl \
		/dev/d[0-2] >/dev/null 2>&1 || bail "no raid5"
	grep -qx ppl /sys/block/md0/md/consistency_policy || bail "no PPL"
	write_all
	sleep 0.6
	[ "$1" != fail ] || mdadm --manage /dev/md0 --fail /dev/d1 >/dev/null 2>&1 ||
		bail "the disk does not fail"
	wait
	# What was an entry is one again; not each of them the first time.
	for i in 1 2 3; do
		write_all
		wait
	done
	wait_for 10 mdadm --stop /dev/md0 2>/dev/null || bail "md0 does not stop"
	null_gone d0 d1 d2 || bail "the disks do not go"
}

at_first=$(queues)
[ -n "$at_first" ] || bail "there is no slab for request queues"
cycle ""
wait_for 10 queues_are "$at_first"
ok $? "no queue is left of an array whose disks all work"
n=0
while [ $n -lt 8 ] && wait_for 10 queues_are "$at_first"; do
	cycle fail
	n=$((n + 1))
done
wait_for 10 queues_are "$at_first"
ok $? "nor of eight that lost one: $(($(queues) - at_first)) after $n"
finish
