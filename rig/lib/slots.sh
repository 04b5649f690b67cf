# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# As many processes at work at a time as there are processors, whatever started
# them: source it after common.sh. A slot is a lock on a file of build/slots; the
# kernel gives it back when its holder ends, however that ends.
SLOTS=$BUILD/slots
mkdir -p "$SLOTS"

# slots_try LEAST MOST: takes so many, fewer only down to LEAST, or none; the
# descriptors are in HELD.
slots_try()
{
	local i fd

	HELD=()
	exec {gate}>"$SLOTS/gate"
	flock "$gate"
	for ((i = 0; i < JOBS && ${#HELD[@]} < $2; i++)); do
		exec {fd}>"$SLOTS/$i"
		if flock -n "$fd"; then
			HELD+=("$fd")
		else
			exec {fd}>&-
		fi
	done
	[ ${#HELD[@]} -ge "$1" ] || slots_give
	exec {gate}>&-
	[ ${#HELD[@]} -gt 0 ]
}

slots_give()
{
	local fd

	for fd in "${HELD[@]}"; do
		exec {fd}>&-
	done
	HELD=()
}

# slots_take LEAST [MOST]: waits for them
slots_take()
{
	local least=$1 most=${2:-$1}

	[ "$least" -le "$JOBS" ] || least=$JOBS
	[ "$most" -le "$JOBS" ] || most=$JOBS
	until slots_try "$least" "$most"; do
		sleep 0.5
	done
}
