// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: bios become part of a request, and what requests say of them.
 */
#include <kunit/visibility.h>
#include <linux/bio-integrity.h>
#include <linux/blk-integrity.h>
#include "../blk.h"
#include "biosan.h"

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
		if (rq)
			biosan_queue(e, rq);
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
	unsigned int i;

	if (READ_ONCE(biosan_dead))
		return;
	/* Who has taken a bio out of @rq has seen that it was put there. */
	for (i = 0; i < ARRAY_SIZE(biosan_groups); i++) {
		struct biosan_ctx c;

		if (!READ_ONCE(biosan_groups[i].nr_queued))
			continue;
		biosan_enter_group(&c, &biosan_groups[i]);
		biosan_unqueue_all(c.g, rq);
		biosan_leave(&c);
	}
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
	if (!biosan_ignores(rq->bio))
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
	root = e;
	if (e->prot_root)
		root = biosan_find_id(c.g, e->prot_root, e->prot_root_id);
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
