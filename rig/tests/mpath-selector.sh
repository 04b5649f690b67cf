#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: multipath ends an I/O once for a path, also if it is not retried
# what: multipath gives a queued bio back
# then: its path counts less than nothing in flight
# now: 0
# class: count
# smoke: yes
# mail: dm mpath: don't end an I/O twice for a path that has failed
# base: fail
. "$(dirname "$0")/lib.sh"

modload legdisk mode=bio
modload dm-multipath
modload dm-service-time
dmsetup create mp --table "0 $(blockdev --getsz /dev/leg0) multipath \
	3 queue_if_no_path queue_mode bio 0 1 1 \
	service-time 0 1 1 /dev/leg0 1" || bail "no multipath device"

# in_flight BYTES: what service-time has for the path
in_flight() { dmsetup status mp | grep -q " $(</sys/block/leg0/dev) . [0-9]* $1 1 "; }

plan 3
echo 1 >/sys/kernel/debug/legdisk/leg0/fail_count
dd if=/dev/zero of=/dev/mapper/mp bs=64k count=1 oflag=direct status=none &
wait_for grep -qx 1 /sys/kernel/debug/legdisk/leg0/fails && in_flight 0
ok $? "nothing is in flight when the path has failed"
# Suspended, the target hands back what it has queued.
dmsetup suspend --noflush --nolockfs mp && dmsetup resume mp && in_flight 0
ok $? "and after a suspend"
dmsetup message mp 0 "reinstate_path $(</sys/block/leg0/dev)" &&
	dmsetup message mp 0 queue_if_no_path && wait $! && in_flight 0
ok $? "and after the retry"
dmsetup status mp | sed 's/^/# /'
finish
