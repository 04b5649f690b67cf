// SPDX-License-Identifier: GPL-2.0-only
/* error: assignment discards 'const' qualifier */
#include <linux/bio.h>
#include <linux/mm.h>

void forget_all(struct bio *bio);
void forget_all(struct bio *bio)
{
#ifdef FORBIDDEN
	struct bio_vec *bv;
	int i;

	bio_for_each_bvec_all(bv, bio, i)
		bv->bv_page = NULL;
#else
	const struct bio_vec *bv;
	int i;

	bio_for_each_bvec_all(bv, bio, i)
		put_page(bv->bv_page);
#endif
}
