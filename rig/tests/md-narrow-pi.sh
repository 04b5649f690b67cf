#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what md writes again block by block keeps its PI, and frees it
# what: a leg fails a write with PI, and md repeats it block by block
# then: application tags lost, memory leaked
# now: kept
# class: data-loss
# mail: md/raid1, md/raid10: write narrow blocks with their PI
# base: fail
# before: inject
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
data=2048
len=1048576
app=77

objects() { awk '$1 == "kmalloc-64" { print $2 }' /proc/slabinfo; }
errors() { cat /sys/block/md0/md/dev-"$1"/bad_blocks; }

# one OFFSET SEED: a write, which fails on one leg as a whole
one()
{
	inject "$B" "add,op=WRITE,status=IOERR,start=$data,once"
	pi write $md "$1" $len "$2" $app || return
	grep -q once=spent "$ERRINJ/$B/error_injection" || return
	inject_none "$B"
}

# leg DISK OFFSET SEED
leg()
{
	pi --pattern="$2" read "/dev/$1" $((data * 512 + $2)) \
		$len "$3" $app
}

plan 8
scsi_disks 2 dif=1 dix=1 add_host=2 per_host_store=1 dev_size_mb=16 \
	delay=0
modload raid1
modload raid10
read -r A B <<<"${SD[*]}"

for level in 1 10; do
	mdadm --create $md --run --level=$level --raid-devices=2 \
		--metadata=1.2 --bitmap=none --assume-clean --data-offset=1M \
		"/dev/$A" "/dev/$B" >/dev/null 2>&1 || bail "no raid$level"
	one 0 1
	ok $? "raid$level: a write, failed by one leg"
	leg "$A" 0 1
	ok $? "raid$level: data and PI are on the leg that did not fail"
	leg "$B" 0 1 && [ -z "$(errors "$B")" ]
	ok $? "raid$level: data and PI are on the leg that was written again"
	before=$(objects)
	for i in 1 2 3 4; do
		one $((i * len)) "$i" || break
	done
	more=$(($(objects) - before))
	[ "$i" = 4 ] && [ $more -lt 1000 ]
	ok $? "raid$level: no memory lost by 8192 blocks written again"
	echo "# kmalloc-64: $more more"
	mdadm --quiet --stop $md
done
finish
