#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what stacked drivers make of each status of a leg: the submitter's error stays one
# what: what is wrong with an I/O itself, below a stacked driver
# then: held against a leg or path, or taken for success
# now: an error of the I/O, and of nothing else
# class: false-error
# base: fail
# before: inject
# mail: block: say whose fault a status is
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"
# shellcheck source=/dev/null
. "$(dirname "$0")/bcache.inc"
# shellcheck source=/dev/null
. "$(dirname "$0")/nvme.inc"

# A line for each stack, operation, status, and for one leg or all of them:
#   matrix: STACK OP LEGS STATUS -> WHAT [data=LETTERS] [legs=STATE] [then=WHAT] [WRONG]
# WHAT is what two processes with two I/Os each were told: "itself" is the errno
# that belongs to the status.  LETTERS is what each leg has in the end: "a" was
# there before, "b" has been written, "?" is neither.  STATE is what the driver
# says of its legs, if that has changed, and "then" what came of an I/O when the
# legs were well again, if that was not good.  What is WRONG follows from the
# rules below, not from a list of results.
if [ "${1:-}" = rules ]; then
	cat <<'RULES'
Whose fault a status is, is what blk_status_fault() says.
1. What is said to be done, is done: what was written is read, each time, and
   is on each leg that is in; what is read is what was written.
2. The submitter's: it arrives as itself, costs no leg and no path, and is no
   success. It is on no leg, if all have refused it. If one leg of several
   that have the same refuses a write, nothing was wrong with the write: it
   may succeed, and the leg be told again, or be taken for failed.
3. The device's, and the path's: what is on another leg as well is done, and
   costs one leg at most. If all legs fail, it is an error. Where there is but
   one leg, it arrives as itself.
4. Paths: as itself for the device's, and costs no path; over another path for
   the path's and the host's.
5. Then, with good legs, an I/O is good. Paths are reinstated first; an array or
   a mirror all of whose legs have failed is out of use.
Exceptions, by rule:
- nvme: a status gets over the wire as an NVMe status; the target has one for
  NOSPC, TARGET, NOTSUPP and MEDIUM. It is an error, whichever.
- bcache, writeback: a write is in the cache; it does not get to the leg.
- md raid1 and raid10 over all legs: EIO will do for what is not the submitter's.
- raid5: has parity on its legs, and bios of its own: a leg that refuses one
  has failed it. If all do, it is EIO.
- DM_REQUEUE is device mapper's own, no device completes an I/O with it.
- zram: writes to its backing device when user space says so, and not for a
  submitter; the rig's kernel is without.
RULES
	exit
fi

declare -A ERRNO=([NOTSUPP]=EOPNOTSUPP [TIMEOUT]=ETIMEDOUT [NOSPC]=ENOSPC
	[TRANSPORT]=ENOLINK [TARGET]=EREMOTEIO [RESV_CONFLICT]=EBADE
	[MEDIUM]=ENODATA [PROTECTION]=EILSEQ [RESOURCE]=ENOMEM
	[DEV_RESOURCE]=EBUSY [IOERR]=EIO [AGAIN]=EAGAIN
	[ZONE_OPEN_RESOURCE]=ETOOMANYREFS [ZONE_ACTIVE_RESOURCE]=EOVERFLOW
	[OFFLINE]=ENODEV [DURATION_LIMIT]=ETIME [INVAL]=EINVAL)
declare -A FAULT=([INVAL]=submitter [AGAIN]=submitter
	[ZONE_OPEN_RESOURCE]=submitter [ZONE_ACTIVE_RESOURCE]=submitter
	[NOTSUPP]=device [NOSPC]=device [TARGET]=device [RESV_CONFLICT]=device
	[MEDIUM]=device [PROTECTION]=device [DURATION_LIMIT]=device
	[TRANSPORT]=path [TIMEOUT]=path [OFFLINE]=path [IOERR]=path
	[RESOURCE]=host [DEV_RESOURCE]=host)
