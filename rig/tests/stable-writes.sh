#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: dm and bcache over disks with checksums: pages are stable while written
# what: a process writes to a mapped page of a file on dm-mirror or bcache, over DIF/DIX disks
# then: the write fails on all legs
# now: waits for the page
# class: false-error
# mail: block: stack the need for stable pages of integrity checksums
# mail: bcache: pages must be stable over disks that need it
# base: fail
# before: base
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"

# changed DISK...: a page of a file is written to these scsi disks, and they take
# it after another process has written to it by mmap, or has tried to. Ten times.
changed()
{
	local d hosts=()

	for d; do
		d=$(realpath "/sys/block/$d/device") && d=${d##*/host} || return
		hosts+=("/sys/class/scsi_host/host${d%%/*}/state")
	done
	python3 -c '
import mmap, os, sys, time

def state(pid):
    with open("/proc/%d/stat" % pid) as f:
        return f.read().rsplit(")", 1)[1].split()[0]

def hosts(what):
    for h in sys.argv[1:]:
        with open(h, "w") as f:
            f.write(what + "\n")

def writeback():
    with open("/proc/vmstat") as f:
        return any(l.startswith("nr_writeback ") and l.split()[1] != "0"
                   for l in f)

def wait_for(what):
    while not what():
        time.sleep(0.02)

def child(what):
    pid = os.fork()
    if not pid:
        try:
            what()
        except OSError:
            os._exit(1)
        os._exit(0)
    return pid

def touch(byte):
    for p in range(0, size, 4096):
        m[p] = byte

size = 64 << 10
fd = os.open("/mnt/f", os.O_RDWR | os.O_CREAT)
os.pwrite(fd, b"x" * size, 0)
os.fsync(fd)
m = mmap.mmap(fd, size)
bad = 0
for n in range(10):
    touch(2 * n)
    hosts("recovery")
    sync = child(lambda: os.fsync(fd))
    # All of it has been submitted.
    wait_for(lambda: writeback() and state(sync) == "D")
    writer = child(lambda: touch(2 * n + 1))
    wait_for(lambda: state(writer) in "DZ")
    hosts("running")
    bad += os.waitpid(sync, 0)[1] != 0
    os.waitpid(writer, 0)
    print("# %d: %d failed" % (n + 1, bad), flush=True)
sys.exit(bad > 0)' "${hosts[@]}"
}

# on NAME DEVICE DISK...: which its data goes to
on()
{
	local name=$1 dev=$2
	shift 2

	mkfs.ext4 -q -F -N 64 -E nodiscard "$dev" && mount "$dev" /mnt ||
		bail "no file system"
	dmesg -C
	changed "$@" && ! dmesg | grep "protection error"
	ok $? "$name: no write fails"
	umount /mnt
}

plan 8
modload dm-mirror
scsi_disks 6 dif=1 dix=1 add_host=6 per_host_store=1 dev_size_mb=64 delay=0
size=$(blockdev --getsz "/dev/${SD[0]}")
on disk "/dev/${SD[0]}" "${SD[0]}"
dmsetup create linear --table "0 $size linear /dev/${SD[1]} 0"
on dm-linear /dev/mapper/linear "${SD[1]}"
dmsetup create mirror --table \
	"0 $size mirror core 2 1024 nosync 2 /dev/${SD[2]} 0 /dev/${SD[3]} 0"
on dm-mirror /dev/mapper/mirror "${SD[2]}" "${SD[3]}"
modload brd rd_nr=1 rd_size=131072
bcache_up "/dev/${SD[4]}"
on bcache "$BC" "${SD[4]}"
bcache_down
bcache_up /dev/ram0 "/dev/${SD[5]}"
on "a cache of bcache" "$BC" "${SD[5]}"

# stable N: whether the bcache device asks for stable pages
stable() { grep -qx "$1" /sys/block/bcache0/queue/stable_writes; }
no_cache() { grep -qx "no cache" $BC_SYS/bcache/state; }

set=$(basename "$(realpath $BC_SYS/bcache/cache)")
stable 1
ok $? "bcache asks for stable pages as its cache does"
echo 1 >$BC_SYS/bcache/detach
wait_for no_cache && stable 0
ok $? "and no more when that is detached"
echo "$set" >$BC_SYS/bcache/attach && ! no_cache && stable 1
ok $? "and again when it is attached"
finish
