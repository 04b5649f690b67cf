#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: NVMe multipath: writes to a zone go to another path, and back
# what: a write to a zone fails over to another NVMe path
# then: warnings, stuck zone, hang when the path goes
# now: goes to the other path, and back
# class: crash
# mail: nvme-multipath: write to zones over one path
# mail: block: steal zone writes with all that is plugged behind them
# mail: block: let zones be written over more than one path
# base: fail
# cpus: 2
# hang-after: 20
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nvme.inc"

head=/dev/nvme0n1
data=/tmp/data
at=0

# next KIB: that much more, as one write
next()
{
	dd if=$data of=$head bs="$1k" count=1 oflag=direct,seek_bytes \
		iflag=skip_bytes skip=$at seek=$at conv=notrunc status=none ||
		return 1
	at=$((at + $1 * 1024))
}

# right: what was written is there, read in one piece
right()
{
	dd if=$head bs=$at count=1 iflag=direct status=none | cmp -n $at $data -
}

ana() { echo "$2" >"$NVMET/ports/$1/ana_groups/1/ana_state"; }
ana_is() { grep -qx "$2" "/sys/block/nvme0c$1n1/ana_state"; }

# refuse N: the target refuses what comes over path N, unknown to the host:
# the command that it reads the state with fails, once.
refuse()
{
	local f=/sys/kernel/debug/nvme$1/fault_inject

	echo 0 >$f/verbose
	echo 0x4006 >$f/status
	echo 1 >$f/times
	echo 100 >$f/probability
	ana "$1" inaccessible
	wait_for grep -qx 0 $f/times && ana_is "$1" optimized || bail ANA
	echo 0 >$f/probability
}

restore()
{
	ana "$1" optimized
	wait_for 8 ana_is "$1" optimized || bail "path $1 does not come back"
}

# refused N COMMAND...: path N refuses, and COMMAND finds it so
refused()
{
	local n=$1
	shift
	refuse "$n"
	"$@" && wait_for 8 ana_is "$n" inaccessible
}

writes() { awk '{ print $5 }' "/sys/block/nvme0c$1n1/stat"; }

# in_use: path is the one that writes go over, here another 4 KiB
in_use()
{
	local before

	before=$(writes 1)
	next 4 || return
	path=1
	[ "$(writes 1)" != "$before" ] || path=0
}

# plugs: the most references that a zone write plug of a path has
plugs()
{
	sed -n 's/.* ref: \([0-9]*\),.*/\1/p' \
		/sys/kernel/debug/block/nvme0c?n1/zone_wplugs |
		sort -n | tail -n1
}

# many ZONE JOBS: write JOBS zones from that on, with more than one in flight
many()
{
	fio --name=j --filename=$head --direct=1 --rw=write --bs=4k --size=1m \
		--offset="$(($1 * 4))m" --numjobs="$2" --offset_increment=4m \
		--ioengine=libaio --iodepth=8 --thread --verify=crc32c \
		>/dev/null 2>&1
}

reset_zone() { blkzone reset -o $(($1 * 8192)) -c 1 $head; }
report() { blkzone report -o $(($1 * 8192)) -c 1 $head; }
wptr() { report "$1" | sed -n 's/.*wptr 0x\([0-9a-f]*\).*/\1/p'; }

# place ZONE: where in bytes the device says that it is written on
place()
{
	local w

	w=$(wptr "$1")
	[ -n "$w" ] && echo $((($1 * 8192 + 0x$w) * 512))
}

# write_at PLACE KIB
write_at()
{
	dd if=$data of=$head bs="$2k" count=1 oflag=direct,seek_bytes \
		seek="$1" conv=notrunc status=none
}

# write_on ZONE KIB: that much more
write_on()
{
	local from

	from=$(place "$1") && write_at "$from" "$2"
}

# write_fails ZONE: the device fails a write there, over the path $failed
write_fails()
{
	local i f from

	from=$(place "$1") || return
	for i in 0 1; do
		f=/sys/kernel/debug/nvme0c${i}n1/fault_inject
		echo 0 >$f/verbose
		echo 0x280 >$f/status
		echo 1 >$f/dont_retry
		echo 1 >$f/times
		echo 100 >$f/probability
	done
	! write_at "$from" 4 2>/dev/null || return
	failed=
	for i in 0 1; do
		f=/sys/kernel/debug/nvme0c${i}n1/fault_inject
		echo 0 >$f/probability
		if grep -qx 0 $f/times; then
			failed+=$i
		fi
	done
	[ "$failed" = 0 ] || [ "$failed" = 1 ]
}

modload null_blk nr_devices=0
null_disk null0 size=64 memory_backed=1 zoned=1 zone_size=4
modload nvme-tcp
modload nvmet-tcp
target /dev/null0
for i in 0 1; do
	port $i tcp
	attach $i tcp keep_alive_tmo=600
	wait_for test -e /sys/block/nvme0c${i}n1 || bail "no path $i"
	echo 4 >/sys/block/nvme0c${i}n1/queue/max_sectors_kb
done
wait_for test -b $head || bail "no $head"
dd if=/dev/urandom of=$data bs=1M count=4 status=none

plan 14
in_use && refused $path next 4 && right
ok $? "a write"
other=$((1 - path))
restore $path && refused $other next 4 && right
ok $? "and back"
restore $other
in_use && refused $path next 64 && right
ok $? "a write that the path splits, which has all but the first plugged"
restore $path && refused 0 right
ok $? "a read that the path splits"
restore 0
echo round-robin >/sys/class/nvme-subsystem/nvme-subsys0/iopolicy
n=0
while [ $n -lt 8 ] && next 4; do
	n=$((n + 1))
done
[ $n = 8 ] && next 64 && right
ok $? "with the policy round-robin"

many 1 1
ok $? "with more than one in flight"
many 2 2
ok $? "to two zones, from two processors"
reset_zone 1 && many 1 1
ok $? "once more after a reset"

write_fails 4 && report 4 >/dev/null && write_on 4 4 && write_on 4 64
ok $? "a zone is written on after an error and a report"
write_fails 4 && ana "$failed" inaccessible &&
	wait_for 8 ana_is "$failed" inaccessible && reset_zone 4 && write_on 4 4 &&
	restore "$failed" && ana $((1 - failed)) inaccessible &&
	wait_for 8 ana_is $((1 - failed)) inaccessible && write_on 4 4 &&
	write_on 4 64
ok $? "after an error, a reset over the other path, and back"
restore $((1 - failed))

# Those in flight may fail, but they end, and the zone can be written on.
bad=0
for _ in 1 2 3 4; do
	in_use && reset_zone 5 || bad=1
	refuse $path
	many 5 1 || true
	wait_for 8 ana_is $path inaccessible && restore $path &&
		report 5 >/dev/null && write_on 5 4 || bad=1
done
ok $bad "a path goes with more than one in flight"

echo 1 >/sys/class/nvme/nvme1/delete_controller
refuse 0
next 64 &
wait_for 8 ana_is 0 inaccessible && sleep 0.2 && kill -0 $! && restore 0 &&
	wait $! && at=$((at + 65536)) && next 4 && right
ok $? "a write that waits for the only path"
[ "$(plugs)" = 1 ]
ok $? "no write is left in a plug"
echo 1 >/sys/class/nvme/nvme0/delete_controller
! test -e /sys/block/nvme0c0n1
ok $? "the paths can be removed"
finish
