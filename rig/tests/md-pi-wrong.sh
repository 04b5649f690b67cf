#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: PI that is wrong is the error of its write, and not of the legs
# base: fail
# before: inject
# mail: md/raid1, md/raid10: do not blame legs for PI that is wrong
# mail: md/raid1, md/raid10: do not blame legs for PI that a read does not find
# cpus: 2
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

LEN=65536

# bad_blocks: which are recorded, of all legs
bad_blocks() { cat /sys/block/md0/md/dev-*/bad_blocks; }

# refused KIND OFFSET: a write with one wrong tag, or one wrong block of data,
# is refused for that
refused()
{
	local rc=0

	"$TOOLS/pi-io" --corrupt="$1:3" write /dev/md0 "$2" $LEN 7 0x77 \
		>"/tmp/said.$2" || rc=$?
	cat "/tmp/said.$2" >&2
	[ $rc = 3 ] && grep -q EILSEQ "/tmp/said.$2"
}

# on_legs OFFSET LEG...: what is written there afterwards is on the legs, which
# are DEVICE:SECTOR
on_legs()
{
	local off=$1 leg
	shift

	"$TOOLS/pi-io" write /dev/md0 "$off" $LEN 8 0x78 || return
	for leg in "$@"; do
		leg_has "${leg%:*}" $((${leg#*:} + off / 512)) "$off" $LEN 8 \
			0x78 || return
	done
}

# unharmed WHAT LEG...
unharmed()
{
	local what=$1 kind pids=() i rc=0
	shift

	for kind in guard ref data; do
		refused $kind 0 || rc=1
	done
	ok $rc "$what: the submitter is told so, whatever is wrong"

	# Good and bad ones in flight, too far apart to be merged
	rc=0
	for i in {1..8}; do
		if [ $((i % 2)) = 0 ]; then
			refused guard $((i << 20)) &
		else
			"$TOOLS/pi-io" write /dev/md0 $((i << 20)) $LEN 9 &
		fi
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || rc=1
	done
	ok $rc "$what: eight at a time, every other refused"

	rc=0
	for i in {1..40}; do
		refused guard 0 2>/dev/null || rc=1
	done
	ok $rc "$what: forty times"
	legs_fine && [ -z "$(bad_blocks)" ]
	ok $? "$what: nothing is held against the legs"
	on_legs 0 "$@"
	ok $? "$what: and the next write is on all of them"
}

modload raid1
modload raid10
md_disks 3 32
read -r A B C <<<"${DISK[*]}"
plan 50

md_up --level=1 --raid-devices=2 --size=16384 --bitmap=none \
	--data-offset=1M "$A" "$B"
unharmed "raid1" "$A:2048" "$B:2048"
md_down
md_up --level=1 --raid-devices=3 --size=16384 --bitmap=internal \
	--data-offset=variable "$A:1M" "$B:2M" "$C:1M"
unharmed "raid1, different offsets, bitmap" "$A:2048" "$B:4096" "$C:2048"
md_down
md_up --level=1 --raid-devices=2 --size=16384 --bitmap=none --failfast \
	--data-offset=1M "$A" "$B"
unharmed "raid1, failfast" "$A:2048" "$B:2048"
md_down
md_up --level=1 --raid-devices=2 --size=16384 --bitmap=internal \
	--write-behind=256 --data-offset=1M "$A" --write-mostly "$B"
unharmed "raid1, write-behind" "$A:2048"
md_down
md_up --level=1 --raid-devices=2 --size=16384 --bitmap=none \
	--data-offset=1M "$A" missing
unharmed "raid1, one leg missing" "$A:2048"
md_down
md_up --level=10 --layout=n2 --chunk=64 --raid-devices=2 --size=16384 \
	--bitmap=none --data-offset=1M "$A" "$B"
unharmed "raid10, near" "$A:2048" "$B:2048"
md_down
md_up --level=10 --layout=o2 --chunk=64 --raid-devices=2 --size=16384 \
	--bitmap=internal --data-offset=1M "$A" "$B"
unharmed "raid10, offset, bitmap" "$A:2048" "$B:2176"
md_down

# What one leg has taken, and another has not, is not wrong in itself.
for level in 1 10; do
	md_up --level=$level --raid-devices=2 --size=16384 --bitmap=none \
		--data-offset=1M "$A" "$B"
	inject "${B#/dev/}" "add,op=WRITE,status=PROTECTION,once,start=2048"
	"$TOOLS/pi-io" write /dev/md0 0 $LEN 5 0x55 &&
		leg_has "$A" 2048 0 $LEN 5 0x55 &&
		leg_has "$B" 2048 0 $LEN 5 0x55 && [ -z "$(bad_blocks)" ]
	ok $? "raid$level: a leg that refuses it once gets it again"
	grep -q write_error "/sys/block/md0/md/dev-${B#/dev/}/state" &&
		! grep -q write_error "/sys/block/md0/md/dev-${A#/dev/}/state"
	ok $? "raid$level: and has the blame"
	inject "${B#/dev/}" "add,op=WRITE,status=PROTECTION,start=2048"
	"$TOOLS/pi-io" write /dev/md0 0 $LEN 6 0x66 &&
		"$TOOLS/pi-io" read /dev/md0 0 $LEN 6 0x66 &&
		[ -n "$(<"/sys/block/md0/md/dev-${B#/dev/}/bad_blocks")" ] &&
		[ -z "$(<"/sys/block/md0/md/dev-${A#/dev/}/bad_blocks")" ]
	ok $? "raid$level: bad blocks are recorded if it refuses it again"
	inject_none "${B#/dev/}"
	md_down
done

# expects OFFSET: a read of a block for something that is not there
expects()
{
	local rc=0

	"$TOOLS/pi-io" read /dev/md0 "$1" 4096 5 0x55 >"/tmp/said.$1" || rc=$?
	[ $rc = 3 ] && grep -q EILSEQ "/tmp/said.$1"
}

# not_found SECTOR DISK...: they refuse each read there that comes from above,
# and each read that looks if there is something wrong is all right
not_found()
{
	local at=$1 d
	shift

	for d; do
		inject "${d#/dev/}" \
			"add,op=READ,status=PROTECTION,start=$at,nr_sectors=8,every=2"
		# the first of two
		dd if="$d" of=/dev/null bs=4k count=1 skip=$((at / 8)) \
			iflag=direct status=none
	done
}

# reads WHAT: what the legs have is not what is expected of it
reads()
{
	local what=$1 i pids=() rc=0

	"$TOOLS/pi-io" write /dev/md0 0 $LEN 5 0x55 || bail "$what: no write"
	for i in 0 1 2 3; do
		not_found $((2048 + i * 8)) "$A" "$B"
	done
	expects 0
	ok $? "$what: a read that no leg has the right PI for"
	for i in 1 2 3; do
		(for _ in {1..40}; do expects $((i * 4096)) || exit 1; done) &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || rc=1
	done
	ok $rc "$what: forty times each, three at a time"
	inject_none "${A#/dev/}" "${B#/dev/}"
	not_found 2048 "$A"
	for i in {1..40}; do
		"$TOOLS/pi-io" read /dev/md0 0 4096 5 0x55 || rc=1
	done
	inject_none "${A#/dev/}"
	ok $rc "$what: forty that one leg does not have it for"
	legs_fine && [ -z "$(bad_blocks)" ] &&
		"$TOOLS/pi-io" read /dev/md0 0 $LEN 5 0x55
	ok $? "$what: nothing is held against the legs"
}

md_up --level=1 --raid-devices=2 --size=16384 --bitmap=none \
	--data-offset=1M "$A" "$B"
reads "raid1"
md_down
md_up --level=10 --layout=n2 --chunk=64 --raid-devices=2 --size=16384 \
	--bitmap=none --data-offset=1M "$A" "$B"
reads "raid10"
md_down
[ "$(dmesg | grep -c 'Disk failure')" = 0 ]
ok $? "no disk has failed"
finish
