#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a polled bio that dm splits is no list of dm_ios to the dm below
# what: polled I/O (io_uring `--hipri`) across a seam of dm over dm, or dm over NVMe
# then: panic
# now: done
# class: crash
# smoke: yes
# mail: block: don't clone REQ_DRV
# base: panic
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# polled ARGUMENTS...: written and read back, 128 KiB at a time
polled()
{
	fio --name=j --filename=/dev/mapper/top --direct=1 --thread --bs=128k \
		--ioengine=io_uring --hipri --verify=crc32c "$@" >/dev/null
}

modload null_blk nr_devices=0 poll_queues=1
modload dm-mod
null_disk null0 size=32 memory_backed=1 poll_queues=1
# A seam below at 4 MiB + 64 KiB, and one above at 1 MiB + 64 KiB
dmsetup create low --table "0 8320 linear /dev/null0 0
8320 8064 linear /dev/null0 16384" || bail low
dmsetup create top --table "0 2176 linear /dev/mapper/low 0
2176 14208 linear /dev/mapper/low 2176" || bail top
# null_blk cannot allocate when it is polled.
dd if=/dev/zero of=/dev/null0 bs=1M count=32 oflag=direct status=none ||
	bail dd

plan 4
polled --rw=write --size=1m
ok $? "in one part, above and below"
polled --rw=write --offset=4m --size=128k
ok $? "in two parts below"
polled --rw=write --offset=1m --size=128k
ok $? "in two parts above"
polled --rw=randwrite --size=8m --iodepth=16
ok $? "anywhere, many at a time"
finish
