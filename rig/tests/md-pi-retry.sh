#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what md writes again after an error has the right tags for its leg
# what: a leg at another place fails a write with PI, and md repeats it
# then: application tags lost
# now: kept
# class: data-loss
# mail: md/raid1, md/raid10: write narrow blocks with their PI
# base: fail
# before: inject
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

# fails_once DEVICE: its next write of data
fails_once() { inject "${1#/dev/}" "add,op=WRITE,status=IOERR,once,start=2048"; }

has_failed() { grep -q write_error "/sys/block/md0/md/dev-${1#/dev/}/state"; }

modload raid1
modload raid10
md_disks 3 32
read -r A B C <<<"${DISK[*]}"
plan 5

md_up --level=1 --raid-devices=3 --size=16384 --bitmap=none \
	--data-offset=variable "$A:1M" "$B:2M" "$C:3M"
fails_once "$A"
fails_once "$B"
"$TOOLS/pi-io" --vecs=4 write /dev/md0 0 65536 5 0x77
ok $? "raid1: written, with an error on two of three legs"
has_failed "$A" && has_failed "$B" && ! has_failed "$C"
ok $? "raid1: that is what md has seen"
leg_has "$A" 2048 0 65536 5 0x77 && leg_has "$B" 4096 0 65536 5 0x77 &&
	leg_has "$C" 6144 0 65536 5 0x77
ok $? "raid1: all tags are right on the legs"
md_down

md_up --level=10 --layout=o2 --chunk=64 --raid-devices=2 --size=16384 \
	--bitmap=none --data-offset=1M "$A" "$B"
fails_once "$A"
"$TOOLS/pi-io" --vecs=4 write /dev/md0 65536 65536 5 0x77 &&
	has_failed "$A" && ! has_failed "$B"
ok $? "raid10: written, with an error on one of two disks"
leg_has "$B" 2048 65536 65536 5 0x77 && leg_has "$A" 2176 65536 65536 5 0x77
ok $? "raid10: all tags are right on the disks"
md_down
finish
