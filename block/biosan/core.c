// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: who breaks the contract of bios.
 *
 * All state is in a table of entries that is allocated once.  An entry belongs
 * to an address: a bio is not looked at unless it is handed to one of the hooks,
 * and a bio that is initialized begins anew, whatever was at its address before.
 */
#define pr_fmt(fmt) "biosan: " fmt

#include <kunit/visibility.h>
#include <linux/bio-integrity.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/crc32.h>
#include <linux/debugfs.h>
#include <linux/hash.h>
#include <linux/irq_work.h>
#include <linux/jhash.h>
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

static enum biosan_mode biosan_mode;
static unsigned int biosan_entries = CONFIG_BIOSAN_ENTRIES;
module_param_named(entries, biosan_entries, uint, 0444);
static unsigned int biosan_interval = CONFIG_BIOSAN_SAMPLE_INTERVAL;
module_param_named(sample_interval, biosan_interval, uint, 0644);

#define BIOSAN_HASH_BITS	10
/* How many that have ended are remembered in sample mode */
#define BIOSAN_MAX_ENDED	64

/*
 * Everything below is protected by biosan_lock.  It is taken with interrupts
 * disabled, nothing that is called under it takes another lock, and reports are
 * printed without it.
 */
DEFINE_RAW_SPINLOCK(biosan_lock);
static struct biosan_entry *biosan_pool;
static struct hlist_head biosan_by_bio[1 << BIOSAN_HASH_BITS];
static struct hlist_head biosan_by_table[1 << BIOSAN_HASH_BITS];
static LIST_HEAD(biosan_free_list);
static LIST_HEAD(biosan_live_list);
static LIST_HEAD(biosan_ended_list);
static bool biosan_dead;

static unsigned long biosan_tracked;
static unsigned long biosan_submitted;
static unsigned long biosan_dropped;
static unsigned int biosan_nr_ended;

/* The next bio that is submitted is a sample. */
static bool biosan_sampling;

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
 * Hooks look at biosan_dead.  Code is patched in process context only, and a
 * work is not to be queued with the lock held.
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
	return &biosan_by_bio[hash_ptr(bio, BIOSAN_HASH_BITS)];
}

static struct hlist_head *table_bucket(const struct bio_vec *table)
{
	return &biosan_by_table[hash_ptr(table, BIOSAN_HASH_BITS)];
}

