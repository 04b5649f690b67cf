# SPDX-License-Identifier: GPL-2.0-only
#
#  What there is to show of a bio: table, position, completion, and which bio it
#  is part of.
#
#  Nothing here depends on gdb: who uses it says how a value is read.  Values have
#  [member] and [index], int(), string(), and are false if they are 0.

# Entries of a table that are shown, and bios that a chain is followed through
MAX_VECS = 16
MAX_DEPTH = 32

# What the stacks of BIOSAN begin with: those functions that save them
SAVING = ("arch_stack_walk", "save_stack_trace", "stack_trace_save", "biosan_",
          "__biosan_")


def flags_of(value, names, prefix):
    """The names of all bits that are set; what has no name as a number."""
    said = []
    for bit in range(value.bit_length()):
        if value >> bit & 1:
            name = names.get(bit, "0x%x" % (1 << bit))
            said.append(name[len(prefix):] if name.startswith(prefix) else name)
    return " ".join(said)


# Whose clone is a bio?  Its bi_end_io tells.  Each of these gets the bio, and
# returns that which it was made for, and by whom.

def of_private(by, *path):
    def source(debugger, bio):
        value = bio['bi_private']
        if path:
            value = debugger.pointer(value, path[0])
        for name in path[1:]:
            value = value[name]
        return value, by
    return source


def of_dm(debugger, bio):
    tio = debugger.container(bio, "struct dm_target_io", "clone")
    return tio['io']['orig_bio'], "dm target " + tio['ti']['type']['name'].string()


def of_md(debugger, bio):
    clone = debugger.container(bio, "struct md_io_clone", "bio_clone")
    return clone['orig_bio'], "md"


SOURCES = [
    ("block/blk-crypto-fallback.c", "blk_crypto_fallback_encrypt_endio",
     of_private("blk-crypto-fallback")),
    ("drivers/md/dm.c", "clone_endio", of_dm),
    ("drivers/md/dm.c", "dm_part_endio", of_private("dm")),
    ("drivers/md/dm-crypt.c", "crypt_endio",
     of_private("dm-crypt", "struct dm_crypt_io", "base_bio")),
    ("drivers/md/md.c", "md_end_clone_io", of_md),
    ("drivers/md/raid1.c", "raid1_end_read_request",
     of_private("raid1", "struct r1bio", "master_bio")),
    ("drivers/md/raid1.c", "raid1_end_write_request",
     of_private("raid1", "struct r1bio", "master_bio")),
    ("drivers/md/raid10.c", "raid10_end_read_request",
     of_private("raid10", "struct r10bio", "master_bio")),
    ("drivers/md/raid10.c", "raid10_end_write_request",
     of_private("raid10", "struct r10bio", "master_bio")),
    ("drivers/md/raid5.c", "raid5_align_endio", of_private("raid5")),
]


