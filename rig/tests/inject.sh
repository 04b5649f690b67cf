#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: error injection completes part of an I/O, exactly as often as told
# class: tool
# mail: block: error-injection: count the I/Os that match a rule
# mail: block: error-injection: fail the rest of a request
# mail: block: error-injection: requeue the rest of a request
# mail: block: error-injection: fail the rest of a bio
# base: fail
# before: base
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

len=65536
at=1m
tmp=$(mktemp -d)

rules() { cat "$ERRINJ/$1/error_injection"; }
refused() { ! echo "$2" >"$ERRINJ/$1/error_injection" 2>/dev/null; }
io() { pi "$@" >"$tmp/pi"; }

# refuse DISK RULE...: all of them
refuse()
{
	local d=$1 bad=0 r
	shift
	for r; do
		refused "$d" "$r" || { echo "# $d took $r"; bad=1; }
	done
	[ -z "$(rules "$d")" ] || bad=1
	inject_none "$d"
	return $bad
}

# reads DEV N: GOT has N letters, what each of N direct reads came to
reads()
{
	local i

	GOT=
	for ((i = 0; i < $2; i++)); do
		if io get "$1" 0 4k; then
			GOT+=.
		else
			GOT+=E
		fi
	done
}

# sequence DISK RULE WANT: what reads come to under a rule
sequence()
{
	inject_none "$1"
	inject "$1" "$2"
	reads "/dev/$1" "${#3}"
	inject_none "$1"
	[ "$GOT" = "$3" ] || { echo "# $1 $2: $GOT, not $3"; return 1; }
}

# errors ARGUMENTS: how many I/Os of a run of fio failed
errors()
{
	fio --name=j --direct=1 --thread --continue_on_error=io \
		--group_reporting --output-format=json --output="$tmp/fio" \
		"$@" >/dev/null 2>&1
	sed -n 's/.*"total_err" : \([0-9]*\).*/\1/p' "$tmp/fio" | head -n1
}

# is WHAT GOT WANT
is()
{
	[ "$2" = "$3" ] || { echo "# $1: $2, not $3"; return 1; }
}

# short DISK DEV OP: short transfers at each boundary that nobody notices
short()
{
	local b bad=0 n=0 seed=7 fails='status=OK,rest=requeue,once'

	for ((b = step; b < len; b += step)); do
		n=$((n + 1))
		tick "$1: $3 at $b of $len"
		inject_none "$1"
		inject "$1" "add,op=$3,$where,partial=$b,$fails"
		if [ "$3" = WRITE ]; then
			seed=$((100 + n))
			io "${flags[@]}" "$fill" "$2" $at $len $seed
			spent "$1" || bad=$((bad + 1))
			inject_none "$1"
		fi
		io "${flags[@]}" "$cmp" "$2" $at $len $seed || bad=$((bad + 1))
		[ "$3" = WRITE ] || spent "$1" || bad=$((bad + 1))
	done
	inject_none "$1"
	ok $((bad != 0)) "$1: $n short ${3}s, $bad wrong"
}

# failing DISK DEV OP REST: the rest fails at each boundary, once
failing()
{
	local b bad=0 n=0 verb=$cmp

	[ "$3" = READ ] || verb=$fill
	for ((b = step; b < len; b += step)); do
		n=$((n + 1))
		tick "$1: $3 at $b of $len"
		inject_none "$1"
		inject "$1" "add,op=$3,$where,partial=$b,status=MEDIUM,rest=$4,once"
		io "${flags[@]}" "$verb" "$2" $at $len $((300 + n))
		is status $? 3 && spent "$1" || bad=$((bad + 1))
		if [ "$3" = WRITE ]; then
			# what was said to be written is
			io "$cmp" "$2" $at $b $((300 + n)) ||
				bad=$((bad + 1))
		else
			io "${flags[@]}" "$cmp" "$2" $at $len 7 ||
				bad=$((bad + 1))
		fi
	done
	inject_none "$1"
	ok $((bad != 0)) "$1: $n ${3}s fail after part, rest=$4, $bad wrong"
}

# fresh DEV: the pattern that is read
fresh() { io "${flags[@]}" "$fill" "$1" $at $len 7; }

# all DISK DEV: 7 tests
all()
{
	fresh "$2"
	ok $? "$1: written"
	short "$1" "$2" READ
	failing "$1" "$2" READ requeue
	failing "$1" "$2" READ fail
	short "$1" "$2" WRITE
	failing "$1" "$2" WRITE requeue
	failing "$1" "$2" WRITE fail
}

