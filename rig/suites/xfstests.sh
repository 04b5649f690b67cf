#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the guest, in a checkout of xfstests:
#   xfstests.sh SECONDS FS OVER PI MIB TEST...
# The output is that of its check, which is given up if it says nothing for so
# many seconds; then what is left of the line.
# shellcheck source=rig/suites/stacks.inc
. "${0%/*}/stacks.inc"

limit=$1 fs=$2 over=$3 pi=$4 mib=$5
shift 5
n=5000
for user in fsgqa 123456-fsgqa fsgqa2; do
	n=$((n + 1))
	echo "$user:x:$n:$n::/tmp:/bin/bash" >>/etc/passwd
	echo "$user:x:$n:" >>/etc/group
done
mkdir -p /mnt/test /mnt/scratch

# With one disk each, there are some to spare.
names=(test scratch)
[ "$over$pi" != plainoff ] || names+=(log pool1 pool2 pool3)
stacks "$over" "$pi" "$mib" "${names[@]}"
{
	echo "export FSTYP=$fs TEST_DIR=/mnt/test SCRATCH_MNT=/mnt/scratch"
	echo "export TEST_DEV=${DEV[test]} RESULT_BASE=/tmp/results"
	echo "export LOGWRITES_DEV=${DEV[log]:-}"
	if [ "$fs" = btrfs ] && [ -n "${DEV[pool1]:-}" ]; then
		echo "export SCRATCH_DEV_POOL='${DEV[scratch]} ${DEV[pool1]}" \
			"${DEV[pool2]} ${DEV[pool3]}'"
	else
		echo "export SCRATCH_DEV=${DEV[scratch]}"
	fi
} >/tmp/config
case $fs in
ext4) mkfs.ext4 -q -F "${DEV[test]}";;
*) "mkfs.$fs" -q -f "${DEV[test]}";;
esac >/tmp/out 2>&1 || bail "mkfs.$fs: $(tail -n1 /tmp/out)"

HOST_OPTIONS=/tmp/config ./check "$@" 2>&1 | {
	while IFS= read -r -t "$limit" line; do
		echo "$line"
	done
	[ -z "$line" ] || echo "$line"
}
cat /sys/kernel/debug/biosan/stats 2>/dev/null
exit 0
