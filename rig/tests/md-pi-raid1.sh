#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: legs of raid1 at different places get reference tags of their own
# what: raid1, legs at different places of DIF/DIX disks: XFS with DIX
# then: each write fails on one leg, and loses its PI
# now: right tags on each leg
# class: data-loss
# mail: md/raid1: give legs at different places their own PI
# base: fail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

M=$((1024 * 1024)) MS=2048
FAILSLAB=/sys/kernel/debug/failslab

# raid1 OPTION... DEVICE...
raid1()
{
	md_up --level=1 --size=$((40 * M / 1024)) --bitmap=none "$@"
}

# legs_right WHAT OFFSET LENGTH LEG...: one write, and what arrives at the
# legs, which are DEVICE:SECTOR
legs_right()
{
	local what=$1 off=$2 len=$3 leg rc=0
	shift 3

	"$TOOLS/pi-io" --vecs=4 write /dev/md0 "$off" "$len" 5 0x4321
	ok $? "$what: written"
	legs_fine
	ok $? "$what: no leg refused any of it"
	for leg in "$@"; do
		leg_has "${leg%:*}" $((${leg#*:} + off / 512)) "$off" "$len" \
			5 0x4321 || rc=1
	done
	ok $rc "$what: all tags are right on the legs"
}

# many_writes: 300, each with 1 KiB of protection information
many_writes()
{
	local i

	for ((i = 0; i < 300; i++)); do
		echo "write /dev/md0 $((i * 65536)) 65536 $i"
	done | "$TOOLS/pi-io" list -
}

# no_memory: no KiB at hand, but if one waits, at most a hundred times
no_memory()
{
	echo 1 >/sys/kernel/slab/kmalloc-1k/failslab &&
		echo Y >$FAILSLAB/cache-filter &&
		echo 0 >$FAILSLAB/verbose && echo 100 >$FAILSLAB/times &&
		echo 100 >$FAILSLAB/probability || bail "no failslab"
}

# objects NAME: how many are in use of a slab cache
objects() { awk -v n="$1" '$1 == n { print $2 }' /proc/slabinfo; }

modload raid1
modload dm-mod
md_disks 3 64
for d in "${DISK[@]}"; do
	echo 4096 >"/sys/block/${d#/dev/}/queue/max_sectors_kb" ||
		bail "max_sectors_kb"
done
read -r A B C <<<"${DISK[*]}"
plan 23

raid1 --raid-devices=3 --data-offset=variable $A:1M $B:2M $C:1M
legs_right "data offsets differ" $((3 * M)) $((3 * 65536)) \
	$A:$MS $B:$((2 * MS)) $C:$MS
legs_right "4 MiB at once" $((8 * M)) $((4 * M)) $A:$MS $B:$((2 * MS)) $C:$MS
many_writes
before=$(objects kmalloc-1k)
many_writes && legs_fine
ok $? "data offsets differ: twice 300 writes with 1 KiB of tags"
now=$(objects kmalloc-1k)
echo "# $before objects, then $now"
[ "$now" -lt $((before + 100)) ]
ok $? "data offsets differ: none of the 900 copies is left over"

no_memory
legs_right "no memory at hand" $((3 * M)) 65536 \
	$A:$MS $B:$((2 * MS)) $C:$MS
[ "$(<$FAILSLAB/times)" -le 97 ]
ok $? "no memory at hand: three copies came from the array's pool"
echo 0 >$FAILSLAB/probability

xfs_works && legs_fine
ok $? "data offsets differ: XFS, buffered and direct"
md_down

addpart $A 1 $MS $((60 * MS)) && addpart $B 1 $((3 * MS)) $((60 * MS)) ||
	bail "addpart"
raid1 --raid-devices=2 --data-offset=1M ${A}1 ${B}1
legs_right "partitions differ" 0 65536 $A:$((2 * MS)) $B:$((4 * MS))
md_down
delpart $A 1 && delpart $B 1

for i in 0 1; do
	dmsetup create leg$i --table \
		"0 $((60 * MS)) linear ${DISK[i]} $((i * MS))" || bail "dmsetup"
done
raid1 --raid-devices=2 --data-offset=1M /dev/mapper/leg0 /dev/mapper/leg1
legs_right "linear maps differ" 0 65536 $A:$MS $B:$((2 * MS))
md_down
dmsetup remove leg0 leg1

raid1 --raid-devices=2 --data-offset=1M $B $C
no_memory
legs_right "equal legs" 0 65536 $B:$MS $C:$MS
[ "$(<$FAILSLAB/times)" = 100 ]
ok $? "equal legs: nothing was allocated for copies"
md_down
finish
