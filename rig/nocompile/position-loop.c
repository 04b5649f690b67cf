// SPDX-License-Identifier: GPL-2.0-only
/* error: incompatible types when assigning to type 'struct bvec_iter' */
#include <linux/bio-integrity.h>

unsigned int bytes_of(struct bio *bio);
unsigned int bytes_of(struct bio *bio)
{
	unsigned int n = 0;
	struct bvec_iter iter;
	struct bio_vec bv;

#ifdef FORBIDDEN
	__bio_for_each_segment(bv, bio, iter, bio_integrity(bio)->bip_iter)
		n += bv.bv_len;
#else
	__bio_for_each_segment(bv, bio, iter, bio->bi_iter)
		n += bv.bv_len;
#endif
	return n;
}
