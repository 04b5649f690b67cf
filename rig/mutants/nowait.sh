#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md ends a bio that must not wait, and can't be split, and leaves it
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload raid0
modload null_blk nr_devices=0
for d in nullb0 nullb1; do
	null_disk $d memory_backed=1 size=16 max_sectors=64
done
mdadm --create /dev/md0 --run --level=0 --raid-devices=2 --metadata=1.2 \
	--chunk=512 --data-offset=1M /dev/nullb0 /dev/nullb1 \
	>/dev/null 2>&1 || bail "no raid0"
# try LENGTH: read it, without waiting
try()
{
	python3 - "$1" <<'END'
import mmap, os, sys
fd = os.open("/dev/md0", os.O_RDONLY | os.O_DIRECT)
try:
    os.preadv(fd, [mmap.mmap(-1, int(sys.argv[1]))], 0, os.RWF_NOWAIT)
except BlockingIOError:
    sys.exit(11)
END
}
try 16384
ok $? "a small read is done"
try 524288
[ $? = 11 ]
ok $? "a large one is to be tried again"
finish
