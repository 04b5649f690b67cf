#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# proves: an encrypted I/O over a bad sector ends, with an error, and goes wrong nowhere
# what: an encrypted I/O over a bad sector completes in part
# then: the rest is encrypted or decrypted with a stale IV
# now: ends with an error, and the rest is right
# class: position
# base: fail
# mail: block: advance the encryption context of a partly completed request
# cpus: 2
# shellcheck source=/dev/null
. "$(dirname "$0")/lib.sh"

knobs=/sys/kernel/debug/legdisk/leg0
dm=/dev/mapper/crypt
key=$(printf '%02x' {1..64})
tmp=$(mktemp -d)
len=65536
base=2048	# sector of the I/O, 1 MiB
none=18446744073709551615

knob() { echo "$2" >$knobs/"$1"; }
has() { local v; read -r v <$knobs/"$1" && test "$v" "$2" "$3"; }
media()
{
	dd if=/dev/leg0 bs=512 skip=$base count="$1" iflag=direct status=none
}

# at SECTOR: it is bad from now on
at()
{
	knob retries 0
	knob shorts 0
	knob bad_units 0
	knob bad $((base + $1))
}

# ended RC: with an error, after as many tries as the driver has, and without
# a request that begins inside of a unit
ended()
{
	[ "$1" = 3 ] || { echo "# status $1"; return 1; }
	has shorts -ge 1 && has retries -le 6 && has bad_units -eq 0
}

# a write goes wrong at SECTOR: what is in front of that unit is on the medium
# if the driver says so
bad_write()
{
	local front=$(($1 * 512 / unit * unit / 512)) rc=0

	knob bad $none

	"$TOOLS/pi-io" fill /dev/leg0 1m $len 99
	at "$1"
	"$TOOLS/pi-io" --vecs=5 --align="$unit" fill $dm 1m $len 1 \
		>/dev/null 2>&1 || rc=$?
	ended $rc || return 1
	knob bad $none
	[ $front = 0 ] || [ "$rounds" = N ] ||
		media $front | cmp -s -n $((front * 512)) - "$tmp/ref" ||
		return 1
	"$TOOLS/pi-io" --vecs=5 --align="$unit" fill $dm 1m $len 1 &&
		media $((len / 512)) | cmp -s - "$tmp/ref"
}

bad_read()
{
	local rc=0

	at "$1"
	"$TOOLS/pi-io" --vecs=5 --align="$unit" cmp $dm 1m $len 1 \
		>/dev/null 2>&1 || rc=$?
	ended $rc || return 1
	knob bad $none
	"$TOOLS/pi-io" --vecs=5 --align="$unit" cmp $dm 1m $len 1 >/dev/null
}

# every OP: the bad sector at the borders of units and inside of them
every()
{
	local s wrong=''

	for s in 0 3 8 11 23 64 67 127; do
		"bad_$1" "$s" || wrong+=" $s"
	done
	knob bad $none
	[ -z "$wrong" ]
	ok $? "unit $unit: $1, driver rounds $rounds, wrong at sectors:${wrong:- none}"
}

# several at a time, one of them over the bad sector
several()
{
	local i rc=0 job=()

	at 67
	for i in 0 1 2 3; do
		"$TOOLS/pi-io" --align="$unit" fill $dm \
			$((1048576 + i * len)) $len $((10 + i)) \
			>/dev/null 2>&1 &
		job[i]=$!
	done
	wait "${job[0]}" || rc=$?
	ended $rc || rc=1
	for i in 1 2 3; do
		wait "${job[i]}" &&
			"$TOOLS/pi-io" --align="$unit" cmp $dm \
				$((1048576 + i * len)) $len $((10 + i)) \
				>/dev/null || rc=1
	done
	knob bad $none
	[ $rc = 3 ]
	ok $? "unit $unit: one of several, driver rounds $rounds"
	"$TOOLS/pi-io" --align="$unit" fill $dm 1m $len 1
}

plan 12
modload legdisk nr=2 crypto=1
modload dm-inlinecrypt
for unit in 512 4096; do
	features=
	[ $unit = 512 ] || features="2 sector_size:$unit iv_large_sectors"
	dmsetup create crypt --table "0 $(blockdev --getsz /dev/leg0) \
inlinecrypt aes-xts-plain64 $key 0 /dev/leg0 0 $features" || bail inlinecrypt
	"$TOOLS/pi-io" fill $dm 1m $len 1 && media $((len / 512)) >"$tmp/ref"
	for rounds in Y N; do
		knob whole_units $rounds
		every write
		every read
		several
	done
	knob whole_units Y
	dmsetup remove crypt
done
rm -r "$tmp"
finish
