#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: GFS2 reads a journal in pieces that end within a page
# what: GFS2 is mounted whose journal is in pieces that end within a page
# then: mount hangs
# now: mounted
# class: crash
# mail: gfs2: fix hang of mount if a journal extent ends within a folio
# base: fail
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# Free space is in pieces of six blocks of 1 KiB, and a journal added to that.
plan 3
modload gfs2
modload null_blk nr_devices=0
null_disk g size=192 memory_backed=1
wait_for [ -b /dev/g ] || bail "no null_blk disk"
mkfs.gfs2 -q -O -p lock_nolock -j 1 -J 8 -b 1024 /dev/g >/dev/null ||
	bail mkfs.gfs2
mkdir /tmp/gfs2
mount -t gfs2 /dev/g /tmp/gfs2 || bail "GFS2 is not mounted"
free=$(df -B1024 --output=avail /tmp/gfs2 | tail -n1)
size=$(((free - 4000) / 8 * 8 * 1024))
fallocate -l $size /tmp/gfs2/f || bail "fallocate: $size bytes"
python3 - /tmp/gfs2/f $size <<'EOP' || bail "no holes"
import ctypes, os, sys

fallocate = ctypes.CDLL(None, use_errno=True).fallocate
fallocate.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_long, ctypes.c_long]
fd = os.open(sys.argv[1], os.O_RDWR)
for at in range(0, int(sys.argv[2]), 8192):
        # FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
        if fallocate(fd, 3, at, 6144):
                sys.exit(os.strerror(ctypes.get_errno()))
os.fsync(fd)
EOP
fallocate -l 2048 /tmp/gfs2/rest
gfs2_jadd -j 1 -J 32 /tmp/gfs2 >/dev/null || bail gfs2_jadd
sync
umount /tmp/gfs2 || bail "GFS2 is busy"
ok 0 "a journal in pieces has been added"
what="it is read when the file system is mounted"
mount -t gfs2 /dev/g /tmp/gfs2 &
ends $!
rc=$?
[ $rc != 124 ] || hung "$what"
ok $rc "$what"
ls /tmp/gfs2/f >/dev/null && umount /tmp/gfs2
ok $? "and the file is there"
finish
