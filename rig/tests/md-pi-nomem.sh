#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md clones a bio with PI even if an allocation fails
# what: no memory for a clone of a write with PI, on md
# then: panic
# now: written, or `ENOMEM`
# class: crash
# mail: block: do not fail to clone a bio for its integrity payload
# base: panic
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

f=/sys/kernel/debug/failslab

# each_fails fill|cmp: that, with the first allocation failing, then with the
# second, and so on until there are not as many
each_fails()
{
	local n rc

	for n in {1..100}; do
		rc=0
		"$TOOLS/pi-io" --fail-nth=$n "$1" /mnt/f 0 65536 1 >/tmp/said ||
			rc=$?
		case $rc in
		0) ;;
		3) grep -q ENOMEM /tmp/said || return;;
		4) break;;
		*) return 1;;
		esac
	done
	echo "# $1: $((n - 1)) allocations"
	[ "$n" -gt 5 ] && [ $rc = 4 ]
}

plan 6
modload raid1
modload raid10
md_disks 2 64
echo N >$f/ignore-gfp-wait && echo 0 >$f/verbose || bail "no failslab"
for level in 1 10; do
	md_up --level=$level --raid-devices=2 --size=49152 --bitmap=none \
		--data-offset=1M "${DISK[@]}"
	xfs_up || bail XFS
	"$TOOLS/pi-io" fill /mnt/f 0 65536 1 || bail "no file"
	each_fails fill
	ok $? "raid$level: written, or not for want of memory"
	each_fails cmp
	ok $? "raid$level: read, or not for want of memory"
	"$TOOLS/pi-io" fill /mnt/f 0 65536 2 &&
		"$TOOLS/pi-io" cmp /mnt/f 0 65536 2 && umount /mnt && legs_fine
	ok $? "raid$level: and nothing is wrong after that"
	md_down
done
finish
