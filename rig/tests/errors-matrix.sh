#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what stacked drivers make of each status of a leg; the submitter's error stays one
# what: what is wrong with an I/O itself, below a stacked driver
# then: held against a leg or path, or taken for success
# now: an error of the I/O, and of nothing else
# class: false-error
# base: fail
# mail: block: say whose fault a status is
# before: inject
# cpus: 2
# timeout: 2400
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"

# One line for each stack, operation, status, and for a leg or all of them:
#   matrix: STACK OP STATUS LEGS -> WHAT data=LETTERS state=STATE after=WHAT
# WHAT is what the I/Os came to, LETTERS what each leg has in the end ("a" was
# there before, "b" has been written, "?" neither), STATE what the driver says
# of its legs, and "after" an I/O when the legs are well again.
declare -A ERRNO=([NOTSUPP]=EOPNOTSUPP [TIMEOUT]=ETIMEDOUT [NOSPC]=ENOSPC
	[TRANSPORT]=ENOLINK [TARGET]=EREMOTEIO [RESV_CONFLICT]=EBADE
	[MEDIUM]=ENODATA [PROTECTION]=EILSEQ [RESOURCE]=ENOMEM
	[DEV_RESOURCE]=EBUSY [IOERR]=EIO [AGAIN]=EAGAIN
	[ZONE_OPEN_RESOURCE]=ETOOMANYREFS [ZONE_ACTIVE_RESOURCE]=EOVERFLOW
	[OFFLINE]=ENODEV [DURATION_LIMIT]=ETIME [INVAL]=EINVAL)
STATUS="INVAL AGAIN ZONE_OPEN_RESOURCE ZONE_ACTIVE_RESOURCE DURATION_LIMIT
NOTSUPP NOSPC TARGET RESV_CONFLICT MEDIUM PROTECTION RESOURCE DEV_RESOURCE
TIMEOUT TRANSPORT OFFLINE IOERR"
# Those for which the submitter is to blame.
SUBMITTER=" INVAL AGAIN ZONE_OPEN_RESOURCE ZONE_ACTIVE_RESOURCE "

at=$((8 << 20))
# The data on the legs, and none of their metadata.
range=start=6144,nr_sectors=32768
md=/dev/md0

io() { timeout 60 "$TOOLS/odd-io" --jobs=4 "$@" 2>/dev/null || true; }

# dm TARGET TABLE
dm()
{
	dmsetup create t --table "0 65536 $1" || bail "$1"
	dev=/dev/mapper/t leg_at=$at
}

md_up() # LEVEL N OPTION...
{
	local level=$1 n=$2
	shift 2

	mdadm --create $md --run --level="$level" --raid-devices="$n" \
		--metadata=1.2 --assume-clean --data-offset=1M --bitmap=none \
		"$@" "${legs[@]/#//dev/}" >/dev/null 2>&1 || bail "md $level"
	dev=$md leg_at=$((at + (1 << 20)))
}

# up STACK: sets dev and legs, and leg_at if the legs have the same
up()
{
	part='' leg_at='' legs=(nullb0 nullb1)
	case $1 in
	dm-linear)
		legs=(nullb0)
		dm "linear /dev/nullb0 0";;
	dm-stripe)
		dm "striped 2 8 /dev/nullb0 0 /dev/nullb1 0"
		leg_at='';;
	dm-mirror)
		dm "mirror core 2 1024 nosync 2 /dev/nullb0 0 /dev/nullb1 0";;
	dm-mpath-bio|dm-mpath-mq)
		# What is left of a request fails after part of it.
		[ "$1" = dm-mpath-bio ] || part=,partial=512
		dm "multipath 2 queue_mode ${1##*-} 0 1 1 round-robin 0 2 1 \
/dev/nullb0 1 /dev/nullb1 1"
		leg_at='';;
	dm-raid1)
		dm "raid raid1 2 0 nosync 2 - /dev/nullb0 - /dev/nullb1";;
	md-linear) md_up linear 2; leg_at='';;
	md-raid0) md_up 0 2 --chunk=4; leg_at='';;
	md-raid1) md_up 1 2;;
	md-raid1-failfast) md_up 1 2 --failfast;;
	md-raid10) md_up 10 2;;
	md-raid5)
		legs=(nullb0 nullb1 nullb2)
		md_up 5 3 --chunk=4
		leg_at='';;
	bcache-*)
		legs=(nullb0)
		bcache_up /dev/nullb0 /dev/nullb3
		# What is read is not in the cache yet.
		echo writearound >$BC_SYS/bcache/cache_mode
		dev=$BC;;
	esac
	io --fill=a write $dev $at 4096 >/dev/null
	case $1 in
	bcache-*) echo "${1#*-}" >$BC_SYS/bcache/cache_mode;;
	esac
}

down()
{
	case $1 in
	dm-*) dmsetup remove --retry t;;
	md-*) mdadm --quiet --stop $md;;
	bcache-*) bcache_down;;
	esac || bail "$1 is busy"
}

