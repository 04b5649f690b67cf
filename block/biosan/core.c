// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: who breaks the contract of bios.
 *
 * All state is in a table of entries that is allocated once.  An entry belongs
 * to an address: a bio is not looked at unless it is handed to one of the hooks,
 * and a bio that is initialized begins anew, whatever was at its address before.
 * Where one entry refers to another bio, it has its id as well.
 */
#define pr_fmt(fmt) "biosan: " fmt

#include <kunit/visibility.h>
#include <linux/bio-integrity.h>
#include <linux/blk-integrity.h>
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/jhash.h>
#include <linux/log2.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include "../blk.h"
#include "biosan.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "biosan."

static const char * const biosan_mode_names[] = {
	[BIOSAN_OFF]	= "off",
	[BIOSAN_FULL]	= "full",
	[BIOSAN_SAMPLE]	= "sample",
};

DEFINE_STATIC_KEY_FALSE(biosan_key);
EXPORT_SYMBOL(biosan_key);

static unsigned int biosan_entries = CONFIG_BIOSAN_ENTRIES;
module_param_named(entries, biosan_entries, uint, 0444);
static unsigned int biosan_interval = CONFIG_BIOSAN_SAMPLE_INTERVAL;
module_param_named(sample_interval, biosan_interval, uint, 0644);
static bool biosan_data __read_mostly;
module_param_named(data, biosan_data, bool, 0644);

#define BIOSAN_SLOTS_BITS	10
/* How many that have ended are remembered in sample mode */
#define BIOSAN_MAX_ENDED	64
/* How many that have been left behind are remembered */
#define BIOSAN_MAX_LEFT		256
/* How many different reports are told apart by all of their stacks */
#define BIOSAN_MAX_SEEN		256

/* Read by hooks without the lock */
static enum biosan_mode biosan_mode __read_mostly;
static bool biosan_dead __read_mostly;
static struct hlist_head *biosan_by_bio __read_mostly;
static struct hlist_head *biosan_by_table __read_mostly;
static struct hlist_head *biosan_by_rq __read_mostly;
static unsigned int biosan_hash_bits __read_mostly;
static struct biosan_entry *biosan_pool __read_mostly;
/* The next bio that is submitted is a sample. */
static bool biosan_sampling __read_mostly;

/*
 * The bios that have an entry in sample mode, each in the slot of its address, so
 * that all others are told from them without the lock.  If a slot is taken, who
 * comes later is no sample.
 */
static const struct bio *biosan_slots[1 << BIOSAN_SLOTS_BITS] __read_mostly;

/*
 * Everything below is protected by biosan_lock.  It is taken with interrupts
 * disabled, nothing but the lock of what is to be silent is taken under it, and
 * reports are printed without it.
 */
raw_spinlock_t biosan_lock __cacheline_aligned_in_smp =
	__RAW_SPIN_LOCK_UNLOCKED(biosan_lock);
static LIST_HEAD(biosan_free_list);
static LIST_HEAD(biosan_live_list);
static LIST_HEAD(biosan_ended_list);
static LIST_HEAD(biosan_left_list);

static u64 biosan_seq;
static unsigned long biosan_tracked;
static unsigned long biosan_submitted;
static unsigned long biosan_dropped;
static unsigned long biosan_refused;
static unsigned long biosan_unsaid;
static unsigned long biosan_silenced;
static unsigned int biosan_nr_ended;
static unsigned int biosan_nr_left;

/* Reports that have been seen, by all of their stacks */
static u32 biosan_seen[BIOSAN_MAX_SEEN];
static unsigned int biosan_nr_seen;
static unsigned long biosan_next_new;

/* === Turning itself off === */

static DEFINE_MUTEX(biosan_mode_lock);
static const char *biosan_why;

/* The hooks have to stay for who has a page to give back. */
static void biosan_drop_hooks(void)
{
	if ((READ_ONCE(biosan_dead) || READ_ONCE(biosan_mode) == BIOSAN_OFF) &&
	    !biosan_pages_left())
		static_branch_disable(&biosan_key);
}

static void biosan_drop_work_fn(struct work_struct *work)
{
	mutex_lock(&biosan_mode_lock);
	biosan_drop_hooks();
	mutex_unlock(&biosan_mode_lock);
}

static DECLARE_WORK(biosan_drop_work, biosan_drop_work_fn);

/* biosan_set_mode() waits for this one, and holds biosan_mode_lock. */
static void biosan_disable_work_fn(struct work_struct *work)
{
	pr_err("%s: disabled\n", biosan_why);
	biosan_drop_hooks();
}

static DECLARE_WORK(biosan_disable_work, biosan_disable_work_fn);

static void biosan_disable_irq_fn(struct irq_work *work)
{
	schedule_work(&biosan_disable_work);
}

static DEFINE_IRQ_WORK(biosan_disable_irq_work, biosan_disable_irq_fn);

/*
 * Its own memory has been overwritten.  Hooks look at biosan_dead.  Code is
 * patched in process context only, and a work is not to be queued with the lock
 * held.
 */
static void biosan_disable(const char *why)
{
	lockdep_assert_held(&biosan_lock);
	if (READ_ONCE(biosan_dead))
		return;
	biosan_why = why;
	WRITE_ONCE(biosan_dead, true);
	biosan_pages_stop();
	irq_work_queue(&biosan_disable_irq_work);
}

/* === Entries === */

static struct hlist_head *bio_bucket(const struct bio *bio)
{
	return &biosan_by_bio[hash_ptr(bio, biosan_hash_bits)];
}

static struct hlist_head *table_bucket(const struct bio_vec *table)
{
	return &biosan_by_table[hash_ptr(table, biosan_hash_bits)];
}

static struct hlist_head *rq_bucket(const struct request *rq)
{
	return &biosan_by_rq[hash_ptr(rq, biosan_hash_bits)];
}

static const struct bio **biosan_slot(const struct bio *bio)
{
	return &biosan_slots[hash_ptr(bio, BIOSAN_SLOTS_BITS)];
}

static struct biosan_entry *biosan_find(const struct bio *bio)
{
	struct biosan_entry *e;

	if (!bio)
		return NULL;
	hlist_for_each_entry(e, bio_bucket(bio), by_bio) {
		if (e->bio != bio)
			continue;
		if (e->state != BIOSAN_FREE)
			return e;
		biosan_disable("entry in use is free");
		break;
	}
	return NULL;
}

/* The entry of @bio, if that is still the one with @id; 0: that is not known */
static struct biosan_entry *biosan_find_id(const struct bio *bio, u64 id)
{
	struct biosan_entry *e = biosan_find(bio);

	return e && (!id || e->id == id) ? e : NULL;
}

/* Whoever waits for it does so no more. */
static void biosan_unchain(struct biosan_entry *e)
{
	struct biosan_entry *parent;

	e->chained = false;
	if (!e->parent)
		return;
	parent = biosan_find_id(e->parent, e->parent_id);
	if (parent && parent->children)
		parent->children--;
	e->parent = NULL;
}

static void biosan_unqueue(struct biosan_entry *e)
{
	hlist_del_init(&e->by_rq);
	e->rq = NULL;
}

/* Nothing is known of its address any more. */
static void biosan_unhash(struct biosan_entry *e)
{
	const struct bio **slot = biosan_slot(e->bio);

	if (*slot == e->bio)
		WRITE_ONCE(*slot, NULL);
	biosan_page_unprotect(e);
	biosan_unqueue(e);
	hlist_del_init(&e->by_bio);
	hlist_del_init(&e->by_table);
}

static bool biosan_is_over(const struct biosan_entry *e)
{
	return e->state == BIOSAN_ENDED || e->state == BIOSAN_FREED;
}

static void biosan_forget(struct biosan_entry *e)
{
	if (biosan_is_over(e))
		biosan_nr_ended--;
	if (e->state == BIOSAN_LEFT)
		biosan_nr_left--;
	else
		biosan_unchain(e);
	biosan_unhash(e);
	list_move(&e->list, &biosan_free_list);
	e->state = BIOSAN_FREE;
	biosan_tracked--;
}

static struct biosan_entry *biosan_oldest_ended(void)
{
	return list_first_entry_or_null(&biosan_ended_list,
					struct biosan_entry, list);
}

/*
 * What has ended is remembered until its entry is needed, to find that it ends
 * again.  With samples only a few are, so that slots are free.
 */
