#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: direct I/O to memory of any alignment: right, or EINVAL
# base: pass
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"

at=$((1 << 20))

# shapes NAME DEVICE: every shape is done right, or it is EINVAL; never EIO, and
# never less than there is.
shapes()
{
	local name=$1 dev=$2 len shift v got bad=0 done=0 refused=0

	io --fill=a write "$dev" $at 65536 >/dev/null || bail "$name: write"
	for len in 4096 16384 61440; do
		for v in 1 2 3 4 8; do
			[ $((len % v)) = 0 ] || continue
			for shift in 0 1 4 16 511 512 1024 2048 3584; do
				for op in write read; do
					got=$(io --vecs=$v --shift=$shift --fill=a \
						$op "$dev" $at "$len")
					case $got in
					ok=4) done=$((done + 1));;
					EINVAL=4) refused=$((refused + 1));;
					*)	bad=$((bad + 1))
						echo "# $name: $op $len in $v, $shift: $got";;
					esac
				done
			done
		done
	done
	said ok=4 io --fill=a read "$dev" $at 61440 || bad=1
	ok $bad "$name: $done done, $refused refused"
}

crypt() { echo "0 65536 crypt aes-xts-plain64 $(printf '%064d' 7)$(printf '%064d' 9) 0 $1 0 $2"; }

dm()
{
	dmsetup create "$1" --table "$2" || bail "$1"
	shapes "$1" "/dev/mapper/$1"
	dmsetup remove "$1"
}

# blktests 251: reads that go through a page of the kernel's, since the disk
# needs stable pages; all that was pinned for them is let go of.
bounced()
{
	local name=$1 dev=$2

	mkfs.xfs -q -f "$dev" && mount "$dev" /mnt || bail "no xfs"
	dd if=/dev/urandom of=/mnt/f bs=64k count=64 status=none
	sync
	python3 -c '
import mmap, os, random, sys
def pins():
    open("/proc/sys/vm/stat_refresh").read()
    v = dict(l.split() for l in open("/proc/vmstat"))
    return int(v["nr_foll_pin_acquired"]) - int(v["nr_foll_pin_released"])
random.seed(5)
f = os.open("/mnt/f", os.O_RDWR | os.O_DIRECT)
whole = open("/mnt/f", "rb").read()
size = 1 << 21
m = mmap.mmap(-1, size)
view = memoryview(m)
before = pins()
done = wrong = refused = 0
for turn in range(600):
    # Pieces of any length, more than a bio has vectors for, blocks in all
    n = random.choice((1, 3, 17, 255, 256, 257, 300, 700))
    pieces, at, total = [], random.randrange(0, 4096), 0
    for i in range(n):
        length = random.choice((1, 7, 100, 511, 512, 1000, 2048, 2500, 3000))
        if at + length > size - 8192:
            break
        pieces.append((at, length))
        total += length
        at += length + random.choice((0, 0, 1, 5000))
        if at > size - 16384:
            break
    more = -total % 4096
    if more:
        pieces.append((at, more))
        total += more
    pos = random.randrange(0, (len(whole) - total) // 4096) * 4096
    view[:] = b"?" * size
    try:
        got = os.preadv(f, [view[a:a + l] for a, l in pieces], pos)
    except OSError as e:
        refused += 1
        continue
    out = b"".join(bytes(view[a:a + l]) for a, l in pieces)
    done += 1
    if got <= 0 or out[:got] != whole[pos:pos + got] or got % 512:
        wrong += 1
        if wrong < 4:
            print("#", turn, n, "pieces", total, "at", pos, "got", got)
print("#", done, "done,", refused, "refused,", wrong, "wrong,",
      pins() - before, "pins left")
sys.exit(wrong > 0 or pins() != before or not done)'
	ok $? "$name: reads are right, and nothing stays pinned"
	umount /mnt
}

plan 17
modload null_blk nr_devices=0
modload dm-mod
for d in nullb0 nullb1 nullb2; do
	null_disk $d size=64 memory_backed=1
done
null_disk four size=64 memory_backed=1 blocksize=4096
null_disk stable size=320 memory_backed=1
echo 1 >/sys/block/stable/queue/stable_writes
bounced "XFS, stable_writes" /dev/stable
modload scsi_debug dif=1 dix=1 dev_size_mb=320 delay=0
wait_for all_there 1 || bail "no scsi_debug"
mapfile -t SD < <(sd_disks)
bounced "XFS, DIF/DIX" "/dev/${SD[0]}"
shapes scsi_debug "/dev/${SD[0]}"
shapes null_blk /dev/nullb0
shapes "null_blk, 4 KiB" /dev/four
modload brd rd_nr=2 rd_size=65536
shapes brd /dev/ram1
dm dm-linear '0 65536 linear /dev/nullb0 8'
modload dm-crypt
dm dm-crypt "$(crypt /dev/nullb0 0)"
dm dm-crypt-4k "$(crypt /dev/nullb0 '1 sector_size:4096')"
modload dm-integrity
dm dm-integrity '0 65536 integrity /dev/nullb0 0 4 J 2 internal_hash:crc32c block_size:4096'
dd if=/dev/zero of=/dev/nullb0 bs=64k count=1 status=none
modload dm-mirror
dm dm-mirror '0 65536 mirror core 2 1024 nosync 2 /dev/nullb0 0 /dev/nullb1 0'
modload dm-snapshot
dm dm-snapshot '0 65536 snapshot /dev/nullb0 /dev/nullb1 N 16'
modload raid1
modload raid456
for level in 1 5; do
	mdadm --create /dev/md0 --run --level=$level --raid-devices=3 --assume-clean \
		--metadata=1.2 --bitmap=none /dev/nullb[0-2] >/dev/null 2>&1 || bail mdadm
	shapes "raid$level" /dev/md0
	mdadm --quiet --stop /dev/md0
done
# qubes-issues 7828, zfs 17277: loop over a file on a disk of 4 KiB, with direct
# I/O and with direct I/O turned off for a file that was opened for it
modload loop
mkfs.ext4 -q -F -E nodiscard /dev/four && mount /dev/four /mnt &&
	truncate -s 40M /mnt/f || bail "no file"
for direct in on off; do
	loop=$(losetup --show --direct-io=$direct -f /mnt/f) || bail "losetup $direct"
	shapes "loop, 4 KiB below, direct I/O $direct" "$loop"
	losetup -d "$loop"
done
umount /mnt
modload bcache
bcache_up /dev/nullb2
shapes bcache $BC
bcache_down
finish