static struct biosan_entry *biosan_find(const struct bio *bio)
{
	struct biosan_entry *e;

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

static void biosan_forget(struct biosan_entry *e)
{
	if (e->state == BIOSAN_ENDED || e->state == BIOSAN_FREED)
		biosan_nr_ended--;
	biosan_page_unprotect(e);
	hlist_del_init(&e->by_bio);
	hlist_del_init(&e->by_table);
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
 * again.  With samples only a few are, so that most buckets are empty.
 */
static void biosan_retire(struct biosan_entry *e, enum biosan_state state)
{
	if (e->state != BIOSAN_ENDED && e->state != BIOSAN_FREED)
		biosan_nr_ended++;
	e->state = state;
	e->queued = false;
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
	if (e->state == BIOSAN_ENDED || e->state == BIOSAN_FREED)
		biosan_nr_ended--;
	e->state = state;
	list_move_tail(&e->list, &biosan_live_list);
}

static struct biosan_entry *biosan_new(struct bio *bio)
{
	struct biosan_entry *e;

	if (READ_ONCE(biosan_mode) == BIOSAN_OFF || READ_ONCE(biosan_dead))
		return NULL;
	e = list_first_entry_or_null(&biosan_free_list, struct biosan_entry, list);
	if (e && e->state != BIOSAN_FREE) {
		biosan_disable("free entry in use");
		return NULL;
	}
	if (!e) {
		e = biosan_oldest_ended();
		if (!e) {
			biosan_dropped++;
			if (READ_ONCE(biosan_mode) == BIOSAN_FULL)
				biosan_disable("table full");
			return NULL;
		}
		biosan_forget(e);
	}

	memset(&e->root, 0, sizeof(*e) - offsetof(struct biosan_entry, root));
	e->bio = bio;
	e->bs = bio->bi_pool;
	e->state = BIOSAN_LIVE;
	hlist_add_head(&e->by_bio, bio_bucket(bio));
	list_move_tail(&e->list, &biosan_live_list);
	biosan_tracked++;
	return e;
}

/* The entry of a bio in flight that uses @table, which is @root's */
static struct biosan_entry *biosan_sharer(const struct bio_vec *table,
					  const struct bio *root)
{
	struct biosan_entry *e;

	if (!table)
		return NULL;
	hlist_for_each_entry(e, table_bucket(table), by_table)
		if (e->data.vecs == table && e->root == root)
			return e;
	return NULL;
}

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

static struct biosan_report *biosan_begin(enum biosan_kind kind,
					  const struct bio *bio,
					  const struct biosan_entry *e)
{
	struct biosan_scratch *s = this_cpu_ptr(&biosan_scratch);

	lockdep_assert_irqs_disabled();
	if (s->used) {
		biosan_dropped++;
		return NULL;
	}
	s->used = true;
	memset(&s->report, 0, sizeof(s->report));
	s->report.kind = kind;
	s->report.bio = bio;
	if (e)
		s->report.entry = *e;
	return &s->report;
}

/* Called without the lock, and with interrupts as biosan_begin() had them. */
static void biosan_end(struct biosan_report *r)
{
	bool printed;

	if (!r)
		return;
	if (!r->exact)
		biosan_save_event(&r->here);
	printed = biosan_print(r);
	/* The next report needs it, also if this task does not come back. */
	this_cpu_ptr(&biosan_scratch)->used = false;
	if (printed)
		biosan_act();
}

/* === Tables === */

static u64 biosan_hash(const struct biosan_table *t)
{
	const u32 *words = (const u32 *)&t->vecs[t->first];
	u32 len = t->nr * (sizeof(struct bio_vec) / sizeof(u32));

	return ((u64)jhash2(words, len, 0) << 32) | jhash2(words, len, ~0U);
}

/*
 * Those of the @max entries of @vecs that are used from @iter on, but no more than
 * can be hashed with interrupts disabled.  Returns whether that is all of them.
 */
static bool biosan_record(struct biosan_table *t, const struct bio_vec *vecs,
			  unsigned int max, const struct bvec_iter *iter)
{
	unsigned int left = iter->bi_size, skip = iter->bi_offset, i;

	t->vecs = vecs;
	t->first = iter->bi_idx;
	t->nr = 0;
	while (left && t->first + t->nr < max && t->nr < BIOSAN_HASHED_VECS) {
		unsigned int len = vecs[t->first + t->nr].bv_len;

		if (len <= skip)	/* walked past the end, or overwritten */
			break;
		left -= min(left, len - skip);
		skip = 0;
		t->nr++;
	}
	for (i = 0; i < min(t->nr, BIOSAN_SAVED_VECS); i++)
		t->saved[i] = vecs[t->first + i];
	t->hash = biosan_hash(t);
	return !left || t->nr < BIOSAN_HASHED_VECS;
}

/* The first entry that has changed, as far as that can be told */
static unsigned int biosan_changed_entry(const struct biosan_table *t)
{
	unsigned int i;

	for (i = 0; i < min(t->nr, BIOSAN_SAVED_VECS); i++)
		if (memcmp(&t->vecs[t->first + i], &t->saved[i],
			   sizeof(struct bio_vec)))
			break;
	return i;
}

/* === Data === */

static u32 biosan_crc(const struct bio_vec *vecs, const struct bvec_iter *start)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	u32 crc = 0;

	for_each_bvec(bv, vecs, iter, *start) {
		void *p;

		if (is_pci_p2pdma_page(bv.bv_page))
			continue;
		p = bvec_kmap_local(&bv);
		crc = crc32c(crc, p, bv.bv_len);
		kunmap_local(p);
	}
	return crc;
}

/* Does nobody change the data of @bio before it ends?  User space may. */
static bool biosan_is_stable(const struct biosan_entry *e, struct bio *bio)
{
	const struct biosan_entry *root = e->root ? biosan_find(e->root) : e;

	return op_is_write(bio->bi_opf) && bdev_stable_writes(bio->bi_bdev) &&
		root && !root->lent &&
		(root == e || root->events[BIOSAN_EV_SUBMIT].when);
}

/* The table of @bio has just been recorded; @all of it? */
static void biosan_record_data(struct biosan_entry *e, struct bio *bio, bool all)
{
	if (!e->root)
		e->lent = !bio->bi_max_vecs ||
			bio_flagged(bio, BIO_PAGE_PINNED);
	e->sum.known = all && READ_ONCE(biosan_mode) == BIOSAN_FULL &&
		biosan_is_stable(e, bio);
	if (!e->sum.known)
		return;
	e->sum.iter = bio->bi_iter;
	e->sum.crc = biosan_crc(bio->bi_io_vec, &bio->bi_iter);
}

/* === Positions === */

static u64 biosan_offset(const struct bio_vec *vecs, const struct bvec_iter *iter)
{
	u64 bytes = iter->bi_offset;
	unsigned int i;

	for (i = 0; i < iter->bi_idx; i++)
		bytes += vecs[i].bv_len;
	return bytes;
}

static bool biosan_has_table(struct bio *bio)
{
	return bio_has_data(bio) && bio->bi_io_vec;
}

/* How many entries of the table can be looked at?  Only its owner says so. */
static unsigned int biosan_max_vecs(const struct bio *bio)
{
	if (!bio->bi_max_vecs)
		return UINT_MAX;
	return bio->bi_vcnt ?: bio->bi_max_vecs;
}

/* Where @data, and @prot in its integrity metadata, are in the tables of @bio */
static void biosan_position_at(struct biosan_pos *pos, struct bio *bio,
			       const struct bvec_iter *data,
			       const struct bvec_iter *prot)
{
	memset(pos, 0, sizeof(*pos));
	pos->known = data->bi_idx <= min(biosan_max_vecs(bio),
					 BIOSAN_WALKED_VECS);
	if (!pos->known)
		return;
	pos->table = bio->bi_io_vec;
	pos->data = biosan_offset(bio->bi_io_vec, data);
	if (prot) {
		pos->prot_table = bio_integrity(bio)->bip_vec;
		pos->prot = biosan_offset(pos->prot_table, prot);
		pos->seed = prot->bi_sector;
	}
}

static void biosan_position(struct biosan_pos *pos, struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);