ALL_STATUS="INVAL AGAIN ZONE_OPEN_RESOURCE ZONE_ACTIVE_RESOURCE NOTSUPP NOSPC
TARGET RESV_CONFLICT MEDIUM PROTECTION DURATION_LIMIT TRANSPORT TIMEOUT OFFLINE
IOERR RESOURCE DEV_RESOURCE"
# Two of the submitter's, and one of each other kind
STATUS=${STATUS:-INVAL AGAIN NOTSUPP MEDIUM IOERR RESOURCE}
[ "$STATUS" != all ] || STATUS=$ALL_STATUS

# What it has below it: one leg; parts on several; copies; copies as parity;
# paths; or a transport.
declare -A KIND=([linear]=one [stripe]=parts [mirror]=copies [mpath-bio]=paths
	[mpath-mq]=paths [crypt]=one [integrity]=one [thin]=one [cache]=one
	[snapshot]=one [dmraid-raid0]=parts [dmraid-raid1]=copies
	[dmraid-raid10]=copies [dmraid-raid5]=parity [md-linear]=one
	[md-raid0]=parts [md-raid1]=copies [md-raid1-failfast]=copies
	[md-raid10]=copies [md-raid5]=parity [bcache-writethrough]=one
	[bcache-writeback]=one [loop]=one [nvme]=wire)
ALL_STACKS="linear stripe mirror mpath-bio mpath-mq crypt integrity thin cache
snapshot dmraid-raid0 dmraid-raid1 dmraid-raid10 dmraid-raid5 md-linear
md-raid0 md-raid1 md-raid1-failfast md-raid10 md-raid5 bcache-writethrough
bcache-writeback loop nvme"
# By itself it takes a few of them; "make errors" takes all.
if [ "${1:-}" = stacks ]; then
	# shellcheck disable=SC2086 # they are words
	printf '%s\n' $ALL_STACKS
	exit
fi

md=/dev/md0
size=65536

# odd ARGUMENTS...: odd-io, without a new one for each; sets SAID
odd()
{
	if [ -z "${ODD_TO:-}" ]; then
		coproc ODD_IO { exec "$TOOLS/odd-io" serve 2>/dev/null; }
		exec {ODD_TO}>&"${ODD_IO[1]}" {ODD_FROM}<&"${ODD_IO[0]}"
		disown "$ODD_IO_PID"
	fi
	echo "$*" >&"$ODD_TO" && read -r -u "$ODD_FROM" SAID || bail "odd-io $*"
}

# rw OP FILL: two blocks by two processes
rw() { odd --jobs=2 --rounds=2 --fill="$2" "$1" "$dev" "$at" 4096; }
once() { odd --fill="$2" "$1" "$dev" "$at" 8192; }

dm() { dmsetup create t --table "0 $size $1" || bail "$1"; dev=/dev/mapper/t; }

# wiped DISK...: no old superblock
wiped()
{
	local d

	for d; do
		dd if=/dev/zero of="/dev/$d" bs=64k count=4 oflag=direct \
			status=none || bail "$d"
	done
}

md_up() # LEVEL OPTION...
{
	local level=$1 more=()
	shift

	case $level in
	1|5|10) more=(--assume-clean --bitmap=none);;
	esac
	wiped "${legs[@]}"
	mdadm --create $md --run --level="$level" --metadata=1.2 \
		--raid-devices=${#legs[@]} --data-offset=1M "${more[@]}" "$@" \
		"${legs[@]/#//dev/}" >/tmp/mdadm 2>&1 ||
		bail "md $level: $(tail -n1 /tmp/mdadm)"
	dev=$md
}

