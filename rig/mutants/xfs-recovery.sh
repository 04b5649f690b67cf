#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: XFS recovers its log
# timeout: 180
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload null_blk nr_devices=0
null_disk nullb0 memory_backed=1 size=512
mkfs.xfs -q -f -l size=64m /dev/nullb0 || bail "no XFS"
mount /dev/nullb0 /mnt || bail "no mount"
for ((i = 0; i < 2000; i++)); do echo $i >/mnt/f$i; done
sync
for ((i = 0; i < 500; i++)); do mv /mnt/f$i /mnt/g$i; done
python3 - <<'END' || bail "no shutdown"
import fcntl, os, struct
# XFS_IOC_GOINGDOWN, with the log flushed
fd = os.open("/mnt", os.O_RDONLY)
fcntl.ioctl(fd, 0x8004587d, struct.pack("I", 1))
END
umount /mnt
mount /dev/nullb0 /mnt
ok $? "mounted again"
[ "$(cat /mnt/g499)" = 499 ] && [ ! -e /mnt/f499 ]
ok $? "with what was in the log"
umount /mnt
finish
