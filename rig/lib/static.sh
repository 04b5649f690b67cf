# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What rig/lint and rig/compile-check share: source it after lib.sh, with LOG
# set to the directory for the details, and INPUTS to the files that what passed
# depends on. check() makes a KTAP line of a function that prints one line for
# each thing wrong.
TREE=$BUILD/linux
# shellcheck disable=SC2034 # for those who source this
SPARSE=$BUILD/sparse/sparse
# Where the table of a bio is declared, and all that walks it.
TABLE_HEADERS='bvec uio bio blk-mq bio-integrity blk-integrity'

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
. "$TOP/rig/lib/kernel.sh"
. "$TOP/rig/lib/slots.sh"
g() { git -C "$TREE" "$@"; }

[ -s "$TREE/.git/rig/applied" ] || die "there are no mails in build/linux: run make tree"
mkdir -p "$LOG/passed"
exec 9>"$LOG/lock"
flock -n 9 || die "another rig/${0##*/} is at work here"
# Left by a git that was killed; no other is at work here.
rm -f "$LOG/index.lock" "$TREE/.git/worktrees/${WT##*/}/index.lock"

base=$(g rev-parse base^0)
commits=() mails=()
while read -r c m; do
	commits+=("$c") mails+=("$m")
done <"$TREE/.git/rig/applied"
last=${commits[-1]}
self=$(cat "$0" "$TOP"/rig/lib/{common.sh,kernel.sh,static.sh,objects.mk} "${INPUTS[@]}" | sha1sum
	gcc --version | head -n1)
key() { printf '%s\n' "$self" "$@" | sha1sum | cut -c1-40; }

# A function's exit status does not reach the trap of lib.sh.
finished=
trap 'meter_stop; [ -n "$finished" ] || echo "${0##*/}: stopped at ${n:-0}" >&2' EXIT

