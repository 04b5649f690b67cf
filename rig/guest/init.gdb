#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# First process of the guest of QEMU that rig/gdb/run looks into: a bio goes through
# dm, and rig/gdb/gdb-bio.c panics.
export PATH=/bin:/sbin:/usr/bin:/usr/sbin DM_DISABLE_UDEV=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
exec </dev/console >/dev/console 2>&1
insmod /scsi_debug.ko dif=1 dix=1
until [ -b /dev/sda ]; do
	sleep 1
done
echo 0 8192 linear /dev/sda 1024 | dmsetup create upper &&
	dd if=/dev/zero of=/dev/mapper/upper bs=8192 count=1 oflag=direct &&
	insmod /gdb-bio.ko disk=/dev/sda
reboot -f
