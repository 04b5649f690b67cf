#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm requeues the part of a bio that was mapped, not what is left of it
# what: part of a bio is requeued by dm while the next part is mapped
# then: another range is written instead
# now: the right range
# class: data-loss
# mail: dm: fix requeueing of the wrong range of a split bio
# mail: dm: record the position of a bio as struct bio_pos
# base: fail
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# 1 MiB each, in parts of 4 KiB, all of which are requeued while the one after
# is being mapped. How long that takes goes from nothing to 20 us.
count=8
param=/sys/module/dm_hold/parameters

# hold DISK: no part is mapped for good before it was requeued
hold()
{
	dmsetup create hold --table "0 32768 hold /dev/$1 8" || bail "no $1"
}

# arm: a noflush suspend that waits for release
arm()
{
	echo 0 >$param/release
	before=$(<$param/requeued)
	dmsetup suspend --noflush hold &
	wait_for grep -q Y $param/armed || bail "not armed"
}

# release: and the I/O was put to the test
release()
{
	echo 1 >$param/release
	wait $!
	dmsetup resume hold
	[ $(($(<$param/requeued) - before)) -gt $((count * 200)) ]
}

# each COMMAND DEV SEED: at every MiB, until one goes wrong
each()
{
	local i

	for ((i = 0; i < count; i++)); do
		# shellcheck disable=SC2086 # flags and a command
		taskset -c $((i % 2)) "$TOOLS/pi-io" $1 "$2" ${i}m 1m "$3" ||
			return
	done
}

# both DESCRIPTION WRITE READ DEV ON: write through dm, and look at it on ON;
# write that, and read it through dm
both()
{
	arm
	each "$2" "$4" 2 && each "$3" "$5" 2
	rc=$?
	release && [ $rc = 0 ]
	ok $? "$1: writes"
	each "$2" "$5" 3
	arm
	each "$3" "$4" 3
	rc=$?
	release && [ $rc = 0 ]
	ok $? "$1: reads"
}

plan 6
modload brd rd_nr=1 rd_size=16384
scsi_disks 1 dif=1 dix=1 dev_size_mb=16 delay=0
modload legdisk crypto=1
modload dm-inlinecrypt
modload dm-hold
sd=${SD[0]}

hold ram0
both "five vectors" "--vecs=5 fill" "--vecs=5 cmp" /dev/mapper/hold /dev/ram0
dmsetup remove hold

hold "$sd"
both "with PI" write read /dev/mapper/hold "/dev/$sd"
dmsetup remove hold

# Encryption goes by the DUN, which is that of the position above hold.
key=$(printf '%02x' {1..64})
hold leg0
dmsetup create top --table \
	"0 32768 inlinecrypt aes-xts-plain64 $key 0 /dev/mapper/hold 0" &&
	dmsetup create ref --table \
		"0 32768 inlinecrypt aes-xts-plain64 $key 0 /dev/leg0 0" ||
	bail inlinecrypt
both encrypted fill cmp /dev/mapper/top /dev/mapper/ref
finish
