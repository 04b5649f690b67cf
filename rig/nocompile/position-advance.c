// SPDX-License-Identifier: GPL-2.0-only
/* error: passing argument 2 of 'bio_advance_iter' from incompatible pointer type */
#include <linux/bio-integrity.h>

void move(struct bio *bio, unsigned int bytes);
void move(struct bio *bio, unsigned int bytes)
{
#ifdef FORBIDDEN
	bio_advance_iter(bio, &bio_integrity(bio)->bip_iter, bytes);
#else
	bio_advance_iter(bio, &bio->bi_iter, bytes);
#endif
}
