# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the boot tests: KTAP on stdout, and the few stacks that many of them
# use. Runs as root inside a kernel that rig/boot started.
KTAP_N=0
KTAP_BAD=0
KTAP_PLAN=0
ERRINJ=/sys/kernel/debug/block
NULLB=/sys/kernel/config/nullb
# The test's own output, also of what has been redirected
exec {KTAP_OUT}>&1

plan()
{
	KTAP_PLAN=$1
	echo "KTAP version 1"
	echo "1..$1"
}

# ok STATUS DESCRIPTION
ok()
{
	KTAP_N=$((KTAP_N + 1))
	if [ "$1" = 0 ]; then
		echo "ok $KTAP_N $2"
	else
		echo "not ok $KTAP_N $2"
		KTAP_BAD=$((KTAP_BAD + 1))
	fi
}

skip()
{
	KTAP_N=$((KTAP_N + 1))
	echo "ok $KTAP_N $1 # SKIP $2"
}

finish()
{
	[ "$KTAP_BAD" = 0 ] && [ "$KTAP_N" = "$KTAP_PLAN" ]
	exit
}

# Something the test stands on is missing: that is a failure, not a skip.
bail()
{
	echo "Bail out! $*" >&$KTAP_OUT
	exit 99
}

modload()
{
	modprobe "$@" || bail "modprobe $*"
}

# A test that works says something every few seconds; what says nothing, and
# does nothing, for a long time is taken for hung.
TICKED=$SECONDS
# A window is held open for as long as it takes, and somebody waits for that.
echo 1200 2>/dev/null >/proc/sys/kernel/hung_task_timeout_secs

# tick TEXT: if nothing has been said for a while
tick()
{
	[ $((SECONDS - TICKED)) -ge 3 ] || return 0
	TICKED=$SECONDS
	echo "# $*" >&$KTAP_OUT
}

# nap: a twentieth of a second, without a process for it
nap()
{
	local _

	[ -n "${NAP:-}" ] || {
		mkfifo "/tmp/nap.$BASHPID" && exec {NAP}<>"/tmp/nap.$BASHPID" ||
			bail "no fifo"
	}
	read -r -t 0.05 -u "$NAP" _ || return 0
}

# wait_for [SECONDS] COMMAND...: until COMMAND succeeds, which it will. The
# limit is for what is broken. Less is for what may well not come; it is counted
# in naps, as a slow machine has less of them in a second.
wait_for()
{
	local n=$((300 * 20))

	case $1 in
	*[!0-9]*) ;;
	*)	n=$(($1 * 60)); shift;;
	esac
	while ! "$@"; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		tick "waiting for: $*"
		nap
	done
}

