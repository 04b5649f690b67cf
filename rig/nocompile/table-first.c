// SPDX-License-Identifier: GPL-2.0-only
/* error: initialization discards 'const' qualifier */
#include <linux/bio.h>

void forget_first(struct bio *bio);
void forget_first(struct bio *bio)
{
#ifdef FORBIDDEN
	struct bio_vec *bv = bio_first_bvec_all(bio);

	bv->bv_page = NULL;
#else
	const struct bio_vec *bv = bio_first_bvec_all(bio);

	bio_owned_vecs(bio)->bv_page = bv->bv_page;
#endif
}