static void biosan_retire(struct biosan_entry *e, enum biosan_state state)
{
	if (!biosan_is_over(e))
		biosan_nr_ended++;
	e->state = state;
	biosan_unqueue(e);
	biosan_page_unprotect(e);
	hlist_del_init(&e->by_table);
	list_move_tail(&e->list, &biosan_ended_list);
	if (READ_ONCE(biosan_mode) == BIOSAN_SAMPLE &&
	    biosan_nr_ended > BIOSAN_MAX_ENDED)
		biosan_forget(biosan_oldest_ended());
}

/* It is not over yet, or begins once more. */
static void biosan_revive(struct biosan_entry *e, enum biosan_state state)
{
	if (biosan_is_over(e))
		biosan_nr_ended--;
	e->state = state;
	list_move_tail(&e->list, &biosan_live_list);
}

/*
 * Whatever was there before is another bio.  What is large is left as it is, and
 * says by a count of 0 that there is nothing.
 */
static void biosan_clear(struct biosan_entry *e, unsigned int nr_events)
{
	memset(&e->root, 0, offsetof(struct biosan_entry, data) -
	       offsetof(struct biosan_entry, root));
	e->data.vecs = NULL;
	e->data.nr = 0;
	e->prot.vecs = NULL;
	e->prot.nr = 0;
	for (; nr_events < BIOSAN_NR_EVENTS; nr_events++) {
		e->events[nr_events].seq = 0;
		e->events[nr_events].nr = 0;
	}
	e->id = ++biosan_seq;
}

static struct biosan_entry *biosan_new(struct bio *bio)
{
	enum biosan_mode mode = READ_ONCE(biosan_mode);
	const struct bio **slot = biosan_slot(bio);
	struct biosan_entry *e;

	if (mode == BIOSAN_OFF || READ_ONCE(biosan_dead))
		return NULL;
	if (mode == BIOSAN_SAMPLE && *slot) {
		biosan_refused++;
		return NULL;
	}
	e = list_first_entry_or_null(&biosan_free_list, struct biosan_entry, list);
	if (e && e->state != BIOSAN_FREE) {
		biosan_disable("free entry in use");
		return NULL;
	}
	if (!e) {
		e = biosan_oldest_ended();
		if (!e) {
			biosan_dropped++;
			return NULL;
		}
		biosan_forget(e);
	}

	biosan_clear(e, 0);
	e->bio = bio;
	e->bs = bio->bi_pool;
	e->state = BIOSAN_LIVE;
	if (mode == BIOSAN_SAMPLE)
		WRITE_ONCE(*slot, bio);
	hlist_add_head(&e->by_bio, bio_bucket(bio));
	list_move_tail(&e->list, &biosan_live_list);
	biosan_tracked++;
	return e;
}

/* The entry of a bio in flight that uses @table, which is that of @root */
static struct biosan_entry *biosan_sharer(const struct bio_vec *table,
					  const struct biosan_entry *root)
{
	struct biosan_entry *e;

	if (!table)
		return NULL;
	hlist_for_each_entry(e, table_bucket(table), by_table)
		if (e->data.vecs == table && e->root == root->bio &&
		    (!e->root_id || e->root_id == root->id))
			return e;
	return NULL;
}

/*
 * In sample mode only what is submitted while the gate is open gets an entry,
 * and a bio without an entry is none of our business.  In full mode, all that
 * there is an entry for.
 */
static bool biosan_takes_all(void)
{
	return READ_ONCE(biosan_mode) == BIOSAN_FULL;
}

/*
 * To be asked before a hook looks at anything.  In sample mode this is all that
 * most bios come by, so what the hook does then is a function of its own: nothing
 * is saved or cleared on the stack for it before.
 */
static bool biosan_ignores(const struct bio *bio)
{
	if (READ_ONCE(biosan_dead))
		return true;
	return !biosan_takes_all() && READ_ONCE(*biosan_slot(bio)) != bio;
}

/* === What is found === */

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

static u32 biosan_hash_event(const struct biosan_event *ev, u32 hash)
{
	return jhash2((const u32 *)ev->stack,
		      ev->nr * (sizeof(ev->stack[0]) / sizeof(u32)), hash);
}

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
	unsigned int i;

	for (i = 0; e && i < BIOSAN_NR_EVENTS; i++)
		hash = biosan_hash_event(&e->events[i], hash);
	for (i = 0; i < biosan_nr_seen; i++)
		if (biosan_seen[i] == hash)
			return true;
	if (biosan_nr_seen < BIOSAN_MAX_SEEN) {
		biosan_seen[biosan_nr_seen++] = hash;
		return false;
	}
	if (time_before(jiffies, biosan_next_new))
		return true;
	biosan_next_new = jiffies + HZ / 10;
	return false;
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
static void biosan_describe(struct biosan_entry *e, const struct bio *bio)
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

static struct biosan_report *biosan_begin(struct biosan_ctx *c,
					  enum biosan_kind kind)
{
	struct biosan_scratch *s = this_cpu_ptr(&biosan_scratch);
	struct biosan_report *r = &s->report;
	unsigned int i;

