#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: BIOSAN with a full table watches what it has room for; modes are refused or taken
# class: tool
# mail: block: add BIOSAN, a checker for the contract of bios
# base: none
# cmdline: biosan.entries=64
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/biosan.inc"

plan 16
[ "$(<$BIOSAN/mode)" = full ] && [ "$(stat entries)" = 64 ]
ok $? "on from the start, with as many entries as it was told"
[ "$(<$BIOSAN/fault)" = report ]
ok $? "a report does nothing else"
! mode sometimes && [ "$(<$BIOSAN/mode)" = full ]
ok $? "a mode that there is not is refused"
! echo maybe 2>/dev/null >$BIOSAN/fault && [ "$(<$BIOSAN/fault)" = report ]
ok $? "a fault that there is not is refused"
! echo 1 2>/dev/null >$BIOSAN/entries
ok $? "the number of entries stays"

# More than 64 bios that have not ended: while it is suspended, a device of
# device-mapper has them wait.
modload null_blk nr_devices=0
null_disk null0 size=64 memory_backed=1 hw_queue_depth=512
wait_for test -b /dev/null0 || bail "null0 is not there"
dmsetup create held --table "0 65536 linear /dev/null0 0" || bail "no dm-linear"

# busy COMMAND...: until that succeeds nothing of a queue of 200 is done
busy()
{
	dmsetup suspend --noflush held || bail "held is not suspended"
	fio --name=j --filename=/dev/mapper/held --direct=1 --rw=randwrite \
		--bs=4k --size=1m --io_size=1m --iodepth=200 --ioengine=libaio \
		--iodepth_batch=200 >/tmp/fio 2>&1 &
	wait_for "$@" || bail "not so: $*"
	dmsetup resume held || bail "held is not resumed"
	await $!
}

# above NAME N: what the statistics say of NAME is more than that
above() { [ "$(stat "$1")" -gt "$2" ]; }

mode sample
ok $? "full to sample"
echo 1 >$BIOSAN/sample_interval
busy above submitted "$(stat submitted)"
ok $? "sample: a queue of 200 is written"
[ "$(<$BIOSAN/mode)" = sample ] && [ "$(stat tracked)" -le 64 ]
ok $? "sample: it goes on"
n=$(stat submitted)
[ "$n" -gt 0 ] && [ "$n" -lt 1000 ]
ok $? "sample: some of the bios were looked at"
[ -n "$(stat dropped)" ]
ok $? "what is dropped is counted"

mode full
ok $? "sample to full"
busy above dropped "$(stat dropped)"
ok $? "full: a queue of 200 is written"
[ "$(<$BIOSAN/mode)" = full ] && [ "$(stat tracked)" -le 64 ]
ok $? "full: it goes on"
[ "$(stat dropped)" -gt 0 ]
ok $? "full: it says how often there was no entry"
[ "$(reported)" = 0 ]
ok $? "it has reported nothing"
mode off && mode full && [ "$(<$BIOSAN/mode)" = full ]
ok $? "it can be turned off and on again"
finish
