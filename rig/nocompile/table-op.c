// SPDX-License-Identifier: GPL-2.0-only
/* error: assignment of member 'bv_offset' in read-only object */
#include <linux/bio.h>

void advance(struct bio *bio);
void advance(struct bio *bio)
{
#ifdef FORBIDDEN
	bio->bi_io_vec->bv_offset += 512;
#else
	bio_owned_vecs(bio)->bv_offset += 512;
#endif
}
