#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: loop does I/O that was split within a page
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload loop
truncate -s 16M /tmp/file
losetup /dev/loop0 /tmp/file || bail "no loop device"
# A third part begins in the middle of a page.
echo 6 >/sys/block/loop0/queue/max_sectors_kb || bail "no limit"
"$TOOLS/pi-io" fill /dev/loop0 0 64k 7 &&
	"$TOOLS/pi-io" fill /dev/loop0 64k 64k 8
ok $? "written in parts of 6 KiB"
echo 64 >/sys/block/loop0/queue/max_sectors_kb
"$TOOLS/pi-io" cmp /dev/loop0 0 64k 7 && "$TOOLS/pi-io" cmp /dev/loop0 64k 64k 8
ok $? "and read as it was"
finish
