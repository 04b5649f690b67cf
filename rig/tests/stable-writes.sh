#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm and bcache over disks with checksums: pages are stable while written
# what: a process writes to a mapped page of a file on dm-mirror or bcache, over DIF/DIX disks
# then: the write fails on all legs
# now: waits for the page
# class: false-error
# mail: block: stack the need for stable pages of integrity checksums
# mail: bcache: pages must be stable over disks that need it
# base: fail
# before: base
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"

# One writes to a page, over and over, by mmap; the other one fsyncs it.
hammer()
{
	python3 -c '
import mmap, os, sys, time
fd = os.open("/mnt/f", os.O_RDWR | os.O_CREAT)
os.pwrite(fd, b"x" * (1 << 20), 0)
os.fsync(fd)
m = mmap.mmap(fd, 1 << 20)
end = time.time() + 5
if not os.fork():
    i = 0
    while time.time() < end:
        for p in range(0, 1 << 20, 4096):
            m[p:p + 8] = i.to_bytes(8, "little")
        i += 1
    os._exit(0)
n = bad = 0
while time.time() < end:
    n += 1
    try:
        os.fsync(fd)
    except OSError:
        bad += 1
os.wait()
print("#", n, "times,", bad, "failed")
sys.exit(bad > 0)'
}

# on NAME DEVICE
on()
{
	mkfs.ext4 -q -F -N 64 -E nodiscard "$2" && mount "$2" /mnt ||
		bail "no file system"
	dmesg -C
	hammer && ! dmesg | grep "protection error"
	ok $? "$1: no write fails"
	umount /mnt
}

plan 5
modload dm-mirror
# What is submitted has its checksums, and waits: one command at a time.
scsi_disks 6 dif=1 dix=1 add_host=6 per_host_store=1 dev_size_mb=64 delay=3 \
	max_queue=1
size=$(blockdev --getsz "/dev/${SD[0]}")
on disk "/dev/${SD[0]}"
dmsetup create linear --table "0 $size linear /dev/${SD[1]} 0"
on dm-linear /dev/mapper/linear
dmsetup create mirror --table \
	"0 $size mirror core 2 1024 nosync 2 /dev/${SD[2]} 0 /dev/${SD[3]} 0"
on dm-mirror /dev/mapper/mirror
modload brd rd_nr=1 rd_size=131072
bcache_up "/dev/${SD[4]}"
on bcache "$BC"
bcache_down
bcache_up /dev/ram0 "/dev/${SD[5]}"
# A cache gets one write after the other, and none would have to wait.
for _ in 1 2 3 4; do
	dd if="/dev/${SD[5]}" of=/dev/null bs=4k iflag=direct 2>/dev/null &
done
on "a cache of bcache" "$BC"
jobs -p | xargs kill
wait
finish
