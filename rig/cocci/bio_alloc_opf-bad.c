// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_alloc_opf.cocci, which finds each "bad". */

static void copy(struct job *job, struct bio *src)
{
	struct bio *bio;

	bio = bio_alloc_bioset(job->bdev, 1, src->bi_opf, GFP_NOIO, /* bad */
			       &job->bs);
	copy_data(bio, src);
	submit_bio(bio);
}

static void copy_and_more(struct job *job)
{
	struct bio *bio = bio_alloc(job->bdev, 1,
				    job->src->bi_opf | REQ_SYNC, /* bad */
				    GFP_NOIO);

	submit_bio(bio);
}

static void not_all(struct job *job, struct bio *src)
{
	struct bio *bio = bio_alloc(job->bdev, 1,
				    src->bi_opf & ~REQ_PREFLUSH, /* bad */
				    GFP_NOIO);

	submit_bio(bio);
}

static void next(struct job *job, struct bio *bio, struct bio *src)
{
	bio = blk_next_bio(bio, job->bdev, 0, src->bi_opf, GFP_NOIO); /* bad */
	submit_bio(bio);
}

static void embedded(struct job *job, struct bio *src)
{
	bio_init(&job->bio, job->bdev, job->vecs, 4, src->bi_opf); /* bad */
	submit_bio(&job->bio);
	wait_for_job(job);
	bio_reset(&job->bio, job->bdev, src->bi_opf); /* bad */
	submit_bio(&job->bio);
}

static void inline_vecs(struct job *job, struct bio *bio)
{
	struct bio *copy = bio_kmalloc(4, GFP_NOIO);

	bio_init_inline(copy, job->bdev, 4, bio->bi_opf); /* bad */
	submit_bio(copy);
}

static void variable(struct job *job, struct bio *src)
{
	blk_opf_t opf = src->bi_opf;

	wait_for_job(job);
	submit_bio(bio_alloc(job->bdev, 1, opf, GFP_NOIO)); /* bad */
}

static void variable_assigned(struct job *job, struct bio *src)
{
	blk_opf_t opf;

	opf = src->bi_opf & ~REQ_FUA;
	bio_init(&job->bio, job->bdev, job->vecs, 4, opf | REQ_SYNC); /* bad */
}
