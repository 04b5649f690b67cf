// SPDX-License-Identifier: GPL-2.0-only
/*
 * The position of a bio.
 *
 * Whatever __bio_advance() moves, bio_pos_save() in <linux/bio-pos.h> must
 * record and bio_pos_restore() must put back: a new part of the position goes
 * into all three, and into &struct bio_pos.
 */
#include <linux/bio-pos.h>
#include <linux/blk-integrity.h>
#include "blk.h"

void __bio_advance(struct bio *bio, unsigned int bytes)
{
	biosan_call(touch, bio);
	if (bio_integrity(bio))
		bio_integrity_advance(bio, bytes);
	bio_crypt_advance(bio, bytes);
	bio_advance_iter(bio, &bio->bi_iter, bytes);
}
EXPORT_SYMBOL(__bio_advance);

#ifdef CONFIG_BLK_DEV_INTEGRITY
static bool bio_pos_integrity_valid(const struct bio_pos *iter,
				     struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);

	return !bip || bip == iter->bip;
}

static void bio_pos_restore_integrity(const struct bio_pos *iter,
				       struct bio *bio)
{
	struct bio_integrity_payload *bip = iter->bip;

	bio->bi_integrity = bip;
	if (bip) {
		bio->bi_opf |= REQ_INTEGRITY;
		bip->bip_iter = iter->prot;
		bip->bip_flags = iter->bip_flags;
	}
}

static void bio_pos_set_integrity(const struct bio_pos *iter,
				   struct bio *clone)
{
	struct bio_integrity_payload *bip = bio_integrity(clone);

	if (bip) {
		bip->bip_iter = iter->prot;
		bio_integrity_trim(clone);
	}
}
#else
static inline bool bio_pos_integrity_valid(const struct bio_pos *iter,
					    struct bio *bio)
{
	return true;
}

static inline void bio_pos_restore_integrity(const struct bio_pos *iter,
					      struct bio *bio)
{
}

static inline void bio_pos_set_integrity(const struct bio_pos *iter,
					  struct bio *clone)
{
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static bool bio_pos_crypt_valid(const struct bio_pos *iter, struct bio *bio)
{
	struct bio_crypt_ctx *bc = bio_crypt_ctx(bio);

	return iter->bc_key == (bc ? bc->bc_key : NULL);
}

static void bio_pos_restore_crypt(const struct bio_pos *iter,
				   struct bio *bio)
{
	if (iter->bc_key)
		memcpy(bio_crypt_ctx(bio)->bc_dun, iter->bc_dun,
		       sizeof(iter->bc_dun));
}
#else
static inline bool bio_pos_crypt_valid(const struct bio_pos *iter,
					struct bio *bio)
{
	return true;
}

static inline void bio_pos_restore_crypt(const struct bio_pos *iter,
					  struct bio *bio)
{
}
#endif /* CONFIG_BLK_INLINE_ENCRYPTION */

/**
 * bio_pos_restore - put a bio back to where bio_pos_save() saw it
 * @iter: recorded position
 * @bio: bio that has completed, the same that @iter was recorded from
 *
 * An integrity payload that was detached from @bio since is attached again;
 * it must still exist.  ->bi_status, ->bi_flags, ->bi_bdev and what else does
 * not belong to the position are left alone; so is ->__bi_remaining, which a
 * bio that had to be split comes back with at 0.
 *
 * Context: Any context.
 * Return: %true if @bio stands where it stood.  %false, after a warning, if it
 *	can't: it carries another integrity payload than it did, or its
 *	encryption context has gone or changed, so that its data would now be
 *	written in the clear.  Its position is then unchanged, and it must be
 *	ended rather than submitted.
 */
bool bio_pos_restore(const struct bio_pos *iter, struct bio *bio)
{
	if (WARN_ON_ONCE(!bio_pos_integrity_valid(iter, bio)) ||
	    WARN_ON_ONCE(!bio_pos_crypt_valid(iter, bio)))
		return false;

	bio->bi_iter = iter->data;
	bio_pos_restore_integrity(iter, bio);
	bio_pos_restore_crypt(iter, bio);
	return true;
}
EXPORT_SYMBOL_GPL(bio_pos_restore);

/* Put a clone of the bio that @iter was recorded from to where that was. */
void bio_pos_set_clone(const struct bio_pos *iter, struct bio *clone)
{
	clone->bi_iter = iter->data;
	bio_pos_set_integrity(iter, clone);
	if (bio_has_crypt_ctx(clone))
		bio_pos_restore_crypt(iter, clone);
	biosan_call(place, clone);
}
