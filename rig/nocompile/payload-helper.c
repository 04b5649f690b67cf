// SPDX-License-Identifier: GPL-2.0-only
/* error: passing argument 1 of 'bvec_set_virt' discards 'const' qualifier */
#include <linux/bio-integrity.h>

void set_buf(struct bio *bio, void *buf, unsigned int len);
void set_buf(struct bio *bio, void *buf, unsigned int len)
{
#ifdef FORBIDDEN
	bvec_set_virt(&bio_integrity(bio)->bip_vec[1], buf, len);
#else
	bvec_set_virt(&bio_integrity_owned_vecs(bio)[1], buf, len);
#endif
}
