#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md raid1 serializes writes to a device that is not write-mostly any more
# what: serialize_policy of raid1, and a device that is not write-mostly any more
# then: panic
# now: writes are serialized
# class: crash
# base: panic
# mail: md: keep what serialize_policy needs when a leg stops being write-mostly
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md

# Overlapping writes, several at a time
load()
{
	fio --name=l --filename=$md --rw=randwrite --bs=4k-64k --size=1m \
		--direct=1 --ioengine=libaio --iodepth=16 --numjobs=2 \
		--time_based --runtime=600 --group_reporting --eta=never \
		--output=/tmp/load &
	LOAD=$!
}

# writes: how many sectors the array has been given to write
writes() { awk '{ print $7 }' /sys/block/md0/stat; }
# What was started before now is done after that.
further() { local n; n=$(writes); wait_for 20 eval "[ \$(writes) -gt $((n + 8192)) ]"; }
quiet() { mdadm --quiet "$@" >/dev/null 2>&1; }

plan 7
modload null_blk nr_devices=0
modload raid1
for d in nullb0 nullb1 nullb2; do
	null_disk $d size=64 memory_backed=1 submit_queues=2
done
mdadm --create $md --run --level=1 --raid-devices=2 --metadata=1.2 \
	--assume-clean --bitmap=internal --write-behind=256 /dev/nullb0 \
	--write-mostly /dev/nullb1 >/dev/null 2>&1 || bail "no raid1"
load
further
ok $? "writes go on"
echo 1 >$sys/serialize_policy && further
ok $? "with serialize_policy"
for d in "$sys"/dev-*; do
	echo -writemostly >"$d/state"
done
further
ok $? "and no device write-mostly"
rc=0
for _ in $(seq 10); do
	for d in "$sys"/dev-*; do
		echo writemostly >"$d/state" || rc=1
		echo -writemostly >"$d/state" || rc=1
	done
done
[ $rc = 0 ] && further
ok $? "and to and fro"
quiet $md --add /dev/nullb2 --fail /dev/nullb1 && further &&
	wait_for 20 quiet $md --remove /dev/nullb1 && further
ok $? "with another device in place of one"
for _ in $(seq 10); do
	echo 0 >$sys/serialize_policy
	for d in "$sys"/dev-*; do
		echo writemostly >"$d/state"
	done
	echo 1 >$sys/serialize_policy
	for d in "$sys"/dev-*; do
		echo -writemostly >"$d/state"
	done
done
further
ok $? "with the policy off and on again"
echo 0 >$sys/serialize_policy && further
ok $? "and without it"
kill $LOAD
wait
quiet --stop $md
finish
