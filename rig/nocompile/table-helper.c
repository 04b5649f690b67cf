// SPDX-License-Identifier: GPL-2.0-only
/* error: passing argument 1 of 'bvec_set_page' discards 'const' qualifier */
#include <linux/bio.h>

void set_page_of(struct bio *bio, struct page *page);
void set_page_of(struct bio *bio, struct page *page)
{
#ifdef FORBIDDEN
	bvec_set_page(bio->bi_io_vec, page, PAGE_SIZE, 0);
#else
	bvec_set_page(bio_owned_vecs(bio), page, PAGE_SIZE, 0);
#endif
}
