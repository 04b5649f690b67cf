// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: tables, and what is wrong with one of a bio in flight.
 */
#include <linux/bio-integrity.h>
#include <linux/blk-integrity.h>
#include "../blk.h"
#include "biosan.h"

bool biosan_data __read_mostly;

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
/* Is @e, whose table others share, a bio that still has to have it? */
bool biosan_keeps_table(const struct biosan_entry *e)
{
	return e->state == BIOSAN_LIVE || e->state == BIOSAN_IN_FLIGHT;
}

/* Are the tables of a bio in flight, and its data, still what they were? */
void biosan_check_tables(struct biosan_ctx *c, struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct biosan_entry *e = c->e, *root;

	/* What was the source's may be gone with it. */
	if (e->root) {
		root = biosan_find_id(c->g, e->root, e->root_id);
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

/* Does nobody change the data of @bio before it ends?  Who knows may ask for it. */
static bool biosan_is_stable(const struct biosan_entry *e, struct bio *bio)
{
	const struct biosan_entry *root = e;

	if (!READ_ONCE(biosan_data) || READ_ONCE(biosan_mode) != BIOSAN_FULL ||
	    !op_is_write(bio->bi_opf) || !bdev_stable_writes(bio->bi_bdev))
		return false;
	if (e->root)
		root = biosan_find_id(e->group, e->root, e->root_id);
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

/* The owner of a table may let go of it; is it still shared? */
void biosan_check_sharers(struct biosan_ctx *c)
{
	const struct biosan_entry *e = c->e, *sharer;

	if (!e->own_table || !e->pos.known || e->orphan)
		return;
	sharer = biosan_sharer(e->pos.table, e);
	if (sharer)
		biosan_say(c, BIOSAN_SOURCE_GONE, sharer);
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
	struct biosan_entry *e = c->e, *root = biosan_find(c->g, e->root);

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
	root = biosan_find(e->group, e->root);
	if (!root || !e->root_id || root->id != e->root_id ||
	    !biosan_keeps_table(root) || !root->max_vecs ||
	    root->pos.table != bio->bi_io_vec)
		return UINT_MAX;
	return biosan_filled(root->vcnt, root->max_vecs);
}

void biosan_check_in_tables(struct biosan_ctx *c, struct bio *bio, bool first)
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
		biosan_share(e, bio->bi_io_vec);
	biosan_page_protect(e, bio);
}
