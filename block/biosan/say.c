// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: what is found, and whether it is reported.
 *
 * A report is put together with the lock of a group held, and is printed without.
 */
#include <linux/jhash.h>
#include <linux/percpu.h>
#include "biosan.h"

/* How many different reports are told apart by all of their stacks */
#define BIOSAN_MAX_SEEN		256

/* Reports for which there was no room, and what is not to be reported */
atomic_long_t biosan_unsaid = ATOMIC_LONG_INIT(0);
atomic_long_t biosan_silenced = ATOMIC_LONG_INIT(0);

/* Reports that have been seen, by all of their stacks */
static DEFINE_RAW_SPINLOCK(biosan_seen_lock);
static u32 biosan_seen[BIOSAN_MAX_SEEN];
static unsigned int biosan_nr_seen;
static unsigned long biosan_next_new;

/*
 * A report that is being put together.  There is one for each CPU, so that no
 * hook needs the stack for it; a hook that interrupts another on the same CPU
 * does without.
 */
struct biosan_scratch {
	struct biosan_report	report;
	bool			used;
};

static DEFINE_PER_CPU(struct biosan_scratch, biosan_scratch);

/*
 * Has it been found before, in the same way?  Then counting it is all that is
 * done, so that whoever does something wrong with each bio can be lived with.
 * When there is no room to remember that, one in a while is looked at.
 */
static bool biosan_is_known(enum biosan_kind kind,
			    const struct biosan_event *here,
			    const struct biosan_entry *e)
{
	u32 hash = biosan_hash_event(here, kind);
	bool known = false;
	unsigned int i;

	for (i = 0; e && i < BIOSAN_NR_EVENTS; i++)
		hash = biosan_hash_event(&e->events[i], hash);

	raw_spin_lock(&biosan_seen_lock);
	for (i = 0; !known && i < biosan_nr_seen; i++)
		known = biosan_seen[i] == hash;
	if (known)
		goto unlock;
	if (biosan_nr_seen < BIOSAN_MAX_SEEN)
		biosan_seen[biosan_nr_seen++] = hash;
	else if (time_before(jiffies, biosan_next_new))
		known = true;
	else
		biosan_next_new = jiffies + HZ / 10;
unlock:
	raw_spin_unlock(&biosan_seen_lock);
	return known;
}

/* Whatever has been found may be reported once more. */
void biosan_hear_again(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&biosan_seen_lock, flags);
	biosan_nr_seen = 0;
	raw_spin_unlock_irqrestore(&biosan_seen_lock, flags);
	biosan_forget_sites();
}

/* Who did it, if nothing else is said?  Not always who has noticed. */
static const struct biosan_event *biosan_blame(const struct biosan_report *r)
{
	const struct biosan_event *events = r->entry.events;

	switch (r->kind) {
	/*
	 * Where it was is known, and who it was is not: it is the submitter
	 * whose table it is.
	 */
	case BIOSAN_TABLE_CHANGED:
	case BIOSAN_PI_TABLE_CHANGED:
	case BIOSAN_DATA_CHANGED:
		return &events[BIOSAN_EV_SUBMIT];
	/* Not the driver that was given it, but who has left it shared. */
	case BIOSAN_SHARED_PI_WRITTEN:
	case BIOSAN_LEAK:
		return &events[BIOSAN_EV_ALLOC];
	/* Not who let go of what had been said to have ended. */
	case BIOSAN_SOURCE_GONE:
		if (r->entry.state == BIOSAN_ENDED)
			return &events[BIOSAN_EV_END];
		break;
	/* Not who was the last of those that it waited for. */
	case BIOSAN_LOST_ERROR:
		if (r->entry.ending)
			return &events[BIOSAN_EV_END];
		break;
	default:
		break;
	}
	return &r->here;
}

/* What it is, and where it is to go */
void biosan_describe(struct biosan_entry *e, const struct bio *bio)
{
	struct block_device *bdev = bio->bi_bdev;

	e->opf = bio->bi_opf;
	e->sector = bio->bi_iter.bi_sector;
	e->size = bio->bi_iter.bi_size;
	if (bdev) {
		e->partno = bdev_partno(bdev);
		strscpy(e->name, bdev->bd_disk->disk_name, sizeof(e->name));
	}
}

/* What there is to say of @bio, which is with its owner, or just leaves it */
void biosan_note(struct biosan_entry *e, const struct bio *bio)
{
	biosan_describe(e, bio);
	e->own_table = biosan_owns_table(bio);
	e->vcnt = bio->bi_vcnt;
	e->max_vecs = bio->bi_max_vecs;
}

static struct biosan_report *biosan_begin(struct biosan_ctx *c,
					  enum biosan_kind kind)
{
	struct biosan_scratch *s = this_cpu_ptr(&biosan_scratch);
	struct biosan_report *r = &s->report;
	unsigned int i;

	lockdep_assert_irqs_disabled();
	if (biosan_silent(kind, c->e ? c->e->name : NULL)) {
		atomic_long_inc(&biosan_silenced);
		return NULL;
	}
	biosan_count(kind);
	if (s->used) {
		atomic_long_inc(&biosan_unsaid);
		return NULL;
	}
	if (c->now)
		r->here = *c->now;
	else
		biosan_save_event(&r->here);
	if (biosan_is_known(kind, &r->here, c->e))
		return NULL;
	s->used = true;
	memset(&r->entry, 0, offsetof(struct biosan_entry, data));
	r->entry.state = BIOSAN_FREE;
	r->other.state = BIOSAN_FREE;
	r->kind = kind;
	r->says = NULL;
	r->bio = c->bio;
	r->core = false;
	r->end_io = 0;
	r->swapped = false;
	r->index = 0;
	memset(&r->now, 0, sizeof(r->now));
	r->count = 0;
	r->exact = false;
	r->past_end = false;
	for (i = 0; i < BIOSAN_NR_EVENTS; i++)
		r->entry.events[i].nr = 0;
	if (c->e) {
		r->entry = *c->e;
		r->end_io = (unsigned long)c->e->end_io;
		r->here.by = c->e->by;
	}
	if (c->valid == c->bio)
		biosan_describe(&r->entry, c->valid);
	r->blame = biosan_blame(r);
	if (!r->blame->nr)
		r->blame = &r->here;
	return r;
}

/* Called without the lock, and with interrupts as biosan_begin() had them. */
void biosan_said(struct biosan_report *r)
{
	bool printed;

	if (!r)
		return;
	printed = biosan_print(r);
	/* The next report needs it, also if this task does not come back. */
	this_cpu_ptr(&biosan_scratch)->used = false;
	if (printed)
		biosan_act();
}

/* The first thing that a hook finds is what it reports. */
void biosan_say(struct biosan_ctx *c, enum biosan_kind kind,
		const struct biosan_entry *other)
{
	if (c->said)
		return;
	c->said = true;
	c->r = biosan_begin(c, kind);
	if (c->r && other)
		c->r->other = *other;
}

/* The same in other words, or with somebody else to blame for it */
void biosan_say_that(struct biosan_ctx *c, enum biosan_kind kind,
		     const char *says, enum biosan_event_type blame)
{
	if (c->said)
		return;
	biosan_say(c, kind, NULL);
	if (!c->r)
		return;
	c->r->says = says;
	if (blame < BIOSAN_NR_EVENTS && c->r->entry.events[blame].nr)
		c->r->blame = &c->r->entry.events[blame];
}
