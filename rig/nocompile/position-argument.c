// SPDX-License-Identifier: GPL-2.0-only
/* error: incompatible type for argument 2 of 'bvec_iter_page' */
#include <linux/bio-integrity.h>

struct page *current_page_of(struct bio *bio);
struct page *current_page_of(struct bio *bio)
{
#ifdef FORBIDDEN
	return bio_iter_page(bio, bio_integrity(bio)->bip_iter);
#else
	return bio_iter_page(bio, bio->bi_iter);
#endif
}
