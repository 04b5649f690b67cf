#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md raid1/raid10: what no leg takes is not said to be written
# what: a write to raid1 or raid10 that all legs refuse
# then: succeeds
# now: fails
# class: data-loss
# base: fail
# mail: md/raid1, md/raid10: do not take a write that was refused for done
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md
at=$((4 << 20))
# Where that is on a leg, which has its data from 1 MiB on; far from metadata.
from=$(((at >> 9) + 1024))

io() { "$TOOLS/odd-io" --jobs=4 "$@"; }

# create LEVEL OPTION...: of all of the legs
create()
{
	local level=$1
	shift

	mdadm --create $md --run --level="$level" --raid-devices=2 \
		--metadata=1.2 --assume-clean --data-offset=1M \
		--bitmap="${bitmap:-none}" "$@" >/dev/null 2>&1 || bail "no raid$level"
	io --fill=a write $md $at 4096 >/dev/null || bail "raid$level: write"
}

gone() { mdadm --quiet --stop $md >/dev/null 2>&1 || bail "no stop"; }

# legs LETTERS: what each leg has in all of the four blocks
legs()
{
	local i d

	for ((i = 0; i < 2; i++)); do
		d=${LEG[i]}
		said ok=4 io --fill="${1:i:1}" read "/dev/$d" $((at + (1 << 20))) \
			4096 || return
	done
}

# unblamed: each leg is in, and has no bad blocks
unblamed()
{
	local d

	for d in "${LEG[@]}"; do
		grep -qE 'faulty|want_replacement' "$sys/dev-$d/state" ||
			grep -q . "$sys/dev-$d/bad_blocks" || continue
		echo "# $d: $(cat "$sys/dev-$d/state" "$sys/dev-$d/bad_blocks")"
		return 1
	done
}

# refuse OP DISK...
refuse()
{
	local op=$1 d
	shift

	for d; do
		inject "$d" "add,op=$op,status=INVAL,start=$from,nr_sectors=2048"
	done
}

takes() { inject_none "${LEG[@]}"; }

run()
{
	local name=$1

	refuse WRITE "${LEG[@]}"
	said EINVAL=200 io --rounds=50 --fill=b write $md $at 4096 && unblamed
	ok $? "$name: a write that all legs refuse fails as it is"
	takes
	legs aa && said ok=4 io --fill=a read $md $at 4096
	ok $? "$name: and is nowhere"
	# What is written behind takes a while.
	said ok=4 io --fill=c write $md $at 4096 && wait_for 5 legs cc &&
		unblamed
	ok $? "$name: the next one is everywhere"

	refuse READ "${LEG[@]}"
	said EINVAL=200 io --rounds=50 --fill=c read $md $at 4096
	rc=$?
	takes
	[ $rc = 0 ] && unblamed && said ok=4 io --fill=c read $md $at 4096
	ok $? "$name: a read that is refused fails as it is, and costs no leg"
}

# What one leg takes must not be read from the other one.
one()
{
	local name=$1 i

	for i in 0 1; do
		refuse WRITE "${LEG[i]}"
		said ok=40 io --rounds=10 --fill=d write $md $at 4096 &&
			said ok=400 io --rounds=100 --fill=d read $md $at 4096
		ok $? "$name: leg $i refuses a write, and is not read there"
		takes
		# A bad block is written again once the array has been stopped.
		gone
		mdadm --quiet --assemble $md "${two[@]}" >/dev/null 2>&1 &&
			said ok=4 io --fill=e write $md $at 4096 && legs ee
		ok $? "$name: both have the next one"
		gone
		create "${@:2}"
	done
}

# once: it was refused only the first time
once()
{
	inject "${LEG[1]}" "add,op=WRITE,status=INVAL,start=$from,nr_sectors=2048,chance=2"
	said ok=400 io --rounds=100 --fill=f write $md $at 4096
	rc=$?
	takes
	[ $rc = 0 ] && said ok=400 io --rounds=100 --fill=f read $md $at 4096
	ok $? "$1: half of the writes are refused by a leg, and none is lost"
}

plan 31
modload null_blk nr_devices=0
modload raid1
modload raid10
LEG=(nullb0 nullb1)
for d in "${LEG[@]}"; do
	null_disk "$d" size=64 memory_backed=1 submit_queues=2
done
two=("${LEG[@]/#//dev/}")
for level in 1 10; do
	create $level "${two[@]}"
	run raid$level
	one raid$level $level "${two[@]}"
	once raid$level
	gone
	create $level --failfast "${two[@]}"
	run "raid$level, failfast"
	gone
done
bitmap=internal
create 1 --write-behind=16 "/dev/${LEG[0]}" --write-mostly "/dev/${LEG[1]}"
run "raid1, write-behind"
gone
bitmap=
create 1 "/dev/${LEG[0]}" missing
LEG=("${LEG[0]}" "${LEG[0]}")
refuse WRITE "${LEG[0]}"
said EINVAL=4 io --fill=b write $md $at 4096
rc=$?
takes
[ $rc = 0 ] && unblamed && said ok=4 io --fill=a read $md $at 4096
ok $? "raid1 of one leg: the same"
gone
finish
