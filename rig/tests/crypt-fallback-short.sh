#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: blk-crypto-fallback is right over a disk that completes short
# what: short transfer under the encryption fallback
# then: right
# now: right
# class: position
# mail: block: advance the encryption context of a partly completed request
# base: pass
# before: base
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2034 # read there
crypto=0
. "$(dirname "$0")/crypt-short.sh"
