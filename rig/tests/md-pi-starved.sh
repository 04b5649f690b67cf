#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: writes with PI end without memory for clones, payloads and their copies
# base: hang
# hang-after: 60
# mail: md/raid1: give legs at different places their own PI
# mail: md/raid10: give copies at different places their own PI
# mail: md/raid1, md/raid10: do not let a retry wait for what it holds up
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"
. "$(dirname "$0")/starved.inc"

APP=0x77

# Processes that are there before the memory is not: serve 0 to 8
FROM=() TO=()
servers()
{
	local i to from

	for i in {0..8}; do
		mkfifo "/tmp/to$i" "/tmp/from$i" || bail "no fifo"
		"$TOOLS/pi-io" serve <"/tmp/to$i" >"/tmp/from$i" &
		exec {to}>"/tmp/to$i" {from}<"/tmp/from$i"
		TO[i]=$to FROM[i]=$from
	done
}

# tell N COMMAND..., told N: what it was told, and its exit status
tell() { echo "${*:2}" >&"${TO[$1]}"; }
told()
{
	local said

	while read -r -u "${FROM[$1]}" said; do
		case $said in
		[0-9]) return "$said";;
		esac
		echo "$said"
	done
	return 99
}

# one VERB OFFSET LENGTH
one() { tell 8 --vecs=2 "$1" /dev/md0 "$2" "$3" 7 $APP && told 8; }

# eight VERB LENGTH: at a time
eight()
{
	local i rc=0

	for i in {0..7}; do
		tell "$i" --vecs=2 "$1" /dev/md0 $((i << 20)) "$2" 7 $APP
	done
	for i in {0..7}; do
		told "$i" || rc=1
	done
	return $rc
}

# no_memory: for bios and their payloads, and for the copies of up to 4 KiB, be
# it from the reserve of an array or not
no_memory() { starve kmalloc-512 kmalloc-1k kmalloc-2k kmalloc-4k; }

# writes WHAT
writes()
{
	local what=$1 rc

	# What the processes need for themselves, they have then.
	one write 9m 65536 && eight write 65536 || bail "$what: no writes"
	no_memory
	one write 9m 65536
	ok $? "$what: a write without memory"
	eight write 1m
	rc=$?
	fed
	echo "# $REFUSED refused"
	[ $rc = 0 ] && [ "$REFUSED" -gt 20 ]
	ok $? "$what: eight of a MiB at a time"
	one read 9m 65536 && eight read 1m && legs_fine
	ok $? "$what: all of it is there, and all tags are right"
}

# retries WHAT LEG: the same, and the leg fails each write the first time
retries()
{
	local what=$1 leg=${2#/dev/} i rc

	for i in {0..7}; do
		inject "$leg" "add,op=WRITE,status=IOERR,once,start=$((2048 + i * 2048)),nr_sectors=2048"
	done
	no_memory
	eight write 65536
	rc=$?
	fed
	inject_none "$leg"
	ok $rc "$what: what a leg has failed is written again"
	eight read 65536 && [ -z "$(cat /sys/block/md0/md/dev-*/bad_blocks)" ]
	ok $? "$what: and is there"
}

modload raid1
modload raid10
md_disks 4 64
servers
read -r A B C D <<<"${DISK[*]}"
plan 22

md_up --level=1 --raid-devices=3 --size=32768 --bitmap=none \
	--data-offset=variable "$A:1M" "$B:2M" "$C:3M"
writes "raid1, three places"
retries "raid1, three places" "$A"
md_down
md_up --level=1 --raid-devices=2 --size=32768 --bitmap=internal \
	--data-offset=variable "$A:1M" "$B:2M"
writes "raid1, bitmap"
md_down
md_up --level=1 --raid-devices=2 --size=32768 --bitmap=internal \
	--write-behind=256 --data-offset=variable "$A:1M" --write-mostly "$B:2M"
writes "raid1, write-behind"
md_down
md_up --level=10 --layout=o2 --chunk=64 --raid-devices=2 --size=32768 \
	--bitmap=none --data-offset=1M "$A" "$B"
writes "raid10, offset"
retries "raid10, offset" "$A"
md_down
md_up --level=10 --layout=f3 --chunk=64 --raid-devices=3 --size=32768 \
	--bitmap=internal --data-offset=1M "$A" "$B" "$C"
writes "raid10, far"
md_down

# Each level has a reserve of its own.
mdadm --create /dev/md1 --run --assume-clean --metadata=1.2 --level=1 \
	--raid-devices=2 --bitmap=none --data-offset=variable \
	"$A:1M" "$B:2M" >/dev/null 2>&1 &&
	mdadm --create /dev/md2 --run --assume-clean --metadata=1.2 --level=1 \
	--raid-devices=2 --bitmap=none --data-offset=variable \
	"$C:3M" "$D:4M" >/dev/null 2>&1 || bail "no arrays below"
md_up --level=1 --raid-devices=2 --size=32768 --bitmap=none \
	--data-offset=variable /dev/md1:1M /dev/md2:2M
writes "raid1 of raid1"
md_down
mdadm --quiet --stop /dev/md1 /dev/md2
finish