# await PID [WHAT]: until that process has ended, which says what the disks do
# meanwhile, if they do anything; its exit status
await()
{
	local now last=''

	while kill -0 "$1" 2>/dev/null; do
		if [ $((SECONDS - TICKED)) -ge 3 ]; then
			now=$(awk '{ n += $4 + $8 + $12 + $16 }
				END { print n }' /proc/diskstats)
			[ "$now" = "$last" ] ||
				tick "${2:-I/O}: $now I/Os until now"
			last=$now
		fi
		nap
	done
	wait "$1"
}

# asleep PID: it is in uninterruptible sleep
asleep()
{
	local stat

	read -r stat 2>/dev/null <"/proc/$1/stat" && [[ ${stat##*) } = D* ]]
}

# ends PID: the exit status of a process, once it has ended. It never will if it
# is asleep through two hundred naps in which no disk does anything: that is 124.
ends()
{
	local n=0 last='' disks diskstat

	while kill -0 "$1" 2>/dev/null; do
		# Their times go on while an I/O is in flight.
		disks=
		while read -r -a diskstat; do
			disks+="${diskstat[*]:2:4} ${diskstat[*]:7:3} ${diskstat[*]:14:3} "
		done </proc/diskstats
		if [ "$disks" = "$last" ] && asleep "$1"; then
			n=$((n + 1))
		else
			n=0
		fi
		[ $n -lt 200 ] || return 124
		last=$disks
		tick "process $1 has not ended yet"
		nap
	done
	wait "$1"
}

# hung WHAT: this one can't be ended, and nothing can be unmounted or shut down
# behind it: not ok, and off.
hung()
{
	ok 1 "$1"
	echo "# it hangs, and nothing can be done after it"
	echo 1 >/dev/ttyS1
	exec python3 -c '
import ctypes, termios
termios.tcdrain(1)
ctypes.CDLL(None).reboot(0x4321fedc)'
}

# pi ARGUMENTS...: pi-io, without a process for each. A subshell has no part
# in that.
pi()
{
	local said

	if [ "$BASHPID" != $$ ]; then
		"$TOOLS/pi-io" "$@"
		return
	fi
	if [ -z "${PI_TO:-}" ]; then
		coproc PI_IO { exec "$TOOLS/pi-io" serve; }
		exec {PI_TO}>&"${PI_IO[1]}" {PI_FROM}<&"${PI_IO[0]}"
		# so that "wait" does not wait for it
		disown "$PI_IO_PID"
	fi
	echo "$*" >&"$PI_TO" || return 2
	while read -r -u "$PI_FROM" said; do
		case $said in
		[0-9]) return "$said";;
		esac
		echo "$said"
	done
	# It does not go on after wrong arguments.
	exec {PI_TO}>&- {PI_FROM}<&-
	PI_TO=
	return 2
}

# said WANT COMMAND...: that is what it says
said()
{
	local want=$1 got
	shift

	got=$("$@")
	[ "$got" = "$want" ] || { echo "# $*: $got, not $want"; return 1; }
}

# kunit_suite NAME LABEL: two results: cases have passed, and nothing else
kunit_suite()
{
	local results=/sys/kernel/debug/kunit/$1/results totals n

	modload "$1_kunit"
	[ -r "$results" ] || bail "no results of $1"
	# A suite that ran no case is "ok" too: go by its totals.
	totals=$(grep '^# Totals: ' "$results")
	grep -E '^ *not ok|# Totals' "$results" | sed 's/^ *not ok/# &/'
	n=$(sed -n 's/.* pass:\([0-9]*\).*/\1/p' <<<"$totals")
	[ "${n:-0}" -gt 0 ]
	ok $? "$2: ${n:-no} cases passed"
	grep -q ' fail:0 skip:0 ' <<<"$totals" && ! grep -q '^not ok' "$results"
	ok $? "$2: no case failed or was skipped"
}

# sd_disks: the scsi_debug disks, in the order of their hosts
sd_disks()
{
	local d

	for d in /sys/bus/pseudo/drivers/scsi_debug/adapter*/host*/target*/*/block/*; do
		[ -e "$d" ] && basename "$d"
	done
}

all_there()
{
	local d n=0

	for d in $(sd_disks); do
		[ ! -b "/dev/$d" ] || n=$((n + 1))
	done
	[ $n = "$1" ]
}

# scsi_disks N OPTION...: so many scsi_debug disks; their names are in SD
# shellcheck disable=SC2034 # for the tests
scsi_disks()
{
	local n=$1
	shift

	modload scsi_debug "$@"
	wait_for all_there "$n" || bail "there are not $n scsi_debug disks"
	mapfile -t SD < <(sd_disks)
}

# hold DISK, release DISK: until then no command gets to this scsi disk. What
# is submitted waits; nobody can open the disk.
hold() { host_state "$1" recovery; }
release() { host_state "$1" running; }
host_state()
{
	local host

	host=$(realpath "/sys/block/$1/device") && host=${host##*/host} &&
		echo "$2" >"/sys/class/scsi_host/host${host%%/*}/state" ||
		bail "the host of $1 is not $2"
}

# null_disk NAME KEY=VALUE...: /dev/NAME, of null_blk
null_disk()
{
	local dir=$NULLB/$1 kv
	shift

	mkdir "$dir" || bail "null_blk: $dir"
	for kv in "$@" power=1; do
		echo "${kv#*=}" >"$dir/${kv%%=*}" || bail "null_blk: $dir, $kv"
	done
}

# null_gone NAME...: and away with them
null_gone()
{
	local d

	for d in "$@"; do
		echo 0 >"$NULLB/$d/power" && rmdir "$NULLB/$d" || return
	done
}

# queues: how many request queues there are; the slab is counted only if it is
# one of its own: "cmdline: slub_debug=F,request_queue"
queues() { awk '$1 == "request_queue" { print $2 }' /proc/slabinfo; }
queues_are()
{
	local slab n _

	while read -r slab n _; do
		[ "$slab" != request_queue ] || [ "$n" != "$1" ] || return 0
	done </proc/slabinfo
	return 1
}
# queues_left N: within what a release takes, which is none of the user's
queues_left() { wait_for 3 queues_are "$1"; }

# inject DISK RULE: one rule for the block layer's own error injection
inject()
{
	echo "$2" >"$ERRINJ/$1/error_injection" ||
		bail "error_injection of $1 refused: $2"
}

inject_none()
{
	local d

	for d in "$@"; do
		inject "$d" removeall
	done
}

# spent DISK: a rule that is for once has been used
spent()
{
	local rules

	mapfile -t rules <"$ERRINJ/$1/error_injection"
	[[ "${rules[*]} " = *"once=spent "* ]]
}

# sweep STEP LENGTH WHAT COMMAND...: COMMAND BYTES at every multiple of STEP
# below LENGTH, as one line. Status 2 of COMMAND: it was not put to the test.
sweep()
{
	local step=$1 len=$2 what=$3 b rc n=0 wrong=0 unfired=0 first='' said
	local tmp=/tmp/sweep.$BASHPID
	shift 3

	for ((b = step; b < len; b += step)); do
		n=$((n + 1))
		rc=0
		"$@" $b >"$tmp" 2>&1 || rc=$?
		tick "$what at $b of $len"
		[ $rc != 0 ] || continue
		[ $rc != 2 ] || unfired=$((unfired + 1))
		wrong=$((wrong + 1))
		if [ -z "$first" ]; then
			first=$b
			said=$(<"$tmp")
			[ -z "$said" ] || echo "# ${said//$'\n'/$'\n'# }"
		fi
	done
	what="$what at $n boundaries"
	[ $wrong = 0 ] || what+=": $wrong wrong, first at $first"
	[ $unfired = 0 ] || what+=", $unfired not as scripted"
	[ $wrong = 0 ]
	ok $? "$what"
}
