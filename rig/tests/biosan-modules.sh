#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: BIOSAN names who is wrong in each of the cases of a driver that is, and is silent where it is not
# class: tool
# mail: block: tell BIOSAN what happens to bios
# base: none
# cpus: 2
# expects: BUG: BIOSAN: [a-z-]+ in (v[0-9]+_[a-z]+|(remapped|submits)_map)\+0x[0-9a-f]+/0x[0-9a-f]+ \[biosan_cases\]|WARNING: .*include/linux/bio\.h:
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/biosan.inc"

CASES=/sys/module/biosan_cases/parameters/run
SILENCE=/sys/kernel/debug/biosan/silence
CGROUP=/sys/fs/cgroup/biosan

# found: what has been reported since the log was cleared, "KIND FUNCTION" each
found()
{
	dmesg | sed -n 's/.*BUG: BIOSAN: \([a-z-]*\) in \([^+ ]*\)+.*/\1 \2/p'
}

# wrong CASE KIND FUNCTION: exactly that is found
wrong()
{
	local got

	dmesg -C
	echo "$1" >$CASES || bail "case $1"
	got=$(found)
	[ "$got" = "$2 $3" ] || echo "# got: ${got:-nothing}"
	[ "$got" = "$2 $3" ]
	ok $? "$1: $2 in $3"
}

# right CASE WHAT: nothing is found
right()
{
	local got

	dmesg -C
	echo "$1" >$CASES || bail "case $1"
	got=$(found)
	[ -z "$got" ] || echo "# got: $got"
	[ -z "$got" ]
	ok $? "$1: $2"
}

# limit WHAT: how fast /dev/upper may be written, for who is in the cgroup
limit() { echo "$(<"/sys/block/upper/dev") wbps=$1" >"$CGROUP/io.max"; }

# held: whether a bio waits for the limit, which another one says
held()
{
	[ "$(grep -c 'in flight, by .*\[biosan_cases\]' \
		/sys/kernel/debug/biosan/live)" = 2 ]
}

# throttled CASE: run it with a limit, which goes when a bio waits for that
throttled()
{
	limit 1 || bail "no limit"
	(echo "$BASHPID" >"$CGROUP/cgroup.procs" && echo "$1" >$CASES) &
	wait_for 30 held || bail "$1: nothing is held back"
	limit max
	wait $!
}

plan 46
mode full || bail "a kernel without BIOSAN"
modload biosan_cases
wait_for 10 test -b /dev/upper || bail "/dev/upper is not there"

wrong v01 source-gone v01_driver
wrong v02 source-gone v02_submit
wrong v03 freed-in-flight v03_driver
wrong v04 ended-twice v04_driver
wrong v05 foreign-table v05_driver
wrong v06 foreign-table v06_driver
wrong v07 foreign-flags v07_driver
wrong v08 table-changed v08_driver
wrong v09 freed-in-flight v09_fs
wrong v10 broken-chain v10_driver
wrong v11 lost-error v11_driver
wrong v12 bad-position v12_driver
wrong v13 ended-twice v13_driver
wrong v14 used-after-end v14_driver
wrong v15 leak v15_alloc
wrong v16 used-after-end v16_driver
wrong v17 bad-position v17_driver
wrong v18 bad-position v18_retry
wrong v19 table-changed v19_fs
wrong v21 bad-position v21_submit

right l01 "a bio without a table goes before its clone"
right l02 "a child is hooked before it is submitted"
right l03 "a bio for flushes that end at once"
right l04 "bios are taken out of a request by hand"
right l05 "memory of user space changes"
right l06 "the owner submits what comes next in its table"
right l07 "a driver's own flag"
right l08 "idle bios are moved"
right l09 "a bio and its metadata for another place"
right l10 "an error is recovered by who has stored it"
right l11 "a table that outlives its bio"
right l12 "an owner looks at its bio in flight"
right l13 "an owner clones what has ended"

mkdir -p $CGROUP && echo +io >/sys/fs/cgroup/cgroup.subtree_control ||
	bail "no cgroups for I/O"
dmesg -C
throttled v20
[ "$(found)" = "table-changed v20_fs" ]
ok $? "v20: table-changed in v20_fs, which is throttled"
dmesg -C
throttled l14
[ -z "$(found)" ]
ok $? "l14: throttled"

# Not more than once, but once more after the mode is written
dmesg -C
echo v13 >$CASES
[ -z "$(found)" ]
ok $? "a second time nothing is printed"
mode full
wrong v13 ended-twice v13_driver
dmesg | grep -Eq '^.*bio .*: op 1, 4096 bytes at sector 0 of upper, '
ok $? "the report says where it was to go"
dmesg | grep -Eq 'ended by task [0-9]+ \([^)]+\) on cpu '
ok $? "and whose task it was"

# Silenced: a kind, and a disk
mode full
echo ended-twice >$SILENCE
right v13 "a kind can be silenced"
wrong v05 foreign-table v05_driver
mode full
echo upper >$BIOSAN/silence
[ "$(<$SILENCE)" = upper ]
ok $? "it can be read what is silent"
right v13 "a disk can be silenced"
echo "" >$SILENCE

# Targets of device-mapper, which are named and not dm
modload null_blk nr_devices=0
null_disk null0 size=64
wait_for 10 test -b /dev/null0 || bail "null0 is not there"
for t in remapped submits; do
	dmsetup create $t --table "0 8192 biosan-$t /dev/null0" || bail "dm $t"
	dmesg -C
	dd if=/dev/zero of=/dev/mapper/$t bs=4k count=1 oflag=direct \
		2>/dev/null || bail "dd $t"
	found | sort -u | sed 's/^/# found: /'
	[ "$(found | sort -u)" = "table-changed ${t}_map" ]
	ok $? "table-changed in ${t}_map"
	dmsetup remove $t
done

rmmod biosan_cases
ok $? "unloaded"
finish