n=0 good=0 bad=0 NOTE=
plan() { [ "${ONLY:-*}" != '*' ] || echo "1..$1"; }
# check NAME KEY FUNCTION...: FUNCTION prints one line for each thing wrong;
# with "-" for KEY it is always run. What compiles takes the processors that are
# free, everything else one of them.
check()
{
	local name=$1 k=$2 out=$LOG/${1//[ \/]/-}.log stamp why='' most=1

	# shellcheck disable=SC2053 # a pattern
	[[ $name = ${ONLY:-*} ]] || return 0
	stamp=$LOG/passed/$(key "$name" "$k")
	shift 2
	NOTE=
	if [ "$k" != - ] && [ -e "$stamp" ]; then
		NOTE=$(cat "$stamp")
	else
		case $name in
		objects|sparse|builds*|topic*|without*) most=$JOBS;;
		esac
		slots_take 1 "$most"
		JOBS=${#HELD[@]} step "lint: ${name%% *}" "$@" >"$out"
		slots_give
		if [ -s "$out" ]; then
			why=$(head -n1 "$out" | cut -c1-200)
			[ "$(wc -l <"$out")" = 1 ] ||
				why="$why (1 of $(wc -l <"$out"): ${out#"$TOP/"})"
		else
			echo "$NOTE" >"$stamp"
		fi
	fi
	n=$((n + 1))
	if [ -z "$why" ]; then
		good=$((good + 1))
		echo "ok $n $name${NOTE:+ # $NOTE}"
	else
		bad=$((bad + 1))
		echo "not ok $n $name # $why"
	fi
}

finish()
{
	finished=1
	echo "${0##*/}: $good passed, $bad failed"
	[ "${ONLY:-*}" = '*' ] || [ "$n" -gt 0 ] || die "no check is called $ONLY"
	[ "$bad" = 0 ] || exit 1
}

# messages LOG...: what compilers say, without line numbers
messages()
{
	cat "$@" | grep -E '^(Warning: |Error: )?[^ ]+\.[chS]:[0-9]+|warning:|error:|WARNING:|ERROR:' |
		grep -vE ': note: |:    (expected|got) ' | sed -E 's/:[0-9]+//g' | sort || true
}

new_messages() { comm -13 "$1" "$2"; }

# progress LABEL LOG: how many objects there are in the log of a build
progress()
{
	meter_start "$1" 30 sh -c "echo \"\$(grep -c '^  CC' '$2') objects\"" 9>&-
}

get_sparse()
{
	local src

	src=$("$TOP/rig/fetch" sparse 2>"$LOG/sparse-fetch") || {
		echo "sparse is missing: $(tail -n1 "$LOG/sparse-fetch")"
		return
	}
	[ "$src" != "$(cat "$BUILD/sparse/.lint-source" 2>/dev/null)" ] || return 0
	say "${0##*/}: building sparse"
	rm -rf "$BUILD/sparse"
	mkdir -p "$BUILD/sparse"
	cp -r "$src"/. "$BUILD/sparse"
	make -C "$BUILD/sparse" -j"$JOBS" CC="ccache gcc" HAVE_LLVM=no HAVE_GTK=no \
		HAVE_SQLITE=no HAVE_LIBXML=no sparse >"$LOG/sparse-build" 2>&1 || {
		echo "sparse does not build: $(tail -n1 "$LOG/sparse-build")"
		return
	}
	echo "$src" >"$BUILD/sparse/.lint-source"
}

# table_names REV: what touches the table of a bio by its name: the tables, the
# members of an entry, the loops over a bio, the functions for an entry, and the
# macros of the same headers that expand to one of these.
table_names()
{
	local h text names more=

	text=$(for h in $TABLE_HEADERS; do
		g show "$1:include/linux/$h.h"
	done | sed ':a; /\\$/{N; s/\\\n//; ba}')
	names=$(
		printf '%s\n' bio_vec bi_io_vec bip_vec bv_page bv_len bv_offset
		sed -nE 's/^#define[[:space:]]+((__)?(bio|bip|rq)_for_each_[a-z_]+)\(.*/\1/p' <<<"$text"
		sed -nE 's/^([a-z][a-z_ *]*[ *])?([a-z_]*bvec[a-z_]*)\(.*/\2/p' <<<"$text"
	)
	until [ "$more" = "$names" ]; do
		names=${more:-$names}
		more=$({
			echo "$names"
			grep -E '^#define[[:space:]]+[a-z_]+\(' <<<"$text" |
				grep -wFf <(echo "$names") |
				sed -E 's/^#define[[:space:]]+([a-z_]+).*/\1/'
		} | sort -u)
	done
	echo "$names"
}

# table_files: the sources and headers of the series that touch the table of a
# bio there, or did so in the base; and for a directory's own header that none
# of these sources includes, one that does
table_files()
{
	local names h list by
	local -a changed

	names=$({ table_names "$base"; table_names "$last"; } | sort -u | paste -sd'|')
	mapfile -t changed < <(g diff --name-only --diff-filter=d "$base" "$last" -- '*.[ch]')
	list=$({
		g grep -lwE "$names" "$base" -- '*.[ch]'
		g grep -lwE "$names" "$last" -- "${changed[@]}" || true
	} | sed 's/^[^:]*://' | sort -u |
		comm -12 - <(g ls-tree -r --name-only "$last" | sort))
	{
		echo "$list"
		grep -v '^include/' <<<"$list" | { grep '\.h$' || true; } | while read -r h; do
			by=$(g grep -lE "^#include \"(.*/)?${h##*/}\"" "$last" -- \
				"${h%/*}/*.c" | sed 's/^[^:]*://' || true)
			grep -qxF "$list" <<<"$by" || head -n1 <<<"$by"
		done
	} | sed '/^$/d' | sort -u
}

# objects_of MAKE...: of the sources named on stdin, the objects that a
# configuration has; MAKE is make with its directory and ARCH
objects_of()
{
	MAKEFILES=$TOP/rig/lib/objects.mk OBJECTS=$(sed -n 's/\.c$/.o/p' | paste -sd' ') \
		"$@" --no-print-directory -s rig-objects | sort -u
}
