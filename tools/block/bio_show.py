#!/usr/bin/env drgn
# SPDX-License-Identifier: GPL-2.0-only
"""
Show bios with drgn, as lx-bio does with gdb: table, position, completion, and
what they are part of.

	drgn THIS 0xffff888101234500
	drgn -c vmcore -s vmlinux THIS 0xffff888101234500

Without an address: one line for each bio that has not ended, if BIOSAN knows.
"""

import os
import sys

import drgn

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "../../scripts/gdb"))

from linux import bioshow  # noqa: E402


class Value:
    """An object of drgn, as bioshow reads it"""

    def __init__(self, obj):
        self.obj = obj

    def __getitem__(self, which):
        if isinstance(which, str):
            return Value(self.obj.member_(which))
        return Value(self.obj[which])

    def __add__(self, number):
        return Value(self.obj + number)

    def __int__(self):
        return int(self.obj.value_())

    def __bool__(self):
        return bool(self.obj)

    def string(self):
        return self.obj.string_().decode()


class Debugger:
    """How bioshow reads values with drgn"""

    def __init__(self, prog):
        self.prog = prog

    def pointer(self, value, name):
        return Value(drgn.Object(self.prog, name + " *", int(value)))

    def bio(self, value):
        return self.pointer(value, "struct bio")

    def container(self, value, name, member):
        return Value(drgn.container_of(value.obj, self.prog.type(name), member))

    def member(self, value, name):
        try:
            return value[name]
        except LookupError:
            return None

    def variable(self, name):
        try:
            return Value(self.prog[name])
        except LookupError:
            return None

    def enumerators(self, name):
        value = self.variable(name)
        names = {}
        for number in value.obj.type_.enumerators if value is not None else []:
            names.setdefault(number.value, number.name)
        return names

    def symbol(self, address):
        try:
            symbol = self.prog.symbol(int(address))
        except LookupError:
            return "0x%x" % int(address)
        offset = int(address) - symbol.address
        return "%s+0x%x" % (symbol.name, offset) if offset else symbol.name

    def is_function(self, address, file, name):
        try:
            return self.prog.function(name, file).address_ == address
        except LookupError:
            return False


def main(prog, arguments):
    show = bioshow.BioShow(Debugger(prog), sys.stdout.write)
    if not arguments and not show.show_all():
        sys.exit("usage: drgn THIS ADDRESS... (this kernel has no BIOSAN that "
                 "knows of any)")
    for argument in arguments:
        try:
            show.show(int(argument, 0))
        except ValueError:
            sys.exit("%s is not an address" % argument)
        except drgn.FaultError as error:
            sys.exit("no bio, or not all of it is there: %s" % error)


main(prog, sys.argv[1:])  # noqa: F821  drgn has it
