// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_all.cocci, which finds each "bad". */

static void of_clone(struct job *job, struct bio *bio)
{
	struct bio *clone = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);
	struct bvec_iter_all iter;
	struct folio_iter fi;
	struct bio_vec *bv;
	int i;

	bio_for_each_segment_all(bv, clone, iter)	/* bad */
		get_page(bv->bv_page);
	bio_for_each_bvec_all(bv, clone, i)		/* bad */
		get_page(bv->bv_page);
	bio_for_each_folio_all(fi, clone)		/* bad */
		folio_get(fi.folio);
	job->page = bio_first_page_all(clone);		/* bad */
	job->folio = bio_first_folio_all(clone);	/* bad */
	job->vec = bio_first_bvec_all(clone);		/* bad */
	for (i = 0; i < clone->bi_vcnt; i++)		/* bad */
		job->len += clone->bi_io_vec[i].bv_len;
	if (clone->bi_max_vecs > 1)			/* bad */
		job->many = true;
	job->len = clone->bi_io_vec[0].bv_len;		/* bad */
	bio_set_pages_dirty(clone);			/* bad */
	submit_bio_noacct(clone);
}

static void of_split(struct job *job, struct bio *bio)
{
	struct bio *split;

	split = bio_split(bio, job->sectors, GFP_NOIO, &job->bs);
	if (IS_ERR(split))
		return;
	if (split->bi_vcnt == 1)			/* bad */
		one_segment(job, split);
}

static void of_embedded_clone(struct job *job, struct bio *bio)
{
	bio_init_clone(job->bdev, &job->bio, bio, GFP_NOIO);
	bio_free_pages(&job->bio);			/* bad */
}

static void of_target(struct dm_target *ti, struct per_bio *pb)
{
	struct bio *bio = dm_bio_from_per_bio_data(pb, sizeof(*pb));
	struct bvec_iter_all iter;

	bio_next_segment(bio, &iter);			/* bad */
}

static void endio(struct bio *bio)
{
	struct bio *parent = bio->bi_private;

	bio_release_pages(parent, true);		/* bad */
	bio_put(bio);
	bio_endio(parent);
}

static void of_request(struct request *rq)
{
	struct folio_iter fi;
	struct bio *bio;

	if (rq->bio->bi_vcnt > 1)			/* bad */
		return;
	bio_for_each_folio_all(fi, rq->bio)		/* bad */
		folio_mark_dirty(fi.folio);
	__rq_for_each_bio(bio, rq)
		send(bio->bi_io_vec, bio->bi_vcnt);	/* bad */
	bio = rq->bio;
	bio_first_folio(&fi, bio, 0);			/* bad */
}

static unsigned int payload_of_request(struct request *rq)
{
	struct bio_integrity_payload *bip = bio_integrity(rq->bio);

	if (bip->bip_vec[0].bv_offset)			/* bad */
		return 0;
	return bip->bip_vec[bip->bip_vcnt - 1].bv_len;	/* bad */
}

static void drv_submit_bio(struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, bio, iter)		/* bad */
		copy(bv);
	done(bio);
}

static const struct block_device_operations drv_ops = {
	.owner		= THIS_MODULE,
	.submit_bio	= drv_submit_bio,
};

static int drv_map(struct dm_target *ti, struct bio *bio)
{
	return bio->bi_vcnt > 1 ? DM_MAPIO_KILL : DM_MAPIO_REMAPPED; /* bad */
}

static int drv_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *err)
{
	struct bio *clone = bio;

	bio_free_pages(clone);				/* bad */
	return DM_ENDIO_DONE;
}

static struct target_type drv_target = {
	.name	= "drv",
	.map	= drv_map,
	.end_io	= drv_end_io,
};

static bool one_page(struct mddev *mddev, struct bio *bio)
{
	return bio->bi_vcnt == 1;			/* bad */
}

static bool drv_make_request(struct mddev *mddev, struct bio *bio)
{
	mddev->bytes += bio_first_bvec_all(bio)->bv_len;	/* bad */
	return one_page(mddev, bio);
}

static struct md_personality drv_personality = {
	.make_request = drv_make_request,
};

static void transfer(struct job *job, struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, bio, iter)		/* bad */
		copy(bv);
	bio_endio(bio);
}

static void mirror(struct job *job, struct bio *bio)
{
	struct bio *clone = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);

	clone->bi_end_io = endio;
	if (bio->bi_vcnt > job->max)			/* bad */
		narrow(job, clone);
	submit_bio_noacct(clone);
}
