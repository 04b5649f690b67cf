# SPDX-License-Identifier: GPL-2.0-only
#
# gdb helper commands and functions for Linux kernel debugging
#
#  bios
#

import gdb

from linux import bioshow, utils

bio_type = utils.CachedType("struct bio")


class Debugger:
    """How bioshow reads values with gdb"""

    def __init__(self):
        self.enums = {}

    def pointer(self, value, name):
        address = value.cast(utils.get_ulong_type())
        return address.cast(gdb.lookup_type(name).pointer())

    def bio(self, value):
        address = gdb.Value(value).cast(utils.get_ulong_type())
        return address.cast(bio_type.get_type().pointer())

    def container(self, value, name, member):
        return utils.container_of(value, gdb.lookup_type(name).pointer(), member)

    def member(self, value, name):
        try:
            return value[name]
        except gdb.error:
            return None

    def variable(self, name):
        return utils.gdb_eval_or_none(name)

    def enumerators(self, name):
        if name not in self.enums:
            value = self.variable(name)
            names = {}
            for field in value.type.fields() if value is not None else []:
                names.setdefault(field.enumval, field.name)
            self.enums[name] = names
        return self.enums[name]

    def symbol(self, address):
        said = gdb.execute("info symbol 0x%x" % int(address), to_string=True)
        name, found, _ = said.partition(" in section ")
        if not found:
            return "0x%x" % int(address)
        name, plus, offset = name.partition(" + ")
        return "%s+0x%x" % (name, int(offset)) if plus else name

    def is_function(self, address, file, name):
        block = gdb.block_for_pc(address)
        while block and not block.function:
            block = block.superblock
        return (block is not None and block.function.name == name and
                block.function.symtab.filename.endswith(file))


class LxBio(gdb.Command):
    """Show a bio: table, position, completion, and what it is part of.

lx-bio BIO: BIO is an expression, as an address, $rdi, or rq->bio.
lx-bio: one line for each bio that has not ended, as far as BIOSAN knows.

Position means all that moves as the bio completes: that in the data, that in
the integrity metadata, and the data unit number of inline encryption.  If it is
a child or a clone, the bios that wait for it are shown as well, up to the one
that was submitted first.  If BIOSAN knows it, so are the bios that it waits for,
those that share its table, and what has happened to it."""

    def __init__(self):
        super().__init__("lx-bio", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def address(self, arg):
        value = gdb.parse_and_eval(arg)
        if value.type.strip_typedefs().code == gdb.TYPE_CODE_STRUCT:
            value = value.address
        return value

    def invoke(self, arg, from_tty):
        show = bioshow.BioShow(Debugger(), gdb.write)
        try:
            if arg:
                show.show(self.address(arg))
            elif not show.show_all():
                raise gdb.GdbError("lx-bio takes the address of a bio: this "
                                   "kernel has no BIOSAN that knows of any")
        except gdb.MemoryError as error:
            raise gdb.GdbError("no bio, or not all of it is there: " + str(error))


LxBio()
