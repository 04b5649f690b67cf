#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# In the guest, in a checkout of blktests, one test:
#   blktests.sh SECONDS TEST            with devices of its own
#   blktests.sh SECONDS TEST OVER PI    on such devices
# A test that runs for as long as it is told to has SECONDS. Each run of the test
# ends in a line "rig: WORD WHAT".
# shellcheck source=rig/guest/stacks.inc
. "${0%/*}/stacks.inc"

quick=$1 test=$2
: >/tmp/config
if [ $# = 4 ]; then
	if grep -q '^test_device_array()' "tests/$test"; then
		stacks "$3" "$4" 256 a b c d
		echo "TEST_CASE_DEV_ARRAY[$test]='${DEV[*]}'" >/tmp/config
	else
		stacks "$3" "$4" 512 a
		echo "TEST_DEVS=(${DEV[a]})" >/tmp/config
	fi
fi
./check -c /tmp/config -o /tmp/results -q"$quick" "$test" 2>&1 | tee /tmp/out
mapfile -t ran < <(find /tmp/results -path "*/$test" -type f | sort)
for f in "${ran[@]}"; do
	awk -F'\t' -v where="${f#/tmp/results/}" '{ v[$1] = $2 }
		END { sub("/.*", "", where)
		      print "rig: " v["status"] "\t" v["reason"], where }' "$f"
done
[ ${#ran[@]} -gt 0 ] || ! grep -q 'not run' /tmp/out || echo "rig: not run"
why=$(sed '1,/\[not run\]/d; s/^ *//; /^runtime /d' /tmp/out | head -n1)
[ -z "$why" ] || echo "rig-why: $why"
cat /sys/kernel/debug/biosan/stats 2>/dev/null
exit 0
