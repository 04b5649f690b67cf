// SPDX-License-Identifier: GPL-2.0-only
/* error: assignment of read-only location */
#include <linux/bio.h>

void copy_entry(struct bio *bio);
void copy_entry(struct bio *bio)
{
#ifdef FORBIDDEN
	bio->bi_io_vec[1] = bio->bi_io_vec[0];
#else
	bio_owned_vecs(bio)[1] = bio->bi_io_vec[0];
#endif
}
