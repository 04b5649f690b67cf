// SPDX-License-Identifier: GPL-2.0-only
/*
 * The position of a bio.
 *
 * What __bio_advance() moves, bio_pos_save() in <linux/bio-pos.h> must record
 * and bio_pos_restore() must put back, or refuse: a new part of the position
 * goes into all three, and into &struct bio_pos.
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
static bool bio_pos_integrity_valid(const struct bio_pos *pos, struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);

	return bip == pos->bip && (!bip || bip->bip_vec == pos->bip_vec);
}

static void bio_pos_restore_integrity(const struct bio_pos *pos)
{
	struct bio_integrity_payload *bip = pos->bip;

	if (!bip)
		return;
	bip->bip_iter = pos->prot;
	if (pos->mapped)
		bip->bip_flags |= BIP_MAPPED_INTEGRITY;
	else
		bip->bip_flags &= ~BIP_MAPPED_INTEGRITY;
}
#else
static inline bool bio_pos_integrity_valid(const struct bio_pos *pos,
					   struct bio *bio)
{
	return true;
}

static inline void bio_pos_restore_integrity(const struct bio_pos *pos)
{
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

static bool bio_pos_encrypted(const struct bio_pos *pos, struct bio *bio)
{
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (pos->encrypted)
		return true;
#endif
	return bio_has_crypt_ctx(bio);
}

/**
 * bio_pos_restore - put a bio back to where bio_pos_save() saw it
 * @pos: recorded position
 * @bio: bio that has completed, the same that @pos was recorded from
 *
 * ->bi_status, ->bi_flags, ->bi_bdev and what else does not belong to the
 * position are left alone; so is ->__bi_remaining, which a bio that had to be
 * split comes back with at 0.
 *
 * Context: Any context.
 * Return: %true if @bio stands where it stood.  %false, after a warning, if it
 *	can't: it does not carry the integrity payload that it did, or that has
 *	another table, or @bio is or was encrypted.  Its position is then
 *	unchanged, and it must be ended rather than submitted.
 */
bool bio_pos_restore(const struct bio_pos *pos, struct bio *bio)
{
	if (WARN_ON_ONCE(!bio_pos_integrity_valid(pos, bio)) ||
	    WARN_ON_ONCE(bio_pos_encrypted(pos, bio)))
		return false;

	bio->bi_iter = pos->data;
	bio_pos_restore_integrity(pos);
	return true;
}
EXPORT_SYMBOL_GPL(bio_pos_restore);
