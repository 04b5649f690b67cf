#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: polled writes to a zone, which get plugged, are not polled for
# what: polled writes to a zoned disk with poll queues
# then: panic
# now: done
# class: crash
# mail: block: do not take a segment count for a poll cookie
# base: panic
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

modload null_blk nr_devices=0 poll_queues=1
null_disk null0 size=64 zoned=1 zone_size=4 poll_queues=1

plan 2
fio --name=j --filename=/dev/null0 --direct=1 --rw=write --bs=64k --size=2m \
	--ioengine=io_uring --hipri --thread >/tmp/fio 2>&1
ok $? "written"
blkzone report -c 1 /dev/null0 | grep -q 'wptr 0x001000'
ok $? "the write pointer is where it should be"
finish
