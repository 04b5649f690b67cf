#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: the zones of a disk with tens of thousands of them can be reported
# what: a zoned namespace of 20480 zones behind NVMe/TCP is connected; or an SMR disk behind an adapter of more than 256 segments, memory fragmented
# then: panic
# now: zones reported
# class: crash
# mail: nvme: zns: don't allocate zone report buffers that can't be mapped
# mail: block: fix BUG when a kernel buffer of more than 256 pages is mapped
# base: panic
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nvme.inc"

# zones DISK N
zones() { [ "$(cat "/sys/block/$1/queue/nr_zones" 2>/dev/null)" = "$2" ]; }

# Both ends of a report of N zones, of 1 MiB each, to user space
reported()
{
	wait_for zones "$1" "$2" &&
		blkzone report -c 1 "/dev/$1" | grep -q 'start: 0x000000000,' &&
		blkzone report -o $((($2 - 1) * 2048)) "/dev/$1" |
			grep -q "start: $(printf 0x%09x $((($2 - 1) * 2048))),"
}

plan 3
modload null_blk nr_devices=0
modload nvme-tcp
modload nvmet-tcp
i=0
for n in 20480 81920; do
	null_disk z$n size=$n zoned=1 zone_size=1
	# shellcheck disable=SC2034 # for nvme.inc
	NQN=rig$i
	target /dev/z$n
	port $i tcp
	attach $i tcp
	reported nvme${i}n1 $n
	ok $? "NVMe/TCP, $n zones"
	i=$((i + 1))
done

# Memory is fragmented: there is no MiB in one piece for the report.
f=/sys/kernel/debug/fail_page_alloc
echo 9 >$f/min-order
echo N >$f/ignore-gfp-wait
echo 1 >$f/times
echo 100 >$f/probability
scsi_disks 1 zbc=managed zone_size_mb=1 virtual_gb=20 dev_size_mb=8 delay=0
reported "${SD[0]}" 20480 && [ "$(<$f/times)" = 0 ]
ok $? "SCSI, 20480 zones, report not contiguous"
finish
