#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: write-behind keeps a bio's PI and its cgroup
# what: raid1 write-behind with PI from above
# then: PI lost on all legs
# now: kept
# class: data-loss
# mail: md/raid1: keep PI of a bio with write-behind
# base: fail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

CG=/sys/fs/cgroup/writer

# behind DEVICE-OFFSET DEVICE-OFFSET: the second leg is only written behind. The
# bits that are set in the bitmap stay, and the array stays active.
behind()
{
	md_up --level=1 --raid-devices=2 --size=40960 --bitmap=internal \
		--write-behind=256 --data-offset=variable --delay=1000 \
		"$1" --write-mostly "$2"
	echo 0 >/sys/block/md0/md/safe_mode_delay
	"$TOOLS/pi-io" fill /dev/md0 0 4m 1 || bail "no write"
}

# charged DEVICE: bytes that the cgroup has written there
charged()
{
	local n

	n=$(grep -o "^$(lsblk -dno MAJ:MIN "$1" | tr -d ' ') .*wbytes=[0-9]*" \
		$CG/io.stat)
	n=${n##*=}
	echo "# $1: ${n:-0} bytes" >&2
	echo "${n:-0}"
}

# written OFFSET SEED: with PI of its own
written() { "$TOOLS/pi-io" --vecs=3 write /dev/md0 "$1" 65536 "$2" 0x77; }

# on LEG SECTOR OFFSET SEED: the first sector of the leg's data
on() { leg_has "$1" $(($2 + $3 / 512)) "$3" 65536 "$4" 0x77; }

modload raid1
md_disks 2 64
read -r A B <<<"${DISK[*]}"
plan 11

for at in 1:2048 2:4096; do
	what="data offsets 1 and ${at%:*} MiB"
	behind "$A:1M" "$B:${at%:*}M"
	hold "${B#/dev/}"
	written $((1 << 20)) 5
	ok $? "$what: written, while nothing gets to the other leg"
	on "$A" 2048 $((1 << 20)) 5
	ok $? "$what: all tags are right on the first leg"
	rc=0
	for i in 0 1 2 3; do
		written $((i << 18)) $((10 + i)) &
	done
	wait || rc=1
	for i in 0 1 2 3; do
		on "$A" 2048 $((i << 18)) $((10 + i)) || rc=1
	done
	release "${B#/dev/}"
	# What is wrong on the first leg is not waited for on the other.
	[ $rc = 1 ] ||
		wait_for eval "on $B ${at#*:} $((1 << 20)) 5 >/dev/null" || rc=1
	on "$B" "${at#*:}" $((1 << 20)) 5
	ok $? "$what: and on the other one when it is released"
	for i in 0 1 2 3; do
		[ $rc = 1 ] || wait_for 5 eval \
			"on $B ${at#*:} $((i << 18)) $((10 + i)) >/dev/null" ||
			rc=1
	done
	ok $rc "$what: five behind at a time"
	legs_fine
	ok $? "$what: no leg refused any of it"
	[ "$at" = 2:4096 ] || md_down
done

echo "+io +memory" >/sys/fs/cgroup/cgroup.subtree_control &&
	mkdir $CG && mkfs.ext4 -q -F /dev/md0 && mount /dev/md0 /mnt ||
	bail "no cgroup, or no file system"
(
	echo $BASHPID >$CG/cgroup.procs
	dd if=/dev/zero of=/mnt/f bs=1M count=4 2>/dev/null
)
sync
# The second one is written behind.
enough() { [ "$(charged "$1")" -ge 4194304 ]; } 2>/dev/null
enough "$A" && wait_for 5 enough "$B"
rc=$?
charged "$A" >/dev/null
charged "$B" >/dev/null
ok $rc "4 MiB through the page cache are charged to their cgroup on both legs"
umount /mnt
finish
