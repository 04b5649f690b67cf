# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Shared by every script of the rig; source it, do not run it.
set -Eeuo pipefail

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$TOP/build
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/immutable-biovec
: "${JOBS:=$(nproc)}"
# One clock for a whole run, however many scripts it goes through.
: "${RIG_START:=$(date +%s)}"
export TOP BUILD CACHE JOBS RIG_START
# Messages are matched by text, and sorting must not depend on the host.
export LC_ALL=C
# Nothing ends without a word.
trap 'printf "%s: line %s: exit %s\n" "${0##*/}" "$LINENO" "$?" >&2' ERR
# A kernel build must not inherit make's own flags from the caller.
unset MAKEFLAGS MFLAGS MAKELEVEL

elapsed()
{
	local s=$(($(date +%s) - RIG_START))

	printf '%d:%02d' $((s / 60)) $((s % 60))
}

# Progress goes to stderr: stdout is for results (paths, KTAP, counts).
say()
{
	printf '[%s] %s\n' "$(elapsed)" "$*" >&2
}

die()
{
	printf '%s: %s\n' "${0##*/}" "$*" >&2
	exit 1
}

# need TOOL PACKAGE: a missing tool is one line that says what to do.
need()
{
	command -v "$1" >/dev/null 2>&1 ||
		die "$1 is missing: run 'make setup', or install the package $2"
}

# need_space DIR MiB
need_space()
{
	local have

	mkdir -p "$1" 2>/dev/null || die "cannot create $1"
	have=$(df -Pm "$1" | awk 'NR == 2 { print $4 }')
	[ "$have" -ge "$2" ] ||
		die "$1 has $have MiB free and $2 are needed: free some," \
		    "or point ${3:-XDG_CACHE_HOME} elsewhere"
}

# meter LABEL INTERVAL CMD...: while CMD runs, print a line every INTERVAL
# seconds with what CMD prints; CMD is a probe that writes one short text.
meter_start()
{
	local label=$1 every=$2
	shift 2
	(
		while sleep "$every"; do
			say "$label: $("$@" 2>/dev/null || echo ...)"
		done
	) &
	METER=$!
}

meter_stop()
{
	[ -z "${METER:-}" ] || kill "$METER" 2>/dev/null || true
	METER=
}
