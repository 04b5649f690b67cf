// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_opf.cocci, which finds each "bad". */

static void cloned(struct job *job, struct bio *src)
{
	struct bio *clone = bio_alloc_clone(job->bdev, src, GFP_NOIO, &job->bs);

	clone->bi_private = job;
	clone->bi_opf = REQ_OP_WRITE;			/* bad */
	submit_bio(clone);
}

static void one_of_two(struct job *job, blk_opf_t opf)
{
	struct bio *bio;

	if (job->src) {
		bio = bio_alloc_clone(job->bdev, job->src, GFP_NOIO, &job->bs);
		bio->bi_opf = opf | REQ_SYNC;		/* bad */
	} else {
		bio = bio_alloc(job->bdev, 1, 0, GFP_NOIO);
	}
	submit_bio(bio);
}

static void split_off(struct job *job)
{
	struct bio *n;

	do {
		n = bio_next_split(job->bio, job->len, GFP_NOIO, &job->bs);
		if (job->sync)
			wait_for_job(job);
		n->bi_opf = REQ_OP_WRITE;		/* bad */
		submit_bio(n);
	} while (n != job->bio);
}

static void kept_in_object(struct job *job)
{
	job->clone = bio_split(job->bio, 8, GFP_NOIO, &job->bs);
	job->clone->bi_opf = REQ_OP_READ;		/* bad */
	submit_bio(job->clone);
}

static int embedded(struct job *job)
{
	int ret = bio_init_clone(job->bdev, &job->embedded, job->src, GFP_NOIO);

	if (ret)
		return ret;
	job->embedded.bi_opf = REQ_OP_WRITE;		/* bad */
	submit_bio(&job->embedded);
	return 0;
}

static void in_other_words(struct job *job)
{
	struct bio *bio = &job->embedded;

	bio_init_clone(job->bdev, bio, job->src, GFP_NOIO);
	bio->bi_opf = job->opf;				/* bad */
	submit_bio(bio);
}

static void passed(struct bio *bio, struct job *job, blk_opf_t opf)
{
	bio->bi_private = job;
	bio->bi_opf = opf;				/* bad */
	bio->bi_iter.bi_sector = job->sector;
}
