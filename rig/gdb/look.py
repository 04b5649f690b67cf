# SPDX-License-Identifier: GPL-2.0-only
# gdb sources it where the kernel has panicked, or for a dump of one that has:
# lx-bio of all bios that rig/gdb/gdb-bio.c has made, and of all that BIOSAN
# knows. What begins with "==" says of which; addresses are called what they are.
import re

import gdb

names = {}


def show(command):
    try:
        said = gdb.execute(command, to_string=True)
    except gdb.error as error:
        said = "error: %s\n" % error
    for address, name in names.items():
        said = said.replace("0x%x" % address, name)
    return said


log = gdb.execute("lx-dmesg", to_string=True)
made = re.search(r"gdb-bio: parent (\w+) child (\w+) clone (\w+) secret (\w+)", log)
for name, address in zip(("PARENT", "CHILD", "CLONE", "SECRET"), made.groups() if made else ()):
    names[int(address, 16)] = name
    gdb.write("name %s 0x%s\n" % (name, address))
known = show("lx-bio")
gdb.write("== all\n" + known)
for name in names.values():
    address = [a for a, n in names.items() if n == name][0]
    gdb.write("== %s\n%s" % (name, show("lx-bio 0x%x" % address)))
for address in re.findall(r"^bio (0x[0-9a-f]+):.*in flight", known, re.M):
    gdb.write("== in flight\n" + show("lx-bio " + address))
gdb.write("== no bio\n" + show("lx-bio 0x10"))
gdb.write("== end\n")
