#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: bcache asks for what its devices ask for, and lives on when they refuse
# what: bcache over devices that ask for more alignment than it does
# then: I/O is refused, and counted as an error of the device
# now: bcache asks for as much
# class: false-error
# base: fail
# mail: bcache: take the limits of the devices that the pages go to
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"

at=$((1 << 20))

alive()
{
	[ "$(cat $BC_SYS/bcache/running)" = 1 ] &&
		[ "$(cat $BC_SYS/bcache/io_errors)" = 0 ] &&
		said ok=4 io --fill=z write $BC $at 8192 &&
		said ok=4 io --fill=z read $BC $at 8192
}

# on NAME BACKING CACHE ALIGNMENT
on()
{
	local name=$1 mode

	bcache_up "$2" "$3"
	said "$4" cat $BC_SYS/queue/dma_alignment
	ok $? "$name: takes the alignment"
	for mode in writethrough writeback writearound none; do
		echo $mode >$BC_SYS/bcache/cache_mode
		io --fill=a write $BC $at 8192 >/dev/null
		# 512 bytes into a page
		said EINVAL=200 io --rounds=50 --shift=512 write $BC $at 8192 &&
			said EINVAL=200 io --rounds=50 --shift=512 read $BC \
				$at 8192 &&
			said ok=4 io --fill=a read $BC $at 8192 && alive
		ok $? "$name, $mode: memory that is not aligned"
	done
	bcache_down
}

# pieces NAME BACKING CACHE: a block in eight pieces
pieces()
{
	local name=$1 mode

	bcache_up "$2" "$3"
	for mode in writethrough writeback none; do
		echo $mode >$BC_SYS/bcache/cache_mode
		io --fill=a write $BC $at 4096 >/dev/null
		said EINVAL=400 io --rounds=100 --vecs=8 --fill=b write $BC \
			$at 4096 &&
			said EINVAL=400 io --rounds=100 --vecs=8 read $BC $at \
				4096 &&
			said ok=4 io --fill=a read $BC $at 4096 &&
			alive
		ok $? "$name, $mode: a block in pieces"
	done
	bcache_down
}

plan 16
modload null_blk nr_devices=0
modload dm-mod
modload dm-crypt
null_disk nullb0 size=128 memory_backed=1
null_disk nullb1 size=128 memory_backed=1
null_disk nullb6 size=128 memory_backed=1
null_disk nullb7 size=128 memory_backed=1
null_disk nullb2 size=128 memory_backed=1 blocksize=4096 virt_boundary=1
null_disk nullb3 size=128 memory_backed=1 blocksize=4096
# A device is not free again as soon as bcache says so.
null_disk nullb4 size=128 memory_backed=1 blocksize=4096
null_disk nullb5 size=128 memory_backed=1 blocksize=4096 virt_boundary=1
for i in 0 6; do
	dmsetup create cr$i --table "0 262144 crypt aes-xts-plain64 \
$(printf %064d 1)$(printf %064d 2) 0 /dev/nullb$i 0 1 sector_size:4096" ||
		bail dm-crypt
done
on "backing LUKS" /dev/mapper/cr0 /dev/nullb1 4095
on "cache LUKS" /dev/nullb7 /dev/mapper/cr6 4095
pieces "backing with boundaries" /dev/nullb2 /dev/nullb3
pieces "cache with boundaries" /dev/nullb4 /dev/nullb5
finish
