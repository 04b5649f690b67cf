#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a write that waits for a raid5 reshape keeps the error of its chain
# what: zeroes across a stopped raid5 reshape, one write of them failing
# then: succeeds
# now: fails
# class: lost-error
# mail: md/raid5: do not clear the error of a bio that waits for reshape
# base: fail
# before: base
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md

# md refuses with EBUSY as long as its thread looks at the array.
try() { echo "$2" 2>/dev/null >$sys/"$1"; }
knob() { wait_for try "$1" "$2" || bail "$1 $2"; }
position() { cat $sys/reshape_position; }
beyond() { [ "$(position)" -gt "$1" ] 2>/dev/null; }
# The reshape is well beyond what it recorded last (KiB on each of 3 data disks):
# the part of the array in between is neither old nor new.
ahead()
{
	local kib

	kib=$(sed -n 's,.*reshape = .*(\([0-9]*\)/.*,\1,p' /proc/mdstat)
	[ $((${kib:-0} * 2 * 3)) -gt $(($(position) + 4096)) ]
}
waits() { dmesg | grep -q 'io across reshape position'; }
done_with() { grep -qx none $sys/reshape_position; }

# zero OFFSET FILE: two bios, the first chained to the second. It takes until
# the array is reshaped there.
zero()
{
	blkdiscard -f -z -o "$1" -l $((1048576 + 4096)) $md 2>/dev/null
	echo $? >"$2"
}

plan 4
scsi_disks 4 add_host=4 per_host_store=1 dev_size_mb=64 ndelay=100000
modload raid456

mdadm --create $md --run --level=5 --raid-devices=3 --spare-devices=1 \
	--chunk=64 --metadata=1.2 --assume-clean --data-offset=8M \
	--bitmap=none "${SD[@]/#//dev/}" >/dev/null 2>&1 || bail "no raid5"
knob sync_speed_min 100
knob sync_speed_max 5000
knob raid_disks 4
knob sync_action reshape

wait_for beyond 20000
# That slow it stands still, until the average is right again.
knob sync_speed_min 1
stands() { knob sync_speed_max 1; nap; ahead || { knob sync_speed_max 5000; false; }; }
wait_for stands || bail "the reshape is not ahead of what it recorded"
knob sync_action frozen
at=$(position)
inject md0 "add,op=WRITE,status=IOERR,start=$at,nr_sectors=8"
dmesg -C
zero $((at * 512)) /tmp/rc &
wait_for eval "waits || ! kill -0 $!" && waits
ok $? "a write waits for the reshape"
dmesg | grep -q 'injecting I/O error'
ok $? "after the bio that is chained to it failed"

knob sync_speed_max 1000000
knob sync_action reshape
wait
[ "$(</tmp/rc)" = 1 ]
ok $? "the write goes on, and tells"
inject_none md0
wait_for done_with && zero $((at * 512)) /tmp/rc && [ "$(</tmp/rc)" = 0 ]
ok $? "the same without error after the reshape"
finish