# state STACK: in one word
state()
{
	local d s bad=''

	case $1 in
	dm-linear) echo -;;
	dm-mpath-*) dmsetup status t | grep -oE ':[0-9]+ [AF] ' |
		cut -d' ' -f2 | tr -d '\n'; echo;;
	dm-*) dmsetup status t | grep -oE ' [ADSRFU]{2}( |$)' | tr -d ' ';;
	md-linear|md-raid0) cat /sys/block/md0/md/array_state;;
	md-*)
		for d in "${legs[@]}"; do
			s=/sys/block/md0/md/dev-$d
			if grep -q faulty "$s/state"; then
				bad+=D
			elif grep -q . "$s/bad_blocks"; then
				bad+=B
			else
				bad+=A
			fi
		done
		echo $bad;;
	bcache-*)
		if [ -e $BC_SYS/bcache/io_errors ]; then
			echo "errors:$(<$BC_SYS/bcache/io_errors)"
		else
			echo stopped
		fi;;
	esac
}

# letters: what each leg has
letters()
{
	local d c all='' which

	[ -n "$leg_at" ] || { echo -; return; }
	for d in "${legs[@]}"; do
		which='?'
		for c in a b c; do
			[ "$(io --fill=$c read "/dev/$d" $leg_at 4096)" != ok=4 ] ||
				which=$c
		done
		all+=$which
	done
	echo $all
}

# try STACK OP STATUS one|all: prints a line; not as it should be: status 1
try()
{
	local stack=$1 op=$2 status=$3 n=$4 d what data s after bad=0
	local which=("${legs[@]}") back want

	[ $n = all ] || which=("${legs[0]}")
	for d in "${which[@]}"; do
		inject "$d" "add,op=$op,status=$status,$range$part"
	done
	if [ $op = READ ]; then
		what=$(io --rounds=5 --fill=a read $dev $at 4096)
	else
		what=$(io --rounds=5 --fill=b write $dev $at 4096)
	fi
	inject_none "${which[@]}"
	s=$(state $stack)
	data=$(letters)
	# What was said to be written is what is read, each time.
	back=$(io --rounds=5 --fill=b read $dev $at 4096)
	after=$(io --fill=c write $dev $at 4096)
	[ "$after" != ok=4 ] || after=$(io --fill=c read $dev $at 4096)
	echo "matrix: $stack $op $status $n -> ${what// /,} data=$data" \
		"state=$s after=${after// /,}"

	want=${ERRNO[$status]}=20
	case $what in
	*BAD*) bad=1;;
	ok=20) [ $op = READ ] || [ "$back" = ok=20 ] || bad=1;;
	esac
	if [[ $SUBMITTER = *" $status "* ]]; then
		case $what in
		ok=20) [ $n = one ] || [[ $stack = bcache-* ]] || bad=1;;
		"$want") ;;
		ok=*\ ${ERRNO[$status]}=*|${ERRNO[$status]}=*\ ok=*)
			[ $n = one ] || bad=1;;
		*) bad=1;;
		esac
		[ "$s" = "$well" ] || bad=1
		[ "$after" = ok=4 ] || bad=1
		[ $n = one ] || [ $op = READ ] || [ "${data/b/}" = "$data" ] ||
			bad=1
	fi
	[ $bad = 0 ] || echo "# this is wrong"
	[ "$s $after" = "$well ok=4" ] || fresh=
	return $bad
}

# run STACK: two results, of those that are the submitter's and of the others
run()
{
	local stack=$1 op status n bad=0 others=0

	fresh='' well=''
	for status in $STATUS; do
		for op in READ WRITE; do
			for n in one all; do
				if [ -z "$fresh" ]; then
					[ -z "$well" ] || down $stack
					up $stack
					well=$(state $stack)
					fresh=1
				else
					io --fill=a write $dev $at 4096 >/dev/null
				fi
				[ $n = all ] || [ ${#legs[@]} -gt 1 ] || continue
				try $stack $op $status $n && continue
				if [[ $SUBMITTER = *" $status "* ]]; then
					bad=$((bad + 1))
				else
					others=$((others + 1))
				fi
			done
		done
	done
	down $stack
	ok $((bad != 0)) "$stack: the submitter's errors: $bad wrong"
	ok $((others != 0)) "$stack: other errors: $others wrong"
}

plan 28
modload null_blk nr_devices=0
for m in dm-mod dm-mirror dm-raid dm-multipath dm-round-robin raid0 raid1 \
	 raid10 raid456 md-linear; do
	modload $m
done
for d in nullb0 nullb1 nullb2; do
	null_disk $d size=64 memory_backed=1 submit_queues=2
done
null_disk nullb3 size=64 memory_backed=1
for s in ${STACKS:-dm-linear dm-stripe dm-mirror dm-mpath-bio dm-mpath-mq \
	dm-raid1 md-linear md-raid0 md-raid1 md-raid1-failfast md-raid10 \
	md-raid5 bcache-writethrough bcache-writeback}; do
	run $s
done
finish
