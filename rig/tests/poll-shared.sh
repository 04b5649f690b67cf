#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: polled I/O ends where polled and other requests share a hardware queue
# what: polled I/O where polled and other requests share a hardware queue
# then: right
# now: right
# class: position
# base: pass
# mail: block: do not take a segment count for a poll cookie
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

polled=(--filename=/dev/leg0 --direct=1 --bs=64k --size=8m --thread
	--ioengine=io_uring --hipri --verify=crc32c)

polled_is() { [ "$(</sys/kernel/debug/legdisk/leg0/polled)" -ge "$1" ]; }

plan 4
modload legdisk poll=1
grep -qx 1 /sys/block/leg0/queue/io_poll
ok $? "the disk can be polled"
fio --name=j "${polled[@]}" --rw=write --iodepth=1 >/dev/null && polled_is 256
ok $? "one at a time"
fio --name=j "${polled[@]}" --rw=write --iodepth=16 --numjobs=2 \
	--offset_increment=8m >/dev/null && polled_is 512
ok $? "two jobs, with more than one I/O in flight each"
fio "${polled[@]}" --rw=randwrite --iodepth=8 --loops=4 --name=polled \
	--name=others --hipri=0 --offset=16m >/dev/null
ok $? "next to requests that are not polled"
finish
