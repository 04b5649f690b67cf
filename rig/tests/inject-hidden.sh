#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: error injection takes rules for the hidden disks of NVMe paths
# class: tool
# mail: block: error-injection: allow rules for hidden disks
# base: fail
# before: base
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nvme.inc"

head=/dev/nvme0n1 len=65536

takes() { echo "$2" >"$ERRINJ/$1/error_injection" 2>/dev/null; }
io() { "$TOOLS/pi-io" "$1" $head "$2" $len "$3"; }

plan 6
modload null_blk nr_devices=0
null_disk null0 size=64 memory_backed=1
modload nvme-tcp
modload nvmet-tcp
target /dev/null0
for i in 0 1; do
	port $i tcp
	attach $i tcp
	wait_for test -e /sys/block/nvme0c${i}n1 || bail "no path $i"
done
wait_for test -b $head || bail "no $head"

takes nvme0c0n1 "add,op=READ,status=IOERR,once" &&
	takes nvme0c1n1 "add,op=READ,status=IOERR,once"
ok $? "a rule for each path"
io fill 0 1 && ! io cmp 0 1 2>/dev/null && { spent nvme0c0n1 || spent nvme0c1n1; }
ok $? "a read over the path that has it fails, and no other path is tried"
inject_none nvme0c0n1 nvme0c1n1

for i in 0 1; do
	takes nvme0c${i}n1 "add,op=WRITE,status=OK,partial=512,rest=requeue,every=2" &&
		takes nvme0c${i}n1 "add,op=READ,status=OK,partial=8s,rest=requeue"
done
pids=() rc=0
for i in {1..8}; do
	(for n in {1..10}; do
		io fill $((i << 20)) "$n" && io cmp $((i << 20)) "$n" || exit 1
	done) &
	pids+=($!)
done
for p in "${pids[@]}"; do
	wait "$p" || rc=1
done
ok $rc "short transfers on both paths, eight at a time"
inject_none nvme0c0n1 nvme0c1n1

# Rules of a disk that goes
takes nvme0c0n1 "add,op=READ,status=IOERR" &&
	echo 1 >/sys/class/nvme/nvme0/delete_controller &&
	wait_for eval "! test -e /sys/block/nvme0c0n1"
ok $? "a path goes that has one"
io fill 0 3 && io cmp 0 3
ok $? "and the other one is good"
attach 0 tcp
wait_for test -e /sys/block/nvme0c2n1 || wait_for 1 test -e /sys/block/nvme0c0n1
io cmp 0 3
ok $? "nor does it have one when it comes back"
finish
