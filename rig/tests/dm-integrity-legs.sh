#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-integrity over a leg that does part of a bio never lies
# what: dm-integrity over a leg that does part of a bio, then fails
# then: right
# now: right
# class: position
# mail: dm: record the position of a bio as struct bio_pos
# base: pass
# before: base
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# leg0 has nothing but data, leg1 the tags and the journal.
legs=/sys/kernel/debug/legdisk
dm=/dev/mapper/integrity
at=1m
len=65536

knob() { echo "$3" >"$legs/$1/$2"; }
# has LEG COUNTER RELATION NUMBER
has() { local v; read -r v <"$legs/$1/$2" && test "$v" "$3" "$4"; }
io() { pi --vecs=5 "$1" $dm $at $len "$2"; }

table()
{
	echo "0 $1 integrity /dev/leg0 0 - $mode 3 internal_hash:crc32c" \
	     "meta_device:/dev/leg1 journal_sectors:8192"
}

# Zeroes are formatted by the first activation, which needs one sector only.
format()
{
	local _

	pi fill /dev/leg0 0 4k 9 &&
		dd if=/dev/zero of=/dev/leg1 bs=64k oflag=direct count=1 \
			status=none &&
		dmsetup create integrity --table "$(table 1)" || return 1
	read -r _ _ _ _ size _ < <(dmsetup status integrity)
	dmsetup remove integrity && [ "$size" -gt 4096 ] &&
		dmsetup create integrity --table "$(table "$size")"
}

# What was written is on its leg, and what is read comes from there.
settle()
{
	[ "$mode" = D ] || { pi suspend integrity && pi resume integrity; }
}

# cut LEG OP BYTES TIMES FAIL_REST
cut()
{
	knob "$1" op "$2" && knob "$1" short "$3" && knob "$1" shorts 0 &&
		knob "$1" fails 0 && knob "$1" fail_rest "$5" &&
		knob "$1" short_count "$4"
}

# fired FAILS: 2 says that the script did not run as written
fired()
{
	has leg0 shorts -eq 1 && has leg0 short_count -eq 0 &&
		has leg0 fails -eq "$1" || return 2
}

# Below: each with a boundary, 0 right, 1 wrong, 2 not as scripted

read_short()
{
	cut leg0 read "$1" 1 0 || return 2
	io cmp 1
	local rc=$?
	fired 0 || return
	[ $rc = 0 ]
}

write_short()
{
	local seed=$(($1 / 512 % 2 + 2))

	cut leg0 write "$1" 1 0 || return 2
	io fill $seed && settle || return 1
	fired 0 || return
	io cmp $seed
}

# An error to the caller, and the disk is not worse for it.
read_fails()
{
	cut leg0 read "$1" 1 1 || return 2
	io cmp 1
	local rc=$?
	fired 1 || return
	[ $rc = 3 ] && io cmp 1
}

# Tags go out beside the data, so either part may be refused afterwards: what
# got there for its old tags, what did not for its new ones. Neither may be
# given out as anything but new and old.
write_fails()
{
	local rc rest=$((1048576 + $1))

	cut leg0 write "$1" 1 1 || return 2
	io fill 2
	rc=$?
	fired 1 || return
	[ $rc = 3 ] || return 1
	pi cmp $dm $at "$1" 2
	[ $? != 1 ] || return 1
	pi cmp $dm $rest $((len - $1)) 1
	[ $? != 1 ] && io fill 1 && io cmp 1
}

# What is wrong on the disk right behind the cut is still found.
read_corrupt()
{
	local rc bad=$((1048576 + $1))

	pi fill /dev/leg0 $bad 512 9 &&
		cut leg0 read "$1" 1 0 || return 2
	io cmp 1
	rc=$?
	pi fill /dev/leg0 $bad 512 1
	has leg0 shorts -eq 1 && has leg0 short_count -eq 0 || return 2
	[ $rc = 3 ]
}

# sweep_mode COMMAND DESCRIPTION
sweep_mode()
{
	io fill 1 && settle
	sweep 512 $len "mode $mode: $2" "$1"
}

# Everything in pieces of a sector: superblock, journal, tags and data
pieces()
{
	local leg count=1000000 rc

	for leg in leg0 leg1; do
		cut $leg both 512 $count 0
	done
	format && io fill 1 && settle && dmsetup remove integrity &&
		dmsetup create integrity --table "$(table "$size")" &&
		io cmp 1 && has leg0 shorts -ge 254 && has leg1 shorts -ge 100
	rc=$?
	for leg in leg0 leg1; do
		knob $leg short_count 0
	done
	ok $rc "mode $mode: all in pieces of 512 bytes, also its own"
}

plan 11
size=0
modload dm-integrity && modload legdisk nr=2 || echo "# a module is missing"

for mode in D J; do
	pieces
	sweep_mode read_short "read completed short"
	sweep_mode write_short "write completed short"
	sweep_mode read_corrupt "bad sector behind a short read"
	sweep_mode read_fails "read fails part way"
	# With a journal the caller has its answer before the data is written.
	[ $mode = J ] || sweep_mode write_fails "write fails part way"
	dmsetup remove integrity
done
rmmod dm-integrity legdisk
finish
