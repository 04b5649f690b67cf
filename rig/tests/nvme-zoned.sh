#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: NVMe multipath: writes to a zone go to another path, and back
# what: a write to a zone fails over to another NVMe path
# then: warnings, stuck zone, hang when the path goes
# now: goes to the other path, and back
# class: crash
# mail: block: steal zone writes with all that is plugged behind them
# mail: block: let zones be written over more than one path
# base: fail
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
	wait_for 5 ana_is "$1" optimized || bail "path $1 does not come back"
}

# refused N COMMAND...: path N refuses, and COMMAND finds it so
refused()
{
	local n=$1
	shift
	refuse "$n"
	"$@" && wait_for 5 ana_is "$n" inaccessible
}

# plugs: the most references that a zone write plug of a path has
plugs()
{
	sed -n 's/.* ref: \([0-9]*\),.*/\1/p' \
		/sys/kernel/debug/block/nvme0c?n1/zone_wplugs |
		sort -n | tail -n1
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

plan 8
next 4 && refused 0 next 4 && right
ok $? "a write"
next 4 && restore 0 && next 4 && right
ok $? "and back"
refused 0 next 64 && right
ok $? "a write that the path splits, which has all but the first plugged"
restore 0 && refused 0 right
ok $? "a read that the path splits"
restore 0
echo round-robin >/sys/class/nvme-subsystem/nvme-subsys0/iopolicy
n=0
while [ $n -lt 8 ] && next 4; do
	n=$((n + 1))
done
[ $n = 8 ] && next 64 && right
ok $? "to both in turn"

echo 1 >/sys/class/nvme/nvme1/delete_controller
refuse 0
next 64 &
wait_for 5 ana_is 0 inaccessible && sleep 0.2 && kill -0 $! && restore 0 &&
	wait $! && at=$((at + 65536)) && next 4 && right
ok $? "a write that waits for the only path"
[ "$(plugs)" = 1 ]
ok $? "no write is left in a plug"
echo 1 >/sys/class/nvme/nvme0/delete_controller
! test -e /sys/block/nvme0c0n1
ok $? "the paths can be removed"
finish
