#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: nor do writes on two processors wait for each other
# base: hang
# hang-after: 60
# mail: md/raid1, md/raid10: submit the legs of a write before waiting for the next
# mail: md/raid1, md/raid10: put the clone of a leg when the leg is done
# mail: md/raid0, md/raid10: submit discards from a worker
# cpus: 2
. "$(dirname "$0")/md-starved.inc"
