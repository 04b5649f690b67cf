#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm tries parts of a polled bio again, as it does a whole one
# what: a polled bio over two dm segments meets a full queue
# then: `EAGAIN`
# now: tried again
# class: false-error
# mail: dm: try part of a polled bio again after BLK_STS_AGAIN
# base: fail
# before: inject
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

leg=/sys/kernel/debug/legdisk/leg0

# polled DEVICE OFFSET SIZE: a read that io_uring does not try again by itself
polled()
{
	fio --name=j --filename="/dev/mapper/$1" --direct=1 --thread \
		--bs="$3" --ioengine=io_uring --hipri --nowait=1 --rw=read \
		--offset="$2" --size="$3" >/dev/null
}

spent() { [ "$(grep -c 'once=spent$' "$ERRINJ"/null0/error_injection)" = "$1" ]; }

# again OFFSET SIZE SECTOR...: with the parts that are there on the disk failing
# once
again()
{
	local offset=$1 size=$2 s rc
	shift 2

	for s; do
		inject null0 "add,op=READ,start=$s,nr_sectors=8,status=AGAIN,once"
	done
	polled lin "$offset" "$size" && spent $#
	rc=$?
	inject_none null0
	return $rc
}

modload null_blk nr_devices=0 poll_queues=1
modload legdisk poll=1
modload dm-mod
null_disk null0 size=32 poll_queues=1
# Seams at 1 MiB + 32 KiB, and 64 KiB behind that
dmsetup create lin --table "0 2112 linear /dev/null0 0
2112 128 linear /dev/null0 4096
2240 8192 linear /dev/null0 8192" || bail lin
# The first part is for a disk that can be told to wait
dmsetup create two --table "0 128 linear /dev/leg0 0
128 128 linear /dev/null0 0" || bail two

plan 11
again 0 64k 0
ok $? "a bio that is not split"
again 1m 128k 2048
ok $? "the first part"
again 1m 128k 4096
ok $? "one in between"
again 1m 128k 8192
ok $? "the last part"
again 1m 128k 2048 4096
ok $? "two parts"
again 1m 128k 2048 8192
ok $? "the first and the last part"
again 1m 128k 2048 4096 8192
ok $? "all parts"

# Each try, not only the one that is polled: it is for the submitter to wait.
inject null0 "add,op=READ,start=8192,nr_sectors=8,status=AGAIN"
bad=0
for _ in 1 2 3 4 5 6 7 8; do
	! polled lin 1m 128k 2>/dev/null || bad=1
done
inject_none null0
polled lin 1m 128k || bad=1
ok $bad "the last part fails each time, for a while"

echo 1 >$leg/hold
inject null0 "add,op=READ,status=AGAIN,once"
{ polled two 0 128k && touch /tmp/done; } &
wait_for grep -qx 1 $leg/waiting && wait_for 30 spent 1
ok $? "the last part fails while another one is out"
echo 0 >$leg/hold
wait_for 60 test -e /tmp/done && grep -qx 1 $leg/polled
ok $? "which is polled for until it is done"
inject_none null0

# io_uring tries again what dm does not, so nothing of this is to be seen.
inject null0 "add,op=READ,status=AGAIN,every=3"
fio --name=j --filename=/dev/mapper/lin --direct=1 --thread --bs=128k \
	--ioengine=io_uring --hipri --rw=randread --offset=960k --size=256k \
	--iodepth=8 --numjobs=2 --loops=200 >/dev/null
ok $? "many at a time"
inject_none null0
finish
