#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: automatic PI is verified right after a short transfer at any boundary
# what: a DIF/DIX disk completes a transfer short, at each 512 bytes
# then: good data fails with `EILSEQ`
# now: verified right at every boundary
# class: position
# mail: block: verify automatic protection information from where it starts
# base: fail
# before: inject
# cpus: 2
. "$(dirname "$0")/lib.sh"

modload scsi_debug dif=1 dix=1 dev_size_mb=64 delay=0
DISK=$(sd_disks)
DEV=/dev/$DISK
L=65536

# cut COMMAND... BYTES: the next transfer completes so many bytes, then the rest
cut()
{
	local rc=0

	inject "$DISK" "add,op=$OP,status=OK,partial=${!#},rest=requeue,once"
	"${@:1:$#-1}" || rc=$?
	spent "$DISK" || rc=2
	inject_none "$DISK"
	return $rc
}
rewrite()
{
	local seed=$RANDOM

	pi fill "$DEV" 0 $L $seed || return 1
	# The rule is spent: this reads, and verifies, in one piece.
	pi cmp "$DEV" 0 $L $seed
}

# sustained RW: a queue of 16, on two processors, of which every fifth transfer
# is cut, and what is read is what was written
sustained()
{
	fio --name=j --filename="$DEV" --direct=1 --ioengine=libaio \
		--iodepth=16 --numjobs=2 --bs=64k --rw="$1" --size=8m \
		--offset=8m --offset_increment=8m --thread --group_reporting \
		--verify=crc32c --verify_fatal=1 --randseed=1 "${@:2}" \
		>/tmp/fio 2>&1
}

plan 7
pi fill "$DEV" 0 $L 1
OP=READ
sweep 512 $L "read of 64 KiB, short" cut pi cmp "$DEV" 0 $L 1
what="read of 64 KiB never written, short"
# A kernel that is wrong here hangs there, see auto-pi-unwritten.
if [ "$KTAP_BAD" = 0 ]; then
	sweep 512 $L "$what" cut pi get "$DEV" $((100 * L)) $L
else
	ok 1 "$what, is not even tried"
fi
OP=WRITE
sweep 512 $L "write of 64 KiB, short, then read," cut rewrite

# A bad block must still be found, on either side of the cut.
OP=READ
echo 0 >"/sys/block/$DISK/integrity/write_generate"
dd if=/dev/urandom of="$DEV" bs=512 seek=100 count=1 oflag=direct status=none
echo 1 >"/sys/block/$DISK/integrity/write_generate"
! pi cmp "$DEV" 0 $L 1 2>/dev/null
ok $? "a block written without its tags is a protection error"
bad=0
for k in 512 25600 51200 51712 65024; do
	inject "$DISK" "add,op=READ,status=OK,partial=$k,rest=requeue,once"
	! pi cmp "$DEV" 0 $L 1 2>/dev/null || bad=1
	inject_none "$DISK"
done
ok $bad "it still is after a short transfer before, at and behind it"

# More than one at a time, and cut at different places
for op in WRITE READ; do
	for b in 512 20480 33280; do
		inject "$DISK" "add,op=$op,status=OK,partial=$b,rest=requeue,every=5"
	done
	if [ $op = WRITE ]; then
		sustained write --do_verify=0
	else
		sustained read
	fi
	ok $? "a queue of 32, every fifth ${op,,} short"
	inject_none "$DISK"
done
finish
