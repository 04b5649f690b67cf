// SPDX-License-Identifier: GPL-2.0-only
/* error: incompatible types when assigning to type 'struct bip_iter' */
#include <linux/bio-integrity.h>

void seed(struct bio *bio);
void seed(struct bio *bio)
{
#ifdef FORBIDDEN
	bio_integrity(bio)->bip_iter = bio->bi_iter;
#else
	bio_integrity(bio)->bip_iter.bi_sector = bio->bi_iter.bi_sector;
#endif
}