# twice DISK DEV: the driver below is given the rest as a command of its own
twice()
{
	local n

	inject "$1" 'add,op=READ,status=OK,partial=512,rest=requeue,once'
	n=$(cmnds)
	io "${flags[@]}" "$cmp" "$2" $at 4096 7 || true
	n=$(($(cmnds) - n))
	is commands $n 2 && spent "$1"
	ok $? "$1: a short READ is two commands"
	inject_none "$1"
}

# cmnds: how many commands all disks of scsi_debug had, in the file of each
cmnds()
{
	sed -n 's/.*cmnd_count=\([0-9]*\).*/\1/p' /proc/scsi/scsi_debug/* |
		head -n1
}

dm_disk() { echo "dm-$(dmsetup info -c --noheadings -o minor "$1")"; }

plan 75
modload null_blk nr_devices=0 poll_queues=1
modload brd rd_nr=1 rd_size=65536
null_disk null0 size=64 memory_backed=1 irqmode=0
null_disk null1 size=64 memory_backed=1 irqmode=1
null_disk null2 size=64 memory_backed=1 irqmode=2
null_disk null3 size=64 memory_backed=1 irqmode=1 poll_queues=1
for d in null0 ram0; do
	inject $d 'add,op=READ,status=IOERR'
	inject_none $d
done

#
# The options
#
all=0:18446744073709551615
inject null0 'add,op=READ,status=IOERR'
inject null0 'add,op=READ,status=IOERR,chance=7'
is list "$(rules null0)" "$all op=READ,status=IOERR,chance=7
$all op=READ,status=IOERR,chance=1"
ok $? "a rule without the new options is listed as before"
inject_none null0

inject null0 'add,op=WRITE,status=MEDIUM,partial=8s,every=3,once,start=8,nr_sectors=8'
is list "$(rules null0)" \
	"8:15 op=WRITE,status=MEDIUM,chance=1,partial=4096,rest=fail,every=3,once"
ok $? "new options are listed"
inject_none null0

inject null0 'add,op=READ,status=OK,chance=1,partial=4096,rest=requeue,every=3,once'
line=$(rules null0)
inject_none null0
inject null0 "add,${line#* }"
is list "$(rules null0)" "$line"
ok $? "what is listed can be written back"
inject_none null0

refuse null0 'add,op=READ,status=IOERR,partial=0' \
	'add,op=READ,status=IOERR,partial=0s' \
	'add,op=READ,status=IOERR,partial=513' \
	'add,op=READ,status=IOERR,partial=-512' \
	'add,op=READ,status=IOERR,partial=4294967296' \
	'add,op=READ,status=IOERR,partial=8388608s' \
	'add,op=READ,status=IOERR,partial=8x' \
	'add,op=READ,status=IOERR,partial='
ok $? "partial= is a number of logical blocks"

refuse null0 'add,op=READ,status=IOERR,rest=fail' \
	'add,op=READ,status=IOERR,rest=requeue' \
	'add,op=READ,status=OK,rest=requeue' \
	'add,op=READ,status=IOERR,partial=512,rest=maybe' \
	'removeall,rest=fail' 'removeall,once'
ok $? "rest= goes with partial="

refuse null0 'add,op=READ,status=OK' 'add,op=READ,status=OK,partial=512' \
	'add,op=READ,status=OK,partial=512,rest=fail' \
	'add,op=READ,partial=512,rest=requeue' \
	'add,op=READ,status=NONE,partial=512,rest=requeue' \
	'add,op=READ,status=NONE'
ok $? "status=OK is for a rest that is requeued"

refuse null0 'add,op=DISCARD,status=IOERR,partial=512' \
	'add,op=WRITE_ZEROES,status=IOERR,partial=512' \
	'add,op=FLUSH,status=IOERR,partial=512' \
	'add,op=ZONE_APPEND,status=IOERR,partial=512' \
	'add,status=IOERR,partial=512'
ok $? "partial= is for READ and WRITE"

refuse null0 'add,op=READ,status=IOERR,every=0' \
	'add,op=READ,status=IOERR,every=x' \
	'add,op=READ,status=IOERR,once=1'
ok $? "every= is a number, and once none"

refuse ram0 'add,op=READ,status=OK,partial=512,rest=requeue' \
	'add,op=READ,status=IOERR,partial=512,rest=requeue'
ok $? "a bio-based disk refuses rest=requeue"

#
# How often
#
for d in null0 ram0; do
	sequence $d 'add,op=READ,status=IOERR' EEEE &&
		sequence $d 'add,op=READ,status=IOERR,every=3' ..E..E..E. &&
		sequence $d 'add,op=READ,status=IOERR,once' E.... &&
		sequence $d 'add,op=READ,status=IOERR,every=3,once' ..E......
	ok $? "$d: every= and once, the whole I/O"
	sequence $d 'add,op=READ,status=IOERR,partial=512' EEEE &&
		sequence $d 'add,op=READ,status=IOERR,partial=1s,every=3' \
			..E..E..E. &&
		sequence $d 'add,op=READ,status=IOERR,partial=512,once' E.... &&
		sequence $d 'add,op=READ,status=IOERR,partial=512,every=3,once' \
			..E......
	ok $? "$d: every= and once, part of the I/O"
	sequence $d 'add,op=READ,status=IOERR,partial=4096' .... &&
		sequence $d 'add,op=READ,status=IOERR,partial=8192' .... &&
		sequence $d 'add,op=READ,status=IOERR,start=8,partial=512' .... &&
		sequence $d 'add,op=WRITE,status=IOERR,partial=512' ....
	ok $? "$d: what is not longer, elsewhere, or another op is let be"
done

sequence null0 'add,op=READ,status=IOERR,partial=512,rest=requeue,every=2' \
	.E.E.E.E
ok $? "null0: the rest is not counted"

# An older rule only counts what gets past the newer one.
inject null0 'add,op=READ,status=IOERR,every=2'
inject null0 'add,op=READ,status=IOERR,once'
reads /dev/null0 6
is order "$GOT" E.E.E.
ok $? "null0: a spent rule uncovers the one before it"
inject_none null0

for r in '' ,partial=512 ,partial=512,rest=requeue; do
	inject null0 "add,op=READ,status=IOERR,chance=2$r"
	reads /dev/null0 100
	inject_none null0
	[[ $GOT = *E* && $GOT = *.* ]]
	ok $? "null0: chance=2$r hits some and misses some"
done

# Two CPUs at a time: not one more, not one less of 7000 reads
both=(--filename=/dev/null1 --rw=read --bs=4k --iodepth=16 --ioengine=libaio
	--numjobs=2 --size=14000k --offset_increment=16m)
# that are not merged.
echo 2 >/sys/block/null1/queue/nomerges
for r in '' ,partial=512 ,partial=512,rest=requeue; do
	bad=0
	inject null1 "add,op=READ,status=IOERR,every=7$r"
	n=$(errors "${both[@]}")
	inject_none null1
	is "every=7$r" "$n" 1000 || bad=1
	inject null1 "add,op=READ,status=IOERR,once$r"
	n=$(errors "${both[@]}")
	inject_none null1
	is "once$r" "$n" 1 || bad=1
	ok $bad "null1: two jobs, every=7$r and once$r to the I/O"
done

#
# Every boundary, on all ways to complete a request
#
flags=(--vecs=5) fill=fill cmp=cmp where=start=2048 step=512
sched=(none mq-deadline bfq)
for i in 0 1 2; do
	echo "${sched[i]}" >"/sys/block/null$i/queue/scheduler" ||
		bail "no ${sched[i]}"
done
echo none >/sys/block/null3/queue/scheduler
all null0 /dev/null0
step=4096
all null1 /dev/null1
all null2 /dev/null2

# Polled requests complete in a batch
polled=(--filename=/dev/null3 --bs=64k --size=4m --verify=crc32c --iodepth=8)
is fill "$(errors "${polled[@]}" --rw=write --do_verify=0)" 0
ok $? "null3: written"
polled+=(--rw=read --ioengine=io_uring --hipri)
inject null3 'add,op=READ,status=OK,partial=4608,rest=requeue,every=3'
inject null3 'add,op=READ,status=OK,partial=4096,rest=requeue,every=64,once'
is short "$(errors "${polled[@]}")" 0 && spent null3
ok $? "null3: short READs, polled"
inject_none null3
for r in fail requeue; do
	inject null3 "add,op=READ,status=IOERR,partial=4096,rest=$r,every=4"
	is "$r" "$(errors "${polled[@]}")" 16
	ok $? "null3: READs fail after part, rest=$r, polled"
	inject_none null3
done
is after "$(errors "${polled[@]}")" 0
ok $? "null3: right without rules, polled"

# Bios: what is left of them never gets to the driver
bad=0
for ((b = 512; b < len; b += 512)); do
	tick "ram0: WRITE at $b of $len"
	io --vecs=5 fill /dev/ram0 $at $len 7
	inject ram0 "add,op=WRITE,start=2048,partial=$b,status=MEDIUM,once"
	io --vecs=5 fill /dev/ram0 $at $len 8
	[ $? = 3 ] && spent ram0 &&
		io --pattern=$at cmp /dev/ram0 $at $b 8 &&
		io cmp /dev/ram0 $((1048576 + b)) $((len - b)) 7 ||
		bad=$((bad + 1))
	inject_none ram0
done
ok $((bad != 0)) "ram0: WRITEs fail after part, $bad wrong"
fresh /dev/ram0
failing ram0 /dev/ram0 READ fail

#
# SCSI requeues by itself, here with protection information
#
scsi_disks 1 dev_size_mb=16 dif=1 dix=1 statistics=1
disk=${SD[0]}
flags=(--vecs=5) fill=write cmp=read
all "$disk" "/dev/$disk"

twice "$disk" "/dev/$disk"

# A stacked driver, and bios with a payload that user space provides
modload dm-mod
dmsetup create lin --table "0 16384 linear /dev/$disk 0" || bail dm-linear
dm=$(dm_disk lin)
fresh /dev/mapper/lin
failing "$dm" /dev/mapper/lin READ fail
failing "$dm" /dev/mapper/lin WRITE fail
dmsetup remove lin
rmmod scsi_debug
ok $? "scsi_debug can be unloaded"

#
# Request based dm: the clone fails with the status that was injected
#
scsi_disks 2 dev_size_mb=16 add_host=2 statistics=1
read -r p0 p1 <<<"${SD[*]}"
modload dm-multipath
modload dm-round-robin
dmsetup create mp --table "0 16384 multipath 0 0 2 1 round-robin 0 1 1 \
/dev/$p0 1000 round-robin 0 1 1 /dev/$p1 1000" || bail dm-multipath
dm=$(dm_disk mp)
flags=(--vecs=5) fill=fill cmp=cmp
fresh /dev/mapper/mp
bad=0
for r in fail requeue; do
	for op in READ WRITE; do
		inject "$p0" "add,op=$op,start=2048,status=TRANSPORT,partial=8s,rest=$r,once"
		seed=7
		[ $op = READ ] || seed=9
		[ $op = READ ] || io --vecs=5 fill /dev/mapper/mp $at $len $seed
		io --vecs=5 cmp /dev/mapper/mp $at $len $seed
		rc=$?
		[ $rc = 0 ] && spent "$p0" &&
			dmsetup status mp | grep -q ' F ' || bad=$((bad + 1))
		inject_none "$p0"
		fresh /dev/mapper/mp
		dmsetup message mp 0 "reinstate_path /dev/$p0" &&
			dmsetup message mp 0 "switch_group 1" ||
			bad=$((bad + 1))
	done
done
ok $((bad != 0)) "mp: a path dies in the middle of a request, the other one takes over"
all "$dm" /dev/mapper/mp
twice "$dm" /dev/mapper/mp
dmsetup remove mp
rmmod scsi_debug
ok $? "scsi_debug can be unloaded"

#
# Rules come and go during I/O
#
load=(--filename=/dev/null1 --rw=randwrite --bs=64k --size=16m --iodepth=8
	--ioengine=libaio --numjobs=2 --offset_increment=24m
	--verify=crc32c --verify_backlog=32)
n=0 bad=0
while [ $n -lt 200 ] && [ $bad = 0 ]; do
	errors "${load[@]}" >"$tmp/errors" &
	while kill -0 $! 2>/dev/null; do
		inject null1 'add,op=WRITE,status=OK,partial=512,rest=requeue,every=2'
		inject null1 'add,op=READ,status=OK,partial=8s,rest=requeue'
		inject_none null1
		n=$((n + 1))
		tick "$n times"
	done
	is errors "$(<"$tmp/errors")" 0 || bad=1
done
ok $bad "null1: rules come and go during I/O, nobody notices"
errors "${load[@]}" >"$tmp/errors" &
while kill -0 $! 2>/dev/null; do
	inject null1 'add,op=WRITE,status=IOERR,partial=512,rest=requeue,every=9'
	inject null1 'add,op=READ,status=IOERR,partial=512,rest=fail,every=9'
	inject_none null1
	tick "rules come and go"
done
fresh /dev/null1
io cmp /dev/null1 $at $len 7
ok $? "null1: rules that fail I/O come and go, nothing is stuck"

bad=0
for d in null0 null1 null2 null3; do
	rmdir "$NULLB/$d" || bad=1
done
rmmod null_blk && rmmod brd || bad=1
ok $bad "null_blk and brd can be unloaded"
rm -r "$tmp"
finish
