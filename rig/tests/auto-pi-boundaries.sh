#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: automatic PI is verified right after a short transfer at any boundary
# base: fail
# before: inject
# timeout: 300
# hang-after: 40
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
	spent || rc=2
	inject_none "$DISK"
	return $rc
}
spent() { grep -q 'once=spent' "$ERRINJ/$DISK/error_injection"; }
rewrite()
{
	local seed=$RANDOM

	"$TOOLS/pi-io" fill "$DEV" 0 $L $seed || return 1
	# The rule is spent: this reads, and verifies, in one piece.
	"$TOOLS/pi-io" cmp "$DEV" 0 $L $seed
}

plan 5
"$TOOLS/pi-io" fill "$DEV" 0 $L 1
OP=READ
sweep 512 $L "read of 64 KiB, short" cut "$TOOLS/pi-io" cmp "$DEV" 0 $L 1
sweep 512 $L "read of 64 KiB never written, short" cut \
	dd if="$DEV" of=/dev/null bs=$L count=1 skip=100 iflag=direct status=none
OP=WRITE
sweep 512 $L "write of 64 KiB, short, then read," cut rewrite

# A bad block must still be found, on either side of the cut.
OP=READ
echo 0 >"/sys/block/$DISK/integrity/write_generate"
dd if=/dev/urandom of="$DEV" bs=512 seek=100 count=1 oflag=direct status=none
echo 1 >"/sys/block/$DISK/integrity/write_generate"
! "$TOOLS/pi-io" cmp "$DEV" 0 $L 1 2>/dev/null
ok $? "a block written without its tags is a protection error"
bad=0
for k in 512 25600 51200 51712 65024; do
	inject "$DISK" "add,op=READ,status=OK,partial=$k,rest=requeue,once"
	! "$TOOLS/pi-io" cmp "$DEV" 0 $L 1 2>/dev/null || bad=1
	inject_none "$DISK"
done
ok $bad "it still is after a short transfer before, at and behind it"
finish