	if (!biosan_has_table(bio)) {
		memset(pos, 0, sizeof(*pos));
		return;
	}
	biosan_position_at(pos, bio, &bio->bi_iter, bip && bip->bip_vec ?
			   &bip->bip_iter.bvec_iter : NULL);
	if (!pos->known)
		return;
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (bio->bi_crypt_context) {
		pos->key = bio->bi_crypt_context->bc_key;
		pos->dun = bio->bi_crypt_context->bc_dun[0];
	}
#endif
}

/* How much integrity metadata do @moved bytes of the data of @bio have? */
static s64 biosan_prot_bytes(struct bio *bio, s64 moved)
{
	struct blk_integrity *bi = blk_get_integrity(bio->bi_bdev->bd_disk);
	s64 bytes = 0;

	if (bi)
		bytes = bio_integrity_bytes(bi, abs(moved) >> SECTOR_SHIFT);
	return moved < 0 ? -bytes : bytes;
}

/* Have all parts of the position moved as far as the data has? */
static bool biosan_stale(const struct biosan_pos *was,
			 const struct biosan_pos *now, struct bio *bio)
{
	s64 moved = now->data - was->data;
	u64 bytes = moved < 0 ? -moved : moved;
	unsigned int sectors = bytes >> SECTOR_SHIFT;
	struct blk_integrity *bi;
	s64 seed;

	if (!was->known || !now->known || was->table != now->table)
		return false;

	if (was->prot_table && was->prot_table == now->prot_table) {
		if ((s64)(now->prot - was->prot) !=
		    biosan_prot_bytes(bio, moved))
			return true;
		bi = blk_get_integrity(bio->bi_bdev->bd_disk);
		seed = bi ? bio_integrity_intervals(bi, sectors) : 0;
		if ((s64)(now->seed - was->seed) != (moved < 0 ? -seed : seed))
			return true;
	}
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (was->key && was->key == now->key) {
		const struct blk_crypto_key *key = now->key;
		s64 dun = bytes >> key->data_unit_size_bits;

		if ((s64)(now->dun - was->dun) != (moved < 0 ? -dun : dun))
			return true;
	}
#endif
	return false;
}

/* Does the position reach past the end of what the owner has filled? */
static bool biosan_outside(struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct blk_integrity *bi = NULL;
	u64 filled = 0;
	unsigned int i;

	if (!biosan_has_table(bio))
		return false;
	if (bip)
		bi = blk_get_integrity(bio->bi_bdev->bd_disk);
	if (bi && bip->bip_iter.bi_size <
		  bio_integrity_bytes(bi, bio_sectors(bio)))
		return true;

	/* Who fills a table before bio_init() has a count of 0. */
	if (bio->bi_iter.bi_idx >= biosan_max_vecs(bio))
		return true;
	if (!bio->bi_max_vecs || !bio->bi_vcnt)
		return false;
	for (i = 0; i < bio->bi_vcnt; i++)
		filled += bio->bi_io_vec[i].bv_len;
	return biosan_offset(bio->bi_io_vec, &bio->bi_iter) +
		bio->bi_iter.bi_size > filled;
}

/* === Hooks === */

/*
 * In sample mode only what is submitted while the gate is open gets an entry,
 * and a bio without an entry is none of our business.
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
	return !biosan_takes_all() && hlist_empty(bio_bucket(bio));
}

/* The entry of @bio is locked, if there is one. */
struct biosan_entry *biosan_enter(struct biosan_ctx *c, const struct bio *bio)
{
	raw_spin_lock_irqsave(&biosan_lock, c->flags);
	c->bio = bio;
	c->e = biosan_find(bio);
	c->r = NULL;
	return c->e;
}

/* The first thing that a hook finds is what it reports. */
void biosan_say(struct biosan_ctx *c, enum biosan_kind kind,
		const struct biosan_entry *other)
{
	if (c->r)
		return;
	c->r = biosan_begin(kind, c->bio, c->e);
	if (c->r && other)
		c->r->other = *other;
}

