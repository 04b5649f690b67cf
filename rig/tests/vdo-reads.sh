#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-vdo's reads do not keep the device below for ever
# what: a dm-vdo is read, and removed
# then: its disk's queue stays for ever
# now: gone
# class: leak
# mail: dm vdo: do not leak a blkg with every read
# base: fail
# mem: 2G
# cmdline: slub_debug=F,request_queue
. "$(dirname "$0")/lib.sh"

modload null_blk nr_devices=0
modload dm-vdo

# cycle COUNT: of reads, on a new vdo that is formatted for it
cycle()
{
	local i

	null_disk disk memory_backed=1 size=8192 blocksize=4096
	wait_for test -b /dev/disk &&
		dmsetup create vdo --table "0 2097152 vdo V4 /dev/disk 2097152 \
			4096 4096 16380 deduplication off slabSize 8192" &&
		pi fill /dev/mapper/vdo 0 1m 1 || return
	for ((i = 0; i < $1; i++)); do
		pi cmp /dev/mapper/vdo 0 1m 1 || return
	done
	dmsetup remove vdo && null_gone disk
}

plan 4
before=$(queues)
cycle 0
ok $? "a vdo that nothing is read from"
queues_left "$before"
ok $? "its device's queue is gone"
cycle 4
ok $? "a vdo that 1024 blocks are read from"
queues_left "$before"
ok $? "its device's queue is gone"
echo "# $before queues before, $(queues) after"
finish
