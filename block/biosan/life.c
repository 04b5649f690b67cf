// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: bios are allocated, initialized and let go of.
 */
#include <linux/bio-integrity.h>
#include "../blk.h"
#include "biosan.h"

/* How many that have been left behind are remembered */
#define BIOSAN_MAX_LEFT		256

/*
 * A bio in the caller's memory that has neither ended nor been uninitialized has
 * what bio_init() gave it, whatever the memory has been since.
 */
bool biosan_holds(const struct biosan_entry *e)
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
	struct biosan_group *g = c->g;
	struct biosan_entry *e = c->e;
	unsigned int nr = 0;

	biosan_unchain(e);
	biosan_unhash(e);
	e->state = BIOSAN_LEFT;
	e->site = biosan_hash_event(&e->events[BIOSAN_EV_ALLOC], 0);
	list_move_tail(&e->list, &g->left);
	if (++g->nr_left > BIOSAN_MAX_LEFT)
		biosan_forget(list_first_entry(&g->left, struct biosan_entry,
					       list));
	list_for_each_entry(e, &g->left, list)
		if (e->site == c->e->site)
			nr++;
	if (nr >= BIOSAN_LEFT_BEHIND)
		biosan_say_that(c, BIOSAN_INIT_ALIVE, NULL, BIOSAN_EV_ALLOC);
}

/* @bio lets go of its cgroup; it may be one of those. */
void biosan_claim(const struct biosan_entry *e, const struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	struct biosan_entry *left;

	/* With samples, none are left behind. */
	if (!bio->bi_blkg || (e && e->born) || !biosan_takes_all())
		return;
	list_for_each_entry(left, &biosan_groups[0].left, list) {
		if (left->blkg == bio->bi_blkg) {
			biosan_forget(left);
			break;
		}
	}
#endif
}

enum biosan_fate {
	BIOSAN_RESET,
	BIOSAN_PUT,
};

/* What @bio has may be let go of; is there something that nobody will see? */
static void biosan_let_go(struct biosan_ctx *c, const struct bio *bio)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if (bio->bi_integrity && !(bio->bi_opf & REQ_INTEGRITY))
		biosan_say(c, BIOSAN_HIDDEN_PAYLOAD, NULL);
#endif
	biosan_claim(c->e, bio);
}

/* What @bio was is over; is anything left that still needs it? */
static noinline void biosan_check_over(struct bio *bio, enum biosan_fate fate)
{
	struct biosan_event ev;
	struct biosan_entry *e;
	struct biosan_ctx c;

	if (fate == BIOSAN_PUT) {
		biosan_save_event(&ev);
		e = biosan_use_as(&c, bio, &ev);
	} else {
		e = biosan_use(&c, bio);
	}
	if (fate == BIOSAN_PUT && e == c.e) {
		/* It would be put where it can't be. */
		if (biosan_wrong_cache(bio))
			biosan_say_that(&c, BIOSAN_FOREIGN_FLAGS,
					"it is REQ_ALLOC_CACHE and is not from a cache",
					BIOSAN_NR_EVENTS);
		biosan_let_go(&c, bio);
	}
	if (!e)
		goto leave;
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

/* Its memory has become another bio. */
static void biosan_replace(struct biosan_ctx *c)
{
	struct biosan_entry *e = c->e;

	if (!e)
		return;
	biosan_page_lost(e);
	if (biosan_holds(e)) {
		biosan_leave_behind(c);
	} else {
		if (e->state == BIOSAN_IN_FLIGHT)
			biosan_say(c, BIOSAN_INIT_ALIVE, NULL);
		else if (e->state != BIOSAN_FREED)
			biosan_check_sharers(c);
		biosan_forget(e);
	}
	c->e = NULL;
}

static bool biosan_has_blkg(const struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	return bio->bi_blkg;
#else
	return false;
#endif
}

/* It has just been initialized, and may hold a cgroup from now on. */
static void biosan_note_new(struct biosan_entry *e, struct bio *bio)
{
	e->born = true;
#ifdef CONFIG_BLK_CGROUP
	e->blkg = bio->bi_blkg;
	if (e->blkg)
		e->blkg_disk = bio->bi_bdev->bd_disk;
#endif
	biosan_note(e, bio);
}

static noinline void biosan_check_init(struct bio *bio, bool new)
{
	bool holds = biosan_has_blkg(bio);
	struct biosan_event ev;
	struct biosan_ctx c;

	if (holds)
		biosan_save_event(&ev);
	else if (!new)
		return;
	biosan_enter(&c, bio);
	if (new)
		biosan_replace(&c);
	/* If it holds a cgroup, it is known before it is submitted. */
	if (holds && biosan_get(&c, bio, &ev))
		biosan_note_new(c.e, bio);
	biosan_leave(&c);
}

void __biosan_hold(struct bio *bio)
{
	/* A page has to be given back, whatever the mode is by then. */
	if (biosan_has_page(bio) || !biosan_ignores(bio))
		bio_set_flag(bio, BIO_WATCHED);
	if (!READ_ONCE(biosan_dead) && biosan_takes_all())
		biosan_check_init(bio, false);
}

void __biosan_init(struct bio *bio)
{
	if (READ_ONCE(biosan_dead) || !biosan_takes_all())
		return;
	bio_set_flag(bio, BIO_WATCHED);
	biosan_check_init(bio, true);
}

void __biosan_alloc(struct bio *bio)
{
	bool all = biosan_takes_all();
	struct biosan_event ev;
	struct biosan_ctx c;

	if (READ_ONCE(biosan_dead) || (!all && !biosan_page_sampled(bio)))
		return;
	biosan_save_event(&ev);
	if (all) {
		bio_set_flag(bio, BIO_WATCHED);
		biosan_enter(&c, bio);
		biosan_replace(&c);
	} else {
		biosan_enter_sample(&c, bio);
	}
	if (biosan_get(&c, bio, &ev)) {
		biosan_note_new(c.e, bio);
		c.e->given = biosan_page_give(&ev, bio);
		if (!c.e->given && !all)
			biosan_forget(c.e);
	}
	biosan_leave(&c);
	biosan_pages_kick();
}

void __biosan_reset(struct bio *bio)
{
	biosan_over(bio, BIOSAN_RESET);
}

void __biosan_free(struct bio *bio)
{
	biosan_over(bio, BIOSAN_PUT);
	if (biosan_page_return(bio))
		biosan_drop_later();
}

static noinline void biosan_check_uninit(struct bio *bio)
{
	struct biosan_ctx c;

	biosan_enter(&c, bio);
	biosan_let_go(&c, bio);
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

	biosan_enter_group(&c, &biosan_groups[0]);
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
		raw_spin_lock_irqsave(&biosan_groups[0].lock, flags);
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
		raw_spin_unlock_irqrestore(&biosan_groups[0].lock, flags);
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
