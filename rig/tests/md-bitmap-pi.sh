#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md's bitmap may change while it is written to legs that have PI
# what: an md array with a bitmap on DIF/DIX disks is stopped, or written by several
# then: healthy legs are kicked out
# now: the array stays whole
# class: false-error
# mail: md: write a copy of metadata to devices that need stable pages
# base: fail
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# settled PID: it is asleep, or has ended
settled()
{
	local stat

	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	[[ ${stat##*) } = [DZ]* ]]
}

md=/dev/md0

clean()
{
	! dmesg | grep -E 'GUARD check failed|super_written gets error' &&
		[ "$(cat /sys/block/md0/md/degraded)" = 0 ]
}

# Both legs, as mdadm finds them when the array is stopped
both() { mdadm --examine "/dev/$1" | grep -q 'Array State : AA '; }
bits() { mdadm -X "/dev/$1" | grep -q " $2 dirty"; }

start()
{
	dmesg -C
	mdadm --create $md --run --level=1 --raid-devices=2 --metadata=1.2 \
		--bitmap=internal --bitmap-chunk=64K --delay=1 \
		--assume-clean --data-offset=1M "/dev/$A" "/dev/$B" \
		>/dev/null 2>&1 || bail "no array"
}

idle() { grep -qx idle /sys/block/md0/md/sync_action; }
recovered() { idle && grep -qx 0 /sys/block/md0/md/degraded; }

# back DISK: that is so, or the disk is thrown out again
back()
{
	recovered ||
		! grep -qE 'in_sync|spare' "/sys/block/md0/md/dev-$1/state" 2>/dev/null
}

# leg DISK: it holds what was written, wherever that may be read from
leg() { "$TOOLS/pi-io" --pattern=1m cmp "/dev/$1" 2m 1m 5; }

plan 8
# Commands that take a while
scsi_disks 2 dif=1 dix=1 add_host=2 per_host_store=1 dev_size_mb=16 \
	ndelay=3000000
modload raid1
read -r A B <<<"${SD[*]}"

start
"$TOOLS/pi-io" fill $md 0 256k 1
mdadm --stop $md 2>/dev/null
! dmesg | grep -E 'GUARD check failed|super_written gets error' &&
	both "$A" && both "$B"
ok $? "array stopped right after a write: both legs are in it"

start
# New arrays have all bits set.
wait_for bits "$A" 0 || bail "the bitmap is not cleaned"
fio --name=w --filename=$md --rw=write:60k --bs=4k --size=3m --direct=1 \
	--io_size=64k --offset_increment=3m --numjobs=4 --eta=never \
	--thinktime=1ms --output=/tmp/fio &&
	clean
ok $? "bits set from four sides at once: both legs are in the array"
mdadm --stop $md 2>/dev/null
both "$A" && both "$B" && bits "$A" 0 && bits "$B" 0
ok $? "and the bitmap on both is clean when it was stopped"

# What is submitted to a leg while it is held has its guard tags already.
start
wait_for bits "$A" 0 || bail "the bitmap is not cleaned"
echo 0 >/sys/block/md0/md/safe_mode_delay
"$TOOLS/pi-io" fill $md 2m 64k 1
bad=0
for i in {0..9}; do
	hold "$A"
	hold "$B"
	"$TOOLS/pi-io" fill $md $((i * 128))k 64k 1 &
	first=$!
	wait_for settled $first && asleep $first || bad=1
	# another bit of the page that is being written
	"$TOOLS/pi-io" fill $md $((i * 128 + 64))k 64k 1 &
	wait_for settled $! && asleep $! || bad=1
	release "$A"
	release "$B"
	wait $first && wait $! || bad=1
	[ $bad = 0 ] || break
done
[ $bad = 0 ] && clean
ok $? "a bit is set while the page is on its way, ten times: both legs take it"
mdadm --stop $md 2>/dev/null
both "$A" && both "$B"
ok $? "and are in the array"

start
wait_for bits "$A" 0 || bail "the bitmap is not cleaned"
mdadm --quiet $md --fail "/dev/$B" --remove "/dev/$B"
"$TOOLS/pi-io" fill $md 1m 1m 5
bits "$A" 16
ok $? "without one leg: a bit on the other for each chunk written"
mdadm --quiet $md --re-add "/dev/$B" && wait_for back "$B" &&
	recovered && clean
ok $? "the leg came back by its bitmap"
mdadm --stop $md 2>/dev/null
leg "$A" && leg "$B" && bits "$A" 0 && bits "$B" 0
ok $? "and has what was written, and a clean bitmap"
finish
