// SPDX-License-Identifier: GPL-2.0-only
/* error: passing argument 1 of .* discards 'const' qualifier */
#include <linux/bio.h>

void copy_table(struct bio *bio, const struct bio_vec *vecs, int nr);
void copy_table(struct bio *bio, const struct bio_vec *vecs, int nr)
{
#ifdef FORBIDDEN
	memcpy(bio->bi_io_vec, vecs, nr * sizeof(*vecs));
#else
	memcpy(bio_owned_vecs(bio), vecs, nr * sizeof(*vecs));
#endif
}