# dmraid LEVEL PARAMETERS: each leg with a metadata device
dmraid()
{
	local i line=''

	for ((i = 0; i < ${#legs[@]}; i++)); do
		line+=" /dev/meta$i /dev/${legs[i]}"
	done
	wiped "${legs[@]/nullb/meta}"
	dm "raid $1 $2 ${#legs[@]}$line"
}

# up STACK: sets dev, legs, and places, which are legs and offsets there
up()
{
	local _ provided

	legs=(nullb0) places=() part='' range=start=6144,nr_sectors=32768
	at=$((8 << 20))
	case ${KIND[$1]} in
	parts|copies|paths) legs=(nullb0 nullb1);;
	parity) legs=(nullb0 nullb1 nullb2);;
	esac
	case $1 in
	linear)
		dm "linear /dev/nullb0 0"
		places=("nullb0 $at");;
	stripe)
		dm "striped 2 8 /dev/nullb0 0 /dev/nullb1 0"
		places=("nullb0 $((at / 2))" "nullb1 $((at / 2))");;
	mirror)
		# With keep_log, nothing waits for a daemon.
		dm "mirror core 2 1024 nosync 2 /dev/nullb0 0 /dev/nullb1 0 \
2 handle_errors keep_log"
		places=("nullb0 $at" "nullb1 $at");;
	mpath-*)
		legs=("${SD[@]}") places=("${SD[0]} $at")
		# What is left of a request fails after part of it, but not
		# before the disk has it.
		[ "$1" = mpath-bio ] || part=,partial=512 places=()
		dm "multipath 2 queue_mode ${1##*-} 0 1 1 round-robin 0 2 1 \
/dev/${SD[0]} 1 /dev/${SD[1]} 1";;
	crypt)
		dm "crypt aes-xts-plain64 $(printf '%064d' 7) 0 /dev/nullb0 0";;
	integrity)
		wiped meta0
		local table="integrity /dev/nullb0 0 - D 2 internal_hash:crc32c \
meta_device:/dev/meta0"
		dmsetup create t --table "0 1 $table" || bail "$table"
		read -r _ _ _ _ provided _ < <(dmsetup status t)
		dmsetup remove --retry t || bail "integrity is busy"
		size=$provided dm "$table";;
	thin)
		wiped meta0
		dmsetup create pool --table "0 $size thin-pool /dev/meta0 \
/dev/nullb0 128 0 1 skip_block_zeroing" && dmsetup message pool 0 \
			"create_thin 0" || bail thin-pool
		dm "thin /dev/mapper/pool 0"
		range=start=0;;
	cache)
		wiped meta0
		dm "cache /dev/meta0 /dev/nullb1 /dev/nullb0 128 1 \
writethrough smq 2 migration_threshold 0"
		places=("nullb0 $at");;
	snapshot)
		# The chunk is in the snapshot when it has been written.
		legs=(nullb1)
		dm "snapshot /dev/nullb0 /dev/nullb1 N 8"
		range=start=0;;
	dmraid-raid0)
		dm "raid raid0 1 8 2 - /dev/nullb0 - /dev/nullb1"
		places=("nullb0 $((at / 2))" "nullb1 $((at / 2))");;
	dmraid-raid1)
		dmraid raid1 "4 0 nosync region_size 1024"
		places=("nullb0 $at" "nullb1 $at");;
	dmraid-raid10)
		dmraid raid10 "4 128 nosync region_size 1024"
		places=("nullb0 $at" "nullb1 $at");;
	dmraid-raid5) dmraid raid5_ls "4 8 nosync region_size 1024";;
	md-linear)
		# All of it is on the first one.
		legs=(nullb0 nullb1)
		md_up linear
		legs=(nullb0) places=("nullb0 $((at + (1 << 20)))");;
	md-raid0)
		md_up 0 --chunk=4
		places=("nullb0 $((at / 2 + (1 << 20)))"
			"nullb1 $((at / 2 + (1 << 20)))");;
	md-raid1) md_up 1;;
	md-raid1-failfast) md_up 1 --failfast;;
	md-raid10) md_up 10;;
	md-raid5) md_up 5 --chunk=4;;
	bcache-*)
		bcache_up /dev/nullb0 /dev/nullb1
		echo 1000000 >$BC_SYS/bcache/io_error_limit
		dev=$BC;;
	loop)
		dev=$(losetup -f --show --direct-io=on /dev/nullb0) || bail loop
		places=("nullb0 $at");;
	nvme)
		dev=/dev/nvme0n1;;
	esac
	case $1 in
	md-raid1*)
		places=("nullb0 $((at + (1 << 20)))"
			"nullb1 $((at + (1 << 20)))");;
	esac
}

