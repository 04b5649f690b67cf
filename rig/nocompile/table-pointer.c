// SPDX-License-Identifier: GPL-2.0-only
/* error: initialization discards 'const' qualifier */
#include <linux/bio.h>

void drop_last(struct bio *bio);
void drop_last(struct bio *bio)
{
#ifdef FORBIDDEN
	struct bio_vec *bv = &bio->bi_io_vec[bio->bi_vcnt - 1];

	bv->bv_len = 0;
#else
	struct bio_vec *bv = &bio_owned_vecs(bio)[bio->bi_vcnt - 1];

	bv->bv_len = 0;
#endif
}