void biosan_leave(struct biosan_ctx *c)
{
	raw_spin_unlock(&biosan_lock);
	biosan_end(c->r);
	local_irq_restore(c->flags);
}

/* As biosan_enter(), for what may only be done with a bio that is not freed */
static struct biosan_entry *biosan_use(struct biosan_ctx *c,
				       const struct bio *bio)
{
	struct biosan_entry *e = biosan_enter(c, bio);

	if (e && e->state == BIOSAN_FREED) {
		biosan_say(c, BIOSAN_USED_AFTER_END, NULL);
		return NULL;
	}
	return e;
}

static struct biosan_entry *biosan_get(struct biosan_ctx *c, struct bio *bio)
{
	if (!c->e) {
		c->e = biosan_new(bio);
		if (c->e)
			biosan_save_event(&c->e->events[BIOSAN_EV_ALLOC]);
	}
	return c->e;
}

/* Returns whether @t is as it was recorded. */
static bool biosan_check_table(struct biosan_ctx *c, enum biosan_kind kind,
			       const struct biosan_table *t,
			       const struct bio_vec *vecs)
{
	unsigned int i;

	if (!t->nr || (vecs == t->vecs && biosan_hash(t) == t->hash))
		return true;
	if (c->r)
		return false;
	biosan_say(c, kind, NULL);
	if (!c->r)
		return false;
	c->r->swapped = vecs != t->vecs;
	if (c->r->swapped)
		return false;
	i = biosan_changed_entry(t);
	c->r->index = i;
	if (i < t->nr)
		c->r->now = t->vecs[t->first + i];
	return false;
}

/* If the table is as it was: another one is nothing to go by. */
static void biosan_check_data(struct biosan_ctx *c)
{
	const struct biosan_entry *e = c->e;

	if (!c->r && e->data.nr && e->sum.known &&
	    biosan_crc(e->data.vecs, &e->sum.iter) != e->sum.crc)
		biosan_say(c, BIOSAN_DATA_CHANGED, NULL);
}

