#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: a read that misses the cache is still what it was, here: readahead
# what: readahead misses bcache and fails
# then: counted against the device
# now: ignored, as meant
# class: count
# mail: bcache: copy the attributes of a bio that misses the cache
# base: fail
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/bcache.inc"

# bcache does not count it as a failure of the backing device if readahead
# fails there.
plan 3
backing_with_hole
bcache_up /dev/mapper/backing
# bcache0 begins 16 sectors into the backing device
hole=$(((HOLE - 16) * 512))

errors() { cat $BC_SYS/bcache/io_errors; }
ignored() { dmesg | grep -q 'Read-ahead I/O failed on backing device, ignore'; }

readahead()
{
	python3 - <<-PY
		import os
		fd = os.open("$BC", os.O_RDONLY)
		os.posix_fadvise(fd, $hole, 4096, os.POSIX_FADV_WILLNEED)
	PY
}

seen() { ignored || [ "$(errors)" -gt 0 ]; }

readahead
wait_for seen && ignored
ok $? "readahead is known as such when it fails"
echo "# errors of the backing device: $(errors)"
[ "$(errors)" = 0 ]
ok $? "it does not count as an error of the backing device"
! dd if=$BC of=/dev/null bs=4k skip=$hole iflag=direct,skip_bytes count=1 \
	status=none 2>/dev/null && [ "$(errors)" -gt 0 ]
ok $? "a read does"
finish
