#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a short read of blocks never written does not hang the kernel
# base: hang
# hang-after: 15
. "$(dirname "$0")/lib.sh"

modload scsi_debug dif=1 dix=1 dev_size_mb=64 delay=0
DEV=/dev/$(sd_disks)
PARAM=/sys/bus/pseudo/drivers/scsi_debug

plan 2
dd if="$DEV" of=/dev/null bs=64k count=1 iflag=direct 2>/dev/null
ok $? "64 KiB that were never written, read in whole"
echo $((0x100)) >$PARAM/opts
echo 2 >$PARAM/every_nth
dd if="$DEV" of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null
ok $? "1 MiB that was never written, every second read in two halves"
finish