down()
{
	case $1 in
	md-*) mdadm --quiet --stop $md;;
	bcache-*) bcache_down;;
	loop) losetup -d "$dev";;
	nvme) ;;
	thin) dmsetup remove --retry t && dmsetup remove --retry pool;;
	*) dmsetup remove --retry t;;
	esac || bail "$1 is busy"
}

# fill STACK: a, where it is not cached
fill()
{
	case $1 in
	bcache-*)
		at=$((at + 65536))
		echo writearound >$BC_SYS/bcache/cache_mode
		once write a
		echo "${1#*-}" >$BC_SYS/bcache/cache_mode;;
	*) once write a;;
	esac
	[ "$SAID" = ok=1 ] || bail "$1: a write to good legs: $SAID"
}

# state STACK: what the driver says of its legs, into STATE; A is one that is in
state()
{
	local d s bad f

	STATE='' s=''
	case $1 in
	mirror|stripe|mpath-*|dmraid-*|thin|cache|snapshot|integrity)
		f=t
		[ "$1" != thin ] || f=pool
		s=$(dmsetup status $f);;
	esac
	case $1 in
	mpath-*)
		while [[ $s =~ :[0-9]+\ ([AF])\ (.*) ]]; do
			STATE+=${BASH_REMATCH[1]} s=${BASH_REMATCH[2]}
		done;;
	mirror|stripe|dmraid-*)
		[[ $s =~ \ ([AaDSRFU]{2,3})( |$) ]] && STATE=${BASH_REMATCH[1]};;
	thin) [[ $s = *' rw '* ]] && STATE=rw || STATE=ro;;
	cache) [[ $s = *' rw '* ]] && STATE=rw || STATE=ro;;
	snapshot) [[ $s = *valid* ]] && STATE=invalid || STATE=valid;;
	integrity) read -r _ _ _ bad _ <<<"$s"; STATE=$bad;;
	md-linear|md-raid0) read -r STATE </sys/block/md0/md/array_state;;
	md-*)
		for d in "${legs[@]}"; do
			f=/sys/block/md0/md/dev-$d
			read -r s <"$f/state"
			bad=
			read -r bad <"$f/bad_blocks" || true
			case $s in
			*faulty*) STATE+=D;;
			*) STATE+=${bad:+B};[ -n "$bad" ] || STATE+=A;;
			esac
		done;;
	bcache-*)
		STATE=stopped
		[ ! -e $BC_SYS/bcache/io_errors ] ||
			read -r STATE <$BC_SYS/bcache/io_errors;;
	nvme)
		read -r s </sys/class/nvme/nvme0/state
		read -r STATE </sys/class/nvme/nvme1/state
		STATE=$s-$STATE;;
	*) STATE=-;;
	esac
}

# letters: what each place has, into DATA
letters()
{
	local p

	DATA=
	for p in "${places[@]}"; do
		if [ "${KIND[$stack]}" = copies ]; then
			odd look "/dev/${p% *}" "${p#* }" 8192
		else
			odd look "/dev/${p% *}" "${p#* }" 4096
		fi
		DATA+=$SAID
	done
}

# told: SAID in words, into WHAT: ok, itself, or another errno
told()
{
	local w

	WHAT=
	for w in $SAID; do
		w=${w%=*}
		[ "$w" != "${ERRNO[$status]}" ] || w=itself
		WHAT+=${WHAT:++}$w
	done
}

