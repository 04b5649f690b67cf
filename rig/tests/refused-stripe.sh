#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm-stripe does not hold against a device what is wrong with an I/O
# what: an I/O that a device of dm-stripe refuses
# then: counted against the device
# now: not counted
# class: false-error
# base: fail
# mail: dm stripe: do not count what is wrong with an I/O against a device
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

dev=/dev/mapper/st

io() { "$TOOLS/odd-io" --jobs=4 "$@"; }

letters() { dmsetup status st | grep -qE " $1( |\$)" ||
	{ echo "# $(dmsetup status st), not $1"; return 1; }; }

plan 10
modload null_blk nr_devices=0
modload dm-mod
for d in nullb0 nullb1; do
	null_disk $d size=64 blocksize=4096 memory_backed=1 virt_boundary=1
done
dmsetup create st --table \
	'0 262144 striped 2 8 /dev/nullb0 0 /dev/nullb1 0' || bail dm-stripe
letters AA
ok $? "both devices are alive"
said EINVAL=200 io --rounds=50 --vecs=8 write $dev 0 4096 && letters AA
ok $? "a block in pieces is refused, and held against no device"
said EINVAL=200 io --rounds=50 --vecs=8 read $dev 0 4096 && letters AA
ok $? "the same for reads"
for s in INVAL:EINVAL AGAIN:EAGAIN NOTSUPP:EOPNOTSUPP; do
	for op in READ WRITE; do
		inject nullb1 "add,op=$op,status=${s%:*}"
		io --rounds=50 ${op,,} $dev 0 4096 | grep -q "${s#*:}=100" &&
			letters AA
		ok $? "$op, ${s%:*}: the same"
		inject_none nullb1
	done
done
inject nullb1 'add,op=WRITE,status=MEDIUM'
io write $dev 0 4096 >/dev/null
inject_none nullb1
letters AD
ok $? "what is wrong with a device still is"
finish
