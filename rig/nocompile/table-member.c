// SPDX-License-Identifier: GPL-2.0-only
/* error: assignment of member 'bv_len' in read-only object */
#include <linux/bio.h>

void shorten(struct bio *bio);
void shorten(struct bio *bio)
{
#ifdef FORBIDDEN
	bio->bi_io_vec[0].bv_len = 0;
#else
	bio_owned_vecs(bio)[0].bv_len = 0;
#endif
}
