#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-flakey corrupts what it writes, and not what it was given
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload dm-flakey
modload null_blk nr_devices=0
null_disk nullb0 memory_backed=1 size=16
dmsetup create flakey --table \
	"0 16384 flakey /dev/nullb0 0 0 1 5 corrupt_bio_byte 3 w 90 0" ||
	bail "no flakey"
python3 - <<'END'
import mmap, os
buf = mmap.mmap(-1, 65536)
buf.write(b"A" * 65536)
fd = os.open("/dev/mapper/flakey", os.O_WRONLY | os.O_DIRECT)
os.pwrite(fd, buf, 0)
raise SystemExit(buf[:] != b"A" * 65536)
END
ok $? "what was written from is as it was"
[ "$(dd if=/dev/nullb0 bs=4k count=1 iflag=direct status=none | head -c 3)" = AAZ ]
ok $? "what was written is not"
finish
