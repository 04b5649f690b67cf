#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: each copy of raid10 gets reference tags of its own
# what: raid10 on DIF/DIX disks: XFS with DIX
# then: each write fails on one disk, and loses its PI
# now: right tags on each disk
# class: data-loss
# mail: md/raid10: give copies at different places their own PI
# base: fail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

CHUNK=65536 ROWS=800
SEED=3 APP=0x1234

# copy_at LAYOUT DISKS CHUNK COPY: disk and row of that copy
copy_at()
{
	case $1 in
	n2) echo $((($3 * 2 + $4) % $2)) $((($3 * 2 + $4) / $2));;
	f2) echo $((($3 + $4) % $2)) $(($3 / $2 + $4 * ROWS / 2));;
	o2) echo $((($3 + $4) % $2)) $(($3 - $3 % 2 + $4));;
	esac
}

# copies_right LAYOUT DISKS CHUNKS
copies_right()
{
	local c k at

	for ((c = 0; c < $3; c++)); do
		for k in 0 1; do
			read -ra at < <(copy_at "$1" "$2" $c $k)
			leg_has "${DISK[at[0]]}" \
				$((2048 + at[1] * CHUNK / 512)) \
				$((c * CHUNK)) $CHUNK $SEED $APP || return
		done
	done
}

modload raid10
md_disks 3 64
plan 15
for l in n2:3 f2:2 o2:2; do
	n=${l#*:} l=${l%:*}
	md_up --level=10 --layout=$l --chunk=64 --size=$((ROWS * 64)) \
		--raid-devices="$n" --bitmap=none --data-offset=1M \
		"${DISK[@]:0:n}"
	"$TOOLS/pi-io" --vecs=5 write /dev/md0 0 $((12 * CHUNK)) $SEED $APP
	ok $? "$l: twelve chunks written"
	legs_fine
	ok $? "$l: no disk refused any of it"
	copies_right $l "$n" 12
	ok $? "$l: data, application and reference tags of all copies are right"
	"$TOOLS/pi-io" --vecs=3 read /dev/md0 0 $((12 * CHUNK)) $SEED $APP
	ok $? "$l: and so they are when read through md"
	xfs_works && legs_fine
	ok $? "$l: XFS, buffered and direct"
	md_down
done
finish
