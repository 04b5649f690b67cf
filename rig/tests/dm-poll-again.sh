#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm tries a part of a polled bio again, as it does a whole one
# what: a polled bio over two dm segments meets a full queue
# then: `EAGAIN`
# now: tried again
# class: false-error
# mail: dm: try part of a polled bio again after BLK_STS_AGAIN
# base: fail
# before: inject
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# polled OFFSET SIZE: a read that io_uring does not try again by itself
polled()
{
	fio --name=j --filename=/dev/mapper/lin --direct=1 --thread --bs="$2" \
		--ioengine=io_uring --hipri --nowait=1 --rw=read \
		--offset="$1" --size="$2" >/dev/null
}

# again SECTOR OFFSET SIZE: with the part that is there on the disk failing once
again()
{
	inject null0 "add,op=READ,start=$1,nr_sectors=8,status=AGAIN,once"
	polled "$2" "$3" && grep -q 'once=spent$' $ERRINJ/null0/error_injection
	local rc=$?
	inject_none null0
	return $rc
}

modload null_blk nr_devices=0 poll_queues=1
modload dm-mod
null_disk null0 size=32 poll_queues=1
# Seams at 1 MiB + 32 KiB, and 64 KiB behind that
dmsetup create lin --table "0 2112 linear /dev/null0 0
2112 128 linear /dev/null0 4096
2240 8192 linear /dev/null0 8192" || bail lin

plan 4
again 0 0 64k
ok $? "a bio that is not split"
again 2048 1m 128k
ok $? "the first part"
again 4096 1m 128k
ok $? "one in between"
again 8192 1m 128k
ok $? "the last part"
finish
