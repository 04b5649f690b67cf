#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: bcache does not count what is refused as an error of the device
# what: an I/O that a device below bcache refuses
# then: counted as an error of the device
# now: not counted
# class: false-error
# base: fail
# mail: bcache: do not count what a device refuses as an error of it
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"

at=$((8 << 20))

uncounted()
{
	said 0 cat $BC_SYS/bcache/io_errors &&
		said 0 cat $BC_SYS/bcache/cache/cache0/io_errors
}

good()
{
	uncounted && said ok=4 io --fill=z write $BC $at 4096 &&
		said ok=4 io --fill=z read $BC $at 4096
}

refuse() { inject "$1" "add,op=$2,status=INVAL,start=8192,nr_sectors=32768"; }

plan 8
modload null_blk nr_devices=0
null_disk nullb0 size=128 memory_backed=1
null_disk nullb1 size=128 memory_backed=1
bcache_up /dev/nullb0 /dev/nullb1
for mode in none writearound writethrough; do
	echo $mode >$BC_SYS/bcache/cache_mode
	# It is not in the cache.
	refuse nullb0 WRITE
	said EINVAL=200 io --rounds=50 write $BC $at 4096
	rc=$?
	inject_none nullb0
	[ $rc = 0 ] && good
	ok $? "$mode: the backing device refuses a write"
	echo none >$BC_SYS/bcache/cache_mode
	io --fill=y write $BC $at 4096 >/dev/null
	echo $mode >$BC_SYS/bcache/cache_mode
	refuse nullb0 READ
	said EINVAL=200 io --rounds=50 read $BC $at 4096
	rc=$?
	inject_none nullb0
	[ $rc = 0 ] && good
	ok $? "$mode: and a read"
done
# What the cache refuses can still be had from the backing device.
echo writethrough >$BC_SYS/bcache/cache_mode
io --fill=x write $BC $at 4096 >/dev/null
io --fill=x read $BC $at 4096 >/dev/null
inject nullb1 add,op=READ,status=INVAL
said ok=200 io --rounds=50 --fill=x read $BC $at 4096
rc=$?
inject_none nullb1
[ $rc = 0 ] && good
ok $? "the cache refuses a read"
inject nullb0 add,op=READ,status=MEDIUM,start=8192,nr_sectors=32768
echo none >$BC_SYS/bcache/cache_mode
io --fill=y write $BC $at 4096 >/dev/null
io read $BC $at 4096 >/dev/null
inject_none nullb0
said 4 cat $BC_SYS/bcache/io_errors
ok $? "what is wrong with a device is still counted"
finish
