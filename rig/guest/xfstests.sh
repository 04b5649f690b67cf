#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the guest, in a checkout of xfstests:
#   xfstests.sh SECONDS FS OVER PI MIB TEST...
# The output is that of its check, which is given up if it says nothing for so
# many seconds; then what is left of the line. stress/NAME is a test that is here:
# tools of xfstests, and fio, at work on one file system, all of which is verified.
# shellcheck source=rig/guest/stacks.inc
. "${0%/*}/stacks.inc"

limit=$1 fs=$2 over=$3 pi=$4 mib=$5
shift 5
n=5000
for user in fsgqa 123456-fsgqa fsgqa2; do
	n=$((n + 1))
	echo "$user:x:$n:$n::/tmp:/bin/bash" >>/etc/passwd
	echo "$user:x:$n:" >>/etc/group
done
mkdir -p /mnt/test /mnt/scratch /tmp/bin

# There is no udevd: who makes a device makes its node, and what is a link to
# that elsewhere is a node as well.
cat >/tmp/bin/udevadm <<'UDEVADM'
#!/bin/bash
if [ "$1" = wait ]; then
	for d in "${@:2}"; do
		until [[ $d != /* ]] || [ -e "$d" ]; do sleep 0.05; done
	done
fi
for d in /dev/mapper/*; do
	[ -L "$d" ] || [ ! -b "$d" ] ||
		ln -sf "../dm-$((0x$(stat -c %T "$d")))" "$d"
done
exit 0
UDEVADM
chmod +x /tmp/bin/udevadm
PATH=/tmp/bin:$PATH

# With one disk each, there are some to spare.
names=(test scratch)
[ "$over$pi" != plainoff ] || names+=(log pool1 pool2 pool3)
[[ $1 != stress/* ]] || names=(test)
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

fsx() { ltp/fsx -q -N 1500 -l 4000000 "$@"; }
io()
{
	fio --name=io --size=64m --verify=crc32c --verify_fatal=1 --eta=never "$@"
}

stress()
{
	case $1 in
	fsstress) ltp/fsstress -d /mnt/test/s -p 4 -n 800 -s 7;;
	fsx) fsx -S 3 /mnt/test/fsx;;
	fsx-direct) fsx -S 4 -Z -r 4096 -w 4096 -t 4096 /mnt/test/direct;;
	libaio|io_uring)
		io --filename="/mnt/test/$1" --ioengine="$1" --direct=1 \
			--rw=randrw --bsrange=4k-512k --iodepth=16;;
	buffered)
		io --filename=/mnt/test/buffered --rw=randwrite \
			--bsrange=4k-256k --fsync=16;;
	trim) fstrim /mnt/test;;
	fsck)
		umount /mnt/test || return
		case $fs in
		xfs) xfs_repair -n "${DEV[test]}";;
		ext4) e2fsck -fn "${DEV[test]}";;
		btrfs) btrfs check "${DEV[test]}";;
		esac;;
	esac
}

run()
{
	local t start

	if [[ $1 != stress/* ]]; then
		HOST_OPTIONS=/tmp/config ./check "$@"
		return
	fi
	mount "${DEV[test]}" /mnt/test || bail "mount ${DEV[test]}"
	for t; do
		start=$SECONDS
		if stress "${t#*/}" >/tmp/out 2>&1; then
			echo "$t $((SECONDS - start))s"
		else
			echo "$t $(tail -n1 /tmp/out)"
		fi
	done
}

run "$@" 2>&1 | {
	rc=0
	while IFS= read -r -t "$limit" line || { rc=$?; false; }; do
		echo "$line"
	done
	[ -z "$line" ] || echo "$line"
	# Who is left has the pipe.
	[ $rc -le 128 ] || pgrep -v -f 'rig/init|/command$|xfstests\.sh|xargs' |
		xargs kill -9 2>/dev/null
}
cat /sys/kernel/debug/biosan/stats 2>/dev/null
exit 0
