#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-integrity checks again what it has read, not what is in the journal
# what: dm-integrity reads again what it found wrong, next to the journal
# then: `EILSEQ`
# now: read
# class: false-error
# smoke: yes
# mail: dm-integrity: don't recheck beyond the part of a bio that was read
# base: fail
. "$(dirname "$0")/lib.sh"

dm=/dev/mapper/integrity
half=32768
modload legdisk nr=2
modload dm-flakey
modload dm-integrity

# Reads of more than 16 KiB have a wrong byte there.  dm-integrity reads no
# more than a page when it checks again.
flakey()
{
	echo "0 $(blockdev --getsz /dev/leg0) flakey /dev/leg0 0 $1" \
		"5 corrupt_bio_byte 16385 r 0 0"
}
table()
{
	echo "0 $1 integrity /dev/mapper/flakey 0 - J 4 internal_hash:crc32c" \
	     "meta_device:/dev/leg1 journal_watermark:100 commit_time:1000000"
}

# Zeroes on leg1 are formatted.  No tag fits what is on leg0.
pi fill /dev/leg0 0 1m 9
dmsetup create flakey --table "$(flakey "1 0")" &&
	dmsetup create integrity --table "$(table 1)" || bail "no dm-integrity"
read -r _ _ _ _ size _ < <(dmsetup status integrity)
dmsetup remove integrity
dmsetup create integrity --table "$(table "$size")" || bail "no dm-integrity"

# One half is where it belongs, the other in the journal.
plan 3
pi fill $dm 0 $half 1 && dmsetup suspend integrity &&
	dmsetup resume integrity && pi fill $dm $half $half 1 &&
	pi cmp $dm 0 $((2 * half)) 1
ok $? "read of a half on the disk and a half in the journal"

dmsetup suspend --nolockfs --noflush flakey &&
	dmsetup load flakey --table "$(flakey "0 1")" && dmsetup resume flakey
pi cmp $dm 0 $((2 * half)) 1
ok $? "the same, the disk's half wrong at first"
read -r _ _ _ bad _ < <(dmsetup status integrity)
[ "$bad" = 0 ]
ok $? "$bad mismatches"
finish
