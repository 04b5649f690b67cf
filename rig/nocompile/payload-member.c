// SPDX-License-Identifier: GPL-2.0-only
/* error: assignment of member 'bv_len' in read-only object */
#include <linux/bio-integrity.h>

void shorten(struct bio *bio);
void shorten(struct bio *bio)
{
#ifdef FORBIDDEN
	bio_integrity(bio)->bip_vec[0].bv_len = 0;
#else
	bio_integrity_owned_vecs(bio)[0].bv_len = 0;
#endif
}
