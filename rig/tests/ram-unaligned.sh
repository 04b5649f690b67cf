#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: brd, zram and null_blk: memory of any alignment, and none but that
# what: direct I/O to zram from memory that is aligned to 512 bytes, or to brd and zram over NVMe to 4
# then: succeeds, the data is elsewhere, and memory around it is overwritten
# now: right
# class: data-loss
# base: fail
# cpus: 2
# mail: zram: do not take a piece of a page for a whole one
# mail: null_blk: find blocks that are read in pieces
# mail: brd: do not lose pieces of sectors
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/nvme.inc"

# on NAME DEVICE ALIGN PIECES: memory at any multiple of ALIGN, in up to so many
# pieces: what is written is what is read, and no byte around it changes.
on()
{
	python3 -c '
import mmap, os, random, sys
dev, align, most = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random.seed(1)
fd = os.open(dev, os.O_RDWR | os.O_DIRECT)
room = 1 << 17
m, n = mmap.mmap(-1, room), mmap.mmap(-1, room)
v = memoryview(m)
was = bytearray(1 << 20)
os.preadv(fd, [memoryview(n)[:65536]], 0)
was[:65536] = n[:65536]
wrong = around = done = refused = 0
def put(pieces, data):
    m[:] = b"?" * room
    for a, l in pieces:
        m[a:a + l], data = data[:l], data[l:]
def shape(size):
    k = random.randrange(1, most + 1)
    pieces, at = [], 8192
    while size:
        l = size if k == 1 else min(size, random.randrange(1, size // k // align + 2) * align)
        k = max(k - 1, 1)
        at += random.randrange(0, 4096 // align) * align
        pieces.append((at, l))
        at += l
        size -= l
    return pieces
for turn in range(300):
    size = random.choice((4096, 8192, 12288, 32768))
    pos = random.randrange(0, (65536 - size) // 4096 + 1) * 4096
    pieces = shape(size)
    vecs = [v[a:a + l] for a, l in pieces]
    data = random.randbytes(size)
    put(pieces, data)
    before = bytes(m)
    try:
        if turn & 1:
            os.pwritev(fd, vecs, pos)
            was[pos:pos + size] = data
        else:
            os.preadv(fd, vecs, pos)
            if b"".join(vecs) != was[pos:pos + size]:
                wrong += 1
            put_back = bytes(m)
            for a, l in pieces:
                m[a:a + l] = before[a:a + l]
    except OSError as e:
        refused += 1
        if refused < 4:
            print("#", "write" if turn & 1 else "read", pos, pieces, e.strerror)
        continue
    done += 1
    if bytes(m) != before:
        around += 1
    os.preadv(fd, [memoryview(n)[:65536]], 0)
    if n[:65536] != was[:65536]:
        wrong += 1
        was[:65536] = n[:65536]
print("#", done, "done,", refused, "refused,", wrong, "wrong,", around,
      "with changes around it")
sys.exit(wrong > 0 or around > 0 or not done or refused > 0)' "$2" "$3" "$4"
	ok $? "$1: direct I/O to memory at multiples of $3"
}

plan 8
modload brd rd_nr=1 rd_size=65536
modload zram
echo 64M >/sys/block/zram0/disksize || bail "zram"
on zram /dev/zram0 512 5
on brd /dev/ram0 512 5
modload null_blk nr_devices=0
for bs in 512 4096; do
	null_disk disk size=64 memory_backed=1 blocksize=$bs
	on "null_blk, blocks of $bs" /dev/disk 2 5
	null_gone disk
done
for d in ram0 zram0; do
	target /dev/$d
	modload nvme-loop
	port 1 loop
	attach 1 loop
	wait_for test -b /dev/nvme0n1 || bail "no namespace"
	on "NVMe over $d" /dev/nvme0n1 512 1
	on "NVMe over $d" /dev/nvme0n1 4 1
	echo 1 >/sys/class/nvme/nvme0/delete_controller
	wait_for 20 test ! -b /dev/nvme0n1 || bail "it stays"
	rm $NVMET/ports/1/subsystems/$NQN && rmdir $NVMET/ports/1 &&
		echo 0 >$NVMET/subsystems/$NQN/namespaces/1/enable &&
		rmdir $NVMET/subsystems/$NQN/namespaces/1 $NVMET/subsystems/$NQN ||
		bail "the target stays"
done
finish
