#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-multipath: what is wrong with an I/O costs no path, and fails as it is
# what: an I/O that each path of dm-multipath refuses
# then: all paths fail
# now: the I/O fails, the paths stay
# class: false-error
# base: fail
# mail: block: do not take what is wrong with an I/O for the error of a path
# before: inject
# hang-after: 15
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

mp=/dev/mapper/mp
size=$((64 << 11))

# It goes round for ever on the base.
io() { timeout 20 "$TOOLS/odd-io" --jobs=4 "$@"; }

up() # MODE FEATURES PATH...
{
	dmsetup create mp --table "0 $size multipath $2 queue_mode $1 0 1 1 \
round-robin 0 2 1 /dev/$3 1 /dev/$4 1" || bail "no multipath, $1"
}

down()
{
	# Lets go of what waits for ever, on the base.
	dmsetup message mp 0 fail_if_no_path
	wait_for 20 dmsetup remove --retry mp || bail "mp is busy"
}

both_work() { [ "$(dmsetup status mp | grep -oE ' [0-9]+:[0-9]+ A ' | wc -l)" = 2 ]; }
good()
{
	both_work && said ok=4 io --fill=c write $mp 0 4096 &&
		said ok=4 io --fill=c read $mp 0 4096
}

# shape MODE FEATURES: a block in eight pieces, which these disks cannot take
shape()
{
	up "$1" "$2" nullb0 nullb1
	# They are no paths to the same data, and do not keep any.
	said EINVAL=200 io --vecs=8 --rounds=50 write $mp 0 4096 &&
		said EINVAL=200 io --vecs=8 --rounds=50 read $mp 0 4096 &&
		both_work && said ok=4 io write $mp 0 4096
	ok $? "$1, $2: a block in pieces costs no path"
	down
}

# status MODE FEATURES STATUS ERRNO: both paths say so
status()
{
	local op bad=0 d

	up "$1" "$2" "$A" "$B"
	for op in READ WRITE; do
		for d in "$A" "$B"; do
			# A request is failed when part of it is done.
			if [ "$1" = mq ]; then
				inject "$d" "add,op=$op,status=$3,partial=512"
			else
				inject "$d" "add,op=$op,status=$3"
			fi
		done
		said "$4=80" io --rounds=20 "${op,,}" $mp 0 4096 || bad=1
		inject_none "$A" "$B"
		good || bad=1
	done
	ok $bad "$1, $2: $3 costs no path"
	down
}

# A path that is gone has to be noticed as before.
path() # MODE STATUS
{
	local rc=0

	up "$1" 2 "$A" "$B"
	if [ "$1" = mq ]; then
		inject "$A" "add,op=WRITE,status=$2,partial=512"
	else
		inject "$A" "add,op=WRITE,status=$2"
	fi
	said ok=80 io --rounds=20 write $mp 0 4096 || rc=1
	inject_none "$A"
	both_work && rc=1
	ok $rc "$1: $2 costs a path, and no I/O"
	down
}

plan 20
modload null_blk nr_devices=0
modload dm-multipath
modload dm-round-robin
for d in nullb0 nullb1; do
	null_disk $d size=64 blocksize=4096 virt_boundary=1
done
# Two paths to one disk
scsi_disks 2 add_host=2 per_host_store=0 dev_size_mb=64 delay=0
read -r A B <<<"${SD[*]}"
for mode in bio mq; do
	shape $mode 2
	status $mode 2 INVAL EINVAL
	status $mode 2 AGAIN EAGAIN
	status $mode 2 DURATION_LIMIT ETIME
	status $mode 2 ZONE_OPEN_RESOURCE ETOOMANYREFS
	status $mode 2 ZONE_ACTIVE_RESOURCE EOVERFLOW
	shape $mode '3 queue_if_no_path'
	status $mode '3 queue_if_no_path' INVAL EINVAL
done
for mode in bio mq; do
	path $mode TRANSPORT
	path $mode IOERR
done
finish