	lockdep_assert_irqs_disabled();
	if (biosan_silent(kind, c->e ? c->e->name : NULL)) {
		biosan_silenced++;
		return NULL;
	}
	biosan_count(kind);
	if (s->used) {
		biosan_unsaid++;
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
static void biosan_end(struct biosan_report *r)
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

/* The entry of @bio is locked, if there is one. */
struct biosan_entry *biosan_enter(struct biosan_ctx *c, const struct bio *bio)
{
	raw_spin_lock_irqsave(&biosan_lock, c->flags);
	c->bio = bio;
	c->e = biosan_find(bio);
	c->r = NULL;
	c->now = NULL;
	c->valid = NULL;
	c->said = false;
	return c->e;
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
static void biosan_say_that(struct biosan_ctx *c, enum biosan_kind kind,
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

void biosan_leave(struct biosan_ctx *c)
{
	raw_spin_unlock(&biosan_lock);
	biosan_end(c->r);
	local_irq_restore(c->flags);
}

/* As biosan_enter(), for what may only be done with a bio that is not freed */
static struct biosan_entry *biosan_use_as(struct biosan_ctx *c,
					  const struct bio *bio,
					  const struct biosan_event *now)
{
	struct biosan_entry *e = biosan_enter(c, bio);

	c->now = now;
	if (e && e->state == BIOSAN_FREED) {
		biosan_say(c, BIOSAN_USED_AFTER_END, NULL);
		return NULL;
	}
	return e;
}

static struct biosan_entry *biosan_use(struct biosan_ctx *c,
				       const struct bio *bio)
{
	return biosan_use_as(c, bio, NULL);
}

/* It has happened now; @ev was saved before the lock was taken. */
static void biosan_happened(struct biosan_entry *e, enum biosan_event_type type,
			    const struct biosan_event *ev)
{
	e->events[type] = *ev;
	e->events[type].seq = ++biosan_seq;
	e->events[type].by = e->by;
}

static struct biosan_entry *biosan_get(struct biosan_ctx *c, struct bio *bio,
				       const struct biosan_event *ev)
{
	if (!c->e) {
		c->e = biosan_new(bio);
		if (c->e)
			biosan_happened(c->e, BIOSAN_EV_ALLOC, ev);
	}
	return c->e;
}

/* What there is to say of @bio, which is with its owner, or just leaves it */
static void biosan_note(struct biosan_entry *e, const struct bio *bio)
{
	biosan_describe(e, bio);
	e->own_table = biosan_owns_table(bio);
	e->vcnt = bio->bi_vcnt;
	e->max_vecs = bio->bi_max_vecs;
}

/* === Tables === */

/* Returns whether @t is as it was recorded. */
static bool biosan_check_table(struct biosan_ctx *c, enum biosan_kind kind,
			       const struct biosan_table *t,
			       const struct bio_vec *vecs)
{
	struct bio_vec now;
	unsigned int i;

	if (!t->nr || (vecs == t->vecs && biosan_hash(t) == t->hash))
		return true;
	if (c->said)
		return false;
	biosan_say(c, kind, NULL);
	if (!c->r)
		return false;
	c->r->swapped = vecs != t->vecs;
	if (c->r->swapped)
		return false;
	i = biosan_changed_entry(t, &now);
	c->r->index = i;
	c->r->now = now;
	return false;
}

/* If the table is as it was: another one is nothing to go by. */
static void biosan_check_data(struct biosan_ctx *c)
{
	const struct biosan_entry *e = c->e;

	if (!c->said && e->data.nr && e->sum.known &&
	    biosan_crc(e->data.vecs, &e->sum.iter) != e->sum.crc)
		biosan_say(c, BIOSAN_DATA_CHANGED, NULL);
}

/* Is @e, whose table others share, a bio that still has to have it? */
static bool biosan_keeps_table(const struct biosan_entry *e)
{
	return e->state == BIOSAN_LIVE || e->state == BIOSAN_IN_FLIGHT;
}

/* Are the tables of a bio in flight, and its data, still what they were? */
static void biosan_check_tables(struct biosan_ctx *c, struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct biosan_entry *e = c->e, *root;

	/* What was the source's may be gone with it. */
	if (e->root) {
		root = biosan_find_id(e->root, e->root_id);
		e->data.bounded &= root && biosan_keeps_table(root);
	}
	if (biosan_check_table(c, BIOSAN_TABLE_CHANGED, &e->data,
			       bio->bi_io_vec))
		biosan_check_data(c);
	if (e->data.nr && e->max_vecs && (e->vcnt != bio->bi_vcnt ||
					  e->max_vecs != bio->bi_max_vecs))
		biosan_say_that(c, BIOSAN_TABLE_CHANGED,
				"bi_vcnt or bi_max_vecs has changed since it was submitted",
				BIOSAN_EV_SUBMIT);
	if (bip && bip->bip_vec == e->prot.vecs)
		biosan_check_table(c, BIOSAN_PI_TABLE_CHANGED, &e->prot,
				   bip->bip_vec);
}

/* What has changed in @table is known; @e is its owner's entry. */
void biosan_excuse(struct biosan_entry *e, const struct bio_vec *table)
{
	if (e)
		e->data.nr = 0;
	hlist_for_each_entry(e, table_bucket(table), by_table)
		if (e->data.vecs == table)
			e->data.nr = 0;
}

/* Does nobody change the data of @bio before it ends?  Who knows may ask for it. */
static bool biosan_is_stable(const struct biosan_entry *e, struct bio *bio)
{
	const struct biosan_entry *root = e;

	if (!READ_ONCE(biosan_data) || READ_ONCE(biosan_mode) != BIOSAN_FULL ||
	    !op_is_write(bio->bi_opf) || !bdev_stable_writes(bio->bi_bdev))
		return false;
	if (e->root)
		root = biosan_find_id(e->root, e->root_id);
	return root && !root->lent &&
		(root == e || root->events[BIOSAN_EV_SUBMIT].seq);
}

/* The table of @bio has just been recorded; @all of it? */
static void biosan_record_data(struct biosan_entry *e, struct bio *bio, bool all)
{
	if (!e->root)
		e->lent = !bio->bi_max_vecs ||
			bio_flagged(bio, BIO_PAGE_PINNED);
	e->sum.known = all && biosan_is_stable(e, bio);
	if (!e->sum.known)
		return;
	e->sum.iter = bio->bi_iter;
	e->sum.iter.bi_size = min(bio->bi_iter.bi_size, BIOSAN_SUMMED_BYTES);
	e->sum.known = biosan_is_kernels(bio->bi_io_vec, &e->sum.iter);
	if (e->sum.known)
		e->sum.crc = biosan_crc(bio->bi_io_vec, &e->sum.iter);
}

/* === Hooks === */

void __biosan_alloc(struct bio *bio)
{
	struct biosan_event ev;
	struct biosan_ctx c;

	if (READ_ONCE(biosan_dead) ||
	    (!biosan_takes_all() && !biosan_page_sampled(bio)))
		return;
	biosan_save_event(&ev);
	if (!biosan_enter(&c, bio))
		c.e = biosan_new(bio);
	if (c.e) {
		biosan_happened(c.e, BIOSAN_EV_ALLOC, &ev);
		c.e->born = true;
		c.e->bs = bio->bi_pool;
		biosan_note(c.e, bio);
		c.e->given = biosan_page_give(&ev, bio);
		if (!c.e->given && !biosan_takes_all())
			biosan_forget(c.e);
	}
	biosan_leave(&c);
	biosan_pages_kick();
}

/* The owner of a table may let go of it; is it still shared? */
static void biosan_check_sharers(struct biosan_ctx *c)
{
	const struct biosan_entry *e = c->e, *sharer;

	if (!e->own_table || !e->pos.known || e->orphan)
		return;
	sharer = biosan_sharer(e->pos.table, e);
	if (sharer)
		biosan_say(c, BIOSAN_SOURCE_GONE, sharer);
}

/* It is to be filled once more, and it is still known who has allocated it. */
static void biosan_renew(struct biosan_entry *e)
{
	struct biosan_page *given = e->given;

	biosan_unchain(e);
	biosan_unqueue(e);
	biosan_revive(e, BIOSAN_LIVE);
	biosan_page_unprotect(e);
	hlist_del_init(&e->by_table);
	biosan_clear(e, BIOSAN_EV_ALLOC + 1);
	e->born = true;
	e->given = given;
}

/*
 * A bio in the caller's memory that has neither ended nor been uninitialized has
 * what bio_init() gave it, whatever the memory has been since.
 */
static bool biosan_holds(const struct biosan_entry *e)
{
	return e->state == BIOSAN_LIVE && !e->bs && e->blkg;
}

/*
 * The memory of a bio that holds a cgroup is initialized again.  It has been left
 * behind, unless it has been moved, and ends or is uninitialized somewhere else.
 * So wait for that, and say so when it has come to many from one place; or when
 * its disk goes.
 */
static void biosan_leave_behind(struct biosan_ctx *c)
{
	u32 hash = biosan_hash_event(&c->e->events[BIOSAN_EV_ALLOC], 0);
	struct biosan_entry *e = c->e;
	unsigned int nr = 0;

	biosan_unchain(e);
	biosan_unhash(e);
	e->state = BIOSAN_LEFT;
	list_move_tail(&e->list, &biosan_left_list);
	if (++biosan_nr_left > BIOSAN_MAX_LEFT)
		biosan_forget(list_first_entry(&biosan_left_list,
					       struct biosan_entry, list));
	list_for_each_entry(e, &biosan_left_list, list)
		if (biosan_hash_event(&e->events[BIOSAN_EV_ALLOC], 0) == hash)
			nr++;
	if (nr >= BIOSAN_LEFT_BEHIND)
		biosan_say_that(c, BIOSAN_INIT_ALIVE, NULL, BIOSAN_EV_ALLOC);
}

/* @bio lets go of its cgroup; it may be one of those. */
static void biosan_claim(const struct biosan_entry *e, const struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	struct biosan_entry *left;

	if (!bio->bi_blkg || (e && e->born))
		return;
	list_for_each_entry(left, &biosan_left_list, list) {
		if (left->blkg == bio->bi_blkg) {
			biosan_forget(left);
			break;
		}
	}
#endif
}

enum biosan_fate {
	BIOSAN_INIT,
	BIOSAN_RESET,
	BIOSAN_PUT,
};

/* What @bio was is over; is anything left that still needs it? */
static noinline void biosan_check_over(struct bio *bio, enum biosan_fate fate)
{
	struct biosan_event ev;
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (fate == BIOSAN_PUT) {
		biosan_save_event(&ev);
		e = biosan_use_as(&c, bio, &ev);
	} else if (fate == BIOSAN_INIT) {
		e = biosan_enter(&c, bio);
	} else {
		e = biosan_use(&c, bio);
	}
	/* It would be put where it can't be. */
	if (fate == BIOSAN_PUT && e == c.e && biosan_wrong_cache(bio))
		biosan_say_that(&c, BIOSAN_FOREIGN_FLAGS,
				"it is REQ_ALLOC_CACHE and is not from a cache",
				BIOSAN_NR_EVENTS);
	if (!e)
		goto leave;
	if (fate == BIOSAN_INIT) {
		biosan_page_lost(e);
		if (biosan_holds(e)) {
			biosan_leave_behind(&c);
			goto leave;
		}
	}
	if (e->state == BIOSAN_IN_FLIGHT)
		biosan_say(&c, fate == BIOSAN_PUT ? BIOSAN_FREED_IN_FLIGHT :
			   BIOSAN_INIT_ALIVE, NULL);
	/* Its end was not the one that its parent waits for. */
	else if (fate == BIOSAN_PUT && e->chained &&
		 e->events[BIOSAN_EV_SUBMIT].seq)
		biosan_say_that(&c, BIOSAN_BROKEN_CHAIN,
				"it was chained, and its parent has not heard of its end",
				BIOSAN_EV_SUBMIT);
	else if (e->state != BIOSAN_FREED)
		biosan_check_sharers(&c);
	if (fate == BIOSAN_RESET && e->bs) {
		biosan_renew(e);
	} else if (fate == BIOSAN_PUT &&
		   (biosan_takes_all() || biosan_has_page(bio))) {
		biosan_unchain(e);
		biosan_retire(e, BIOSAN_FREED);
		biosan_happened(e, BIOSAN_EV_FREE, &ev);
	} else {
		biosan_forget(e);
	}
leave:
	biosan_leave(&c);
}

static void biosan_over(struct bio *bio, enum biosan_fate fate)
{
	if (!biosan_ignores(bio))
		biosan_check_over(bio, fate);
}

#ifdef CONFIG_BLK_CGROUP
static noinline void biosan_check_hold(struct bio *bio)
{
	struct biosan_event ev;
	struct biosan_ctx c;

	biosan_save_event(&ev);
	biosan_enter(&c, bio);
	if (biosan_get(&c, bio, &ev)) {
		c.e->born = true;
		c.e->blkg = bio->bi_blkg;
		c.e->blkg_disk = bio->bi_bdev->bd_disk;
		biosan_note(c.e, bio);
	}
	biosan_leave(&c);
}
#endif

void __biosan_hold(struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	if (bio->bi_blkg && !READ_ONCE(biosan_dead) && biosan_takes_all())
		biosan_check_hold(bio);
#endif
}

void __biosan_init(struct bio *bio)
{
	biosan_over(bio, BIOSAN_INIT);
	__biosan_hold(bio);
}

void __biosan_reset(struct bio *bio)
{
	biosan_over(bio, BIOSAN_RESET);
}

void __biosan_free(struct bio *bio)
{
	biosan_over(bio, BIOSAN_PUT);
	if (biosan_page_return(bio))
		schedule_work(&biosan_drop_work);
}

static noinline void biosan_check_uninit(struct bio *bio)
{
	struct bio_integrity_payload *bip = NULL;
	struct biosan_ctx c;

#ifdef CONFIG_BLK_DEV_INTEGRITY
	bip = bio->bi_integrity;
#endif
	biosan_enter(&c, bio);
	if (bip && !(bio->bi_opf & REQ_INTEGRITY))
		biosan_say(&c, BIOSAN_HIDDEN_PAYLOAD, NULL);
	biosan_claim(c.e, bio);
	/* Memory of the caller's, of which nobody will say that it is freed */
	if (c.e && !c.e->bs) {
		if (c.e->state == BIOSAN_IN_FLIGHT)
			biosan_say_that(&c, BIOSAN_FREED_IN_FLIGHT,
					"it is in flight, and is uninitialized",
					BIOSAN_NR_EVENTS);
		else
			biosan_check_sharers(&c);
		if (c.e->state == BIOSAN_LIVE)
			biosan_retire(c.e, BIOSAN_ENDED);
	}
	biosan_leave(&c);
}

void __biosan_uninit(struct bio *bio)
{
	if (!biosan_ignores(bio))
		biosan_check_uninit(bio);
}

/* Of the bio_set, if there is one, or else of the disk that goes */
static bool biosan_goes(const struct biosan_entry *e, const struct bio_set *bs,
			const struct gendisk *disk)
{
	enum biosan_state state = READ_ONCE(e->state);

	if (state == BIOSAN_FREE)
		return false;
	if (bs)
		return READ_ONCE(e->bs) == bs;
	return READ_ONCE(e->blkg_disk) == disk &&
		(state == BIOSAN_LEFT || biosan_holds(e));
}

static void biosan_say_left(struct biosan_entry *e, unsigned int nr,
			    const struct bio_set *bs, const struct gendisk *disk)
{
	struct biosan_ctx c;

	biosan_enter(&c, NULL);
	if (biosan_goes(e, bs, disk)) {
		c.bio = e->bio;
		c.e = e;
		if (e->state == BIOSAN_LEFT)
			biosan_say_that(&c, BIOSAN_INIT_ALIVE, NULL,
					BIOSAN_EV_ALLOC);
		else
			biosan_say(&c, BIOSAN_LEAK, NULL);
		if (c.r) {
			c.r->count = nr;
			if (disk && e->state != BIOSAN_LEFT)
				c.r->says = "its disk is freed, and it still refers to that";
		}
		biosan_forget(e);
	}
	biosan_leave(&c);
}

/*
 * No bio comes to what goes, so entries are looked at without the lock first, and
 * one by one with it.
 */
static void biosan_check_left(const struct bio_set *bs,
			      const struct gendisk *disk)
{
	struct biosan_entry *leaked = NULL, *left = NULL;
	unsigned int i, nr_leaked = 0, nr_left = 0;
	unsigned long flags;

	if (READ_ONCE(biosan_dead) || !biosan_takes_all())
		return;
	for (i = 0; i < biosan_entries; i++) {
		struct biosan_entry *e = &biosan_pool[i];

		if (!biosan_goes(e, bs, disk))
			continue;
		raw_spin_lock_irqsave(&biosan_lock, flags);
		if (!biosan_goes(e, bs, disk)) {
			/* Somebody else's by now */
		} else if (e->state == BIOSAN_FREED) {
			biosan_forget(e);
		} else if (e->state == BIOSAN_LEFT) {
			nr_left++;
			if (left)
				biosan_forget(e);
			else
				left = e;
		} else {
			nr_leaked++;
			if (leaked)
				biosan_forget(e);
			else
				leaked = e;
		}
		raw_spin_unlock_irqrestore(&biosan_lock, flags);
	}
	if (leaked)
		biosan_say_left(leaked, nr_leaked, bs, disk);
	if (left)
		biosan_say_left(left, nr_left, bs, disk);
}

void __biosan_bioset_exit(struct bio_set *bs)
{
	biosan_check_left(bs, NULL);
}

/* Whoever has a bio for a disk has the disk, and only what is forgotten is left. */
void __biosan_disk_exit(struct gendisk *disk)
{
	biosan_check_left(NULL, disk);
}

/* Flags that are for the bio alone that they were set on */
static bool biosan_foreign_flags(const struct bio *clone)
{
	return (clone->bi_opf & REQ_DRV) ||
		bio_flagged(clone, BIO_PAGE_PINNED);
}

static noinline void biosan_check_clone(struct bio *clone, struct bio *src)
{
	struct biosan_event ev;
	struct biosan_pos pos;
	struct biosan_entry *s;
	struct biosan_ctx c;

	biosan_position(&pos, clone);
	biosan_save_event(&ev);
	s = biosan_use_as(&c, src, &ev);
	if (s && !s->pos.known)
		s->pos = pos;
	if (s && s->state == BIOSAN_LIVE)
		biosan_note(s, src);
	c.bio = clone;
	c.e = biosan_find(clone);
	if (s || biosan_takes_all())
		biosan_get(&c, clone, &ev);
	if (c.e) {
		struct biosan_entry *e = c.e;

		/* Older than what it is compared with is not what it is now. */
		biosan_happened(e, BIOSAN_EV_ALLOC, &ev);
		e->born = true;
		e->pos = pos;
		biosan_note(e, clone);
		if (s && s->root) {
			e->root = s->root;
			e->root_id = s->root_id;
			e->root_goes = s->root_goes;
		} else if (bio_owns_vecs(src)) {
			e->root = src;
			e->root_id = s ? s->id : 0;
			e->root_goes = s && s->own_table;
		} else {
			/* Nobody knows whose it is. */
			e->root = NULL;
			e->root_id = 0;
			e->root_goes = false;
		}
		/* The source may have a buffer of its own by now. */
		if (s && s->prot_root && s->root_prot == pos.prot_table) {
			e->prot_root = s->prot_root;
			e->prot_root_id = s->prot_root_id;
		} else {
			e->prot_root = src;
			e->prot_root_id = s ? s->id : 0;
		}
		e->root_prot = pos.prot_table;
#ifdef CONFIG_BLK_CGROUP
		e->blkg = clone->bi_blkg;
		if (e->blkg)
			e->blkg_disk = clone->bi_bdev->bd_disk;
#endif
		if (biosan_foreign_flags(clone))
			biosan_say(&c, BIOSAN_FOREIGN_FLAGS, s);
	}
	biosan_leave(&c);
}

void __biosan_clone(struct bio *clone, struct bio *src)
{
	if (!biosan_ignores(clone) || !biosan_ignores(src))
		biosan_check_clone(clone, src);
}

static noinline void biosan_check_place(struct bio *clone)
{
	struct biosan_entry *e, *root;
	struct biosan_pos pos;
	struct biosan_ctx c;

	biosan_position(&pos, clone);
	e = biosan_use(&c, clone);
	if (e) {
		/* Where its source stands by now is nobody's business. */
		root = biosan_find_id(e->root, e->root_id);
		if (root && biosan_stale(&root->pos, &pos, clone))
			biosan_say(&c, BIOSAN_STALE_POSITION, root);
		e->pos = pos;
	}
	biosan_leave(&c);
}

void __biosan_place(struct bio *clone)
{
	if (!biosan_ignores(clone))
		biosan_check_place(clone);
}
EXPORT_SYMBOL(__biosan_place);

void __biosan_touch(struct bio *bio)
{
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	biosan_use(&c, bio);
	biosan_leave(&c);
}

static noinline void biosan_check_chain(struct bio *bio, struct bio *parent)
{
	struct biosan_entry *e, *child;
	struct biosan_ctx c;

	e = biosan_use(&c, parent);
	if (e && e->state == BIOSAN_ENDED)
		biosan_say(&c, BIOSAN_USED_AFTER_END, NULL);
	c.bio = bio;
	c.e = biosan_find(bio);
	child = c.e;
	if (child && child->state == BIOSAN_FREED) {
		biosan_say(&c, BIOSAN_USED_AFTER_END, e);
	} else if (bio->bi_end_io || bio->bi_private) {
		biosan_say_that(&c, BIOSAN_BROKEN_CHAIN,
				"it can't be a child, as it has an end of its own",
				BIOSAN_NR_EVENTS);
	} else if (child) {
		if (child->state == BIOSAN_IN_FLIGHT)
			biosan_say_that(&c, BIOSAN_BROKEN_CHAIN,
					"it is in flight, and too late to be a child",
					BIOSAN_NR_EVENTS);
		child->chained = true;
		if (e && !child->parent) {
			child->parent = parent;
			child->parent_id = e->id;
			e->children++;
		}
	}
	biosan_leave(&c);
}

void __biosan_chain(struct bio *bio, struct bio *parent)
{
	if (!biosan_ignores(bio) || !biosan_ignores(parent))
		biosan_check_chain(bio, parent);
}

/* Part of what @e stands for has failed. */
static void biosan_failed(struct biosan_entry *e, blk_status_t status,
			  const struct biosan_event *ev)
{
	if (!e || biosan_is_over(e) || e->error)
		return;
	e->error = status;
	if (ev)
		biosan_happened(e, BIOSAN_EV_ERROR, ev);
	else
		biosan_save_event(&e->events[BIOSAN_EV_ERROR]);
}

void __biosan_error(struct bio *bio, blk_status_t status)
{
	struct biosan_event ev;
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	biosan_save_event(&ev);
	e = biosan_use_as(&c, bio, &ev);
	/* Who is the only one to report to it may try something else. */
	if (bio_flagged(bio, BIO_CHAIN))
		biosan_failed(e, status, &ev);
	biosan_leave(&c);
}
EXPORT_SYMBOL(__biosan_error);

void __biosan_by(struct bio *bio, const void *fn)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	e = biosan_enter(&c, bio);
	if (e)
		e->by = (unsigned long)fn;
	biosan_leave(&c);
}
EXPORT_SYMBOL(__biosan_by);

/*
 * Is it still the same I/O as when it was last submitted, or has its owner used it
 * for another one?  Where it is on the disk tells.
 */
static bool biosan_same_io(const struct biosan_entry *e, const struct bio *bio,
			   const struct biosan_pos *pos)
{
	s64 sector;

	if (e->state == BIOSAN_IN_FLIGHT || !e->events[BIOSAN_EV_SUBMIT].seq)
		return true;
	sector = e->from + ((s64)(pos->data - e->at) >> SECTOR_SHIFT);
	return (s64)bio->bi_iter.bi_sector == sector ||
		(s64)bio->bi_iter.bi_sector == sector + (s64)e->start;
}

static void biosan_check_submit(struct biosan_ctx *c, struct bio *bio,
				struct biosan_pos *pos)
{
	const char *says = NULL;
	enum biosan_kind kind = biosan_contradiction(bio, &says);
	struct biosan_entry *e = c->e;

	if (e->rq)
		biosan_say(c, BIOSAN_SUBMITTED_TWICE, NULL);
	/*
	 * By a driver that has ended it: whose it was did not get it from there.
	 */
	if (e->state == BIOSAN_ENDED && !e->again &&
	    e->events[BIOSAN_EV_SUBMIT].seq &&
	    biosan_same_function(&e->events[BIOSAN_EV_END], c->now) &&
	    !biosan_same_function(&e->events[BIOSAN_EV_SUBMIT], c->now))
		biosan_say_that(c, BIOSAN_USED_AFTER_END,
				"it is submitted by whoever has ended it",
				BIOSAN_NR_EVENTS);
	/* It was a parent, and ends with the first of its next children. */
	if (atomic_read(&bio->__bi_remaining) <= 0)
		biosan_say(c, BIOSAN_BROKEN_CHAIN, NULL);
	/* Then its position is not right, either. */
	if (e->state == BIOSAN_IN_FLIGHT)
		biosan_check_tables(c, bio);
	if (bio_flagged(bio, BIO_ZONE_WRITE_PLUGGING) && e->disk &&
	    e->disk != bio->bi_bdev->bd_disk)
		biosan_say(c, BIOSAN_FOREIGN_FLAGS, NULL);
	/* Who tries again wants from this disk what was asked of the first. */
	if (e->failed && (e->stripped & ~bio->bi_opf) &&
	    op_is_write(bio->bi_opf) && bdev_write_cache(bio->bi_bdev))
		biosan_say(c, BIOSAN_LOST_FLAGS, NULL);
	if (kind != BIOSAN_NR_KINDS)
		biosan_say_that(c, kind, says, BIOSAN_NR_EVENTS);
	if (!biosan_same_io(e, bio, pos))
		e->pos = *pos;
	if (biosan_stale(&e->pos, pos, bio))
		biosan_say(c, BIOSAN_STALE_POSITION, NULL);
}

/* What @root, which is in flight, has is looked at by who shares it, too. */
static void biosan_check_root_tables(struct biosan_ctx *c,
				     struct biosan_entry *root)
{
	struct biosan_entry *e = c->e;

	if (c->said)
		return;
	c->bio = root->bio;
	c->e = root;
	if (biosan_check_table(c, BIOSAN_TABLE_CHANGED, &root->data,
			       root->data.vecs))
		biosan_check_data(c);
	c->bio = e->bio;
	c->e = e;
	if (!c->said)
		return;
	/* By the driver that now submits a clone */
	if (c->r) {
		c->r->other = *e;
		c->r->here.by = e->by;
		c->r->blame = &c->r->here;
	}
	/* Not once more, by who has submitted it. */
	root->data.hash = biosan_hash(&root->data);
	root->sum.known = false;
}

/* How far into its table @e has reached, if it has been looked at as far as that */
static void biosan_reach(struct biosan_entry *e, const struct bio_vec *was,
			 enum biosan_extent extent)
{
	unsigned int end = extent == BIOSAN_ALL ? e->data.first + e->data.nr : 0;

	if (was != e->data.vecs)
		e->end = end;
	else if (e->end && end)
		e->end = max(e->end, end);
	else
		e->end = 0;
}

/* @root had the table of @e, and has gone, or has ended and been given back. */
static bool biosan_is_late(const struct biosan_entry *e,
			   const struct biosan_entry *root)
{
	const struct biosan_event *made = &e->events[BIOSAN_EV_ALLOC];
	const struct biosan_event *end = &root->events[BIOSAN_EV_END];
	const struct biosan_event *in = &root->events[BIOSAN_EV_SUBMIT];

	/* The owner makes them before, or after that. */
	if (root->again || !in->seq || made->seq < in->seq)
		return false;
	return made->seq < end->seq ||
		(biosan_same_function(made, end) &&
		 !biosan_same_function(in, end));
}

static void biosan_say_gone(struct biosan_ctx *c, struct biosan_entry *root,
			    const char *says)
{
	struct biosan_entry *e = c->e;

	c->bio = root->bio;
	c->e = root;
	biosan_say_that(c, BIOSAN_SOURCE_GONE, says, BIOSAN_NR_EVENTS);
	c->bio = e->bio;
	c->e = e;
	if (c->r && c->r->kind == BIOSAN_SOURCE_GONE) {
		c->r->other = *e;
		c->r->here.by = e->by;
		c->r->blame = &c->r->here;
	}
}

/* What is cloned of a bio in flight ends where that has ended, at the latest. */
static void biosan_check_root(struct biosan_ctx *c, bool first)
{
	struct biosan_entry *e = c->e, *root = biosan_find(e->root);

	if (!root || !e->root_id)
		return;
	if (root->id != e->root_id || root->state == BIOSAN_FREED) {
		if (e->root_goes)
			biosan_say_gone(c, root,
					"it is gone, and a clone that shares its table is submitted");
		return;
	}
	if (root->state == BIOSAN_ENDED && first && biosan_is_late(e, root))
		biosan_say_gone(c, root,
				"it has ended, and a clone that shares its table is submitted");
	if (root->state != BIOSAN_IN_FLIGHT ||
	    root->data.vecs != e->data.vecs)
		return;

	biosan_check_root_tables(c, root);
	/* Of its owner, who submits what comes next to the same disk, it may be. */
	if (root->end && e->end > root->end && e->disk != root->disk &&
	    e->events[BIOSAN_EV_ALLOC].seq >
	    root->events[BIOSAN_EV_SUBMIT].seq)
		biosan_say(c, BIOSAN_BAD_POSITION, root);
}

/* How many entries of the table of @bio have been filled, if anybody knows? */
static unsigned int biosan_filled_vecs(const struct biosan_entry *e,
				       const struct bio *bio)
{
	const struct biosan_entry *root;

	if (bio->bi_max_vecs)
		return biosan_max_vecs(bio);
	root = biosan_find(e->root);
	if (!root || !e->root_id || root->id != e->root_id ||
	    !biosan_keeps_table(root) || !root->max_vecs ||
	    root->pos.table != bio->bi_io_vec)
		return UINT_MAX;
	return root->vcnt ?: root->max_vecs;
}

static void biosan_check_in_tables(struct biosan_ctx *c, struct bio *bio,
				   bool first)
{
	struct biosan_entry *e = c->e;
	const struct bio_vec *was = e->data.vecs;
	enum biosan_extent extent;

	extent = biosan_record(&e->data, bio->bi_io_vec,
			       biosan_filled_vecs(e, bio), &bio->bi_iter);
	biosan_reach(e, was, extent);
	biosan_record_data(e, bio, extent == BIOSAN_ALL);
	biosan_check_root(c, first);
	if (extent == BIOSAN_SHORT)
		biosan_say(c, BIOSAN_BAD_POSITION, NULL);
	if (!bio->bi_max_vecs)
		hlist_add_head(&e->by_table, table_bucket(bio->bi_io_vec));
	biosan_page_protect(e, bio);
}

enum biosan_entrance {
	BIOSAN_SUBMIT,
	BIOSAN_PUNT,
	BIOSAN_REST,
};

static noinline void biosan_check_in(struct bio *bio, enum biosan_entrance how)
{
	struct biosan_event *submit;
	struct biosan_event ev;
	struct biosan_entry *e;
	struct biosan_pos pos;
	struct biosan_ctx c;
	bool first, again;

	biosan_position(&pos, bio);
	biosan_save_event(&ev);
	if (!biosan_use_as(&c, bio, &ev) && c.e)
		goto leave;
	first = !c.e;
	e = biosan_get(&c, bio, &ev);
	if (!e)
		goto leave;
	submit = &e->events[BIOSAN_EV_SUBMIT];
	ev.by = e->by;
	c.valid = bio;

	/* Whatever it was cloned of, it was before it was looked at. */
	e->orphan |= first && bio_flagged(bio, BIO_CLONED);
	biosan_submitted++;
	biosan_check_submit(&c, bio, &pos);

	/* Submitted again after it had ended: what failed then is over. */
	if (e->state == BIOSAN_ENDED)
		e->error = BLK_STS_OK;
	if (!e->pos.known || e->pos.table != pos.table ||
	    e->pos.prot_table != pos.prot_table || e->pos.key != pos.key)
		e->pos = pos;
	/* By who has split it, or by a work, it is not for the first time. */
	again = e->state == BIOSAN_IN_FLIGHT && submit->seq &&
		(how == BIOSAN_REST || e->punted);
	first = !submit->seq;
	biosan_revive(e, BIOSAN_IN_FLIGHT);
	biosan_note(e, bio);
	e->ending = false;
	e->again = false;
	e->punted = how == BIOSAN_PUNT;
	e->disk = bio->bi_bdev->bd_disk;
	e->start = bio->bi_bdev->bd_start_sect;
	e->from = bio->bi_iter.bi_sector;
	e->at = pos.data;
	e->end_io = bio->bi_end_io;
	e->private = bio->bi_private;
	e->nr_remaps = 0;
	hlist_del_init(&e->by_table);
	e->data.nr = 0;
	e->prot.nr = 0;
	e->sum.known = false;
	if (pos.known) {
		struct bio_integrity_payload *bip = bio_integrity(bio);

		biosan_check_in_tables(&c, bio, first);
		if (bip && bip->bip_vec)
			biosan_record(&e->prot, bip->bip_vec,
				      bip->bip_max_vcnt ?: UINT_MAX,
				      &bip->bip_iter.bvec_iter);
	}
	if (!again) {
		biosan_happened(e, BIOSAN_EV_SUBMIT, &ev);
		e->by = 0;
	}
leave:
	biosan_leave(&c);
}

void __biosan_strip(struct bio *bio)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	e = biosan_use(&c, bio);
	if (e)
		e->stripped |= bio->bi_opf & (REQ_PREFLUSH | REQ_FUA);
	biosan_leave(&c);
}

static void biosan_sample_work_fn(struct work_struct *work);
static DECLARE_DEFERRABLE_WORK(biosan_sample_work, biosan_sample_work_fn);

static void biosan_sample_work_fn(struct work_struct *work)
{
	if (READ_ONCE(biosan_dead) || READ_ONCE(biosan_mode) != BIOSAN_SAMPLE)
		return;
	biosan_pages_sample();
	WRITE_ONCE(biosan_sampling, true);
}

/* The next one is due an interval after this one was taken, however long it took. */
static bool biosan_take_sample(void)
{
	if (!READ_ONCE(biosan_sampling) || !xchg(&biosan_sampling, false))
		return false;
	queue_delayed_work(system_dfl_wq, &biosan_sample_work,
			   msecs_to_jiffies(max(READ_ONCE(biosan_interval), 1U)));
	return true;
}

static void biosan_submitted_as(struct bio *bio, enum biosan_entrance how)
{
	if (biosan_ignores(bio) && !biosan_has_page(bio) &&
	    !biosan_take_sample())
		return;
	biosan_check_in(bio, how);
}

void __biosan_submit(struct bio *bio)
{
	biosan_submitted_as(bio, BIOSAN_SUBMIT);
}

void __biosan_punt(struct bio *bio)
{
	biosan_submitted_as(bio, BIOSAN_PUNT);
}

void __biosan_rest(struct bio *bio)
{
	if (!biosan_ignores(bio))
		biosan_check_in(bio, BIOSAN_REST);
}

static noinline void biosan_check_queued(struct bio *bio, struct request *rq)
{
	struct biosan_entry *e;
	struct biosan_pos pos;
	struct biosan_ctx c;

	biosan_position(&pos, bio);
	e = biosan_use(&c, bio);
	if (e) {
		if (rq && e->rq)
			biosan_say(&c, BIOSAN_SUBMITTED_TWICE, NULL);
		biosan_unqueue(e);
		e->rq = rq;
		if (rq)
			hlist_add_head(&e->by_rq, rq_bucket(rq));
		/* The block layer may have given it a payload by now. */
		if (pos.prot_table && pos.prot_table != e->pos.prot_table)
			e->pos = pos;
	}
	biosan_leave(&c);
}

void __biosan_queue(struct bio *bio, struct request *rq)
{
	if (!biosan_ignores(bio))
		biosan_check_queued(bio, rq);
}

void __biosan_steal(struct bio *bio)
{
	if (!biosan_ignores(bio))
		biosan_check_queued(bio, NULL);
}

void __biosan_emptied(struct request *rq)
{
	struct hlist_node *next;
	struct biosan_entry *e;
	unsigned long flags;

	/* Who has taken a bio out of @rq has seen that it was put there. */
	if (READ_ONCE(biosan_dead) || hlist_empty(rq_bucket(rq)))
		return;
	raw_spin_lock_irqsave(&biosan_lock, flags);
	hlist_for_each_entry_safe(e, next, rq_bucket(rq), by_rq)
		if (e->rq == rq)
			biosan_unqueue(e);
	raw_spin_unlock_irqrestore(&biosan_lock, flags);
}

/* What a request says of its bios, which is all that most drivers look at */
static noinline void biosan_check_request(struct request *rq)
{
	bool wrong = biosan_wrong_segments(rq);
	struct biosan_ctx c;

	if (!wrong && !biosan_stale_request(rq))
		return;
	if (biosan_use(&c, rq->bio)) {
		if (wrong)
			biosan_say(&c, BIOSAN_WRONG_SEGMENTS, NULL);
		else
			biosan_say_that(&c, BIOSAN_STALE_POSITION,
					"its request has the data unit number of another place",
					BIOSAN_NR_EVENTS);
		if (c.r)
			c.r->core = true;
	}
	biosan_leave(&c);
}

void __biosan_request(struct request *rq)
{
	if (rq->bio && !biosan_ignores(rq->bio))
		biosan_check_request(rq);
}

static noinline void biosan_check_verify(struct bio *bio,
					 const struct bvec_iter *data)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct biosan_entry *e;
	struct biosan_pos pos;
	struct biosan_ctx c;
	s64 moved;

	biosan_position_at(&pos, bio, data, &bip->bip_iter.bvec_iter);
	e = biosan_use(&c, bio);
	if (!e || !pos.known || !e->pos.known || e->pos.table != pos.table ||
	    e->pos.prot_table != pos.prot_table)
		goto leave;
	moved = pos.data - e->pos.data;
	/* Others verify what they like; the block layer all that was read. */
	if ((moved && (bip->bip_flags & BIP_BLOCK_INTEGRITY)) ||
	    (s64)(pos.prot - e->pos.prot) != biosan_prot_bytes(bio, moved))
		biosan_say_that(&c, BIOSAN_STALE_POSITION,
				"it is verified from another place than it was read to",
				BIOSAN_NR_EVENTS);
leave:
	biosan_leave(&c);
#endif
}

void __biosan_verify(struct bio *bio, const struct bvec_iter *data)
{
	if (!biosan_ignores(bio))
		biosan_check_verify(bio, data);
}
EXPORT_SYMBOL_IF_KUNIT(__biosan_verify);

void __biosan_remap(struct bio *bio, const struct bvec_iter *iter, u64 ref)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct biosan_entry *e, *root;
	struct biosan_remap new;
	struct biosan_ctx c;
	unsigned int i;

