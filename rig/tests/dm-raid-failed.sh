#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-raid without metadata devices goes on when a device has failed
# what: a device of dm-raid without metadata devices fails a write
# then: that write and those after it never end
# now: without the device
# class: crash
# base: fail
# mail: dm raid: do not wait for somebody to take note of a failed device
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

at=$((1 << 20))
size=$((32 << 11))

io() { "$TOOLS/odd-io" --jobs=4 "$@"; }

# on LEVEL PARAMETERS NUMBER: over disks of its own, one of which fails writes
on()
{
	local name=$1 dev=/dev/mapper/$1 line="0 $size raid $1 $2 $3" i first rc

	first=disk$next
	for ((i = 0; i < $3; i++, next++)); do
		null_disk disk$next size=64 memory_backed=1
		line+=" - /dev/disk$next"
	done
	dmsetup create "$name" --table "$line" || bail "$name"
	io --fill=a write "$dev" $at 4096 >/dev/null || bail "$name: write"
	inject "$first" add,op=WRITE,status=IOERR
	dd if=/tmp/b of="$dev" bs=4k seek=$((at / 4096)) oflag=direct status=none &
	ends $!
	rc=$?
	inject_none "$first"
	if [ $rc = 124 ]; then
		echo "# the write never ends"
		ok 1 "$name: a write that one device fails"
		ok 1 "$name: and goes on without it"
		hangs=1
		return
	fi
	[ $rc = 0 ] && dd if="$dev" bs=4k skip=$((at / 4096)) count=4 \
		iflag=direct status=none | cmp - /tmp/b
	ok $? "$name: a write that one device fails"
	dmsetup status "$name" | grep -Eq ' DA+ ' &&
		said ok=40 io --rounds=10 --fill=c write "$dev" $at 4096 &&
		said ok=4 io --fill=c read "$dev" $at 4096 &&
		dmsetup remove --retry "$name"
	ok $? "$name: and goes on without it"
}

plan 4
next=0 hangs=
tr '\0' b </dev/zero | head -c 16384 >/tmp/b
modload null_blk nr_devices=0
modload dm-mod
modload dm-raid
for m in raid1 raid456; do
	modload $m
done
on raid1 "2 0 nosync" 2
on raid5_ls "2 128 nosync" 3
[ -z "$hangs" ] || hung "what has failed hangs"
finish
