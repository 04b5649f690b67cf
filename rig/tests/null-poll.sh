#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: null_blk with memory does not sleep where a request is polled for
# what: polled writes to a memory-backed null_blk
# then: sleeps in atomic context
# now: done
# class: crash
# mail: null_blk: do the work of a polled request when it is queued
# base: fail
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

modload null_blk nr_devices=0 poll_queues=1
null_disk null0 size=64 memory_backed=1 poll_queues=1

plan 1
fio --name=j --filename=/dev/null0 --direct=1 --rw=write --bs=64k --size=4m \
	--iodepth=8 --ioengine=io_uring --hipri --thread --verify=crc32c \
	>/tmp/fio 2>&1
ok $? "written and read, polled"
finish
