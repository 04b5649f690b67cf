#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: what is read from an error target fails, and nothing else
. "$(dirname "$0")/../tests/lib.sh"

plan 1
modload dm-mod
dmsetup create err --table "0 2048 error" || bail "no error target"
! dd if=/dev/mapper/err of=/dev/null bs=4k count=1 iflag=direct status=none 2>/dev/null
ok $? "an error"
finish
