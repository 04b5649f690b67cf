#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-raid and dm-mirror refuse what one of their devices would refuse
# what: dm-raid or dm-mirror over devices that ask for different alignment
# then: an I/O is taken that one of them refuses
# now: refused at once
# class: false-error
# base: fail
# mail: dm: split to the limits what goes to several devices
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

at=$((1 << 20))
size=$((64 << 11))

io() { "$TOOLS/odd-io" --jobs=4 "$@"; }

healthy() { dmsetup status "$1" | grep -Eq ' (AA|A A) | AA$| AA [0-9]'; }

# on NAME TABLE: over the disks a and b, at least one of which has no use for
# a block in eight pieces
on()
{
	local name=$1 dev=/dev/mapper/t d

	dmsetup create t --table "0 $size $2" || bail "$name"
	for d in "$a" "$b"; do
		io --fill=a write "/dev/$d" $at 4096 >/dev/null || bail "$d"
	done
	said EINVAL=200 io --rounds=50 --vecs=8 --fill=b write $dev $at 4096 &&
		said EINVAL=200 io --rounds=50 --vecs=8 read $dev $at 4096 &&
		healthy t
	ok $? "$name: a block in pieces is refused, and costs no leg"
	said ok=4 io --fill=a read "/dev/$a" $at 4096 &&
		said ok=4 io --fill=a read "/dev/$b" $at 4096
	ok $? "$name: no leg has any of it"

	# 16 blocks that do not touch each other
	said ok=40 io --rounds=10 --vecs=16 --shift=512 --fill=c \
		write $dev $at 65536 &&
		said ok=4 io --vecs=16 --shift=512 --fill=c read $dev $at 65536 &&
		said ok=4 io --fill=c read "/dev/$a" $at 65536 &&
		said ok=4 io --fill=c read "/dev/$b" $at 65536 && healthy t
	ok $? "$name: what can be split is, and is everywhere"
	dmsetup remove t || bail "$name is busy"
}

plan 12
modload null_blk nr_devices=0
modload dm-mod
modload dm-raid
modload dm-mirror
modload raid1
common="size=64 blocksize=4096 memory_backed=1 submit_queues=2"
# shellcheck disable=SC2086 # they are several
null_disk nullb0 $common
# shellcheck disable=SC2086
null_disk nullb1 $common virt_boundary=1
# shellcheck disable=SC2086
null_disk nullb2 $common virt_boundary=1
for b in nullb1 nullb2; do
	a=nullb1
	[ $b = nullb2 ] || a=nullb0
	on "raid1 over $a, $b" "raid raid1 2 0 nosync 2 - /dev/$a - /dev/$b"
	on "mirror over $a, $b" \
		"mirror core 2 1024 nosync 2 /dev/$a 0 /dev/$b 0"
done
finish
