#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a queue with a virtual boundary, below dm, merges what has no gaps
. "$(dirname "$0")/../tests/lib.sh"

plan 1
modload dm-mod
modload null_blk nr_devices=0
null_disk nullb0 memory_backed=1 size=64 virt_boundary=1 irqmode=2 \
	completion_nsec=200000 submit_queues=1 hw_queue_depth=2
echo mq-deadline >/sys/block/nullb0/queue/scheduler
dmsetup create lin --table "0 100000 linear /dev/nullb0 0" || bail "no linear"
fio --name=w --filename=/dev/mapper/lin --rw=write --bs=4k --size=4m --direct=1 \
	--ioengine=libaio --iodepth=32 --iodepth_batch=16 --verify=crc32c \
	--do_verify=1 --eta=never --output=/tmp/fio
ok $? "written, and read as it was"
finish
