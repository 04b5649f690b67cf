#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a short read from a DIF/DIX disk is not a protection error
# what: a DIF/DIX disk answers a read short
# then: good data fails with `EILSEQ`
# now: verified right
# class: false-error
# smoke: yes
# mail: block: verify automatic protection information from where it starts
# base: fail
. "$(dirname "$0")/lib.sh"

modload scsi_debug dif=1 dix=1 dev_size_mb=64 delay=0
DISK=$(sd_disks)
DEV=/dev/$DISK
PARAM=/sys/bus/pseudo/drivers/scsi_debug
K=1024

# Every second command moves half of what it was asked for, with GOOD status.
halves()
{
	echo $((0x100)) >$PARAM/opts
	echo 2 >$PARAM/every_nth
}
wholes()
{
	echo 0 >$PARAM/every_nth
	echo 0 >$PARAM/opts
}

plan 4
pi fill "$DEV" 0 $((1024 * K)) 1 &&
	pi cmp "$DEV" 0 $((512 * K)) 1
ok $? "written and read in whole"
halves
for n in 1 2 3 4 5 6 7 8; do
	pi cmp "$DEV" 0 $((64 * K)) 1 || break
done
[ "$n" = 8 ]
ok $? "eight reads of 64 KiB, every second one in two halves"
dd if="$DEV" of=/dev/null bs=$((512 * K)) count=1 2>/dev/null
ok $? "512 KiB through the page cache, every second read in two halves"
wholes
pi cmp "$DEV" 0 $((512 * K)) 1
ok $? "nothing was changed by it"
finish
