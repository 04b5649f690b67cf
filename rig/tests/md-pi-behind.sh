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

# behind DEVICE-OFFSET DEVICE-OFFSET: the second leg is only written behind
behind()
{
	md_up --level=1 --raid-devices=2 --size=40960 --bitmap=internal \
		--write-behind=256 --data-offset=variable \
		"$1" --write-mostly "$2"
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

modload raid1
modload dm-delay
md_disks 2 64
read -r A B <<<"${DISK[*]}"
dmsetup create slow --table \
	"0 $(blockdev --getsz "$B") delay $B 0 0 $B 0 400" || bail "dmsetup"
plan 9

for at in 1:2048 2:4096; do
	behind "$A:1M" "/dev/mapper/slow:${at%:*}M"
	"$TOOLS/pi-io" --vecs=3 write /dev/md0 1m 65536 5 0x77
	ok $? "data offsets 1 and ${at%:*} MiB: written"
	leg_has "$A" 4096 $((1 << 20)) 65536 5 0x77 &&
		! leg_has "$B" $((${at#*:} + 2048)) $((1 << 20)) 65536 5 0x77 \
			>/dev/null
	ok $? "data offsets 1 and ${at%:*} MiB: all tags are right on the first leg, not yet on the other"
	sleep 1
	leg_has "$B" $((${at#*:} + 2048)) $((1 << 20)) 65536 5 0x77
	ok $? "data offsets 1 and ${at%:*} MiB: all tags are right on the other leg, too"
	legs_fine
	ok $? "data offsets 1 and ${at%:*} MiB: no leg refused any of it"
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
sleep 1
[ "$(charged "$A")" -ge 4194304 ] && [ "$(charged "$B")" -ge 4194304 ]
ok $? "4 MiB through the page cache are charged to their cgroup on both legs"
umount /mnt
finish
