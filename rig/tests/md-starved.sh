#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a write to a mirror does not wait for itself if there is no memory
# base: hang
# hang-after: 60
# mail: md/raid1, md/raid10: submit the legs of a write before waiting for the next
# mail: md/raid1, md/raid10: put the clone of a leg when the leg is done
# mail: md/raid0, md/raid10: submit discards from a worker
. "$(dirname "$0")/md-starved.inc"
