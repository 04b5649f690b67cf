#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: the rest of a partly completed request keeps the right IVs
# what: an encrypted request completes in part (UFS, MMC)
# then: the rest is encrypted with a stale IV, silently
# now: right IV
# class: data-loss
# mail: block: advance the encryption context of a partly completed request
# base: fail
# before: base
# shellcheck source=/dev/null
declare -F plan >/dev/null || . "$(dirname "$0")/lib.sh"

# crypt-fallback-short.sh runs this file with a disk that does not encrypt.
crypto=${crypto:-1}
knobs=/sys/kernel/debug/legdisk/leg0
at=1m
len=65536
key=$(printf '%02x' {1..64})
dm=/dev/mapper/crypt

knob() { echo "$2" >$knobs/"$1"; }
# has COUNTER RELATION NUMBER, without a process for each
has() { local v; read -r v <$knobs/"$1" && test "$v" "$2" "$3"; }
# as_ref: leg0 has what dm-crypt made of the same on leg1
as_ref() { pi same /dev/leg0 $at /dev/leg1 $at $len; }

# cut OP BYTES TIMES: script the next requests, and forget what was counted
cut()
{
	knob op "$1" && knob short "$2" && knob shorts 0 && knob crypts 0 &&
		knob bad_units 0 && knob short_count "$3"
}

# fired TIMES: the script ran to its end, and the I/O took the path meant
fired()
{
	has shorts -eq "$1" && has short_count -eq 0 && has bad_units -eq 0 ||
		return 1
	if [ "$crypto" = 1 ]; then
		has crypts -gt "$1"
	else
		has crypts -eq 0
	fi
}

# one_write TIMES BYTES, one_read TIMES BYTES: status 2 if it was not cut
one_write()
{
	pi fill /dev/leg0 $at $len 99 && cut write "$2" "$1" &&
		pi --vecs=5 --align="$unit" fill $dm $at $len 1 ||
		return 1
	fired "$1" || return 2
	as_ref &&
		pi cmp $dm $at $len 1 >/dev/null
}

one_read()
{
	cut read "$2" "$1" || return 1
	pi --vecs=5 --align="$unit" cmp $dm $at $len 1 >/dev/null
	local right=$?
	fired "$1" || return 2
	return $right
}

# ready OP: what a read is to find
ready() { [ "$1" = write ] || pi fill $dm $at $len 1; }

# every OP STEP: cut one 64 KiB request at every multiple of STEP
every()
{
	ready "$1"
	sweep "$2" $len "unit $unit: $1 cut every $2 bytes," "one_$1" 1
}

# pieces OP: one unit at a time
pieces()
{
	local n=$((len / unit - 1))

	ready "$1"
	"one_$1" $n "$unit"
	ok $? "unit $unit: $1 in $((n + 1)) pieces"
}

plan 12
modload legdisk nr=2 crypto="$crypto" &&
	modload dm-inlinecrypt && modload dm-crypt ||
	echo "# a module is missing"

for unit in 512 4096; do
	features=
	[ $unit = 512 ] || features="2 sector_size:$unit iv_large_sectors"
	size=$(blockdev --getsz /dev/leg0)
	dmsetup create crypt --table \
		"0 $size inlinecrypt aes-xts-plain64 $key 0 /dev/leg0 0 $features"
	dmsetup create ref --table \
		"0 $size crypt aes-xts-plain64 $key 0 /dev/leg1 0 $features"

	# dm-crypt has no part in inline encryption, and the same format.
	pi fill /dev/mapper/ref $at $len 1 &&
		pi fill $dm $at $len 1 && as_ref &&
		! pi cmp /dev/leg0 $at $len 1 >/dev/null &&
		pi cmp $dm $at $len 1
	ok $? "unit $unit: undisturbed, as dm-crypt has it"

	for op in write read; do
		every $op $unit
		[ $unit = 512 ] || every $op 512
		pieces $op
	done
	dmsetup remove crypt
	dmsetup remove ref
done
finish
