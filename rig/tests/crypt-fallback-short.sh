#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: blk-crypto-fallback is right over a disk that completes short
# base: pass
# before: base
# timeout: 300
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2034 # read there
crypto=0
. "$(dirname "$0")/crypt-short.sh"
