#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: direct I/O lets go of all pages of what it does not do at once
# what: direct I/O of more pieces than a bio has vectors, to memory in large folios
# then: pages of the last piece stay pinned for ever
# now: let go of
# class: leak
# base: fail
# cpus: 2
# mail: block: unpin all pages of what is cut off the end of a bio
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# The rings of packet sockets are large folios, here of sixteen pages.
#
# on NAME FILE: a bio that has no room for more ends somewhere in a block, of
# which several pieces are cut off then; some of them lie in two pages.
on()
{
	python3 -c '
import mmap, os, random, socket, struct, sys
SIZE = 32 << 16
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
s.setsockopt(263, 5, struct.pack("4I", 1 << 16, 32, 2048, 1024))
m = mmap.mmap(s.fileno(), SIZE)
v = memoryview(m)
def pins():
    open("/proc/sys/vm/stat_refresh").read()
    n = dict(l.split() for l in open("/proc/vmstat"))
    return int(n["nr_foll_pin_acquired"]) - int(n["nr_foll_pin_released"])
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
before, wrong = pins(), 0
random.seed(3)
for vecs in (100, 256, 257, 300, 400):
    for turn in range(20):
        pieces, at = [], 0
        for i in range(vecs):
            size = random.choice((256, 256, 3840, 4096, 5120))
            pieces.append(v[at:at + size])
            at += size
        if at % 4096:
            pieces.append(v[at:at + 4096 - at % 4096])
            at += 4096 - at % 4096
        data = os.urandom(4096) * (at // 4096)
        m[:at] = data
        done = os.pwritev(fd, pieces, 0)
        m[:at] = b"?" * at
        got = os.preadv(fd, pieces, 0)
        if done != at or got != at or m[:at] != data:
            wrong += 1
            print("#", vecs, turn, "wrong:", done, got, at)
left = pins() - before
print("#", left, "pages are left pinned")
sys.exit(left != 0 or wrong > 0)' "$2"
	ok $? "$1: right, and nothing is left pinned"
}

plan 3
scsi_disks 1 sector_size=4096 dev_size_mb=512 delay=0
on "a block device" "/dev/${SD[0]}"
xfs()
{
	mkfs.xfs -q -f "/dev/${SD[0]}" && mount "/dev/${SD[0]}" /mnt &&
		truncate -s 8M /mnt/f || bail "no xfs"
	on "$1" /mnt/f
	umount /mnt
}
xfs XFS
echo 1 >"/sys/block/${SD[0]}/queue/stable_writes" || bail "no stable_writes"
xfs "XFS, by pages of the kernel's"
finish
