#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a leg that can't be read is repaired from the other
. "$(dirname "$0")/../tests/lib.sh"

sys=/sys/block/md0/md
idle() { grep -qx idle $sys/sync_action; }
leg() { dd if="/dev/$1" bs=64k skip=16 count=16 iflag=direct status=none | md5sum; }

plan 2
modload raid1
modload null_blk nr_devices=0
for d in nullb0 nullb1; do
	null_disk $d memory_backed=1 size=16
done
mdadm --create /dev/md0 --run --level=1 --raid-devices=2 --metadata=1.2 \
	--bitmap=none --assume-clean --data-offset=1M /dev/nullb0 /dev/nullb1 \
	>/dev/null 2>&1 || bail "no raid1"
"$TOOLS/pi-io" fill /dev/md0 0 1m 3 || bail "not written"
want=$(leg nullb1)
inject nullb0 add,op=READ,status=IOERR,start=2048,nr_sectors=512
echo repair >$sys/sync_action
sleep 1
wait_for 20 idle || bail "it does not end"
inject_none nullb0
[ "$(leg nullb1)" = "$want" ]
ok $? "the good leg has what was written"
"$TOOLS/pi-io" cmp /dev/md0 0 1m 3
ok $? "and so has the array"
finish
