#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-flakey corrupts what it writes, and not what it was given
. "$(dirname "$0")/../tests/lib.sh"

flakey()
{
	dmsetup create "$1" --table \
		"0 16384 flakey $2 0 0 1 5 corrupt_bio_byte 3 w 90 0" ||
		bail "no flakey over $2"
}

# written DEVICE: to there it is not what it was
written()
{
	[ "$(dd if="$1" bs=4k count=1 iflag=direct status=none | head -c 3)" = AAZ ]
}

plan 4
modload dm-flakey
modload null_blk nr_devices=0
null_disk nullb0 memory_backed=1 size=16
scsi_disks 1 dif=1 dix=1 dev_size_mb=16
flakey direct /dev/nullb0
flakey cached "/dev/${SD[0]}"
python3 - <<'END'
import mmap, os
buf = mmap.mmap(-1, 65536)
buf.write(b"A" * 65536)
fd = os.open("/dev/mapper/direct", os.O_WRONLY | os.O_DIRECT)
os.pwrite(fd, buf, 0)
raise SystemExit(buf[:] != b"A" * 65536)
END
ok $? "what was written from is as it was"
written /dev/nullb0
ok $? "what was written is not"
# The same out of the page cache, to a disk with checksums
python3 - <<'END'
import os
fd = os.open("/dev/mapper/cached", os.O_RDWR)
os.pwrite(fd, b"A" * 65536, 0)
os.fsync(fd)
raise SystemExit(os.pread(fd, 65536, 0) != b"A" * 65536)
END
ok $? "what is in the page cache is as it was"
written "/dev/${SD[0]}"
ok $? "what was written from there is not"
finish
