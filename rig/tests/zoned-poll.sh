#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: polled writes to a zone, which get plugged, are not polled for
# base: panic
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

disk=/sys/kernel/config/nullb/null0

modload null_blk nr_devices=0 poll_queues=1
{ mkdir $disk && echo 64 >$disk/size && echo 1 >$disk/zoned &&
	echo 4 >$disk/zone_size && echo 1 >$disk/poll_queues &&
	echo 1 >$disk/power; } || bail null_blk

plan 2
fio --name=j --filename=/dev/null0 --direct=1 --rw=write --bs=64k --size=2m \
	--ioengine=io_uring --hipri --thread >/tmp/fio 2>&1
ok $? "written"
blkzone report -c 1 /dev/null0 | grep -q 'wptr 0x001000'
ok $? "the write pointer is where it should be"
finish
