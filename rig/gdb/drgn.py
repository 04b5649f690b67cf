# SPDX-License-Identifier: GPL-2.0-only
# gdb sources it after look.py, with the path of bio_show.py in $script: the same, by
# drgn, of the process that gdb has stopped.
import subprocess

import gdb


def drgn(*arguments):
    done = subprocess.run(
        ["drgn", "-q", "-p", str(gdb.selected_inferior().pid),
         gdb.parse_and_eval("$script").string(), *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    said = done.stdout
    if done.returncode:
        said = "error: " + said
    for address, name in names.items():  # noqa: F821  look.py has it
        said = said.replace("0x%x" % address, name)
    return said


gdb.write("=== drgn\n")
known = drgn()
gdb.write("== all\n" + known)
for address, name in list(names.items()):  # noqa: F821
    gdb.write("== %s\n%s" % (name, drgn("0x%x" % address)))
for line in known.splitlines():
    if line.startswith("bio 0x") and line.endswith("; in flight"):
        gdb.write("== in flight\n" + drgn(line.split()[1].rstrip(":")))
gdb.write("== no bio\n" + drgn("0x10"))
gdb.write("== end\n")
