#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a log entry that raid5 can't write any more lets go of its disk
# what: a disk of a raid5 with PPL fails under load, and is removed
# then: its queue stays for ever
# now: gone
# class: leak
# mail: md/raid5-ppl: fix blkg leak of log entries that are not written
# base: fail
# cmdline: slub_debug=F,request_queue
. "$(dirname "$0")/lib.sh"

# A bio holds its disk's request queue, by the blkg. Of the log entries that
# wait while a slow one is written some are not written any more when that disk
# is set faulty.
plan 2
modload null_blk nr_devices=0
modload raid456

# write_all: 48 at a time, three times as many
write_all()
{
	fio --name=j --filename=/dev/md0 --rw=randwrite --bs=4k --direct=1 \
		--ioengine=libaio --iodepth=48 --size=60m --io_size=576k \
		--continue_on_error=all >/tmp/fio 2>&1
}

# writing N: so many writes are in flight
writing() { local n; read -r _ n <"/sys/block/md0/inflight" && [ "$n" -ge "$1" ]; }

# cycle fail|: writes to an array of three disks, one of which fails meanwhile
cycle()
{
	local i

	for i in 0 1 2; do
		null_disk d$i memory_backed=1 size=64 blocksize=4096
	done
	wait_for [ -b /dev/d2 ] || bail "no null_blk disks"
	dmsetup create d1 --table "0 131072 linear /dev/d1 0" || bail "dmsetup"
	mdadm --create /dev/md0 --run --level=5 --raid-devices=3 --chunk=64 \
		--metadata=1.2 --assume-clean --consistency-policy=ppl \
		/dev/d0 /dev/mapper/d1 /dev/d2 >/dev/null 2>&1 || bail "no raid5"
	grep -qx ppl /sys/block/md0/md/consistency_policy || bail "no PPL"
	# Active, the array does not write its superblocks before each write.
	echo 0 >/sys/block/md0/md/safe_mode_delay
	pi fill /dev/md0 0 4k 1 || bail "md0 is not written"
	# The first log entry of d1 is being written, and the others wait for
	# that.
	dmsetup suspend --noflush --nolockfs d1 || bail "suspend"
	write_all &
	wait_for writing 48 || bail "nobody writes"
	[ "$1" != fail ] || mdadm --manage /dev/md0 --fail /dev/mapper/d1 \
		>/dev/null 2>&1 || bail "the disk does not fail"
	dmsetup resume d1
	await $! "writes to md0"
	# What was an entry is one again; not each of them the first time.
	for i in 1 2 3; do
		write_all
	done
	wait_for mdadm --stop /dev/md0 2>/dev/null || bail "md0 does not stop"
	dmsetup remove d1 && null_gone d0 d1 d2 || bail "the disks do not go"
}

at_first=$(queues)
[ -n "$at_first" ] || bail "there is no slab for request queues"
cycle ""
queues_left "$at_first"
ok $? "no queue is left of an array whose disks all work"
n=0
while [ $n -lt 3 ] && queues_left "$at_first"; do
	cycle fail
	n=$((n + 1))
done
queues_left "$at_first"
ok $? "nor of three that lost one: $(($(queues) - at_first)) after $n"
finish
