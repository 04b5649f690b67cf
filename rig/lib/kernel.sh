# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# How the rig builds kernels, and guests of QEMU that boot them; source it after
# common.sh. What the functions are about is set by kernel_is.

need ccache ccache
export CCACHE_DIR=$CACHE/ccache CCACHE_MAXSIZE=${CCACHE_MAXSIZE:-6G}
# The kernel lists what an object depends on; a miss need not preprocess it first.
export CCACHE_DEPEND=1
# Two builds of the same source are the same file.
export KBUILD_BUILD_TIMESTAMP='2026-01-01' KBUILD_BUILD_USER=rig \
	KBUILD_BUILD_HOST=rig KBUILD_BUILD_VERSION=1
mkdir -p "$BUILD/log"

# kbuild SOURCE OUTPUT ARCH ARG...: how the rig calls make for a kernel. The
# same warnings everywhere, so that one compilation serves them all; kernel-doc
# is run on its own, for the files that change.
kbuild()
{
	local src=$1 out=$2 arch=$3
	shift 3

	make -C "$src" O="$out" ARCH="$arch" CC="ccache gcc" \
		HOSTCC="ccache gcc" W=1 cmd_checkdoc= "$@"
}

# kernel_is NAME SOURCE OUTPUT ARCH LABEL CONFIG: OUTPUT is what make gets for
# O=, the configuration is in the file CONFIG, messages begin with LABEL.
kernel_is()
{
	name=$1 src=$2 out=$3 arch=$4 label=$5 config=$6
	obj=$out
	[[ $obj = /* ]] || obj=$src/$out
	log=$BUILD/log/${label// /-}.log
}

km() { kbuild "$src" "$out" "$arch" LOCALVERSION="-$name" "$@"; }

# checkout DIR REV [PATTERNS]: DIR is a worktree of build/linux with the files of
# that commit, or with those of them that match what the function PATTERNS prints
checkout()
{
	local dir=$1 tree=$BUILD/linux rev sparse

	rev=$(git -C "$tree" rev-parse -q --verify "$2^0") ||
		die "build/linux has no $2: run make tree"
	if [ ! -e "$dir/.git" ] ||
	   ! git -C "$dir" rev-parse -q --verify HEAD >/dev/null 2>&1; then
		need_space "$BUILD" 4000
		say "checking out ${dir#"$TOP/"}"
		rm -rf "$dir"
		git -C "$tree" worktree prune
		git -C "$tree" worktree add -q --no-checkout --detach "$dir" "$rev"
		touch "$dir/.unfinished"
	fi
	sparse=$(git -C "$dir" rev-parse --path-format=absolute \
		--git-path info/sparse-checkout)
	if [ $# -gt 2 ] && ! cmp -s <("$3") "$sparse"; then
		touch "$dir/.unfinished"
		"$3" | git -C "$dir" sparse-checkout set --no-cone --stdin
	fi
	if [ -e "$dir/.unfinished" ] || [ "$(git -C "$dir" rev-parse HEAD)" != "$rev" ]; then
		git -C "$dir" checkout -q -f --detach "$rev"
		rm -f "$dir/.unfinished"
	fi
}

# kernel_stamp FILE...: what a kernel is made of, with those files besides
kernel_stamp()
{
	git -C "$src" rev-parse HEAD
	git -C "$src" diff HEAD | sha1sum
	git -C "$src" ls-files -o --exclude=/o/ | sort | (
		cd "$src" && xargs -r -d '\n' sha1sum
	)
	printf '%s\n' "$@" | sort | xargs -d '\n' sha1sum
	gcc --version | head -n1
}

# kernel_has STAMP: there is nothing left to do
kernel_has() { [ "$1" = "$(cat "$obj/.rig-stamp" 2>/dev/null)" ]; }

# kernel_is_built STAMP: the same; and if not, there is no stamp any more.
kernel_is_built()
{
	! kernel_has "$1" || return 0
	mkdir -p "$obj"
	rm -f "$obj/.rig-stamp"
	return 1
}

kernel_built()
{
	echo "$1" >"$obj/.rig-stamp"
}

kernel_fail()
{
	grep -E -m5 'error:|Error [0-9]|ERROR:|undefined reference' "$log" >&2 ||
		tail -n5 "$log" >&2
	die "the $name kernel does not build: see ${log#"$TOP/"}"
}

kernel_configure()
{
	km -s KCONFIG_ALLCONFIG="$config" allnoconfig >"$log" 2>&1 ||
		kernel_fail
}

# The lines of the configuration that did not take
kernel_missed()
{
	grep '^CONFIG_' "$config" | grep -vxFf "$obj/.config" || true
}

# kernel_share_options: give the kernel the header of options that the series has.
# Each object depends on it, and ccache takes it as a whole: what the series adds,
# and the base never names, would make every object of both another one.
kernel_share_options()
{
	local ours=$obj/include/generated/autoconf.h more
	local options=$BUILD/options
	local theirs=$options/include/generated/autoconf.h

	kbuild "$BUILD/linux" "$options" "$arch" -s LOCALVERSION="-$name" \
		KCONFIG_ALLCONFIG="$config" allnoconfig syncconfig \
		>>"$log" 2>&1 || kernel_fail
	km -s syncconfig >>"$log" 2>&1 || kernel_fail
	if more=$(grep -vxFf "$ours" "$theirs") &&
	   ! grep -qvxFf "$theirs" "$ours" &&
	   ! git -C "$src" grep -qwF "$(awk '{ print $2; sub("_MODULE$", "", $2);
			print $2 }' <<<"$more")" -- ':!*Kconfig*'; then
		cp "$theirs" "$ours"
	else
		say "$label: its options differ from those of the series: few of" \
			"its objects are shared"
	fi
}

# kernel_compile TARGET...
kernel_compile()
{
	say "$label: compiling, $JOBS jobs"
	meter_start "$label" 30 sh -c \
		"echo \"\$(grep -c '^  \(CC\|AS\|HOSTCC\)' '$log') objects\"" 9>&-
	km -j"$JOBS" "$@" >>"$log" 2>&1 || { meter_stop; kernel_fail; }
	meter_stop
}

# kernel_module DIR VARIABLE...: the modules in DIR, out of a copy: a build
# leaves its objects there.
kernel_module()
{
	local dir=$1 to=$obj/ext/${1##*/}

	shift
	mkdir -p "$to"
	cp -u "$dir/Kbuild" "$dir"/*.c "$to"
	km -s M="$to" "$@" modules >"$log" 2>&1 || kernel_fail
}

# kernel_guest INIT "APPLET ..." TOOL...: $obj/initramfs, with busybox, those of
# its applets, tools with their libraries, and what kernel_module has built
kernel_guest()
{
	local root=$obj/root init=$1 applets=$2 p

	shift 2
	need cpio cpio
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,run,tmp,etc}
	install -m 755 "$init" "$root/init"
	cp "$obj/ext/"*/*.ko "$root/"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for p in $applets; do
		ln -s busybox "$root/bin/$p"
	done
	for p; do
		p=$(PATH=$PATH:/usr/sbin:/sbin command -v "$p") ||
			die "$p is missing: run 'make setup'"
		cp "$p" "$root/bin/"
		ldd "$p" | grep -oE '/[^ ]+' | while read -r p; do
			mkdir -p "$root${p%/*}"
			cp -uL "$p" "$root$p"
		done
	done
	(cd "$root" && find . | sort | cpio -o -H newc -R 0:0 --quiet) |
		gzip -1n >"$obj/initramfs"
}

# kernel_boot SECONDS LOG PARAMETERS QEMU-OPTION...: the guest's console goes to
# LOG; LOG.qemu is what QEMU says. 124 when the time is up.
kernel_boot()
{
	local limit=$1 l=$2 parameters=$3

	shift 3
	need qemu-system-x86_64 qemu-system-x86
	timeout -k 5 "$limit" qemu-system-x86_64 -machine q35 -cpu qemu64 \
		-nodefaults -no-user-config -display none -serial "file:$l" \
		-no-reboot -kernel "$obj/arch/x86/boot/bzImage" \
		-initrd "$obj/initramfs" -append "console=ttyS0 panic=-1 $parameters" \
		"$@" </dev/null >"$l.qemu" 2>&1
}
