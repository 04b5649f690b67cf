#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a short read of blocks never written does not hang the kernel
# what: a DIF/DIX disk answers a read of blocks never written short
# then: kernel hangs in kintegrityd
# now: read
# class: crash
# mail: block: verify automatic protection information from where it starts
# base: fail
# cpus: 2
. "$(dirname "$0")/lib.sh"

modload scsi_debug dif=1 dix=1 dev_size_mb=64 delay=0
DEV=/dev/$(sd_disks)
PARAM=/sys/bus/pseudo/drivers/scsi_debug

# spins: a worker that verifies has had its processor for 300 ticks. All there
# is to verify takes one or two.
spins()
{
	local f stat

	for f in /proc/[0-9]*/stat; do
		read -r stat 2>/dev/null <"$f" || continue
		[[ $stat = *+kintegrityd* ]] || continue
		read -ra stat <<<"${stat##*) }"
		[ $((stat[11] + stat[12])) -lt 300 ] || return 0
	done
	return 1
}

# readers WHAT N: so many at a time read 1 MiB each, of their own
AT=0
readers()
{
	local i rc=0 pids=()

	for ((i = 0; i < $2; i++)); do
		AT=$((AT + 16))
		dd if="$DEV" of=/dev/null bs=64k count=16 skip=$AT \
			iflag=direct status=none &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		while kill -0 "$i" 2>/dev/null; do
			! spins || hung "$1"
			tick "still reading"
			nap
		done
		wait "$i" || rc=1
	done
	ok $rc "$1"
}

plan 3
pi get "$DEV" 0 64k
ok $? "64 KiB that were never written, read in whole"
echo $((0x100)) >$PARAM/opts
echo 2 >$PARAM/every_nth
readers "1 MiB that was never written, every second read in two halves" 1
readers "four times as much, by four at a time" 4
finish
