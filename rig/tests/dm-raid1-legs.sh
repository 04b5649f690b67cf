#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a mirror reads all of a bio elsewhere after a leg did part of it
# what: a dm-raid1 leg completes part of a read, then fails (the mail of 2009)
# then: right
# now: right
# class: position
# mail: dm: record the position of a bio as struct bio_pos
# base: pass
# before: base
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# The mail of 2009: a leg completes part of a read, fails the rest, and dm-raid1
# sends the bio to the other leg. Legs and target start at different sectors,
# so that a position which is not put back reads something else.
legs=/sys/kernel/debug/legdisk
dm=/dev/mapper/mirror
len=65536

# A leg that failed is not asked again, so there is a mirror for each boundary.
table()
{
	local i

	echo "0 64 zero"
	for ((i = 0; i < 127; i++)); do
		echo "$((64 + i * 128)) 128 mirror core 2 128 nosync" \
		     "2 /dev/leg0 $((128 + i * 128)) /dev/leg1 $((256 + i * 128))"
	done
}

knob() { echo "$2" >$legs/leg0/"$1"; }
# has LEG COUNTER RELATION NUMBER
has() { local v; read -r v <"$legs/$1/$2" && test "$v" "$3" "$4"; }

script_mq()
{
	knob op read && knob short "$1" && knob shorts 0 && knob fail_rest 1 &&
		knob short_count 1
}

script_bio()
{
	knob op read && knob fail_bytes "$1" && knob fail_count 1
}

fired_mq()
{
	has leg0 shorts -eq 1 && has leg0 short_count -eq 0 &&
		has leg0 seen -eq 2
}

fired_bio()
{
	has leg0 fail_count -eq 0 && has leg0 seen -eq 1
}

# one MODE BYTES: 0 right, 1 wrong, 2 the script did not run as written
one()
{
	local right at=$(((64 + ($2 / 512 - 1) * 128) * 512))

	"script_$1" "$2" && knob fails 0 && knob seen 0 &&
		echo 0 >$legs/leg1/seen || return 2
	pi --vecs=5 cmp $dm $at $len 1
	right=$?
	"fired_$1" && has leg0 fails -eq 1 && has leg1 seen -eq 1 || return 2
	[ $right = 0 ]
}

# sweep_legs MODE WHAT
sweep_legs()
{
	dmsetup remove mirror && dmsetup create mirror < <(table)
	sweep 512 $len "$2: read failed" one "$1"
}

# start MODE: load the legs, and write through the mirror to both
start()
{
	modload legdisk mode="$1" nr=2 && dmsetup create mirror < <(table) &&
		pi fill $dm 32k 8128k 1 &&
		pi --pattern=32k cmp /dev/leg0 64k 8128k 1 &&
		pi --pattern=32k cmp /dev/leg1 128k 8128k 1
	ok $? "$1 legs: both hold what was written"
}

stop() { dmsetup remove mirror && rmmod legdisk; }

plan 6
modload dm-mirror && modload dm-zero || echo "# a module is missing"

start mq
sweep_legs mq "leg completes part, fails the rest"
stop

start bio
for iter in untouched half consumed; do
	knob fail_iter $iter
	sweep_legs bio "leg fails a bio, iterator $iter"
done
stop
finish
