#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md: nothing behind the bitmap's page, checks with NOWAIT and a cache that changes its size, skip_copy without two legs
# base: pass
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md

io() { "$TOOLS/odd-io" --jobs=4 "$@"; }

create()
{
	mdadm --create $md --run --metadata=1.2 "$@" >/dev/null 2>&1 ||
		bail "mdadm --create $*"
}

gone() { mdadm --quiet --stop $md >/dev/null 2>&1 || bail "no stop"; }
idle() { [ "$(<$sys/sync_action)" = idle ]; }
whole() { ! grep -q faulty $sys/dev-*/state; }

# amazon-linux-2023 797: the bitmap's page, rounded up to the optimal I/O size,
# was written with the pages of memory that come behind it.
bitmap_page()
{
	modload scsi_debug add_host=2 per_host_store=1 dev_size_mb=64 delay=0 \
		opt_blks=512 opt_xferlen_exp=0
	wait_for all_there 2 || bail "no disks"
	mapfile -t SD < <(sd_disks)
	echo "# io_opt $(<"/sys/block/${SD[0]}/queue/optimal_io_size")"
	for d in "${SD[@]}"; do
		tr '\0' Z </dev/zero | dd of="/dev/$d" bs=64k count=16 \
			iflag=fullblock status=none
	done
	create --level=1 --raid-devices=2 --bitmap=internal --data-offset=1M \
		--assume-clean "/dev/${SD[0]}" "/dev/${SD[1]}"
	for _ in 1 2 3; do
		said ok=4 io --fill=a write $md 0 65536 || return
		sleep 0.1
	done
	gone
	# Superblock at 4 KiB, bitmap at 8 KiB; half a block for 64 MiB.
	python3 -c '
import sys
bad = 0
for name in sys.argv[1:]:
    b = open(name, "rb").read(1 << 20)
    at = next((i for i in range(16384, 1 << 20) if b[i] != ord("Z")), None)
    if at is not None:
        end = max(i for i in range(16384, 1 << 20) if b[i] != ord("Z"))
        print("#", name, "was written at", at, "to", end, b[at:at + 16])
        # mdadm itself puts the header of an empty bad block log there.
        bad = bad or any(b[i] not in b"Z\0\xff" for i in range(16384, 1 << 20))
sys.exit(bad)' "/dev/${SD[0]}" "/dev/${SD[1]}"
}

# linux-kernel, April 2026: raid6 without two legs and with skip_copy computes
# into the page of a write.
skip_copy()
{
	create --level=6 --raid-devices=6 --force /dev/nullb[0-3] missing missing
	echo 1 >$sys/skip_copy
	fio --name=j --filename=$md --rw=randrw --bs=4k --numjobs=4 --iodepth=16 \
		--size=4M --runtime=8 --time_based --direct=1 --thread \
		--ioengine=io_uring >/tmp/fio 2>&1 || { tail -n5 /tmp/fio; return 1; }
	fio --name=v --filename=$md --rw=randrw --bs=4k --iodepth=16 --size=4M \
		--verify=crc32c --direct=1 --thread --ioengine=io_uring \
		>/tmp/fio 2>&1 || { tail -n5 /tmp/fio; return 1; }
	gone
}

# mdadm 282: the stripe cache of a raid6 is resized while it is checked and
# written to.
cache_size()
{
	local n pid

	create --level=6 --raid-devices=4 --assume-clean /dev/nullb[0-3]
	fio --name=j --filename=$md --rw=randwrite --bs=4k --numjobs=2 \
		--iodepth=16 --runtime=8 --time_based --direct=1 --thread \
		--ioengine=io_uring >/tmp/fio 2>&1 &
	pid=$!
	for ((n = 0; n < 40; n++)); do
		echo check >$sys/sync_action
		echo $((17 + n % 4 * 300)) >$sys/stripe_cache_size
		sleep 0.1
		echo idle >$sys/sync_action
	done
	await $pid || return
	echo check >$sys/sync_action
	wait_for idle && [ "$(<$sys/mismatch_cnt)" = 0 ]
	ok $? "raid6: what was written while it was checked is in both parities"
	gone
}

# git: raid10, 2025, and fio 1374: NOWAIT while an array is checked is refused,
# and counted as if it had been let in; the check waits for ever.
nowait()
{
	local level=$1 pid got op bad=0
	shift

	create --level="$level" --assume-clean --bitmap=none "$@"
	said ok=4 io --fill=a write $md 0 65536 || return
	(
		for _ in 1 2 3 4 5 6 7 8; do
			echo check >$sys/sync_action
			wait_for idle
		done
	) &
	pid=$!
	while kill -0 $pid 2>/dev/null; do
		for op in read write; do
			got=$(io --nowait --rounds=100 --fill=a $op $md 0 65536)
			[[ $got =~ ^(ok=[0-9]+)?\ ?(E(AGAIN|OPNOTSUPP)=[0-9]+)?$ ]] ||
				{ echo "# $op: $got"; bad=1; }
		done
		tick "checked, and read: $got"
	done
	await $pid && [ $bad = 0 ] && said ok=4 io --fill=a read $md 0 65536 && whole &&
		fio --name=n --filename=$md --rw=randread --bs=4k --size=16m \
			--direct=1 --ioengine=io_uring --iodepth=32 --thread \
			>/tmp/fio 2>&1
	rc=$?
	gone
	return $rc
}

plan 7
modload null_blk nr_devices=0
modload raid1
modload raid10
modload raid456
for d in nullb0 nullb1 nullb2 nullb3; do
	null_disk $d size=32 memory_backed=1 submit_queues=2
done
modload brd rd_nr=4 rd_size=32768
bitmap_page
ok $? "raid1: nothing is written behind the bitmap"
skip_copy
ok $? "raid6 without two legs, with skip_copy"
cache_size
ok $? "raid6: the stripe cache is resized while it is checked"
nowait 1 --raid-devices=2 /dev/ram0 /dev/ram1
ok $? "raid1: NOWAIT while it is checked"
nowait 10 --raid-devices=4 /dev/ram[0-3]
ok $? "raid10: NOWAIT while it is checked"
nowait 5 --raid-devices=4 /dev/ram[0-3]
ok $? "raid5: NOWAIT while it is checked"
finish
