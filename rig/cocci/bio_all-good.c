// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_all.cocci, which finds nothing here. */

static void read_end_io(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
		folio_end_read(fi.folio, !bio->bi_status);
	if (bio->bi_vcnt > 1)
		bio_io_error(bio);
	bio_put(bio);
}

static void own(struct job *job, struct page *page)
{
	struct bio *bio = bio_alloc(job->bdev, 1, REQ_OP_READ, GFP_NOIO);

	bio_add_page(bio, page, PAGE_SIZE, 0);
	bio->bi_end_io = read_end_io;
	if (bio->bi_vcnt < bio->bi_max_vecs)
		submit_bio(bio);
	else
		bio_endio(bio);
}

static void copy_all(struct job *job, struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio *clone;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, bio, iter)
		job->copy(bv);
	clone = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);
	submit_bio_wait(clone);
	bio_put(clone);
}

static void own_and_clone(struct job *job, struct page *page)
{
	struct bio *bio = bio_alloc(job->bdev, 1, REQ_OP_READ, GFP_NOIO);

	bio_add_page(bio, page, PAGE_SIZE, 0);
	copy_all(job, bio);
	bio_free_pages(bio);
	bio_put(bio);
}

static void deep_copy(struct job *job, struct bio *bio)
{
	struct bio *copy = bio_alloc_clone(job->bdev, bio, GFP_NOIO, &job->bs);

	submit_bio_wait(copy);
	bio_put(copy);
	copy = bio_kmalloc(job->pages, GFP_NOIO);
	bio_init_inline(copy, job->bdev, job->pages, REQ_OP_READ);
	bio_free_pages(copy);
	bio_endio(bio);
}

static void drv_submit_bio(struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter)
		copy(&bv);
	copy(&bio->bi_io_vec[bio->bi_iter.bi_idx]);
	bio_endio(bio);
}

static const struct block_device_operations drv_ops = {
	.owner		= THIS_MODULE,
	.submit_bio	= drv_submit_bio,
};

static int drv_map(struct dm_target *ti, struct bio *bio)
{
	struct bio *copy = deep_copy_of(ti, bio);

	if (copy->bi_vcnt > 1)
		bio_free_pages(copy);
	return bio_segments(bio) > 1 ? DM_MAPIO_KILL : DM_MAPIO_REMAPPED;
}

static struct target_type drv_target = {
	.name	= "drv",
	.map	= drv_map,
};

static void free_own(struct job *job, struct bio *bio)
{
	bio_free_pages(bio);
	bio_put(bio);
}

static unsigned int payload_of_request(struct request *rq, struct bio *own)
{
	struct bio_integrity_payload *bip = bio_integrity(rq->bio);
	struct bio_vec bv = mp_bvec_iter_bvec(bip->bip_vec, bip->bip_iter);

	bip = bio_integrity(own);
	return bv.bv_len + bip->bip_vcnt;
}
