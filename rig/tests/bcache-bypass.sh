#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what bypasses the cache is counted in sectors, and made invalid there
# what: bcache is bypassed by writes or discards
# then: iostat sees 0 sectors
# now: all of them
# class: count
# mail: bcache: don't advance the submitter's bio in bch_data_invalidate()
# base: fail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/bcache.inc"

plan 6
modload null_blk gb=5 memory_backed=1 discard=1
bcache_up /dev/nullb0

# counts FIELD WHAT MIB MODE COMMAND...: the sectors of so many MiB
counts()
{
	local f=$1 what=$2 mib=$3 before after rc=0

	echo "$4" >$BC_SYS/bcache/cache_mode
	shift 4
	read -ra before <$BC_SYS/stat
	"$@" || rc=$?
	read -ra after <$BC_SYS/stat
	echo "# $((after[f] - before[f])) sectors in" \
	     "$((after[f - 2] - before[f - 2])) I/Os"
	[ $rc = 0 ] && [ $((after[f] - before[f])) = $((mib * 2048)) ]
	ok $? "$what"
}

# Put something into the cache at both ends of what is overwritten.
fill()
{
	pi --vecs=5 fill $BC 0 8m "$1" &&
		pi --vecs=5 fill $BC 4080m 8m "$1"
}

look()
{
	pi --vecs=5 cmp $BC 0 8m "$1" &&
		pi --vecs=5 cmp $BC 4080m 8m "$1"
}

zero()
{
	cmp -n 8M $BC /dev/zero && cmp -n 8M $BC /dev/zero -i 4080M:0
}

counts 6 "writes through the cache" 16 writethrough fill 1
look 1
ok $? "they are what is read then"
counts 6 "writes around the cache" 16 writearound fill 2
look 2
ok $? "they are what is read then"
# as much as goes into one bio, and more keys than go into one list
counts 13 "one discard" 4090 writethrough blkdiscard -l 4090M $BC
zero
ok $? "zeroes are what is read then"
finish
