/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The position of a bio: what has to be put back to submit it once more.
 */
#ifndef _LINUX_BIO_POS_H
#define _LINUX_BIO_POS_H

#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/blk-crypto.h>

/**
 * struct bio_pos - saved position of a bio
 * @data: position in the data (&bio.bi_iter)
 * @bip: integrity payload that the bio carried, or %NULL
 * @bip_vec: table of @bip that @prot is a position in
 * @prot: position in the integrity metadata, and the seed that goes with it
 * @mapped: %BIP_MAPPED_INTEGRITY, which is set when the metadata of a write is
 *	first handed to a driver
 * @encrypted: whether the bio had an encryption context
 *
 * The members after @data exist only in a kernel that has what they describe:
 * without integrity and inline encryption this is a &struct bvec_iter.
 *
 * A saved position refers to the bio's tables and payload, and owns none of
 * them.  It is good for as long as the bio keeps both.
 *
 * The data unit number of an encrypted bio is not recorded.  Those that submit
 * a bio once more get no encrypted ones, and it would double the size.
 */
struct bio_pos {
	struct bvec_iter		data;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bio_integrity_payload	*bip;
	const struct bio_vec		*bip_vec;
	struct bip_iter			prot;
	bool				mapped;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	bool				encrypted;
#endif
};

/**
 * bio_pos_save - record the position of a bio
 * @pos: where to record it
 * @bio: bio that is not in flight
 *
 * To be called before @bio is submitted by code that may want to submit it once
 * more.  A completed bio's own position is unspecified: it may not have moved
 * at all, it may stand at the end, or anywhere between.
 *
 * Context: Any context.
 */
static inline void bio_pos_save(struct bio_pos *pos, struct bio *bio)
{
	pos->data = bio->bi_iter;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	pos->bip = bio_integrity(bio);
	if (pos->bip) {
		pos->bip_vec = pos->bip->bip_vec;
		pos->prot = pos->bip->bip_iter;
		pos->mapped = pos->bip->bip_flags & BIP_MAPPED_INTEGRITY;
	}
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	pos->encrypted = bio_has_crypt_ctx(bio);
#endif
}

bool __must_check bio_pos_restore(const struct bio_pos *pos, struct bio *bio);

#endif /* _LINUX_BIO_POS_H */
