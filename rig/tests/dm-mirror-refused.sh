#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-mirror: what no mirror has is not said to be written
# what: a write to dm-mirror, that one mirror fails and the other one refuses
# then: succeeds
# now: fails
# class: data-loss
# base: fail
# mail: dm-mirror: do not take a write that no mirror has for done
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

at=$((1 << 20))
size=$((64 << 11))
dev=/dev/mapper/t
disks=(nullb0 nullb1 nullb2)

io() { "$TOOLS/odd-io" --jobs=4 "$@"; }

# on NUMBER STATUS...: a write that the first mirrors end with these
on()
{
	local n=$1 line i what rc
	shift

	line="mirror core 2 1024 nosync $n"
	for ((i = 0; i < n; i++)); do
		line+=" /dev/${disks[i]} 0"
	done
	# With keep_log, nothing waits for a daemon.
	dmsetup create t --table "0 $size $line 2 handle_errors keep_log" ||
		bail "$line"
	io --fill=a write $dev $at 4096 >/dev/null || bail "mirror: write"
	for ((i = 0; i < $#; i++)); do
		what=$((i + 1))
		inject "${disks[i]}" "add,op=WRITE,status=${!what}"
	done
	said EINVAL=40 io --rounds=10 --fill=b write $dev $at 4096
	ok $? "of $n mirrors, the first: $*: the write fails"
	inject_none "${disks[@]}"
	said ok=4 io --fill=c write $dev $at 4096 &&
		said ok=40 io --rounds=10 --fill=c read $dev $at 4096
	rc=$?
	dmsetup remove --retry t || bail "the mirror is busy"
	ok $rc "of $n mirrors, the first: $*: the next one does not"
}

plan 8
modload null_blk nr_devices=0
modload dm-mirror
for d in "${disks[@]}"; do
	null_disk "$d" size=64 memory_backed=1 submit_queues=2
done
on 2 IOERR INVAL
on 2 INVAL MEDIUM
on 3 IOERR INVAL
on 2 INVAL
finish
