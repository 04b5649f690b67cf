// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bvec_table.cocci, which finds each "bad". */

static void element(struct bio *bio, struct page *page, unsigned int len)
{
	bio->bi_io_vec[0].bv_len = len;			/* bad */
	bio->bi_io_vec[bio->bi_vcnt - 1].bv_len += len;	/* bad */
	bio->bi_io_vec->bv_offset++;			/* bad */
	--bio->bi_io_vec->bv_len;			/* bad */
	bio->bi_integrity->bip_vec[0].bv_page = page;	/* bad */
	bio_first_bvec_all(bio)->bv_len = len;		/* bad */
	swap(bio->bi_io_vec[0].bv_page, page);		/* bad */
}

static void element_of_member(struct job *job, struct bio_vec *bv)
{
	job->bio.bi_io_vec[0] = *bv;			/* bad */
	*job->bio.bi_io_vec = *bv;			/* bad */
	*(job->bio.bi_io_vec + 1) = *bv;		/* bad */
	swap(job->bio.bi_io_vec[0], *bv);		/* bad */
	memcpy(job->bip.bip_vec, bv, sizeof(*bv));	/* bad */
	memset(&job->bio.bi_io_vec[1], 0, sizeof(*bv));	/* bad */
}

static void helpers(struct bio *bio, struct folio *folio, void *buf)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);

	bvec_set_folio(&bio->bi_io_vec[0], folio, SZ_4K, 0);	/* bad */
	bvec_set_page(bio->bi_io_vec + bio->bi_vcnt,	/* bad */
			folio_page(folio, 0), SZ_4K, 0);
	bvec_set_virt(bip->bip_vec, buf, SZ_4K);	/* bad */
}

static int extract(struct bio *bio, struct iov_iter *iter, unsigned int len)
{
	return iov_iter_extract_bvecs(iter, bio->bi_io_vec, len,	/* bad */
			&bio->bi_vcnt, bio->bi_max_vecs, 0, 0);
}

static void pointer(struct bio *bio, struct page *page, unsigned int len)
{
	struct bio_vec *bv = bio->bi_io_vec;

	bv->bv_page = page;				/* bad */
	bv++;
	bv->bv_len -= len;				/* bad */
	bv[2].bv_offset = 0;				/* bad */
	*bv = bv[2];					/* bad */
	bvec_set_page(bv, page, len, 0);		/* bad */
	memcpy(&bv[1], bv, sizeof(*bv));		/* bad */
}

static void pointer_in_loop(struct bio *bio)
{
	struct bio_vec *bv;
	int i;

	for (i = 0, bv = bio->bi_io_vec; i < bio->bi_vcnt; bv++, i++)
		bv->bv_page = alloc_page(GFP_NOIO);	/* bad */
}

static void pointer_to_element(struct bio *bio, unsigned int len)
{
	struct bio_vec *bv;

	bv = &bio->bi_io_vec[bio->bi_vcnt - 1];
	if (bv->bv_len > len)
		bv->bv_len = len;			/* bad */
}

static void pointer_without_const(struct bio *bio, unsigned int len)
{
	struct bio_vec *bv;

	bv = (struct bio_vec *)__bvec_iter_bvec(bio->bi_io_vec,	/* bad */
						bio->bi_iter);
	bv->bv_len = len;				/* bad */
}

static void add_to(struct job *job, struct bio_vec *bv, unsigned int len)
{
	job->size += len;
	bv->bv_len += len;
}

static void passed(struct job *job, struct bio *bio, unsigned int len)
{
	struct bio_vec *first = bio_first_bvec_all(bio);
	struct bio_vec *bv;
	int i;

	add_to(job, &bio->bi_io_vec[0], len);		/* bad */
	add_to(job, first, len);			/* bad */
	bio_for_each_bvec_all(bv, bio, i)
		add_to(job, bv, len);			/* bad */
}

static void loop(struct bio *bio, struct page **pages)
{
	struct bio_vec *bv;
	int i;

	bio_for_each_bvec_all(bv, bio, i) {
		put_page(bv->bv_page);
		bv->bv_page = pages[i];			/* bad */
	}
}

static void casts(struct job *job, struct bio *bio, struct iov_iter *iter)
{
	struct page **pages = (struct page **)bio->bi_io_vec;	/* bad */

	release_pages(pages, bio->bi_vcnt);
	bio->bi_io_vec = (struct bio_vec *)iter->bvec;	/* bad */
	job->table = (struct bio_vec *)bio->bi_io_vec;	/* bad */
}

static void of_clone(struct job *job, struct bio *bio, unsigned int len)
{
	struct bio *clone = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);

	bio_owned_vecs(clone)[0].bv_len = len;		/* bad */
	bio_integrity_owned_vecs(clone)->bv_len = 8;	/* bad */
	bio_add_page(clone, job->page, len, 0);		/* bad */
	submit_bio_noacct(clone);
}

static void of_split(struct job *job, struct bio *bio)
{
	struct bio_vec *bv;
	struct bio *split;

	split = bio_split(bio, job->sectors, GFP_NOIO, &job->bs);
	if (IS_ERR(split))
		return;
	bv = bio_owned_vecs(split);			/* bad */
	bv->bv_page = job->page;
}

static void of_embedded_clone(struct job *job, struct bio *bio)
{
	bio_init_clone(job->bdev, &job->bio, bio, GFP_NOIO);
	bio_owned_vecs(&job->bio)->bv_page = job->page;	/* bad */
}

static void of_request(struct request *rq, struct page *page)
{
	struct bio *bio;

	bio_owned_vecs(rq->bio)->bv_page = page;	/* bad */
	__bio_add_page(rq->bio, page, PAGE_SIZE, 0);	/* bad */
	__rq_for_each_bio(bio, rq) {
		bio_owned_vecs(bio)->bv_page = page;	/* bad */
		bio_owned_vecs(bio)->bv_offset = 0;	/* bad */
	}
}
