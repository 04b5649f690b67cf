/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The position of a bio: everything about it that moves as it completes.
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
 * @prot: position in the integrity metadata, and the seed that goes with it
 * @bip_flags: state of the payload: %BIP_MAPPED_INTEGRITY is set when the
 *	metadata of a write is first handed to a driver
 * @bc_key: key of the bio's encryption context, %NULL if there was none
 * @bc_dun: first data unit number at this position
 *
 * The members after @data exist only in a kernel that has what they describe:
 * without integrity and inline encryption this is a &struct bvec_iter.
 *
 * A saved position refers to the bio's tables and payload, and owns none of
 * them.  It is good for as long as the bio keeps both.
 */
struct bio_pos {
	struct bvec_iter		data;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bio_integrity_payload	*bip;
	struct bip_iter			prot;
	unsigned short			bip_flags;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	const struct blk_crypto_key	*bc_key;
	u64				bc_dun[BLK_CRYPTO_DUN_ARRAY_SIZE];
#endif
};

/**
 * bio_pos_save - record the position of a bio
 * @iter: where to record it
 * @bio: bio that is not in flight
 *
 * To be called before @bio is submitted by whoever may want to submit it once
 * more, or to look at its data after it has completed.  A completed bio's own
 * position is unspecified: it may not have moved at all, it may stand at the
 * end, or anywhere between.
 *
 * Context: Any context.
 */
static inline void bio_pos_save(struct bio_pos *iter, struct bio *bio)
{
	iter->data = bio->bi_iter;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	iter->bip = NULL;
	if (bio_integrity(bio)) {
		iter->bip = bio_integrity(bio);
		iter->prot = iter->bip->bip_iter;
		iter->bip_flags = iter->bip->bip_flags;
	}
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	iter->bc_key = NULL;
	if (bio_has_crypt_ctx(bio)) {
		iter->bc_key = bio->bi_crypt_context->bc_key;
		memcpy(iter->bc_dun, bio->bi_crypt_context->bc_dun,
		       sizeof(iter->bc_dun));
	}
#endif
}

bool __must_check bio_pos_restore(const struct bio_pos *iter,
				   struct bio *bio);

#endif /* _LINUX_BIO_POS_H */
