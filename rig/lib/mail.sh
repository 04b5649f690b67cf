# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How a commit of build/linux becomes a mail of patches/; g is git there.

# slug SUBJECT-AS-A-FILE-NAME: at most 60 characters, and no part of a word
slug() { sed -E 's/^(.{1,60})([-.].*)?$/\1/; t; s/^(.{60}).*/\1/' <<<"$1" | sed 's/[-.]*$//'; }

write_mail()
{
	g -c core.abbrev=12 -c diff.algorithm=histogram -c diff.noprefix=false \
		format-patch "$1^..$1" --stdout --zero-commit --no-signature -N \
		--no-renames --stat=72 |
		awk '/^Topic: / { next }
			/^$/ { blank = blank "\n"; next }
			{ if (!/^---$/) printf "%s", blank; blank = ""; print }
			END { printf "%s", blank }' >"$2"
}
