#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: md mirrors keep their data while legs fail, come back, or lag behind
# what: raid1 and raid10 whose legs fail, under fio
# then: right
# now: right
# class: position
# mail: md/raid1: put the clones before the bio they were made of ends
# mail: md/raid10: put the clone for a faulty leg before the write is done
# mail: md/raid1, md/raid10: write narrow blocks with their PI
# base: pass
# before: base
# cmdline: slub_debug=FZP
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

md=/dev/md0
sys=/sys/block/md0/md
# Data starts there on each leg; errors hit a part of it.
data=2048
bad="start=$((data + 1024)),nr_sectors=32"

verify()
{
	fio --name=v --filename=$md --rw="$1" --bs=16k --size=2m --direct=1 \
		--ioengine=libaio --iodepth=16 --randseed="$2" \
		--verify=crc32c --do_verify=1 --verify_fatal=1 --eta=never \
		--output="/tmp/fio.$1" || { tail -n5 "/tmp/fio.$1"; return 1; }
}

sum() { dd if="/dev/$1" bs=64k skip=16 count=32 iflag=direct status=none | md5sum; }
same() { sync $md && [ "$(sum "$A")" = "$(sum "$B")" ]; }
bad_blocks() { [ -n "$(cat "$sys/dev-$1/bad_blocks")" ]; }
good() { ! bad_blocks "$1"; }
faulty() { grep -q faulty "$sys/dev-$1/state"; }
settled() { grep -qx idle $sys/sync_action && grep -qx 0 $sys/degraded; }
behind_done() { mdadm -X "/dev/$A" | grep -q ' 0 dirty'; }
quiet() { mdadm --quiet "$@" >/dev/null 2>&1; }
# A leg that lags has what was written once the bitmap is clean.
lag() { [ "$what" != behind ] || wait_for behind_done; }

# create LEVEL OPTION...: the options are those of the second leg
create()
{
	local level=$1
	shift
	mdadm --create $md --run --level="$level" --raid-devices=2 \
		--metadata=1.2 --assume-clean --data-offset=1M \
		"${bitmap[@]}" "/dev/$A" "$@" "/dev/$B" >/dev/null 2>&1 ||
		bail "no raid$level"
}

assemble() { quiet --stop $md && quiet --assemble $md "/dev/$A" "/dev/$B"; }

run()
{
	verify randwrite 1 && lag && same
	ok $? "$name: both legs have what was written"

	inject "$B" "add,op=WRITE,status=IOERR,$bad"
	verify randwrite 2 && lag && bad_blocks "$B" && ! faulty "$B"
	ok $? "$name: a leg fails some writes, and is not read there"

	inject_none "$B"
	assemble && verify randwrite 3 && lag && wait_for good "$B" && same
	ok $? "$name: it takes them again, and both legs are the same"

	inject "$A" "add,op=READ,status=IOERR,$bad"
	verify read 3
	ok $? "$name: a leg fails reads"
	inject_none "$A"
	quiet --stop $md
}

degraded()
{
	inject "$B" "add,op=WRITE,status=IOERR,$bad"
	verify randwrite 4 && faulty "$B"
	ok $? "$name: a leg that fails fast is out at the first error"
	inject_none "$B"
	quiet $md --remove "/dev/$B" && verify randwrite 5 &&
		quiet $md --add "/dev/$B" && wait_for settled && same
	ok $? "$name: and the same again after it was rebuilt"
	quiet --stop $md
}

plan 16
scsi_disks 2 add_host=2 per_host_store=1 dev_size_mb=16 ndelay=100000
modload raid1
modload raid10
read -r A B <<<"${SD[*]}"

for level in 1 10; do
	what='' name=raid$level bitmap=(--bitmap=none)
	create $level
	run
	create $level --failfast
	degraded
done

what=behind name='raid1, write-behind'
bitmap=(--bitmap=internal --write-behind=256 --delay=1)
create 1 --write-mostly
run
finish
