#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: NVMe multipath: a path that is lost during a flush does not lose it
# mail: block: steal what waits for a flush
# base: fail
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nvme.inc"

head=/dev/nvme0n1

# flushes: how many the disk below has done
flushes() { awk '{ print $16 }' /sys/block/null0/stat; }

# flushing N: path N has a flush in flight
flushing() { grep -qsw FLUSH /sys/kernel/debug/block/nvme0c"$1"n1/hctx*/busy; }
any_flushing() { flushing 0 || flushing 1; }

ended() { ! kill -0 "$1" 2>/dev/null; }

# waits PID: with a flush in flight
waits() { wait_for eval "any_flushing || ended $1" && ! ended "$1"; }

# lose PID: the path that has a flush in flight; PID is to wait for more
lose()
{
	local path=0

	waits "$1" || return
	! flushing 1 || path=1
	# It may take more than one attempt to connect again.
	echo 1 2>/dev/null >/sys/class/nvme/nvme$path/reset_controller
	wait_for grep -q live /sys/class/nvme/nvme$path/state && waits "$1"
}

# slow SECONDS: that is how long the disk takes to flush, also what it has begun
slow()
{
	dmsetup reload slow --table "0 $((128 * 2048)) delay /dev/null0 0 0 \
		/dev/null0 0 0 /dev/null0 0 ${1}000" &&
		dmsetup suspend --noflush --nolockfs slow && dmsetup resume slow
}

# held: the disk does nothing at all
held() { dmsetup suspend --noflush --nolockfs slow || bail suspend; }

# A disk with a cache
modload null_blk nr_devices=0
null_disk null0 size=128 memory_backed=1 cache_size=16
modload dm-delay
dmsetup create slow --table "0 $((128 * 2048)) delay /dev/null0 0 0 \
	/dev/null0 0 0 /dev/null0 0 0" || bail dm-delay
modload nvme-tcp
modload nvmet-tcp
target /dev/mapper/slow
for i in 0 1; do
	port $i tcp
	attach $i tcp reconnect_delay=1,keep_alive_tmo=600
	wait_for test -e /sys/block/nvme0c${i}n1 || bail "no path $i"
done
wait_for test -b $head || bail "no $head"

plan 5
held
n=$(flushes)
sync $head &
lose $!
ok $? "fsync waits for a disk that has not done the flush"
dmsetup resume slow
wait $! && [ "$(flushes)" -gt "$n" ]
ok $? "fsync ends when the disk has"

# Whatever path it is on
held
n=$(flushes)
sync $head &
rc=0
for _ in 1 2 3; do
	lose $! || rc=1
done
dmsetup resume slow
wait $! && [ "$(flushes)" -gt "$n" ] && [ $rc = 0 ]
ok $? "three times, whatever path it is on"

rc=0
for _ in 1 2; do
	held
	n=$(flushes)
	pids=()
	for _ in 1 2 3 4; do
		sync $head &
		pids+=($!)
	done
	lose $! || rc=1
	for pid in "${pids[@]}"; do
		! ended "$pid" || rc=1
	done
	dmsetup resume slow
	for pid in "${pids[@]}"; do
		wait "$pid" || rc=1
	done
	[ "$(flushes)" -gt "$n" ] || rc=1
done
ok $rc "four of them, twice"

# The flush before a write, here of the journal's commit block
mkfs.ext4 -q $head && mount $head /mnt || bail ext4
dd if=/dev/urandom of=/mnt/f bs=1M count=4 status=none
slow 100000 || bail slow
sync /mnt/f &
lose $! && slow 0 && wait $! && umount /mnt && e2fsck -fn $head >/dev/null 2>&1
ok $? "a write after a flush, of ext4"
finish
