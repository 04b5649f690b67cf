#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: bcache lets go of its clones when a read misses, or is read again
# what: a cgroup reads what bcache does not have
# then: never dies
# now: dies
# class: leak
# mail: bcache: fix blkg leak of requests whose clone is not submitted
# mail: bcache: fix leak of the split bio of a read that fails
# base: fail
# cmdline: slab_nomerge
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/bcache.inc"

# A bio holds its cgroup, by the blkg: removed cgroups stay, dying, if a clone
# does not let go of it.
plan 6
modload null_blk gb=1 memory_backed=1
bcache_up /dev/nullb0
echo 100000 >$BC_SYS/bcache/cache/io_error_limit
echo none >$BC_SYS/bcache/cache_mode
pi fill $BC 0 16m 1 || bail "$BC is not filled"
echo writethrough >$BC_SYS/bcache/cache_mode
echo +io >/sys/fs/cgroup/cgroup.subtree_control

dying() { awk '/^nr_dying_desc/ { print $2 }' /sys/fs/cgroup/cgroup.stat; }
dying_is() { [ "$(dying)" = "$1" ]; }
reads() { awk '{ print $1 }' /sys/block/nullb0/stat; }

# cached BLOCK HOLE AT SIZE: read this much, and none of it from the backing
# device. Data is put into the cache after the read.
cached()
{
	local sent

	sent=$(reads)
	fio --name=x --filename=$BC --direct=1 --bs="$1" --rw=read:"$2" \
		--offset="$3" --size=16m --io_size="$4" >/dev/null &&
		[ "$(reads)" = "$sent" ]
}

# in_cgroups READS KIB AT_KIB WHAT: eight reads, from a cgroup for each, and how
# many of the backing device that takes
in_cgroups()
{
	local i sent before rc=0

	before=$(dying) sent=$(reads)
	for i in {1..8}; do
		mkdir /sys/fs/cgroup/reader
		(
			echo "$BASHPID" >/sys/fs/cgroup/reader/cgroup.procs
			pi cmp $BC $((i * 64 + $3))k "$2"k 1
		) || rc=$?
		rmdir /sys/fs/cgroup/reader
	done
	sent=$(($(reads) - sent))
	wait_for 1 dying_is "$before"
	echo "# $sent reads, cgroups dying: $before before, $(dying) after"
	[ $rc = 0 ] && [ $sent = "$1" ] && dying_is "$before"
	ok $? "$4"
}

in_cgroups 8 16 0 "reads that are not in the cache"
wait_for cached 16k 48k 64k 128k || bail "this is not cached"
in_cgroups 0 16 0 "reads that are in the cache"
inject ram0 add,op=READ,status=IOERR
in_cgroups 8 16 0 "reads that the cache fails"
in_cgroups 16 32 0 "reads whose first half the cache fails"
in_cgroups 16 32 -16 "reads whose second half the cache fails"
inject_none ram0

bios() { awk '/^bio-/ { n += $2 } END { print n }' /proc/slabinfo; }

wait_for cached 4k 4k 4100k 1m || bail "not every second 4k is cached"
inject ram0 add,op=READ,status=IOERR
before=$(bios)
sent=$(reads)
dd if=$BC of=/dev/null iflag=direct bs=8k skip=512 count=256 status=none
rc=$?
sent=$(($(reads) - sent))
after=$(bios)
echo "# $sent reads, bios: $before before, $after after"
[ $rc = 0 ] && [ $sent = 512 ] && [ $((after - before)) -lt 128 ]
ok $? "there is no bio for each of 256 such reads"
finish
