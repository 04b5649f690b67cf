#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-crypt without memory for a read's integrity payload tries again
# what: no memory for the tags of a dm-crypt read (fault injection)
# then: old kernel memory as data, use after free
# now: read again
# class: crash
# mail: dm-crypt: fix use after free if there is no memory for integrity tags
# base: fail
# cmdline: slub_debug=FZP
. "$(dirname "$0")/lib.sh"

fail=/sys/kernel/debug/failslab
slab=/sys/kernel/slab/kmalloc-64
key=$(printf '%02x' {1..64})
table="integrity /dev/leg0 0 16 D 0"
line="what was written"

modload legdisk
modload dm-integrity
modload dm-crypt
dmsetup create tags --table "0 1 $table" || bail "no dm-integrity"
read -r _ _ _ _ size _ < <(dmsetup status tags)
dmsetup remove tags
dmsetup create tags --table "0 $size $table" &&
	dmsetup create crypt --table "0 $size crypt aes-xts-random $key 0 \
		/dev/mapper/tags 0 1 integrity:16:none" ||
	bail "no dm-crypt over dm-integrity"
yes "$line" | dd of=/dev/mapper/crypt bs=64k count=1 iflag=fullblock \
	oflag=direct status=none

plan 2
# The payload of a bio is the one thing in kmalloc-64 that a read allocates.
echo 1 >$slab/failslab && echo Y >$fail/cache-filter &&
	echo N >$fail/ignore-gfp-wait && echo Y >$fail/task-filter &&
	echo 0 >$fail/verbose && echo 100 >$fail/probability &&
	echo 1 >$fail/times ||
	bail "no failslab"
# What opening it has read for a partition table has to go.
exec 3</dev/mapper/crypt
blockdev --flushbufs /dev/mapper/crypt
echo 1 >/proc/$$/make-it-fail
read -r -u 3 got
status=$?
echo 0 >/proc/$$/make-it-fail
[ "$(<$fail/times)" = 0 ]
ok $? "the allocation has failed"
[ $status = 0 ] && [ "$got" = "$line" ] || {
	echo "# status $status, and: $(printf %.96q "${got:0:64}")"
	false
}
ok $? "what is read is what was written"
finish
