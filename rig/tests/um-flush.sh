#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: User Mode Linux: a flush stops who runs on the other processor
# what: User Mode Linux with two processors: a process writes to a mapped file that is synced
# then: goes on writing to pages that are clean, and what it writes is lost
# now: faults, and it is written
# class: data-loss
# base: fail
# cpus: 2
# mail: um: stop a process that runs on another CPU when its TLB is flushed
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# rounds FILE: one counts in a page of the file and ends, without a system call
# in between; the other one syncs the file meanwhile. The last number has to be
# on the disk.
rounds()
{
	python3 -c '
import mmap, os, sys
name, size = sys.argv[1], 64 << 10
fd = os.open(name, os.O_RDWR | os.O_CREAT)
os.pwrite(fd, bytes(size), 0)
os.fsync(fd)
direct = os.open(name, os.O_RDONLY | os.O_DIRECT)
here = mmap.mmap(-1, 4096)
lost = 0
for n in range(100):
    pid = os.fork()
    if not pid:
        m = mmap.mmap(fd, size)
        pages = range(0, size, 4096)
        for i in range(600 + 37 * n):
            b = (n << 32 | i).to_bytes(8, "little")
            for p in pages:
                m[p:p + 8] = b
        os._exit(0)
    while not os.waitpid(pid, os.WNOHANG)[0]:
        os.fsync(fd)
    os.fsync(fd)
    want = n << 32 | 599 + 37 * n
    for p in range(0, size, 4096):
        os.preadv(direct, [here], p)
        if int.from_bytes(here[:8], "little") != want:
            lost += 1
            break
    if n % 20 == 19:
        print("#", n + 1, "rounds,", lost, "lost", flush=True)
sys.exit(lost > 0)' "$1"
}

# on NAME DISK
on()
{
	mkfs.ext4 -q -F -N 64 -E nodiscard "$2" && mount "$2" /mnt ||
		bail "no file system"
	rounds /mnt/f
	ok $? "$1: nothing is lost"
	umount /mnt
}

plan 2
modload brd rd_nr=1 rd_size=65536
on brd /dev/ram0
scsi_disks 1 dif=1 dix=1 dev_size_mb=64 delay=1
on scsi_debug "/dev/${SD[0]}"
finish