# mend STACK: a path that was failed is as good as before
mend()
{
	local d

	[ "${KIND[$1]}" = paths ] || return 0
	[[ $STATE = *F* ]] || return 0
	for d in "${legs[@]}"; do
		dmsetup message t 0 "reinstate_path /dev/$d" || bail "$d"
	done
}

# judge OP one|all: what is wrong, into WRONG
judge()
{
	local op=$1 n=$2 kind=${KIND[$stack]} fault=${FAULT[$status]} i lost
	local itself='^(ok\+)?itself$'

	lost=${STATE//[^DSRFB]/}
	[ "$STATE" != "$before" ] || lost=
	WRONG=
	wrong() { WRONG+="${WRONG:+, }$*"; }

	# 1
	[[ $WHAT != *BAD* && $WHAT != *SHORT* && $WHAT != *untried* ]] ||
		wrong "wrong data"
	if [ "$op$WHAT" = WRITEok ]; then
		[ "$back" = ok ] || wrong "not what was written: $back"
		for ((i = 0; i < ${#DATA}; i++)); do
			[ "${DATA:i:1}" = b ] || [ "$kind" != copies ] ||
				[ "${STATE:i:1}" != A ] ||
				wrong "leg $i does not have it"
		done
	fi

	# 5
	[ -z "$then" ] || [[ $n-$kind-$fault = all-copies-[^s]* ]] ||
		[ $n-$kind = all-parity ] || wrong "then $then"

	[ "$stack/$op" != bcache-writeback/WRITE ] || return 0
	[ "$kind" != wire ] || {
		[[ $WHAT != *ok* ]] || wrong success
		[ "$STATE" = "$before" ] || wrong "lost $STATE"
		return
	}
	if [ "$kind" = parity ] || { [ "$n$op" = oneWRITE ] &&
			[ "$kind$fault" = copiessubmitter ]; }; then
		# as if it were the leg's
		if [ "$n" = one ]; then
			[ "$WHAT" = ok ] || [[ $kind$fault$WHAT =~ ^copiessubmitter(ok\+)?itself$ ]] ||
				wrong "not from another leg"
			[ ${#lost} -le 1 ] || wrong "legs lost"
		else
			[[ $WHAT != *ok* ]] || wrong success
		fi
		return
	fi
	case $fault-$kind-$n in
	submitter-*)
		case $kind-$n-$op in
		copies-one-READ) [[ $WHAT = ok || $WHAT =~ $itself ]];;
		parts-one-*|paths-one-*) [[ $WHAT =~ $itself ]];;
		*) [ "$WHAT" = itself ];;
		esac || wrong "not as itself"
		[ "$STATE" = "$before" ] || wrong "held against a leg"
		[ "$n" = one ] || [[ $DATA != *b* ]] || wrong "on a leg"
		;;
	*-copies-one)
		[ "$WHAT" = ok ] || wrong "not from another leg"
		[ ${#lost} -le 1 ] || wrong "legs lost"
		;;
	*-copies-all)
		[[ $WHAT != *ok* ]] || wrong success
		;;
	device-paths-*)
		[[ $WHAT =~ $itself ]] || wrong "not as itself"
		[ "$STATE" = "$before" ] || wrong "held against a path"
		[ "$n" = one ] || [ "$WHAT" = itself ] || wrong success
		;;
	*-paths-one)
		[ "$WHAT" = ok ] || wrong "not over another path"
		;;
	*-paths-all)
		[[ $WHAT != *ok* ]] || wrong success
		;;
	*-parts-one)
		[ "$WHAT" = ok+itself ] || wrong "not as itself"
		;;
	*)
		[ "$WHAT" = itself ] || wrong "not as itself"
		;;
	esac
}