/* Are the tables of a bio in flight, and its data, still what they were? */
static void biosan_check_tables(struct biosan_ctx *c, struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);

	if (biosan_check_table(c, BIOSAN_TABLE_CHANGED, &c->e->data,
			       bio->bi_io_vec))
		biosan_check_data(c);
	if (bip && bip->bip_vec == c->e->prot.vecs)
		biosan_check_table(c, BIOSAN_PI_TABLE_CHANGED, &c->e->prot,
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

void __biosan_alloc(struct bio *bio)
{
	struct biosan_ctx c;

	if (READ_ONCE(biosan_dead) ||
	    (!biosan_takes_all() && !biosan_page_sampled(bio)))
		return;
	if (!biosan_enter(&c, bio))
		c.e = biosan_new(bio);
	if (c.e) {
		biosan_save_event(&c.e->events[BIOSAN_EV_ALLOC]);
		c.e->bs = bio->bi_pool;
		if (!biosan_page_give(&c.e->events[BIOSAN_EV_ALLOC], bio) &&
		    !biosan_takes_all())
			biosan_forget(c.e);
	}
	biosan_leave(&c);
}

/* The owner of a table may let go of it; is it still shared? */
static void biosan_check_sharers(struct biosan_ctx *c)
{
	const struct biosan_entry *e = c->e, *sharer;

	if (!e->pos.known || e->orphan)
		return;
	sharer = biosan_sharer(e->pos.table, e->bio);
	if (sharer)
		biosan_say(c, BIOSAN_SOURCE_GONE, sharer);
}

/* It is to be filled once more, and it is still known who has allocated it. */
static void biosan_renew(struct biosan_entry *e)
{
	struct biosan_event made = e->events[BIOSAN_EV_ALLOC];

	biosan_revive(e, BIOSAN_LIVE);
	biosan_page_unprotect(e);
	hlist_del_init(&e->by_table);
	memset(&e->root, 0, sizeof(*e) - offsetof(struct biosan_entry, root));
	e->state = BIOSAN_LIVE;
	e->events[BIOSAN_EV_ALLOC] = made;
}

/*
 * A bio in the caller's memory that has neither ended nor been uninitialized has
 * what bio_init() gave it, whatever the memory has been since.
 */
static bool biosan_holds(const struct biosan_entry *e)
{
	return e->state == BIOSAN_LIVE && !e->bs && e->blkg;
}

enum biosan_fate {
	BIOSAN_INIT,
	BIOSAN_RESET,
	BIOSAN_PUT,
};

/* What @bio was is over; is anything left that still needs it? */
static noinline void biosan_check_over(struct bio *bio, enum biosan_fate fate)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	e = fate == BIOSAN_INIT ? biosan_enter(&c, bio) : biosan_use(&c, bio);
	if (!e)
		goto leave;
	if (e->state == BIOSAN_IN_FLIGHT ||
	    (fate == BIOSAN_INIT && biosan_holds(e)))
		biosan_say(&c, fate == BIOSAN_PUT ? BIOSAN_FREED_IN_FLIGHT :
			   BIOSAN_INIT_ALIVE, NULL);
	else if (e->state != BIOSAN_FREED)
		biosan_check_sharers(&c);
	if (fate == BIOSAN_RESET && e->bs) {
		biosan_renew(e);
	} else if (fate == BIOSAN_PUT &&
		   (biosan_takes_all() || biosan_has_page(bio))) {
		biosan_retire(e, BIOSAN_FREED);
		biosan_save_event(&e->events[BIOSAN_EV_FREE]);
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
	struct biosan_ctx c;

	biosan_enter(&c, bio);
	if (biosan_get(&c, bio)) {
		c.e->blkg = bio->bi_blkg;
		c.e->blkg_disk = bio->bi_bdev->bd_disk;
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
	/* Memory of the caller's, of which nobody will say that it is freed */
	if (c.e && !c.e->bs) {
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
	if (bs)
		return e->state != BIOSAN_FREE && e->bs == bs;
	return biosan_holds(e) && e->blkg_disk == disk;
}

static void biosan_check_left(const struct bio_set *bs,
			      const struct gendisk *disk)
{
	struct biosan_ctx c;
	unsigned int i;

	if (READ_ONCE(biosan_dead) || !biosan_takes_all())
		return;
	biosan_enter(&c, NULL);
	for (i = 0; i < biosan_entries; i++) {
		struct biosan_entry *e = &biosan_pool[i];

		if (!biosan_goes(e, bs, disk))
			continue;
		if (e->state != BIOSAN_FREED) {
			c.bio = e->bio;
			c.e = e;
			biosan_say(&c, BIOSAN_LEAK, NULL);
			if (c.r)
				c.r->count++;
		}
		biosan_forget(e);
	}
	if (c.r && disk)
		c.r->says = "its disk is freed, and it still refers to that";
	biosan_leave(&c);
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
	struct biosan_pos pos;
	struct biosan_entry *s;
	struct biosan_ctx c;

	biosan_position(&pos, clone);

	s = biosan_use(&c, src);
	if (s && !s->pos.known)
		s->pos = pos;
	c.bio = clone;
	c.e = biosan_find(clone);
	if (s || biosan_takes_all())
		biosan_get(&c, clone);
	if (c.e) {
		c.e->pos = pos;
		c.e->root = s && s->root ? s->root : src;
		/* The source may have a buffer of its own by now. */
		c.e->prot_root = s && s->prot_root &&
			s->root_prot == pos.prot_table ? s->prot_root : src;
		c.e->root_prot = pos.prot_table;
		/* The front of a split goes where the rest goes. */
		if (clone->bi_bdev != src->bi_bdev)
			c.e->foreign = src->bi_opf & REQ_DRV;
#ifdef CONFIG_BLK_CGROUP
		c.e->blkg = clone->bi_blkg;
		if (c.e->blkg)
			c.e->blkg_disk = clone->bi_bdev->bd_disk;
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
		root = biosan_find(e->root);
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
	struct biosan_entry *e;
	struct biosan_ctx c;

	e = biosan_use(&c, parent);
	if (e && e->state == BIOSAN_ENDED)
		biosan_say(&c, BIOSAN_USED_AFTER_END, NULL);
	c.bio = bio;
	c.e = biosan_find(bio);
	if (bio->bi_end_io || bio->bi_private) {
		biosan_say(&c, BIOSAN_BROKEN_CHAIN, e);
		if (c.r && c.r->kind == BIOSAN_BROKEN_CHAIN)
			c.r->says = "it can't be a child, as it has an end of its own";
	} else if (c.e) {
		c.e->chained = true;
	}
	biosan_leave(&c);
}

void __biosan_chain(struct bio *bio, struct bio *parent)
{
	if (!biosan_ignores(bio) || !biosan_ignores(parent))
		biosan_check_chain(bio, parent);
}

/* Part of what @e stands for has failed. */
static void biosan_failed(struct biosan_entry *e, blk_status_t status)
{
	if (!e || e->state == BIOSAN_ENDED || e->state == BIOSAN_FREED ||
	    e->error)
		return;
	e->error = status;
	biosan_save_event(&e->events[BIOSAN_EV_ERROR]);
}

void __biosan_error(struct bio *bio, blk_status_t status)
{
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	biosan_failed(biosan_use(&c, bio), status);
	biosan_leave(&c);
}
EXPORT_SYMBOL(__biosan_error);

/* What a bio says of itself when it is submitted, and what is not so */
static enum biosan_kind biosan_contradiction(struct bio *bio)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if ((bio->bi_opf & REQ_INTEGRITY) && !bio->bi_integrity)
		return BIOSAN_NO_PAYLOAD;
	if (!(bio->bi_opf & REQ_INTEGRITY) && bio->bi_integrity)
		return BIOSAN_HIDDEN_PAYLOAD;
#endif
	if (biosan_outside(bio))
		return BIOSAN_BAD_POSITION;
	return BIOSAN_NR_KINDS;
}

static void biosan_check_submit(struct biosan_ctx *c, struct bio *bio,
				const struct biosan_pos *pos)
{
	enum biosan_kind kind = biosan_contradiction(bio);
	struct biosan_entry *e = c->e;

	if (e->queued)
		biosan_say(c, BIOSAN_SUBMITTED_TWICE, NULL);
	/* It was a parent, and ends with the first of its next children. */
	if (atomic_read(&bio->__bi_remaining) <= 0)
		biosan_say(c, BIOSAN_BROKEN_CHAIN, NULL);
	/* On its way down a driver may have hooked it. */
	if (e->chained && e->state == BIOSAN_LIVE &&
	    bio->bi_end_io != bio_chain_endio)
		biosan_say(c, BIOSAN_BROKEN_CHAIN, NULL);
	/* Then its position is not right, either. */
	if (e->state == BIOSAN_IN_FLIGHT)
		biosan_check_tables(c, bio);
	if ((bio->bi_opf & e->foreign) && !e->events[BIOSAN_EV_SUBMIT].when)
		biosan_say(c, BIOSAN_FOREIGN_FLAGS,
			   e->root ? biosan_find(e->root) : NULL);
	if (bio_flagged(bio, BIO_ZONE_WRITE_PLUGGING) && e->disk &&
	    e->disk != bio->bi_bdev->bd_disk)
		biosan_say(c, BIOSAN_FOREIGN_FLAGS, NULL);
	/* Who tries again wants from this disk what was asked of the first. */
	if (e->failed && (e->stripped & ~bio->bi_opf) &&
	    op_is_write(bio->bi_opf) && bdev_write_cache(bio->bi_bdev))
		biosan_say(c, BIOSAN_LOST_FLAGS, NULL);
	if (kind != BIOSAN_NR_KINDS)
		biosan_say(c, kind, NULL);
	if (biosan_stale(&e->pos, pos, bio))
		biosan_say(c, BIOSAN_STALE_POSITION, NULL);
}

/* What @root, which is in flight, has is looked at by who shares it, too. */
static void biosan_check_root_tables(struct biosan_ctx *c,
				     struct biosan_entry *root)
{
	struct biosan_entry *e = c->e;

	if (c->r)
		return;
	c->bio = root->bio;
	c->e = root;
	if (biosan_check_table(c, BIOSAN_TABLE_CHANGED, &root->data,
			       root->data.vecs))
		biosan_check_data(c);
	c->bio = e->bio;
	c->e = e;
	if (!c->r)
		return;
	c->r->other = *e;
	/* Not once more, by who has submitted it. */
	root->data.hash = biosan_hash(&root->data);
	root->sum.known = false;
}

/* How far into its table @e has reached, if it has been looked at as far as that */
static void biosan_reach(struct biosan_entry *e, const struct bio_vec *was,
			 bool all)
{
	unsigned int end = all ? e->data.first + e->data.nr : 0;

	if (was != e->data.vecs)
		e->end = end;
	else if (e->end && end)
		e->end = max(e->end, end);
	else
		e->end = 0;
}

/* What is cloned of a bio in flight ends where that has ended, at the latest. */
static void biosan_check_root(struct biosan_ctx *c)
{
	struct biosan_entry *e = c->e, *root;

	root = e->root ? biosan_find(e->root) : NULL;
	if (!root || root->state != BIOSAN_IN_FLIGHT ||
	    root->data.vecs != e->data.vecs)
		return;

	biosan_check_root_tables(c, root);
	if (root->end && e->end > root->end &&
	    e->events[BIOSAN_EV_ALLOC].when >
	    root->events[BIOSAN_EV_SUBMIT].when)
		biosan_say(c, BIOSAN_BAD_POSITION, root);
}

static noinline void biosan_check_in(struct bio *bio)
{
	struct bio_integrity_payload *bip;
	struct biosan_entry *e;
	struct biosan_pos pos;
	struct biosan_ctx c;
	bool first;

	biosan_position(&pos, bio);
	if (!biosan_use(&c, bio) && c.e)
		goto leave;
	first = !c.e;
	e = biosan_get(&c, bio);
	if (!e)
		goto leave;

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
	biosan_revive(e, BIOSAN_IN_FLIGHT);
	e->opf = bio->bi_opf;
	e->disk = bio->bi_bdev->bd_disk;
	e->sector = bio->bi_iter.bi_sector;
	e->nr_remaps = 0;
	hlist_del_init(&e->by_table);
	e->data.nr = 0;
	e->prot.nr = 0;
	e->sum.known = false;
	if (pos.known) {
		const struct bio_vec *was = e->data.vecs;
		bool all = biosan_record(&e->data, bio->bi_io_vec,
					 biosan_max_vecs(bio), &bio->bi_iter);

		biosan_reach(e, was, all);
		biosan_record_data(e, bio, all);
		biosan_check_root(&c);
		if (!bio->bi_max_vecs)
			hlist_add_head(&e->by_table,
				       table_bucket(bio->bi_io_vec));
		biosan_page_protect(e, bio);
	}
	bip = bio_integrity(bio);
	if (bip && bip->bip_vec)
		biosan_record(&e->prot, bip->bip_vec,
			      bip->bip_max_vcnt ?: UINT_MAX,
			      &bip->bip_iter.bvec_iter);
	biosan_save_event(&e->events[BIOSAN_EV_SUBMIT]);
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

void __biosan_submit(struct bio *bio)
{
	if (biosan_ignores(bio) && !biosan_has_page(bio) &&
	    !(READ_ONCE(biosan_sampling) && xchg(&biosan_sampling, false)))
		return;
	biosan_check_in(bio);
}

static noinline void biosan_check_queued(struct bio *bio, bool queued)
{
	struct biosan_entry *e;
	struct biosan_pos pos;
	struct biosan_ctx c;

	biosan_position(&pos, bio);
	e = biosan_use(&c, bio);
	if (e) {
		if (queued && e->queued)
			biosan_say(&c, BIOSAN_SUBMITTED_TWICE, NULL);
		e->queued = queued;
		/* The block layer may have given it a payload by now. */
		if (pos.prot_table && pos.prot_table != e->pos.prot_table)
			e->pos = pos;
	}
	biosan_leave(&c);
}

static void biosan_set_queued(struct bio *bio, bool queued)
{
	if (!biosan_ignores(bio))
		biosan_check_queued(bio, queued);
}

void __biosan_queue(struct bio *bio)
{
	biosan_set_queued(bio, true);
}

void __biosan_steal(struct bio *bio)
{
	biosan_set_queued(bio, false);
}

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static bool biosan_stale_request(struct request *rq)
{
	const struct bio_crypt_ctx *bc = bio_crypt_ctx(rq->bio);

	return bc && rq->crypt_ctx && rq->crypt_ctx->bc_key == bc->bc_key &&
		memcmp(rq->crypt_ctx->bc_dun, bc->bc_dun, sizeof(bc->bc_dun));
}
#else
static bool biosan_stale_request(struct request *rq)
{
	return false;
}
#endif

/*
 * Does it have fewer segments than pieces of memory, however they are counted, or
 * a gap between two of them that its disk can't have?
 */
static bool biosan_wrong_segments(struct request *rq)
{
	struct bio_vec bv, prev;
	struct req_iterator iter;
	unsigned int nr = 0;

	if (blk_rq_is_passthrough(rq) || !bio_has_data(rq->bio) ||
	    (rq->rq_flags & RQF_SPECIAL_PAYLOAD))
		return false;
	rq_for_each_bvec(bv, rq, iter) {
		if (!nr || bvec_phys(&prev) + prev.bv_len != bvec_phys(&bv)) {
			if (nr && bvec_gap_to_prev(&rq->q->limits, &prev,
						   bv.bv_offset))
				return true;
			nr++;
		}
		prev = bv;
	}
	return nr > rq->nr_phys_segments;
}

/* What a request says of its bios, which is all that most drivers look at */
static noinline void biosan_check_request(struct request *rq)
{
	bool wrong = biosan_wrong_segments(rq);
	struct biosan_ctx c;

	if (!wrong && !biosan_stale_request(rq))
		return;
	if (biosan_use(&c, rq->bio)) {
		biosan_say(&c, wrong ? BIOSAN_WRONG_SEGMENTS :
			   BIOSAN_STALE_POSITION, NULL);
		if (c.r) {
			c.r->core = true;
			if (!wrong)
				c.r->says = "its request has the data unit number of another place";
		}
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
	    (s64)(pos.prot - e->pos.prot) != biosan_prot_bytes(bio, moved)) {
		biosan_say(&c, BIOSAN_STALE_POSITION, NULL);
		if (c.r)
			c.r->says = "it is verified from another place than it was read to";
	}
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
	if (!bip || !op_is_write(bio->bi_opf) || biosan_ignores(bio))
		return;
	new.start = biosan_offset(bip->bip_vec, iter);
	new.len = iter->bi_size;
	new.delta = ref - iter->bi_sector;

	e = biosan_use(&c, bio);
	if (!e)
		goto leave;
	/* Who has got a copy of the buffer can't spoil it for others. */
	if (e->root && bip->bip_vec != e->root_prot)
		goto leave;
	root = e->prot_root ? biosan_find(e->prot_root) : e;
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

static noinline void biosan_check_endio(struct bio *bio)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	e = biosan_use(&c, bio);
	if (!e)
		goto leave;

	if (e->state == BIOSAN_ENDED && bio->bi_end_io &&
	    e->end_io == bio->bi_end_io && e->private == bio->bi_private)
		biosan_say(&c, BIOSAN_ENDED_TWICE, NULL);
	if (e->error && !bio->bi_status && e->state != BIOSAN_ENDED)
		biosan_say(&c, BIOSAN_LOST_ERROR, NULL);

	/*
	 * That others still share its table is fine as long as it stays: who
	 * splits a bio and counts the parts may see the rest end first.
	 */
	if (e->state == BIOSAN_IN_FLIGHT)
		biosan_check_tables(&c, bio);
	if (bio->bi_status && bio->bi_end_io == bio_chain_endio)
		biosan_failed(biosan_find(bio->bi_private), bio->bi_status);

	biosan_retire(e, BIOSAN_ENDED);
	e->failed = bio->bi_status;
	/* The next one may be at the same address. */
	if (!bio_integrity(bio))
		e->pos.prot_table = NULL;
	e->end_io = bio->bi_end_io;
	e->private = bio->bi_private;
	biosan_save_event(&e->events[BIOSAN_EV_END]);
leave:
	biosan_leave(&c);
}

void __biosan_endio(struct bio *bio)
{
	if (!biosan_ignores(bio))
		biosan_check_endio(bio);
}

void __biosan_rearm(struct bio *bio)
{
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (biosan_ignores(bio))
		return;
	e = biosan_use(&c, bio);
	if (e && e->state == BIOSAN_ENDED) {
		biosan_revive(e, BIOSAN_LIVE);
		e->error = BLK_STS_OK;
	}
	biosan_leave(&c);
}
EXPORT_SYMBOL(__biosan_rearm);

void __biosan_owner(const struct bio *bio)
{
	struct biosan_ctx c;

	/* Of what has no table, nothing can be used. */
	if (bio_owns_vecs(bio) || !bio->bi_io_vec || biosan_ignores(bio))
		return;
	biosan_enter(&c, bio);
	biosan_say(&c, BIOSAN_FOREIGN_TABLE, NULL);
	biosan_leave(&c);
}
EXPORT_SYMBOL(__biosan_owner);

/* === Modes === */

static void biosan_sample_work_fn(struct work_struct *work);
static DECLARE_DELAYED_WORK(biosan_sample_work, biosan_sample_work_fn);

static void biosan_sample_work_fn(struct work_struct *work)
{
	if (READ_ONCE(biosan_dead) || READ_ONCE(biosan_mode) != BIOSAN_SAMPLE)
		return;
	WRITE_ONCE(biosan_sampling, true);
	biosan_pages_sample();
	queue_delayed_work(system_dfl_wq, &biosan_sample_work,
			   msecs_to_jiffies(max(READ_ONCE(biosan_interval), 1U)));
}

static int biosan_alloc_table(void)
{
	unsigned int i;

	if (biosan_pool)
		return 0;
	biosan_entries = clamp(biosan_entries, 64U, 1U << 20);
	biosan_pool = vcalloc(biosan_entries, sizeof(*biosan_pool));
	if (!biosan_pool)
		return -ENOMEM;
	for (i = 0; i < biosan_entries; i++)
		list_add_tail(&biosan_pool[i].list, &biosan_free_list);
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
	for (i = 0; i < biosan_entries; i++)
		if (biosan_pool[i].state != BIOSAN_FREE)
			biosan_forget(&biosan_pool[i]);
	raw_spin_unlock_irqrestore(&biosan_lock, flags);
}

VISIBLE_IF_KUNIT int biosan_set_mode(enum biosan_mode mode)
{
	int ret = 0;

	mutex_lock(&biosan_mode_lock);
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

VISIBLE_IF_KUNIT void biosan_get_stats(struct biosan_stats *s)
{
	s->mode = READ_ONCE(biosan_mode);
	s->disabled = READ_ONCE(biosan_dead);
	s->entries = biosan_entries;
	s->tracked = READ_ONCE(biosan_tracked);
	s->submitted = READ_ONCE(biosan_submitted);
	s->dropped = READ_ONCE(biosan_dropped);
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
	seq_printf(m, "dropped: %lu\n", s.dropped);
	biosan_pages_show(m);
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
				   (void *)biosan_culprit(&made));
		cond_resched();
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(live);

static int __init biosan_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("biosan", NULL);

	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("live", 0400, dir, NULL, &live_fops);
	return 0;
}
late_initcall(biosan_debugfs_init);

static int __init biosan_init_mode(void)
{
	biosan_ready = true;
	return biosan_set_mode(biosan_boot_mode);
}
core_initcall(biosan_init_mode);
