#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: bcache leaves the error of a chained bio in the bio it stands for
# what: `blkdiscard -z` over a bad spot of a bcache backing device
# then: succeeds
# now: fails
# class: lost-error
# smoke: yes
# mail: bcache: do not clear the error of a chained bio
# base: fail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/bcache.inc"

# Zeroes are written by a chain of bios here. One of the first meets a hole in
# the backing device, and the last is fine.
plan 5
backing_with_hole
bcache_up /dev/mapper/backing
errors=$BC_SYS/bcache/io_errors

for mode in none writearound writethrough; do
	echo $mode >$BC_SYS/bcache/cache_mode
	read -r before <$errors
	rc=0
	blkdiscard -z -o 60M -l 8M $BC 2>/dev/null || rc=$?
	read -r after <$errors
	echo "# errors of the backing device: $before to $after, blkdiscard: $rc"
	[ "$after" -gt "$before" ] && [ $rc != 0 ]
	ok $? "mode $mode: a write error in a chain is reported"
done
blkdiscard -z -o 8M -l 8M $BC
ok $? "there is none where the backing device is fine"

echo 1 >$BC_SYS/bcache/detach
wait_for grep -q 'no cache' $BC_SYS/bcache/state || bail "it stays attached"
rc=0
blkdiscard -z -o 60M -l 8M $BC 2>/dev/null || rc=$?
[ $rc != 0 ]
ok $? "without a cache: a write error in a chain is reported"
finish
