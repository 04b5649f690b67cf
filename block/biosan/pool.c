// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: entries, of which each is what is known of a bio.
 *
 * All entries are allocated once.  An entry belongs to an address: a bio is not
 * looked at unless it is handed to one of the hooks, and a bio that is initialized
 * begins anew, whatever was at its address before.  Where one entry refers to
 * another bio, it has its id as well.
 *
 * With biosan.mode=full all of them are one group, which has one lock.  With
 * biosan.mode=sample a sample has a group of its own, together with what is cloned
 * of it.  Which one is found without a lock.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/vmalloc.h>
#include "biosan.h"

#define BIOSAN_SLOTS_BITS	10
/* How many groups are tried for a sample */
#define BIOSAN_TRIES		4

/* Read by hooks without a lock */
enum biosan_mode biosan_mode __read_mostly;
bool biosan_dead __read_mostly;
struct biosan_entry *biosan_pool __read_mostly;
unsigned int biosan_entries = CONFIG_BIOSAN_ENTRIES;

struct biosan_group biosan_groups[1 + BIOSAN_SAMPLES];
static struct hlist_head biosan_small[BIOSAN_SAMPLES][3][1 << BIOSAN_SAMPLE_BITS];

/*
 * The bios that have an entry in sample mode, each in the slot of its address, with
 * the group that it is in.  If a slot is taken, who comes later is no sample.
 */
struct biosan_slot {
	const struct bio	*bio;
	struct biosan_group	*group;
};

static struct biosan_slot biosan_slots[1 << BIOSAN_SLOTS_BITS];

static atomic_t biosan_next_group = ATOMIC_INIT(0);
/* Samples without a slot */
atomic_long_t biosan_refused = ATOMIC_LONG_INIT(0);

/*
 * Which group?
 */

static struct biosan_slot *biosan_slot(const struct bio *bio)
{
	return &biosan_slots[hash_ptr(bio, BIOSAN_SLOTS_BITS)];
}

static bool biosan_is_sample(const struct biosan_group *g)
{
	return g != biosan_groups;
}

/* The group that @bio is in, or would be; NULL if it is no sample */
static struct biosan_group *biosan_group_of(const struct bio *bio)
{
	struct biosan_slot *slot;

	if (biosan_takes_all())
		return biosan_groups;
	slot = biosan_slot(bio);
	/* The group was stored before. */
	if (!bio || smp_load_acquire(&slot->bio) != bio)
		return NULL;
	return READ_ONCE(slot->group);
}

/* Can't be a slot's bio */
static const struct bio *biosan_nobody(void)
{
	return (const struct bio *)biosan_slots;
}

static bool biosan_take_slot(struct biosan_group *g, const struct bio *bio)
{
	struct biosan_slot *slot = biosan_slot(bio);

	if (cmpxchg(&slot->bio, NULL, biosan_nobody()))
		return false;
	WRITE_ONCE(slot->group, g);
	/* Whoever finds @bio there finds @g. */
	smp_store_release(&slot->bio, bio);
	return true;
}

static void biosan_give_slot(struct biosan_group *g, const struct bio *bio)
{
	struct biosan_slot *slot = biosan_slot(bio);

	if (biosan_is_sample(g) && READ_ONCE(slot->bio) == bio &&
	    READ_ONCE(slot->group) == g)
		WRITE_ONCE(slot->bio, NULL);
}

/*
 * To be asked before a hook does anything with a bio that says that it is watched:
 * it may say so from before the mode was changed, or since it was copied.
 */
bool biosan_ignores(const struct bio *bio)
{
	return READ_ONCE(biosan_dead) || !biosan_group_of(bio);
}

/*
 * Entries
 */

static struct hlist_head *bio_bucket(struct biosan_group *g,
				     const struct bio *bio)
{
	return &g->by_bio[hash_ptr(bio, g->hash_bits)];
}

static struct hlist_head *table_bucket(struct biosan_group *g,
				       const struct bio_vec *table)
{
	return &g->by_table[hash_ptr(table, g->hash_bits)];
}

static struct hlist_head *rq_bucket(struct biosan_group *g,
				    const struct request *rq)
{
	return &g->by_rq[hash_ptr(rq, g->hash_bits)];
}

