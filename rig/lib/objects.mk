# SPDX-License-Identifier: GPL-2.0-only
# Ask kbuild which objects a configuration has, without building one:
#   MAKEFILES=.../rig/lib/objects.mk OBJECTS="a/b.o c.o ..." \
#           make --no-print-directory O=... rig-objects
# prints those of $OBJECTS that the Makefiles list, as they list them.  make
# reads this file before each makefile; directories are descended into as for
# a single target.  (Naming an object to make tells nothing: it has a rule for
# whatever is in a directory, configured or not, and then with wrong flags.)
ifdef sub_make_done
.PHONY: rig-objects
ifndef obj
rig-objects:
	@$(MAKE) $(build)=. need-builtin=1 need-modorder=1 rig-objects
else
rig-objects:
	$(foreach o,$(filter $(OBJECTS),$(patsubst ./%,%, \
		$(real-obj-y) $(real-obj-m) $(lib-y))),$(info $o))
	@set -e; $(foreach d,$(subdir-ym), \
		$(if $(filter $(patsubst ./%,%,$d)/%,$(OBJECTS)), \
		$(MAKE) $(build)=$d need-builtin=1 need-modorder=1 rig-objects;)) :
endif
endif
