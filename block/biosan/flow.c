// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: bios are cloned, chained, submitted and ended.
 */
#include <kunit/visibility.h>
#include <linux/bio-integrity.h>
#include <linux/blk-integrity.h>
#include "../blk.h"
#include "biosan.h"

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
	s = biosan_still(biosan_enter_pair(&c, src, clone), src);
	c.e = s;
	c.now = &ev;
	if (s && s->state == BIOSAN_FREED) {
		biosan_say(&c, BIOSAN_USED_AFTER_END, NULL);
		s = NULL;
	}
	if (s && !s->pos.known)
		s->pos = pos;
	if (s && s->state == BIOSAN_LIVE)
		biosan_note(s, src);
	c.bio = clone;
	c.e = biosan_still(biosan_find(c.g, clone), clone);
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
		root = biosan_find_id(c.g, e->root, e->root_id);
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

	e = biosan_still(biosan_enter_pair(&c, parent, bio), parent);
	c.e = e;
	if (e && biosan_is_over(e))
		biosan_say(&c, BIOSAN_USED_AFTER_END, NULL);
	if (e && e->state == BIOSAN_FREED)
		e = NULL;
	c.bio = bio;
	c.e = biosan_still(biosan_find(c.g, bio), bio);
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

enum biosan_entrance {
	BIOSAN_SUBMIT,
	BIOSAN_PUNT,
	BIOSAN_REST,
};

static noinline void biosan_check_in(struct bio *bio, enum biosan_entrance how,
				     bool sample)
{
	struct biosan_event *submit;
	struct biosan_event ev;
	struct biosan_entry *e;
	struct biosan_pos pos;
	struct biosan_ctx c;
	bool first, again;

	biosan_position(&pos, bio);
	biosan_save_event(&ev);
	if (sample) {
		biosan_enter_sample(&c, bio);
		c.now = &ev;
	} else if (!biosan_use_as(&c, bio, &ev) && c.e) {
		goto leave;
	}
	first = !c.e;
	e = biosan_get(&c, bio, &ev);
	if (!e)
		goto leave;
	submit = &e->events[BIOSAN_EV_SUBMIT];
	ev.by = e->by;
	c.valid = bio;

	/* Whatever it was cloned of, it was before it was looked at. */
	e->orphan |= first && bio_flagged(bio, BIO_CLONED);
	c.g->submitted++;
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

static void biosan_submitted_as(struct bio *bio, enum biosan_entrance how)
{
	/* In full mode, also what was initialized before that was turned on */
	if (!biosan_ignores(bio) &&
	    (biosan_takes_all() || bio_flagged(bio, BIO_WATCHED)))
		biosan_check_in(bio, how, false);
	else if (biosan_take_sample())
		biosan_check_in(bio, how, true);
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
		biosan_check_in(bio, BIOSAN_REST, false);
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
static void biosan_end_child(struct biosan_ctx *c, struct biosan_entry *e,
			     struct bio *bio)
{
	struct biosan_entry *parent = biosan_find(c->g, bio->bi_private);

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
		biosan_end_child(&c, e, bio);
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
		e->events[BIOSAN_EV_END].seq = ++c.g->seq;
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
