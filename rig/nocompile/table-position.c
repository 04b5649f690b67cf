// SPDX-License-Identifier: GPL-2.0-only
/* error: initialization discards 'const' qualifier */
#include <linux/bio.h>

void consume(struct bio *bio);
void consume(struct bio *bio)
{
#ifdef FORBIDDEN
	struct bio_vec *bv = &bio->bi_io_vec[bio->bi_iter.bi_idx];

	bv->bv_len -= 512;
#else
	bio_advance(bio, 512);
#endif
}