struct biosan_entry *biosan_find(struct biosan_group *g, const struct bio *bio)
{
	struct biosan_entry *e;

	if (!bio || !g->by_bio)
		return NULL;
	hlist_for_each_entry(e, bio_bucket(g, bio), by_bio) {
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
struct biosan_entry *biosan_find_id(struct biosan_group *g,
				    const struct bio *bio, u64 id)
{
	struct biosan_entry *e = biosan_find(g, bio);

	return e && (!id || e->id == id) ? e : NULL;
}

/* Whoever waits for it does so no more. */
void biosan_unchain(struct biosan_entry *e)
{
	struct biosan_entry *parent;

	e->chained = false;
	if (!e->parent)
		return;
	parent = biosan_find_id(e->group, e->parent, e->parent_id);
	if (parent && parent->children)
		parent->children--;
	e->parent = NULL;
}

void biosan_queue(struct biosan_entry *e, struct request *rq)
{
	e->rq = rq;
	hlist_add_head(&e->by_rq, rq_bucket(e->group, rq));
	WRITE_ONCE(e->group->nr_queued, e->group->nr_queued + 1);
}

void biosan_unqueue(struct biosan_entry *e)
{
	if (!e->rq)
		return;
	hlist_del_init(&e->by_rq);
	e->rq = NULL;
	WRITE_ONCE(e->group->nr_queued, e->group->nr_queued - 1);
}

void biosan_unqueue_all(struct biosan_group *g, struct request *rq)
{
	struct hlist_node *next;
	struct biosan_entry *e;

	hlist_for_each_entry_safe(e, next, rq_bucket(g, rq), by_rq)
		if (e->rq == rq)
			biosan_unqueue(e);
}

/* Nothing is known of its address any more. */
void biosan_unhash(struct biosan_entry *e)
{
	biosan_give_slot(e->group, e->bio);
	biosan_page_unprotect(e);
	biosan_unqueue(e);
	hlist_del_init(&e->by_bio);
	hlist_del_init(&e->by_table);
}

void biosan_forget(struct biosan_entry *e)
{
	struct biosan_group *g = e->group;

	if (biosan_is_over(e))
		g->nr_ended--;
	if (e->state == BIOSAN_LEFT)
		g->nr_left--;
	else
		biosan_unchain(e);
	biosan_unhash(e);
	list_move(&e->list, &g->free);
	WRITE_ONCE(e->state, BIOSAN_FREE);
	g->tracked--;
}

static struct biosan_entry *biosan_oldest_ended(struct biosan_group *g)
{
	return list_first_entry_or_null(&g->ended, struct biosan_entry, list);
}

/*
 * What has ended is remembered until its entry is needed, to find that it ends
 * again.
 */
void biosan_retire(struct biosan_entry *e, enum biosan_state state)
{
	if (!biosan_is_over(e))
		e->group->nr_ended++;
	WRITE_ONCE(e->state, state);
	biosan_unqueue(e);
	biosan_page_unprotect(e);
	hlist_del_init(&e->by_table);
	list_move_tail(&e->list, &e->group->ended);
}

/* It is not over yet, or begins once more. */
void biosan_revive(struct biosan_entry *e, enum biosan_state state)
{
	if (biosan_is_over(e))
		e->group->nr_ended--;
	WRITE_ONCE(e->state, state);
	list_move_tail(&e->list, &e->group->live);
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
	e->id = ++e->group->seq;
}

/* It is to be filled once more, and it is still known who has allocated it. */
void biosan_renew(struct biosan_entry *e)
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

static struct biosan_entry *biosan_new(struct biosan_group *g, struct bio *bio)
{
	enum biosan_mode mode = biosan_is_sample(g) ? BIOSAN_SAMPLE : BIOSAN_FULL;
	struct biosan_entry *e;

	if (READ_ONCE(biosan_mode) != mode || READ_ONCE(biosan_dead))
		return NULL;
	e = list_first_entry_or_null(&g->free, struct biosan_entry, list);
	if (e && e->state != BIOSAN_FREE) {
		biosan_disable("free entry in use");
		return NULL;
	}
	if (!e) {
		e = biosan_oldest_ended(g);
		if (!e) {
			g->dropped++;
			return NULL;
		}
		biosan_forget(e);
	}
	if (biosan_is_sample(g) && !biosan_take_slot(g, bio)) {
		atomic_long_inc(&biosan_refused);
		return NULL;
	}

	biosan_clear(e, 0);
	e->bio = bio;
	e->bs = bio->bi_pool;
	WRITE_ONCE(e->state, BIOSAN_LIVE);
	hlist_add_head(&e->by_bio, bio_bucket(g, bio));
	list_move_tail(&e->list, &g->live);
	g->tracked++;
	return e;
}

/* The entry of a bio in flight that uses @table, which is that of @root */
struct biosan_entry *biosan_sharer(const struct bio_vec *table,
				   const struct biosan_entry *root)
{
	struct biosan_entry *e;

	if (!table)
		return NULL;
	hlist_for_each_entry(e, table_bucket(root->group, table), by_table)
		if (e->data.vecs == table && e->root == root->bio &&
		    (!e->root_id || e->root_id == root->id))
			return e;
	return NULL;
}

void biosan_share(struct biosan_entry *e, const struct bio_vec *table)
{
	hlist_add_head(&e->by_table, table_bucket(e->group, table));
}

/* What has changed in @table is known; @e is its owner's entry. */
void biosan_excuse(struct biosan_group *g, struct biosan_entry *e,
		   const struct bio_vec *table)
{
	if (e)
		e->data.nr = 0;
	hlist_for_each_entry(e, table_bucket(g, table), by_table)
		if (e->data.vecs == table)
			e->data.nr = 0;
}

/* It has happened now; @ev was saved before the lock was taken. */
void biosan_happened(struct biosan_entry *e, enum biosan_event_type type,
		     const struct biosan_event *ev)
{
	e->events[type] = *ev;
	e->events[type].seq = ++e->group->seq;
	e->events[type].by = e->by;
}

/*
 * What a hook does first, and last
 */

void biosan_enter_group(struct biosan_ctx *c, struct biosan_group *g)
{
	raw_spin_lock_irqsave(&g->lock, c->flags);
	g->locked++;
	c->began = get_cycles();
	c->g = g;
	c->bio = NULL;
	c->e = NULL;
	c->r = NULL;
	c->now = NULL;
	c->valid = NULL;
	c->said = false;
}

/* One of two is watched, and it is its group.  The entry is that of @bio. */
struct biosan_entry *biosan_enter_pair(struct biosan_ctx *c,
				       const struct bio *bio,
				       const struct bio *other)
{
	struct biosan_group *g = biosan_group_of(bio);

	if (!g)
		g = biosan_group_of(other);
	/* The mode has just been changed, or it has just been forgotten. */
	if (!g)
		g = &biosan_groups[1 + hash_ptr(bio, 32) % BIOSAN_SAMPLES];
	biosan_enter_group(c, g);
	c->bio = bio;
	c->e = biosan_find(g, bio);
	return c->e;
}

/* The entry of @bio is locked, if there is one. */
struct biosan_entry *biosan_enter(struct biosan_ctx *c, const struct bio *bio)
{
	return biosan_enter_pair(c, bio, bio);
}

static void biosan_forget_all(struct list_head *entries)
{
	while (!list_empty(entries))
		biosan_forget(list_first_entry(entries, struct biosan_entry,
					       list));
}

/*
 * @bio is to be a sample, and gets a group of which nothing is in flight any more.
 * Whatever was known of its address is of another bio, as that one was watched.
 */
void biosan_enter_sample(struct biosan_ctx *c, struct bio *bio)
{
	struct biosan_group *g = biosan_group_of(bio);
	unsigned int i;

	for (i = 0; i < BIOSAN_TRIES; i++) {
		bool known = g;

		if (!known)
			g = &biosan_groups[1 + (u32)atomic_inc_return(&biosan_next_group) %
					   BIOSAN_SAMPLES];
		biosan_enter_group(c, g);
		c->bio = bio;
		if (known) {
			c->e = biosan_find(g, bio);
			if (c->e)
				biosan_forget(c->e);
			c->e = NULL;
			return;
		}
		/* If all are busy, this one is given up. */
		if (list_empty(&g->live) || i == BIOSAN_TRIES - 1) {
			biosan_forget_all(&g->live);
			biosan_forget_all(&g->ended);
			return;
		}
		biosan_leave(c);
		g = NULL;
	}
}

void biosan_leave(struct biosan_ctx *c)
{
	if (!c->said) {
		cycles_t took = get_cycles() - c->began;

		if (took > c->g->longest)
			c->g->longest = took;
	}
	raw_spin_unlock(&c->g->lock);
	biosan_said(c->r);
	local_irq_restore(c->flags);
}

/* As biosan_enter(), for what may only be done with a bio that is not freed */
struct biosan_entry *biosan_use_as(struct biosan_ctx *c, const struct bio *bio,
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

struct biosan_entry *biosan_use(struct biosan_ctx *c, const struct bio *bio)
{
	return biosan_use_as(c, bio, NULL);
}

/*
 * With samples, nobody is told when a bio is initialized.  It does not have the flag
 * any more then, and what is known of its address is of another one.
 */
struct biosan_entry *biosan_still(struct biosan_entry *e, const struct bio *bio)
{
	if (!e || bio_flagged(bio, BIO_WATCHED))
		return e;
	biosan_page_lost(e);
	biosan_forget(e);
	return NULL;
}

struct biosan_entry *biosan_get(struct biosan_ctx *c, struct bio *bio,
				const struct biosan_event *ev)
{
	c->e = biosan_still(c->e, bio);
	if (!c->e) {
		c->e = biosan_new(c->g, bio);
		if (c->e)
			biosan_happened(c->e, BIOSAN_EV_ALLOC, ev);
	}
	if (c->e)
		bio_set_flag(bio, BIO_WATCHED);
	return c->e;
}

/*
 * All of them
 */

static void biosan_group_init(struct biosan_group *g, struct hlist_head *by_bio,
			      struct hlist_head *by_table,
			      struct hlist_head *by_rq, unsigned int bits)
{
	raw_spin_lock_init(&g->lock);
	INIT_LIST_HEAD(&g->free);
	INIT_LIST_HEAD(&g->live);
	INIT_LIST_HEAD(&g->ended);
	INIT_LIST_HEAD(&g->left);
	g->by_bio = by_bio;
	g->by_table = by_table;
	g->by_rq = by_rq;
	g->hash_bits = bits;
}

/* It stays, so that no hook has to ask whether it is still there. */
int biosan_pool_alloc(void)
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
	biosan_group_init(&biosan_groups[0], by_bio, by_table, by_rq, bits);
	for (i = 0; i < BIOSAN_SAMPLES; i++)
		biosan_group_init(&biosan_groups[1 + i], biosan_small[i][0],
				  biosan_small[i][1], biosan_small[i][2],
				  BIOSAN_SAMPLE_BITS);
	for (i = 0; i < biosan_entries; i++) {
		pool[i].group = &biosan_groups[0];
		list_add_tail(&pool[i].list, &biosan_groups[0].free);
	}
	biosan_pool = pool;
	return 0;
}

/*
 * Give the entries, of which none is in use, to the groups of @mode.  Hooks that
 * have begun before find none, and take none, as no mode is on.
 */
void biosan_pool_deal(enum biosan_mode mode)
{
	unsigned int nr = clamp(biosan_entries / BIOSAN_SAMPLES, 1,
				BIOSAN_SAMPLE_ENTRIES);
	unsigned int i;

	for (i = 0; i < biosan_entries; i++) {
		struct biosan_entry *e = &biosan_pool[i];
		struct biosan_group *to = &biosan_groups[0];
		unsigned long flags;

		if (mode == BIOSAN_SAMPLE && i < nr * BIOSAN_SAMPLES)
			to = &biosan_groups[1 + i / nr];
		if (e->group == to)
			continue;
		raw_spin_lock_irqsave(&e->group->lock, flags);
		list_del(&e->list);
		raw_spin_unlock_irqrestore(&e->group->lock, flags);
		e->group = to;
		raw_spin_lock_irqsave(&to->lock, flags);
		list_add_tail(&e->list, &to->free);
		raw_spin_unlock_irqrestore(&to->lock, flags);
		cond_resched();
	}
}