# cell OP STATUS one|all: prints a line; status 1 if it is wrong
cell()
{
	local op=$1 status=$2 n=$3 d WHAT back='' then='' DATA='' WRONG before
	local which=("${legs[@]}")

	[ $n = all ] || which=("${legs[0]}")
	state $stack
	before=$STATE
	for d in "${which[@]}"; do
		inject "$d" "add,op=$op,status=$status,$range$part"
	done
	if [ $op = READ ]; then
		rw read a
	else
		rw write b
	fi
	told
	inject_none "${which[@]}"
	state $stack
	# Over two paths, it is chance which of the writes got there.
	[ $op = READ ] || [ "${KIND[$stack]}-$n" = paths-one ] || letters
	mend $stack
	if [ "$op$WHAT" = WRITEok ]; then
		# more often than there are legs
		odd --jobs=2 --rounds=4 --fill=b read "$dev" "$at" 4096
		back=${SAID//=[0-9]/}
	fi
	once write c
	[ "$SAID" != ok=1 ] || once read c
	[ "$SAID" = ok=1 ] || then=${SAID//=[0-9]/}
	judge $op $n
	d="$WHAT${DATA:+ data=$DATA}"
	[ "$STATE" = "$before" ] || d+=" legs=${STATE//[0-9]*/counted}"
	echo "matrix: $stack $op $n $status -> $d${then:+ then=${then// /+}}${WRONG:+ WRONG: $WRONG}"
	[ "${KIND[$stack]}" = paths ] || [[ $stack = bcache-* ]] ||
		[ "$STATE" = "$before" ] || fresh=
	[ -z "$then" ] || fresh=
	[ -z "$WRONG" ]
}

# run STACK: two results, for those that are the submitter's and for the others
run()
{
	local stack=$1 op status n bad=0 others=0 cells=0

	fresh=''
	for op in READ WRITE; do
		for status in $STATUS; do
			for n in one all; do
				[ $n = one ] || [ ${#legs[@]} -gt 1 ] ||
					continue
				if [ -z "$fresh" ]; then
					[ $cells = 0 ] || down $stack
					up $stack
					fresh=1
				fi
				fill $stack
				cells=$((cells + 1))
				cell $op $status $n && continue
				if [ "${FAULT[$status]}" = submitter ]; then
					bad=$((bad + 1))
				else
					others=$((others + 1))
				fi
			done
		done
	done
	down $stack
	ok $((bad != 0)) "$stack: what is wrong with the I/O: $bad of $cells cells wrong"
	ok $((others != 0)) "$stack: what is wrong with a leg: $others of $cells cells wrong"
}

# shellcheck disable=SC2086 # they are words
set -- ${STACKS:-linear stripe mpath-bio mpath-mq crypt}
plan $(($# * 2))
bash "$0" rules | sed 's/^/# /'
modload null_blk nr_devices=0
modload dm-mod
for d in nullb0 nullb1 nullb2; do
	null_disk $d size=64 memory_backed=1 submit_queues=2
	null_disk "${d/nullb/meta}" size=32 memory_backed=1
done
# Two paths to one disk
scsi_disks 2 add_host=2 per_host_store=0 dev_size_mb=64 delay=0
for s; do
	[ -n "${KIND[$s]:-}" ] || bail "there is no stack $s"
	case $s in
	mirror|crypt|integrity|snapshot) modload "dm-$s";;
	cache) modload dm-cache; modload dm-cache-smq;;
	thin) modload dm-thin-pool;;
	mpath-*) modload dm-multipath; modload dm-round-robin;;
	dmraid-*) modload dm-raid;;
	md-linear|loop) modload "$s";;
	esac
	case $s in
	*raid5*) modload raid456;;
	*raid*) d=${s#*-}; modload "${d%-failfast}";;
	esac
	if [ $s = nvme ]; then
		modload nvmet
		modload nvme-loop
		target /dev/nullb0
		for i in 0 1; do
			port $i loop
			attach $i loop
		done
		wait_for test -b /dev/nvme0n1 || bail "no nvme0n1"
	fi
	run $s
done
finish
