# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For the boot tests: KTAP on stdout, and the few stacks that many of them
# use. Runs as root inside a kernel that rig/boot started.
KTAP_N=0
KTAP_BAD=0
KTAP_PLAN=0
ERRINJ=/sys/kernel/debug/block
NULLB=/sys/kernel/config/nullb

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
	echo "Bail out! $*"
	exit 99
}

modload()
{
	modprobe "$@" || bail "modprobe $*"
}

# wait_for SECONDS COMMAND...: until COMMAND succeeds
wait_for()
{
	local n=$(($1 * 20))
	shift
	while ! "$@"; do
		n=$((n - 1))
		[ $n -gt 0 ] || return 1
		sleep 0.05
	done
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
	wait_for 10 all_there "$n" || bail "there are not $n scsi_debug disks"
	mapfile -t SD < <(sd_disks)
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
queues_are() { [ "$(queues)" = "$1" ]; }

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

# sweep STEP LENGTH WHAT COMMAND...: COMMAND BYTES at every multiple of STEP
# below LENGTH, as one line. Status 2 of COMMAND: it was not put to the test.
sweep()
{
	local step=$1 len=$2 what=$3 b rc n=0 wrong=0 unfired=0 first='' said
	shift 3

	for ((b = step; b < len; b += step)); do
		n=$((n + 1))
		rc=0
		said=$("$@" $b 2>&1) || rc=$?
		[ $rc != 0 ] || continue
		[ $rc != 2 ] || unfired=$((unfired + 1))
		wrong=$((wrong + 1))
		if [ -z "$first" ]; then
			first=$b
			[ -z "$said" ] || echo "# ${said//$'\n'/$'\n'# }"
		fi
	done
	what="$what at $n boundaries"
	[ $wrong = 0 ] || what+=": $wrong wrong, first at $first"
	[ $unfired = 0 ] || what+=", $unfired not as scripted"
	[ $wrong = 0 ]
	ok $? "$what"
}