	/* The tags of a read come from the disk. */
	if (!bip || !op_is_write(bio->bi_opf) || biosan_ignores(bio) ||
	    !biosan_offset(bip->bip_vec, iter, false, &new.start))
		return;
	new.len = iter->bi_size;
	new.delta = ref - iter->bi_sector;

	e = biosan_use(&c, bio);
	if (!e)
		goto leave;
	/* Who has got a copy of the buffer can't spoil it for others. */
	if (e->root_prot && bip->bip_vec != e->root_prot)
		goto leave;
	root = e->prot_root ? biosan_find_id(e->prot_root, e->prot_root_id) : e;
	if (!root)
		goto leave;
	for (i = 0; i < min(root->nr_remaps, BIOSAN_REMAPS); i++) {
		struct biosan_remap *old = &root->remaps[i];

		if (old->delta != new.delta &&
		    old->start < new.start + new.len &&
		    new.start < old->start + old->len)
			biosan_say(&c, BIOSAN_SHARED_PI_WRITTEN, root);
	}
	/* The copies of a chunk may come after all the other chunks. */
	root->remaps[root->nr_remaps++ % BIOSAN_REMAPS] = new;
leave:
	biosan_leave(&c);
}

/* Has it ended, with the end that it would have once more? */
static bool biosan_has_ended(const struct biosan_entry *e,
			     const struct bio *bio)
{
	return e->state == BIOSAN_ENDED && bio->bi_end_io &&
		e->end_io == bio->bi_end_io && e->private == bio->bi_private;
}

