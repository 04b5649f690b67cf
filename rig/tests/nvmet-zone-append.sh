#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: an NVMe target offers no larger zone append than a bio can have
# what: a host appends more than 1 MiB to a zone of an NVMe/TCP target
# then: panic of the target
# now: refused, and not offered
# class: crash
# mail: nvmet: zns: refuse zone appends that do not fit into a bio
# base: panic
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/nvme.inc"

# append BYTES of 7 to the first zone, as a command of the user's own: what the
# host does by itself is within what the target offers.
append()
{
	python3 - /dev/nvme0n1 "$1" <<'EOP'
import ctypes, fcntl, mmap, os, struct, sys

size = int(sys.argv[2])
data = mmap.mmap(-1, size)
data.write(b"\7" * size)
addr = ctypes.addressof(ctypes.c_char.from_buffer(data))
# struct nvme_passthru_cmd64: opcode and nsid, then address, length and cdw12
cmd = bytearray(struct.pack("=BBHIIIQQIIIIIIIIIIQ", 0x7d, 0, 0, 1, 0, 0, 0,
        addr, 0, size, 0, 0, size // 512 - 1, 0, 0, 0, 0, 0, 0))
status = fcntl.ioctl(os.open(sys.argv[1], os.O_RDWR), 0xc0504e48, cmd)
sys.exit(f"NVMe status {status:#x}" if status else 0)
EOP
}

plan 4
modload null_blk nr_devices=0
modload nvme-tcp
modload nvmet-tcp
null_disk z size=64 zoned=1 zone_size=8 memory_backed=1 max_sectors=8192
target /dev/z
port 0 tcp
attach 0 tcp
wait_for [ -b /dev/nvme0n1 ] || bail "no NVMe disk"

max=$(cat /sys/block/nvme0n1/queue/zone_append_max_bytes)
[ "$max" = $((256 * $(getconf PAGE_SIZE))) ]
ok $? "$max bytes can be appended, of $(cat /sys/block/z/queue/zone_append_max_bytes)"
append $((1 << 20))
ok $? "1 MiB is appended"
append $(((1 << 20) + 4096)) 2>/tmp/said
rc=$?
[ $rc = 1 ] && grep -q 'NVMe status 0x6002' /tmp/said
ok $? "with a page more it is refused: $(tail -n1 /tmp/said)"
head -c $((1 << 20)) /dev/zero | tr '\0' '\7' | cmp -n $((1 << 20)) - /dev/z
ok $? "and what was appended is there"
finish
