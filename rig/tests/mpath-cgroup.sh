#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: multipath retries a bio for the cgroup that it came from
# what: multipath retries a bio on the next path
# then: charged to the root cgroup
# now: to the one it came from
# class: count
# mail: dm mpath: retry a bio for the cgroup that it came from
# base: fail
# cpus: 2
. "$(dirname "$0")/lib.sh"

cg=/sys/fs/cgroup
len=65536
modload legdisk mode=bio nr=2
modload dm-multipath
modload dm-round-robin
mountpoint -q $cg || mount -t cgroup2 none $cg || bail "no cgroup2"
echo +io >$cg/cgroup.subtree_control || bail "no io controller"

# up [FEATURE...]: mp, with path leg0 as long as it works, then leg1
up()
{
	dmsetup create mp --table "0 $(blockdev --getsz /dev/leg0) multipath \
		$(($# + 2)) $* queue_mode bio 0 2 1 \
		round-robin 0 1 1 /dev/leg0 1 round-robin 0 1 1 /dev/leg1 1" ||
		bail "no multipath device"
}

# charged CGROUP DISK: bytes written there
charged()
{
	sed -n "s/^$(</sys/block/"$2"/dev) .*wbytes=\([0-9]*\).*/\1/p" \
		$cg/"$1"/io.stat
}

# one_write CGROUP: from a new cgroup
one_write()
{
	mkdir $cg/"$1" &&
		sh -c "echo \$\$ >$cg/$1/cgroup.procs &&
			exec dd if=/dev/zero of=/dev/mapper/mp bs=$len count=1 \
			oflag=direct status=none"
}

same()
{
	[ "$1" = "$2" ] && return
	echo "# ${1:-nothing} instead of $2"
	return 1
}

# many PREFIX: from four cgroups at a time, eight writes each
many()
{
	local i pids=() rc=0

	for i in 1 2 3 4; do
		mkdir "$cg/$1$i" || return
		sh -c "echo \$\$ >$cg/$1$i/cgroup.procs
			exec dd if=/dev/zero of=/dev/mapper/mp bs=$len count=8 \
			seek=$((i * 8)) oflag=direct status=none" &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || rc=1
	done
	return $rc
}

# all_charged PREFIX: for what they have written, and once more for each write
# that had to be repeated, which FAILS counts
all_charged()
{
	local i d n=0 bytes

	for i in 1 2 3 4; do
		for d in leg0 leg1; do
			bytes=$(charged "$1$i" $d)
			n=$((n + ${bytes:-0}))
		done
	done
	same $n $(((32 + FAILS) * len))
}

fails() { echo $(($(<$knobs/leg0/fails) + $(<$knobs/leg1/fails))); }

knobs=/sys/kernel/debug/legdisk
plan 9
up
one_write whole
ok $? "write that does not fail"
same "$(charged whole leg0)" $len
ok $? "its cgroup is charged on its path"

echo 1 >/sys/kernel/debug/legdisk/leg0/fail_count
one_write other
ok $? "write that fails on the first path"
same "$(charged other leg1)" $len
ok $? "its cgroup is charged on the other path"
dmsetup remove mp

# No path is left, until one comes back.
up queue_if_no_path
for d in leg0 leg1; do
	echo 1 >/sys/kernel/debug/legdisk/$d/fail_count
done
one_write queued &
queued=$!
wait_for grep -qx 1 /sys/kernel/debug/legdisk/leg1/fails ||
	bail "leg1 has not failed"
one_write late &
# sleeps CGROUP: the process in it
sleeps()
{
	local pid

	read -r pid 2>/dev/null <"$cg/$1/cgroup.procs" && asleep "$pid"
}
# It has no path to go to.
wait_for sleeps late || bail "a write does not wait"
dmsetup message mp 0 "reinstate_path $(</sys/block/leg1/dev)" &&
	wait $queued && wait $!
ok $? "writes that wait for a path, one of them from the start"
same "$(charged queued leg1)" $((2 * len))
ok $? "the cgroup of one is charged on that path"
same "$(charged late leg1)" $len
ok $? "and the other's"
dmsetup remove mp

# The paths fail over and over, and are taken again.
up queue_if_no_path
before=$(fails)
for d in leg0 leg1; do
	echo 12 >$knobs/$d/fail_count
done
many m &
while kill -0 $! 2>/dev/null; do
	for d in leg0 leg1; do
		dmsetup message mp 0 "reinstate_path $(</sys/block/$d/dev)"
	done
	nap
done
wait $!
ok $? "32 writes of four cgroups, on paths that fail over and over"
FAILS=$(($(fails) - before))
echo "# $FAILS failed"
[ $FAILS -gt 8 ] && all_charged m
ok $? "and each is charged for its own"
finish
