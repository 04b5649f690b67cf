#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: registered buffers are held to the alignment that the disk asks for
# what: io_uring's registered buffers, not aligned as the disk asks for
# then: not checked
# now: refused
# class: false-error
# base: fail
# mail: block: check the alignment of registered buffers
# cpus: 2
# needs: io_uring
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

at=$((1 << 20))

io() { "$TOOLS/odd-io" --fixed --jobs=4 "$@"; }
plain() { "$TOOLS/odd-io" --jobs=4 "$@"; }

# on NAME DEVICE|FILE DISK: memory that is not aligned is refused, or it works
on()
{
	local name=$1 dev=$2 align shift bad v want now

	align=$(<"/sys/block/$3/queue/dma_alignment")
	for v in 1 2 7; do
		bad=0
		for shift in 1 4 256 508 512 1024 4092; do
			want=ok=40
			[ $((shift & align)) = 0 ] || want=EINVAL=40
			plain --fill=a write "$dev" $at 14336 >/dev/null
			said $want io --vecs=$v --shift=$shift --fill=b \
				--rounds=10 write "$dev" $at 14336 || bad=1
			now=a
			[ $want != ok=40 ] || now=b
			said ok=4 plain --fill=$now read "$dev" $at 14336 ||
				bad=1
			said $want io --vecs=$v --shift=$shift --fill=$now \
				--rounds=10 read "$dev" $at 14336 || bad=1
		done
		ok $bad "$name: $v pieces, the last one anywhere"
	done
}

plan 15
modload brd rd_nr=1 rd_size=32768
modload null_blk nr_devices=0
modload dm-mod
modload raid1
modload dm-raid
for d in nullb0 nullb1 nullb2; do
	null_disk $d size=64 memory_backed=1
done
on brd /dev/ram0 ram0
on null_blk /dev/nullb0 nullb0
dmsetup create lin --table '0 65536 linear /dev/ram0 0' || bail dm-linear
on dm-linear /dev/mapper/lin "$(dmsetup info -c --noheadings -o blkdevname lin)"
dmsetup remove lin
dmsetup create r1 --table \
	'0 131072 raid raid1 2 0 nosync 2 - /dev/nullb1 - /dev/nullb2' ||
	bail dm-raid
on dm-raid /dev/mapper/r1 "$(dmsetup info -c --noheadings -o blkdevname r1)"
dmsetup remove r1
# iomap has the same to check.
{ mkfs.ext4 -q -F -E nodiscard /dev/ram0 && mount /dev/ram0 /mnt &&
	dd if=/dev/zero of=/mnt/f bs=64k count=32 conv=fsync status=none; } ||
	bail ext4
on ext4 /mnt/f ram0
umount /mnt
finish
