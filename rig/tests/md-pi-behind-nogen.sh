#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: write-behind does not claim to have PI that it does not have
# what: raid1 with write-behind, PI from above, disks that do not generate it
# then: panic
# now: written
# class: crash
# smoke: yes
# mail: md/raid1: clear REQ_INTEGRITY in the copy for write-behind
# base: panic
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/md-pi.inc"

modload raid1
md_disks 2 64
read -r A B <<<"${DISK[*]}"
for d in "$A" "$B"; do
	echo 0 >"/sys/block/${d#/dev/}/integrity/write_generate" ||
		bail "write_generate"
done
plan 2
md_up --level=1 --raid-devices=2 --size=40960 --data-offset=1M \
	--bitmap=internal --write-behind=256 "$A" --write-mostly "$B"
"$TOOLS/pi-io" --vecs=3 write /dev/md0 0 65536 5
ok $? "written, with disks that are not to generate any"
"$TOOLS/pi-io" --pattern=0 cmp "$A" 2048s 65536 5 &&
	wait_for "$TOOLS/pi-io" --pattern=0 cmp "$B" 2048s 65536 5
ok $? "the data arrive at both legs"
finish
