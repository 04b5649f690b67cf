#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: bcache without a cache is what the disk is
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload bcache
modload null_blk nr_devices=0
null_disk nullb0 memory_backed=1 size=64
make-bcache --block 4k -B /dev/nullb0 >/dev/null || bail "make-bcache"
echo /dev/nullb0 >/sys/fs/bcache/register || bail "it does not register"
wait_for 5 test -b /dev/bcache0 || bail "there is no bcache0"
"$TOOLS/pi-io" fill /dev/bcache0 0 64k 7
ok $? "written"
"$TOOLS/pi-io" cmp /dev/bcache0 0 64k 7
ok $? "and read as it was"
finish
