#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: polled I/O through targets that submit bios of their own
# what: polled I/O through dm-crypt or dm-raid, to a disk with poll queues
# then: waits for a time-out
# now: done
# class: crash
# mail: dm: do not hand polled bios to targets that submit bios of their own
# base: fail
# cpus: 2
# waits: 60 a request of null_blk times out
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

polled()
{
	dmesg -C
	fio --name=j --filename="/dev/mapper/$1" --direct=1 --rw=randrw --bs=4k \
		--size=64k --ioengine=io_uring --hipri --iodepth=8 --thread \
		>/tmp/fio 2>&1 &
	await $! || { grep -m1 -oE 'error=.*' /tmp/fio | sed 's/^/# /'; false; }
	rc=$?
	[ $rc = 0 ] && ! dmesg | grep 'timed out' | head -n1 | sed 's/^/# /' | grep .
	rc=$?
	ok $rc "$1: polled, and nothing waits for a time-out"
	# With dm-raid it takes for ever.
	[ $rc = 0 ] || exit 1
}

plan 3
modload null_blk nr_devices=0 poll_queues=1
modload dm-crypt
modload dm-mirror
modload raid1
modload dm-raid
for d in nullb0 nullb1; do
	null_disk $d size=64 memory_backed=1 poll_queues=1
done
dmsetup create crypt --table "0 65536 crypt aes-xts-plain64 \
$(printf '%064d' 7)$(printf '%064d' 9) 0 /dev/nullb0 0" || bail dm-crypt
polled crypt
dmsetup remove crypt
dmsetup create raid --table \
	'0 131072 raid raid1 2 0 nosync 2 - /dev/nullb0 - /dev/nullb1' || bail dm-raid
polled raid
dmsetup remove raid
dmsetup create mirror --table \
	'0 131072 mirror core 2 1024 nosync 2 /dev/nullb0 0 /dev/nullb1 0' || bail dm-mirror
polled mirror
dmsetup remove mirror
finish
