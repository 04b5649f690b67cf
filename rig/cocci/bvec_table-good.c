// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bvec_table.cocci, which finds nothing here. */

static void owner(struct bio *bio, struct page *page, unsigned int len)
{
	struct bio_vec *bv = bio_owned_vecs(bio);

	bio_owned_vecs(bio)[0].bv_len = len;
	bio_owned_vecs(bio)->bv_offset = 0;
	bv->bv_page = page;
	bvec_set_page(&bv[bio->bi_vcnt], page, len, 0);
	bvec_set_page(bio_integrity_owned_vecs(bio), page, len, 0);
}

static unsigned int reader(struct job *job, struct bio *bio)
{
	const struct bio_vec *bv = bio->bi_io_vec;
	struct bio_vec copy = bio->bi_io_vec[0];
	struct bio_vec *old = &bio->bi_io_vec[1];

	copy.bv_len -= old->bv_len;
	copy.bv_page = bv->bv_page;
	job->len = bio->bi_io_vec[0].bv_len;
	job->len += bv->bv_len;
	job->sums[bio->bi_io_vec[0].bv_len] = 0;
	*job->vec = bio->bi_io_vec[0];
	memcpy(job->vecs, bio->bi_io_vec, sizeof(copy));
	return copy.bv_len;
}

static void own_table(struct job *job, struct page *page)
{
	bvec_set_page(&job->vec, page, PAGE_SIZE, 0);
	bio_init(&job->bio, job->bdev, &job->vec, 1, REQ_OP_READ);
	job->vec.bv_len = 0;
}

static void other_table(struct bio *bio, struct bio_vec *table)
{
	struct bio_vec *bv = bio->bi_io_vec;

	if (bv->bv_len)
		bv = table;
	else
		bv = table + 1;
	bv->bv_len = 0;
	bv[1].bv_page = NULL;
}

static unsigned int sum(struct job *job, struct bio_vec *bv)
{
	job->len += bv->bv_len;
	return job->len;
}

static void passed(struct job *job, struct bio *bio)
{
	struct bio_vec *bv;
	int i;

	sum(job, &bio->bi_io_vec[0]);
	bio_for_each_bvec_all(bv, bio, i)
		sum(job, bv);
}

static void copies(struct bio *bio)
{
	struct bvec_iter_all all;
	struct bvec_iter iter;
	struct bio_vec *p, bv;

	bio_for_each_segment(bv, bio, iter)
		bv.bv_len = 0;
	bio_for_each_segment_all(p, bio, all)
		p->bv_len = 0;
}

static void casts(struct job *job, struct bio *bio)
{
	job->table = (const struct bio_vec *)bio->bi_io_vec;
	mempool_free((void *)bio->bi_io_vec, &job->pool);
	kfree((void *)bio->bi_integrity->bip_vec);
}

static void built_again(struct job *job, struct bio *bio, struct page *page)
{
	struct bio *clone = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);

	submit_bio_wait(clone);
	bio_put(clone);
	clone = bio_alloc(job->bdev, 1, REQ_OP_WRITE, GFP_NOIO);
	bio_owned_vecs(clone)->bv_page = page;
	bio_init_clone(job->bdev, &job->bio, bio, GFP_NOIO);
	bio_init(&job->bio, job->bdev, &job->vec, 1, REQ_OP_READ);
	bio_owned_vecs(&job->bio)->bv_page = page;
}

static void own_payload(struct job *job, struct bio *bio, struct page *page)
{
	struct bio *clone = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);

	bio_integrity_alloc(clone, GFP_NOIO, 1);
	bio_integrity_owned_vecs(clone)->bv_page = page;
	bio_integrity_add_page(clone, page, PAGE_SIZE, 0);
}

static inline struct bio_vec *bio_owned_vecs(struct bio *bio)
{
	return (struct bio_vec *)bio->bi_io_vec;
}
