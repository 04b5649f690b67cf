#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md: a write waits for the flush that it asks for, and raid0 for its disks
# what: a journal's commit block is written to md, behind a flush
# then: written before the disks are flushed; on raid0 also if they fail to
# now: not before, and not at all
# class: data-loss
# mail: md: do not start a write before the flush that it asks for
# mail: md: fail a flush if a disk of an array without redundancy fails it
# base: fail
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
knobs=/sys/kernel/debug/legdisk

# up LEVEL N [OPTION...]: of the first N disks, with ext4
up()
{
	local level=$1 n=$2 i legs=()
	shift 2

	for ((i = 0; i < n; i++)); do
		legs+=("/dev/leg$i")
	done
	mdadm --create $md --run --level="$level" --raid-devices="$n" \
		--metadata=1.2 --data-offset=1M "$@" "${legs[@]}" \
		>/tmp/mdadm.log 2>&1 || bail "mdadm: $(</tmp/mdadm.log)"
	udevadm settle 2>/dev/null
	mkfs.ext4 -q -F -J size=4 -E nodiscard,lazy_itable_init=0 $md >/dev/null 2>&1 &&
		mount $md /mnt || bail "$level: no file system"
}

down() { umount /mnt && mdadm --quiet --stop $md || bail "no stop"; }

hold() { echo "$1" >$knobs/leg0/hold_flush; }
held() { [ "$(<$knobs/leg0/held)" -gt 0 ]; }
# early: how many writes that were to come after a flush have not waited for it
early() { cat $knobs/leg?/early | awk '{ n += $1 } END { print n }'; }
some_early() { [ "$(early)" != 0 ]; }

synced() { dd if=/dev/urandom of="/mnt/$1" bs=64k count=1 conv=fsync status=none; }

# in_order NAME: one fsync(), then eight at a time, twenty times
in_order()
{
	local name=$1 i n rc=0 pids

	for i in 0 1 2 3; do
		echo 0 >$knobs/leg$i/early
	done
	hold 1
	synced f &
	wait_for held || bail "$name: no flush gets to the disk"
	# What does not wait for the flush is on its way by now.
	! wait_for 2 some_early && kill -0 $!
	ok $? "$name: nothing comes before the flush that it waits for"
	hold 0
	wait $! || rc=1
	for ((n = 0; n < 20; n++)); do
		hold 1
		pids=()
		for i in {1..8}; do
			synced "f$i" &
			pids+=($!)
		done
		wait_for held || bail "$name: no flush gets to the disk"
		hold 0
		for i in "${pids[@]}"; do
			await "$i" || rc=1
		done
	done
	ok $rc "$name: eight at a time end when the disks are flushed"
}

fails() { ! dd if=/dev/zero of=$md bs=4k count=1 seek=10 conv=fsync,notrunc status=none 2>/dev/null; }

# reported NAME: a flush that one of the disks fails, once and for a while
reported()
{
	local name=$1 rc=0

	umount /mnt
	echo 1 >$knobs/leg1/fail_flush
	fails
	ok $? "$name: fsync() says that a disk has not been flushed"
	echo 1000 >$knobs/leg1/fail_flush
	for _ in {1..20}; do
		fails || rc=1
	done
	echo 0 >$knobs/leg1/fail_flush
	! fails || rc=1
	ok $rc "$name: each time that it fails, and not after that"
	mount $md /mnt && synced f || bail "$name: no file system any more"
	echo 1000 >$knobs/leg1/fail_flush
	! synced f 2>/dev/null
	ok $? "$name: and so does that of a file system"
	echo 0 >$knobs/leg1/fail_flush
}

modload legdisk mode=bio nr=4 wcache=1
for m in raid0 raid1 raid10 raid456 md-linear; do
	modload $m
done
plan 19
up 0 2 --chunk=64
in_order raid0
reported raid0
down
up linear 2
in_order linear
reported linear
down
up 1 2 --assume-clean --bitmap=none
in_order raid1
echo 1000 >$knobs/leg1/fail_flush
synced f
ok $? "raid1: a leg that fails to flush is not the file system's concern"
echo 0 >$knobs/leg1/fail_flush
down
up 1 2 --assume-clean --bitmap=internal
in_order "raid1, bitmap"
down
up 10 4 --assume-clean --bitmap=none --chunk=64
in_order raid10
down
up 5 3 --assume-clean --bitmap=none --chunk=64
in_order raid5
down
finish
