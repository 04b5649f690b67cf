#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: BIOSAN is silent and sound on two processors: polled I/O, no memory, faults, hot-unplug, unloading, changes of mode
# class: tool
# mail: block: tell BIOSAN what happens to bios
# base: none
# cpus: 2
# mem: 2G
# timeout: 240
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/biosan.inc"

FAILSLAB=/sys/kernel/debug/failslab

# load NAME FILE SECONDS OPTION...: fio in the background
load()
{
	local name=$1 file=$2 time=$3
	shift 3

	(echo 1 >/proc/self/make-it-fail
	 exec fio --name="$name" --filename="$file" --direct=1 --time_based \
		--runtime="$time" --thread --numjobs=2 --group_reporting \
		--continue_on_error=all "$@" >"/tmp/$name" 2>&1) &
}

# faults N: so many allocations of load() fail now and then
faults()
{
	echo Y >$FAILSLAB/task-filter && echo 0 >$FAILSLAB/verbose &&
		echo "$1" >$FAILSLAB/times && echo 2 >$FAILSLAB/probability ||
		bail "no failslab"
}

silent()
{
	[ "$(reported)" = 0 ] && [ "$(stat mode)" != disabled ]
	ok $? "$1: nothing is reported"
}

plan 12
modload null_blk nr_devices=0 poll_queues=1
null_disk null0 size=64 memory_backed=1 poll_queues=1
null_disk null1 size=64 memory_backed=1
null_disk null2 size=64 memory_backed=1
wait_for 10 test -b /dev/null2 || bail "there are no disks of null_blk"

load polled /dev/null0 4 --rw=randrw --bsrange=512-256k --iodepth=16 \
	--ioengine=io_uring --hipri
load cached /dev/null1 4 --rw=randrw --bs=4k --iodepth=32 \
	--ioengine=io_uring --registerfiles --fixedbufs
wait
[ "$(stat submitted)" -gt 1000 ]
ok $? "polled, and with caches of bios: $(stat submitted) submissions"
silent "polled and cached"

mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --assume-clean \
	--bitmap=none /dev/null1 /dev/null2 >/tmp/mdadm 2>&1 ||
	bail "raid1 was not made: $(tail -n1 /tmp/mdadm)"
load raid1 /dev/md0 5 --rw=randrw --bsrange=4k-1m --iodepth=16 \
	--ioengine=libaio
faults 300
wait
echo 0 >$FAILSLAB/probability
[ "$(<$FAILSLAB/times)" -lt 300 ]
ok $? "raid1 without memory: $((300 - $(<$FAILSLAB/times))) allocations failed"
silent "without memory"

load raid1 /dev/md0 5 --rw=randrw --bsrange=4k-1m --iodepth=16 \
	--ioengine=libaio
inject null1 add,op=WRITE,status=IOERR,chance=50
for ((i = 0; i < 20; i++)); do
	for m in off sample full; do
		mode $m || bail "mode $m is refused"
		sleep 0.05
	done
done
wait
inject_none null1
ok 0 "the mode changes under I/O, and a leg fails"
silent "changes of mode"
mdadm --stop /dev/md0 >/dev/null 2>&1
ok $? "raid1 is stopped"

scsi_disks 1 dev_size_mb=16 dix=1 dif=1 ndelay=2000000 per_host_store=1
load unplug "/dev/${SD[0]}" 5 --rw=randrw --bs=4k --iodepth=16 \
	--ioengine=libaio
sleep 2
tee "/sys/block/${SD[0]}/device/delete" <<<1 >/dev/null
ok $? "a disk goes away under I/O"
wait
wait_for 10 modprobe -r scsi_debug
ok $? "and its driver"
silent "hot-unplug"

null_gone null0 null1 null2 && modprobe -r raid1 md_mod 2>/dev/null
modprobe -r null_blk
ok $? "null_blk is unloaded"
awk '/ not submitted| in flight/ { n++ } END { exit n > 400 }' \
	/sys/kernel/debug/biosan/live && silent "at the end"
finish