static noinline void biosan_check_end(struct bio *bio)
{
	struct biosan_event ev;
	struct biosan_entry *e;
	struct biosan_ctx c;

	biosan_save_event(&ev);
	e = biosan_use_as(&c, bio, &ev);
	if (!e) {
		if (c.e)
			c.e->told = true;
		goto leave;
	}
	if (e->again) {
		e->again = false;
		e->ending = false;
	} else if (biosan_has_ended(e, bio)) {
		biosan_say(&c, BIOSAN_ENDED_TWICE, NULL);
	} else if (e->children && bio_flagged(bio, BIO_CHAIN) &&
		   atomic_read(&bio->__bi_remaining) <= (int)e->children) {
		/* All that is left are the ends of its children. */
		biosan_say_that(&c, BIOSAN_ENDED_TWICE,
				"it has ended already, and still waits for its children",
				BIOSAN_NR_EVENTS);
	}
	/* If it is deferred, who goes on with it is not who has ended it. */
	if (!c.said && (!e->ending || bio_flagged(bio, BIO_CHAIN)))
		biosan_happened(e, BIOSAN_EV_END, &ev);
	e->ending = true;
leave:
	biosan_leave(&c);
}

void __biosan_end(struct bio *bio)
{
	if (!biosan_ignores(bio))
		biosan_check_end(bio);
}

