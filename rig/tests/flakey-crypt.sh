#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what dm-flakey writes corrupted, it also writes encrypted
# what: dm-flakey corrupts an inline-encrypted write
# then: plaintext on the medium
# now: encrypted
# class: data-loss
# smoke: yes
# mail: dm-flakey: don't write plaintext when an encrypted write is corrupted
# base: fail
. "$(dirname "$0")/lib.sh"

key=$(printf '%02x' {1..64})
len=65536
tmp=$(mktemp -d)
modload legdisk crypto=1
modload dm-flakey
modload dm-inlinecrypt
size=$(blockdev --getsz /dev/leg0)
# Always down, and then all that happens is a zero for a write's third byte.
dmsetup create flakey --table \
	"0 $size flakey /dev/leg0 0 0 1 5 corrupt_bio_byte 3 w 0 0" &&
	dmsetup create crypt --table "0 $size inlinecrypt aes-xts-plain64 \
		$key 0 /dev/mapper/flakey 0" ||
	bail "no inline encryption over dm-flakey"

plan 4
yes "what nobody may see" | head -c $len >"$tmp/plain"
{ head -c 2 "$tmp/plain"; printf '\0'; tail -c +4 "$tmp/plain"; } >"$tmp/want"
dd if="$tmp/plain" of=/dev/mapper/crypt bs=$len oflag=direct status=none
ok $? "write of 64 KiB"
[ "$(</sys/kernel/debug/legdisk/leg0/crypts)" != 0 ]
ok $? "the disk was told to encrypt"
! dd if=/dev/leg0 bs=$len count=1 iflag=direct status=none |
	grep -aq "what nobody"
ok $? "no plaintext is on it"
dd if=/dev/mapper/crypt bs=$len count=1 iflag=direct status=none |
	cmp - "$tmp/want"
ok $? "what was written is read, but for the third byte"
rm -r "$tmp"
finish
