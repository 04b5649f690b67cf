# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What came of a boot, and how long it may stand still: source it after common.sh.

# field FILE NAME: a line of the header of a test, the first of that name
field() { sed -n "2,/^[^#]/s/^# $2: *//p" "$1" | head -n1; }

# verdict OUTPUT LOG STATUS [EXPECTED]: one word, and how many of how many were
# ok. Lines of the log that match EXPECTED are what the test is about.
verdict()
{
	local planned good bad

	planned=$(sed -n 's/^1\.\.\([0-9]*\).*/\1/p' "$1" | head -n1)
	good=$(grep -c '^ok ' "$1" || true)
	bad=$(grep -c '^not ok ' "$1" || true)
	if grep -q 'Kernel panic' "$2"; then
		echo "panic $good/${planned:-?}"
	elif [ "$3" = 124 ]; then
		echo "hang $good/${planned:-?}"
	elif grep -vE "${4:-^\$}" "$2" | grep -cE "$SPLAT" >/dev/null; then
		echo "splat $good/${planned:-?}"
	elif [ "$3" != 0 ] || [ -z "$planned" ] || [ "$bad" != 0 ] ||
	     [ "$good" != "$planned" ]; then
		echo "fail $good/${planned:-?}"
	else
		echo "pass $good/$planned"
	fi
}

# family PID: it and all that it has started, one a line, each with the processor
# time that it and its children that have ended took, in clock ticks
family()
{
	{ cat /proc/[0-9]*/stat 2>/dev/null || true; } | sed 's/^\([0-9]*\) (.*) /\1 x /' |
		awk -v root="$1" '
		{ parent[$1] = $4; used[$1] = $14 + $15 + $16 + $17 }
		END {
			for (p in parent) {
				for (q = p; q in parent && q != root; )
					q = parent[q]
				if (q == root)
					print p, used[p]
			}
		}'
}

below() { family "$1" | cut -d' ' -f1; }
ticks() { family "$1" | awk '{ n += $2 } END { print n + 0 }'; }

# watch_still PID QUIET TURNS FILE...: returns 0 when PID has ended, and 124
# when nothing has moved for QUIET seconds: none of the files has
# grown, and next to no processor time was used. What uses processor time and
# says nothing has TURNS times as long: that it goes round for ever.
watch_still()
{
	local pid=$1 quiet=$2 turns=$3 last='' now since used before step=5 n=0
	shift 3

	since=$SECONDS before=$(ticks "$pid")
	[ "$quiet" -ge 20 ] || step=1
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.5
		[ $((n += 1)) -ge $((step * 2)) ] || continue
		n=0
		now=$(stat -c %s "$@" 2>/dev/null | paste -sd' ')
		if [ "$now" != "$last" ]; then
			last=$now since=$SECONDS before=$(ticks "$pid")
			continue
		fi
		[ $((SECONDS - since)) -ge "$quiet" ] || continue
		used=$(($(ticks "$pid") - before))
		# A hundred ticks are a second.
		if [ $used -lt $(((SECONDS - since) * 5)) ] ||
		   [ $((SECONDS - since)) -ge $((quiet * turns)) ]; then
			return 124
		fi
	done
}

# watched PID QUIET TURNS FILE...: its exit status when it has ended, or 124 when
# it has stood still like that, and has been killed with all below it
watched()
{
	local pid=$1 rc=0 n

	watch_still "$@" || rc=$?
	if [ $rc = 0 ]; then
		wait "$pid" || rc=$?
	else
		# rig/boot ends only when its guest has.
		for n in $(below "$pid"); do
			kill -9 "$n" 2>/dev/null || true
		done
		wait "$pid" 2>/dev/null || true
	fi
	return $rc
}