/* The end of a child has got to where its parent hears of it. */
static void biosan_end_child(struct biosan_entry *e, struct bio *bio)
{
	struct biosan_entry *parent = biosan_find(bio->bi_private);

	if (bio->bi_status)
		biosan_failed(parent, bio->bi_status, NULL);
	if (e)
		biosan_unchain(e);
}

static noinline void biosan_check_endio(struct bio *bio)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	e = biosan_enter(&c, bio);
	if (e && e->state == BIOSAN_FREED) {
		if (!e->told)
			biosan_say(&c, BIOSAN_USED_AFTER_END, NULL);
		e->told = false;
		e = NULL;
	}
	if (bio->bi_end_io == bio_chain_endio)
		biosan_end_child(e, bio);
	else
		biosan_claim(c.e, bio);
	if (!e)
		goto leave;

	if (e->error && !bio->bi_status && e->state != BIOSAN_ENDED)
		biosan_say(&c, BIOSAN_LOST_ERROR, NULL);

	/*
	 * That others still share its table is fine as long as it stays: who
	 * splits a bio and counts the parts may see the rest end first.
	 */
	if (e->state == BIOSAN_IN_FLIGHT)
		biosan_check_tables(&c, bio);

	biosan_retire(e, BIOSAN_ENDED);
	e->failed = bio->bi_status;
	/* The next one may be at the same address. */
	if (!bio_integrity(bio))
		e->pos.prot_table = NULL;
	e->end_io = bio->bi_end_io;
	e->private = bio->bi_private;
	/* It had ended before it was looked at, but for its children. */
	if (!e->ending) {
		biosan_save_event(&e->events[BIOSAN_EV_END]);
		e->events[BIOSAN_EV_END].seq = ++biosan_seq;
	}
	e->ending = true;
