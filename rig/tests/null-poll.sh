#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: null_blk with memory does not sleep where a request is polled for
# base: fail
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

disk=/sys/kernel/config/nullb/null0

modload null_blk nr_devices=0 poll_queues=1
{ mkdir $disk && echo 64 >$disk/size && echo 1 >$disk/memory_backed &&
	echo 1 >$disk/poll_queues && echo 1 >$disk/power; } || bail null_blk

plan 1
fio --name=j --filename=/dev/null0 --direct=1 --rw=write --bs=64k --size=4m \
	--iodepth=8 --ioengine=io_uring --hipri --thread --verify=crc32c \
	>/tmp/fio 2>&1
ok $? "written and read, polled"
finish