class BioShow:
    """
    What is shown of bios, line by line, to @write.  @debugger reads values:

    bio(value)                      the bio at that address
    pointer(value, type)            the same as a pointer to @type
    container(value, type, member)  container_of()
    member(value, name)             a member, or None if there is none
    variable(name)                  the same of a variable
    enumerators(name)               names by value, of the enum that has @name
    symbol(address)                 the function that it is in, and where in there
    is_function(address, file, name)  whether @name of @file begins there
    """

    def __init__(self, debugger, write):
        self.debugger = debugger
        self.out = write

    def write(self, text, depth=1):
        self.out("  " * depth + text + "\n")

    # What can be said in one line

    def above(self, bio):
        """The bio that does not end before this one has, and why."""
        end_io = int(bio['bi_end_io'])
        if not end_io:
            return None, None
        if self.debugger.symbol(end_io) == "bio_chain_endio":
            return self.debugger.bio(bio['bi_private']), "its parent, by bio_chain()"
        for file, name, source in SOURCES:
            if self.debugger.is_function(end_io, file, name):
                above, by = source(self.debugger, bio)
                return self.debugger.bio(above), "its source, by " + by
        return None, None

    def device(self, bdev):
        if not bdev:
            return "no device"
        name = bdev['bd_disk']['disk_name'].string()
        part = int(bdev['__bd_flags']['counter']) & 0xff
        return "%s,%d" % (name, part) if part else name

    def operation(self, opf):
        ops = self.debugger.enumerators("REQ_OP_READ")
        op = ops.get(opf & 0xff, "REQ_OP_%d" % (opf & 0xff))
        names = self.debugger.enumerators("__REQ_SYNC")
        said = flags_of(opf >> 8 << 8, names, "__REQ_")
        return (op[len("REQ_OP_"):] + " " + said).rstrip()

    def summary(self, bio):
        pos = bio['bi_iter']
        return "bio 0x%x: %s, %d bytes at sector %d of %s" % (
            int(bio), self.operation(int(bio['bi_opf'])), int(pos['bi_size']),
            int(pos['bi_sector']), self.device(bio['bi_bdev']))

    def status(self, status):
        if not status:
            return "no error"
        errors = self.debugger.variable("blk_errors")
        name = errors[status]['name'].string() if errors is not None else ""
        return "error %d (%s)" % (status, name) if name else "error %d" % status

    def is_flagged(self, bio, flag):
        for bit, name in self.debugger.enumerators(flag).items():
            if name == flag:
                return int(bio['bi_flags']) >> bit & 1 == 1
        return False

    # What BIOSAN knows.  Nothing but these four look at how it keeps that.

    def biosan_entries(self):
        """All that are in use; None without CONFIG_BIOSAN"""
        pool = self.debugger.variable("biosan_pool")
        entries = self.debugger.variable("biosan_entries")
        if pool is None or entries is None:
            return None
        every = (pool[i] for i in range(int(entries) if pool else 0))
        return [entry for entry in every if self.biosan_state(entry) != "free"]

    def biosan_state(self, entry):
        names = self.debugger.enumerators("BIOSAN_FREE")
        return names[int(entry['state'])][len("BIOSAN_"):].lower().replace("_", " ")

    def biosan_address(self, entry, name):
        value = self.debugger.member(entry, name)
        return int(value) if value is not None else 0

    def biosan_events(self, entry):
        """What has happened, in order: (what, who, for whom, stack)."""
        events = []
        for number, name in self.debugger.enumerators("BIOSAN_EV_ALLOC").items():
            if name == "BIOSAN_NR_EVENTS":
                continue
            event = entry['events'][number]
            nr, when = int(event['nr']), int(event['when'])
            if not nr:
                continue
            who = "task %d (%s) on cpu %d at %d.%06ds" % (
                int(event['pid']), event['comm'].string(), int(event['cpu']),
                when // 10**9, when % 10**9 // 1000)
            by = int(event['by'])
            events.append((int(event['seq']), name[len("BIOSAN_EV_"):].lower(), who,
                           self.debugger.symbol(by) if by else "",
                           [self.debugger.symbol(event['stack'][i])
                            for i in range(nr)]))
        return [event[1:] for event in sorted(events)]

    # Table and position

    def show_vecs(self, table, pos, filled):
        """
        What is left of a table: @filled is how many entries there are, if that
        is known, which it is of a bio that owns its table.
        """
        index, done = int(pos['bi_idx']), int(pos['bi_offset'])
        left = int(pos['bi_size'])
        last = index + MAX_VECS
        while left:
            if filled is not None and index >= filled:
                self.write("%d bytes are past the end of the table" % left, 2)
                return
            if index == last:
                self.write("%d more bytes" % left, 2)
                return
            vec = table[index]
            length = int(vec['bv_len'])
            said = "[%d] page 0x%x, offset %d, %d bytes" % (
                index, int(vec['bv_page']), int(vec['bv_offset']), length)
            here = length - done
            if done:
                said += ", %d done" % done
            if here > left:
                said += ", %d beyond" % (here - left)
            self.write(said, 2)
            if done and here <= 0:
                self.write("the position is past the end of the entry", 2)
                return
            left -= min(here, left)
            index += 1
            done = 0

    def show_table(self, bio):
        table = bio['bi_io_vec']
        if not table:
            self.write("no table")
        elif self.is_flagged(bio, "BIO_CLONED"):
            self.write("table 0x%x, of another bio" % int(table))
            self.show_vecs(table, bio['bi_iter'], None)
        else:
            used = int(bio['bi_vcnt'])
            place = ", behind the bio" if int(table) == int(bio + 1) else ""
            self.write("table 0x%x, its own%s: %d of %d entries are used" % (
                int(table), place, used, int(bio['bi_max_vecs'])))
            # Who has filled a table of his own may not have said how far.
            self.show_vecs(table, bio['bi_iter'], used or None)

    def show_integrity(self, bio):
        bip = self.debugger.member(bio, 'bi_integrity')
        asked = "INTEGRITY" in self.operation(int(bio['bi_opf'])).split()
        if not bip:
            if asked:
                self.write("integrity: none, in spite of REQ_INTEGRITY")
            return
        pos = bip['bip_iter']
        self.write("integrity: seed %d, %d bytes, entry %d, offset %d%s" % (
            int(pos['bi_sector']), int(pos['bi_size']), int(pos['bi_idx']),
            int(pos['bi_offset']), "" if asked else "; it is not REQ_INTEGRITY"))
        masks = self.debugger.enumerators("BIP_BLOCK_INTEGRITY")
        names = {mask.bit_length() - 1: name for mask, name in masks.items()}
        self.write("payload 0x%x: %s" % (
            int(bip), flags_of(int(bip['bip_flags']), names, "BIP_") or "no flags"), 2)
        slots = int(bip['bip_max_vcnt'])
        self.write("table 0x%x, %s" % (
            int(bip['bip_vec']), "its own: %d of %d entries are used" % (
                int(bip['bip_vcnt']), slots) if slots else "of another bio"), 2)
        self.show_vecs(bip['bip_vec'], pos, None)

    def show_crypto(self, bio):
        context = self.debugger.member(bio, 'bi_crypt_context')
        if not context:
            return
        key = context['bc_key']
        config = key['crypto_cfg']
        # Little-endian, of as many words as this key has
        words = (int(config['dun_bytes']) + 7) // 8
        number = sum(int(context['bc_dun'][i]) << 64 * i for i in range(words))
        self.write("encryption: data unit number %d" % number)
        mode = int(config['crypto_mode'])
        modes = self.debugger.enumerators("BLK_ENCRYPTION_MODE_INVALID")
        self.write("key 0x%x, %s, data units of %d bytes" % (
            int(key), modes.get(mode, "mode %d" % mode).replace(
                "BLK_ENCRYPTION_MODE_", ""), int(config['data_unit_size'])), 2)

    def show_position(self, bio):
        pos = bio['bi_iter']
        self.write("position: sector %d, %d bytes, entry %d, offset %d" % (
            int(pos['bi_sector']), int(pos['bi_size']), int(pos['bi_idx']),
            int(pos['bi_offset'])))
        self.show_integrity(bio)
        self.show_crypto(bio)

    # Completion

    def show_completion(self, bio):
        end_io = int(bio['bi_end_io'])
        chained = self.is_flagged(bio, "BIO_CHAIN")
        remaining = int(bio['__bi_remaining']['counter']) if chained else 1
        counted = self.is_flagged(bio, "BIO_REFFED")
        count = int(bio['__bi_cnt']['counter']) if counted else 1
        self.write("completion: %s, %s; private 0x%x" % (
            self.debugger.symbol(end_io) if end_io else "none",
            self.status(int(bio['bi_status'])), int(bio['bi_private'])))
        self.write("ends to come: %d%s; references: %d" % (
            remaining, "" if chained else " at most", count), 2)

    def show_above(self, bio):
        seen = {int(bio)}
        for depth in range(2, MAX_DEPTH):
            above, how = self.above(bio)
            if above is None:
                return
            if depth == 2:
                self.write("above it:")
            if not above:
                self.write(how + ": NULL", depth)
                return
            if int(above) in seen:
                self.write("%s: 0x%x, once more" % (how, int(above)), depth)
                return
            seen.add(int(above))
            self.write(how + ":", depth)
            self.write(self.summary(above), depth + 1)
            bio = above
        self.write("and so on", MAX_DEPTH)

    def show_below(self, bio, entries):
        below = []
        for entry in entries:
            if self.biosan_state(entry) not in ("live", "in flight"):
                continue
            other = self.biosan_address(entry, 'bio')
            if self.biosan_address(entry, 'parent') == int(bio):
                below.append(("a child", other))
            elif self.biosan_address(entry, 'root') == int(bio):
                below.append(("a clone", other))
        if below:
            self.write("below it, says BIOSAN:")
        for what, other in below:
            self.write("%s: %s" % (what, self.summary(self.debugger.bio(other))), 2)

    def show_history(self, entry):
        self.write("BIOSAN: " + self.biosan_state(entry))
        for name, what in (('root', "table"), ('prot_root', "integrity table")):
            address = self.biosan_address(entry, name)
            if address:
                self.write("it shares the %s of bio 0x%x" % (what, address), 2)
        for what, who, by, stack in self.biosan_events(entry):
            self.write("%s: %s%s" % (what, who, ", for " + by if by else ""), 2)
            while stack and stack[0].startswith(SAVING):
                stack = stack[1:]
            for name in stack:
                self.write(name, 3)

    def show_biosan(self, bio):
        entries = self.biosan_entries() or []
        self.show_below(bio, entries)
        for entry in entries:
            if self.biosan_address(entry, 'bio') == int(bio):
                self.show_history(entry)

    def show_all(self):
        """A line for each bio that has not ended; False without CONFIG_BIOSAN"""
        entries = self.biosan_entries()
        for entry in entries or []:
            state = self.biosan_state(entry)
            if state in ("live", "in flight"):
                bio = self.debugger.bio(self.biosan_address(entry, 'bio'))
                self.out("%s; %s\n" % (self.summary(bio), state))
        return entries is not None

    def show(self, value):
        bio = self.debugger.bio(value)
        self.out(self.summary(bio) + "\n")
        names = self.debugger.enumerators("BIO_PAGE_PINNED")
        self.write("flags: " + (flags_of(int(bio['bi_flags']), names, "") or "none"))
        self.show_position(bio)
        self.show_table(bio)
        self.show_completion(bio)
        self.show_above(bio)
        self.show_biosan(bio)