leave:
	biosan_leave(&c);
}

void __biosan_endio(struct bio *bio)
{
	if (!biosan_ignores(bio))
		biosan_check_endio(bio);
}

void __biosan_rearm(struct bio *bio, bool kept)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	e = biosan_use(&c, bio);
	/* If it is in flight, that was for the end before this one. */
	if (e && e->state == BIOSAN_ENDED)
		e->again = kept;
	biosan_leave(&c);
}
EXPORT_SYMBOL(__biosan_rearm);

static noinline void biosan_check_owner(const struct bio *bio, bool writes)
{
	static const char says[] =
		"it is in flight, and its table is that of its submitter";
	struct biosan_event ev, made, submit;
	struct biosan_ctx c;

	biosan_enter(&c, bio);
	if (!bio_owns_vecs(bio)) {
		biosan_say(&c, BIOSAN_FOREIGN_TABLE, NULL);
		goto leave;
	}
	if (!c.e || c.e->state != BIOSAN_IN_FLIGHT)
		goto leave;
	if (writes) {
		biosan_say_that(&c, BIOSAN_FOREIGN_TABLE, says,
				BIOSAN_NR_EVENTS);
		goto leave;
	}
	/* Whoever has made, or submitted it, may look at what is in there. */
	made = c.e->events[BIOSAN_EV_ALLOC];
	submit = c.e->events[BIOSAN_EV_SUBMIT];
	biosan_leave(&c);
	biosan_save_event(&ev);
	if (biosan_same_function(&ev, &made) ||
	    biosan_same_function(&ev, &submit))
		return;
	biosan_enter(&c, bio);
	c.now = &ev;
	if (c.e && c.e->state == BIOSAN_IN_FLIGHT)
		biosan_say_that(&c, BIOSAN_FOREIGN_TABLE, says,
				BIOSAN_NR_EVENTS);
leave:
	biosan_leave(&c);
}

/* Of what has no table, nothing can be used. */
void __biosan_owner(const struct bio *bio)
{
	if (bio->bi_io_vec && !biosan_ignores(bio))
		biosan_check_owner(bio, true);
}
EXPORT_SYMBOL(__biosan_owner);

