#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: squashfs reads what is not in the page cache, by clones of a bio
# what: squashfs reads what is not in the page cache, and from a bad disk
# then: right
# now: right
# class: position
# mail: squashfs: let the bio that has the pages wait for its clones
# mail: squashfs: fix leak of the list of pages to cache if a read fails
# base: pass
# mem: 512M
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

plan 3
modload squashfs
modload null_blk nr_devices=0
mkdir /tmp/src /tmp/squashfs
for i in {1..40}; do
	head -c $((i * 7919 % 200000 + 17)) /dev/urandom >/tmp/src/r$i
	{ cat /tmp/src/r$i; seq 1 $((i * 500)); } >/tmp/src/m$i
done
mksquashfs /tmp/src /tmp/img -noappend -b 131072 -quiet -no-progress \
	-comp gzip >/dev/null || bail mksquashfs
sums() { (cd "$1" && printf '%s\n' * | xargs -P4 -n5 sha1sum | sort); }
sums /tmp/src >/tmp/want
null_disk s size=64 memory_backed=1 blocksize=4096
wait_for [ -b /dev/s ] || bail "no null_blk disk"
dd if=/tmp/img of=/dev/s bs=1M conv=notrunc,fsync status=none || bail dd
mount -t squashfs -o ro /dev/s /tmp/squashfs || bail "squashfs is not mounted"

sums /tmp/squashfs | cmp - /tmp/want
ok $? "four readers, nothing cached"
# Some of what the blocks share stays in the cache of the disk.
echo 1 >/proc/sys/vm/drop_caches
head -c 100000 /dev/s >/dev/null
sums /tmp/squashfs | cmp - /tmp/want
ok $? "four readers, part of it cached"

echo 3 >/proc/sys/vm/drop_caches
umount /tmp/squashfs && mount -t squashfs -o ro /dev/s /tmp/squashfs ||
	bail "squashfs is not mounted again"
if [ -e "$ERRINJ/s/error_injection" ]; then
	inject s 'add,op=READ,status=MEDIUM,start=800,nr_sectors=40000'
	bad=0
	for f in /tmp/squashfs/*; do
		cat "$f" >/dev/null 2>&1 || bad=$((bad + 1))
	done
	inject_none s
	echo 1 >/proc/sys/vm/drop_caches
	[ $bad -gt 0 ] && sums /tmp/squashfs | cmp - /tmp/want
	ok $? "$bad reads fail with the disk, and are right after that"
else
	skip "reads fail with the disk" "no error injection in this kernel"
fi
umount /tmp/squashfs
finish
