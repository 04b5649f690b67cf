#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-log-writes has room for what it logs
# cmdline: slub_debug=FZP
. "$(dirname "$0")/../tests/lib.sh"

plan 2
modload dm-log-writes
modload null_blk nr_devices=0
for d in nullb0 nullb1; do
	null_disk $d memory_backed=1 size=64
done
dmsetup create log --table "0 65536 log-writes /dev/nullb0 /dev/nullb1" ||
	bail "no log-writes"
fio --name=w --filename=/dev/mapper/log --rw=write --bs=128k --size=4m --direct=1 \
	--verify=crc32c --do_verify=1 --eta=never --output=/tmp/fio
ok $? "written, and read as it was"
dmsetup remove log
ok $? "and removed"
finish