void __biosan_walk(const struct bio *bio)
{
	if (bio->bi_io_vec && !biosan_ignores(bio))
		biosan_check_owner(bio, false);
}
EXPORT_SYMBOL(__biosan_walk);

/* === Modes === */

/* It stays, so that no hook has to ask whether it is still there. */
static int biosan_alloc_table(void)
{
	struct hlist_head *by_bio, *by_table, *by_rq;
	struct biosan_entry *pool;
	unsigned int i, bits;

	if (biosan_pool)
		return 0;
	biosan_entries = clamp(biosan_entries, 64U, 1U << 20);
	bits = clamp(order_base_2(biosan_entries), 10, 20);
	pool = vcalloc(biosan_entries, sizeof(*pool));
	by_bio = kvcalloc(1 << bits, sizeof(*by_bio), GFP_KERNEL);
	by_table = kvcalloc(1 << bits, sizeof(*by_table), GFP_KERNEL);
	by_rq = kvcalloc(1 << bits, sizeof(*by_rq), GFP_KERNEL);
	if (!pool || !by_bio || !by_table || !by_rq) {
		vfree(pool);
		kvfree(by_bio);
		kvfree(by_table);
		kvfree(by_rq);
		return -ENOMEM;
	}
	for (i = 0; i < biosan_entries; i++)
		list_add_tail(&pool[i].list, &biosan_free_list);
	biosan_hash_bits = bits;
	biosan_by_bio = by_bio;
	biosan_by_table = by_table;
	biosan_by_rq = by_rq;
	biosan_pool = pool;
	return 0;
}

/* A hook that has begun already finds no entry, and makes none. */
static void biosan_stop(void)
{
	unsigned long flags;
	unsigned int i;

	raw_spin_lock_irqsave(&biosan_lock, flags);
	WRITE_ONCE(biosan_mode, BIOSAN_OFF);
	biosan_pages_stop();
	raw_spin_unlock_irqrestore(&biosan_lock, flags);

	for (i = 0; i < biosan_entries; i++) {
		if (READ_ONCE(biosan_pool[i].state) == BIOSAN_FREE)
			continue;
		raw_spin_lock_irqsave(&biosan_lock, flags);
		if (biosan_pool[i].state != BIOSAN_FREE)
			biosan_forget(&biosan_pool[i]);
		raw_spin_unlock_irqrestore(&biosan_lock, flags);
		cond_resched();
	}
}

/* Whatever has been found may be reported once more. */
static void biosan_hear_again(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&biosan_lock, flags);
	biosan_nr_seen = 0;
	raw_spin_unlock_irqrestore(&biosan_lock, flags);
	biosan_forget_sites();
}

VISIBLE_IF_KUNIT int biosan_set_mode(enum biosan_mode mode)
{
	int ret = 0;

	mutex_lock(&biosan_mode_lock);
	biosan_hear_again();
	if (mode != BIOSAN_OFF)
		ret = biosan_alloc_table();
	if (ret || (mode == biosan_mode && !READ_ONCE(biosan_dead)))
		goto unlock;

	/* What was seen in one mode is not all that another one relies on. */
	if (biosan_mode != BIOSAN_OFF) {
		biosan_stop();
		biosan_drop_hooks();
		cancel_delayed_work_sync(&biosan_sample_work);
		WRITE_ONCE(biosan_sampling, false);
		irq_work_sync(&biosan_disable_irq_work);
		flush_work(&biosan_disable_work);
		WRITE_ONCE(biosan_dead, false);
	}
	/* Hooks come one after the other; nothing begins before all are there. */
	if (mode != BIOSAN_OFF) {
		static_branch_enable(&biosan_key);
		biosan_pages_open_all();
	}
	WRITE_ONCE(biosan_mode, mode);
	if (mode == BIOSAN_SAMPLE)
		queue_delayed_work(system_dfl_wq, &biosan_sample_work, 0);
	pr_info("mode %s\n", biosan_mode_names[mode]);
unlock:
	mutex_unlock(&biosan_mode_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(biosan_set_mode);

static enum biosan_mode biosan_boot_mode = BIOSAN_OFF;
static bool biosan_ready;

static int biosan_param_set_mode(const char *val, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(biosan_mode_names, val);

	if (mode < 0)
		return mode;
	if (biosan_ready)
		return biosan_set_mode(mode);
	biosan_boot_mode = mode;
	return 0;
}

static int biosan_param_get_mode(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", READ_ONCE(biosan_dead) ? "disabled" :
			  biosan_mode_names[READ_ONCE(biosan_mode)]);
}

static const struct kernel_param_ops biosan_mode_ops = {
	.set = biosan_param_set_mode,
	.get = biosan_param_get_mode,
};
module_param_cb(mode, &biosan_mode_ops, NULL, 0644);

#if IS_ENABLED(CONFIG_KUNIT)
bool biosan_set_data(bool on)
{
	return xchg(&biosan_data, on);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_set_data);
#endif

VISIBLE_IF_KUNIT void biosan_get_stats(struct biosan_stats *s)
{
	s->mode = READ_ONCE(biosan_mode);
	s->disabled = READ_ONCE(biosan_dead);
	s->entries = biosan_entries;
	s->tracked = READ_ONCE(biosan_tracked);
	s->submitted = READ_ONCE(biosan_submitted);
	s->dropped = READ_ONCE(biosan_dropped);
	s->refused = READ_ONCE(biosan_refused);
	s->unsaid = READ_ONCE(biosan_unsaid);
	s->silenced = READ_ONCE(biosan_silenced);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_get_stats);

/* === debugfs === */

static int stats_show(struct seq_file *m, void *v)
{
	struct biosan_stats s;
	int i;

	biosan_get_stats(&s);
	seq_printf(m, "mode: %s\n",
		   s.disabled ? "disabled" : biosan_mode_names[s.mode]);
	seq_printf(m, "entries: %u\n", s.entries);
	seq_printf(m, "tracked: %lu\n", s.tracked);
	seq_printf(m, "submitted: %lu\n", s.submitted);
	biosan_pages_show(m);
	seq_printf(m, "refused: %lu\n", s.refused);
	seq_printf(m, "unsaid: %lu\n", s.unsaid);
	seq_printf(m, "silenced: %lu\n", s.silenced);
	seq_printf(m, "dropped: %lu\n", s.dropped);
	for (i = 0; i < BIOSAN_NR_KINDS; i++)
		seq_printf(m, "%s: %lu\n", biosan_kind_names[i],
			   biosan_found(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* Bios that have not ended, by the function that has made them */
static int live_show(struct seq_file *m, void *v)
{
	static const char * const states[] = {
		[BIOSAN_LIVE]		= "not submitted",
		[BIOSAN_IN_FLIGHT]	= "in flight",
	};
	struct biosan_event made;
	struct biosan_entry *e;
	unsigned long flags;
	unsigned int i;

	for (i = 0; biosan_pool && i < biosan_entries; i++) {
		enum biosan_state state;
		struct bio *bio;

		e = &biosan_pool[i];
		raw_spin_lock_irqsave(&biosan_lock, flags);
		state = e->state;
		bio = e->bio;
		made = e->events[BIOSAN_EV_ALLOC];
		raw_spin_unlock_irqrestore(&biosan_lock, flags);
		if (state == BIOSAN_LIVE || state == BIOSAN_IN_FLIGHT)
			seq_printf(m, "%p %s, by %pS\n", bio, states[state],
				   (void *)biosan_culprit(&made, 0));
		cond_resched();
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(live);

static int silence_show(struct seq_file *m, void *v)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	biosan_silence_show(buf, PAGE_SIZE);
	seq_puts(m, buf);
	kfree(buf);
	return 0;
}

static int silence_open(struct inode *inode, struct file *file)
{
	return single_open(file, silence_show, NULL);
}

static ssize_t silence_write(struct file *file, const char __user *from,
			     size_t len, loff_t *pos)
{
	char *buf;
	int ret;

	if (len >= PAGE_SIZE)
		return -EINVAL;
	buf = memdup_user_nul(from, len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = biosan_silence(buf);
	kfree(buf);
	return ret ?: len;
}

static const struct file_operations silence_fops = {
	.owner		= THIS_MODULE,
	.open		= silence_open,
	.read		= seq_read,
	.write		= silence_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init biosan_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("biosan", NULL);

	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("live", 0400, dir, NULL, &live_fops);
	debugfs_create_file("silence", 0600, dir, NULL, &silence_fops);
	return 0;
}
late_initcall(biosan_debugfs_init);

static int __init biosan_init_mode(void)
{
	biosan_ready = true;
	return biosan_set_mode(biosan_boot_mode);
}
core_initcall(biosan_init_mode);
