// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_status.cocci, which finds each "bad". */

static void member(struct job *job)
{
	job->bio->bi_status = job->status;		/* bad */
	bio_endio(job->bio);
}

static void member_under_other_test(struct job *job)
{
	if (job->bio) {
		job->count++;
		job->bio->bi_status = job->status;	/* bad */
		bio_endio(job->bio);
	}
}

static void member_errno(struct job *job, int ret)
{
	if (ret == -EBUSY) {
		defer(job);
	} else {
		job->bio->bi_status = errno_to_blk_status(ret);	/* bad */
		bio_endio(job->bio);
	}
}

static void member_helper(struct job *job, blk_status_t status)
{
	bio_endio_status(job->bio, status);		/* bad */
}

static void private(struct bio *bio)
{
	struct bio *parent = bio->bi_private;

	parent->bi_status = bio->bi_status;		/* bad */
	bio_put(bio);
	bio_endio(parent);
}

static void private_assigned(struct bio *bio)
{
	struct bio *parent;

	parent = bio->bi_private;
	parent->bi_status = BLK_STS_OK;			/* bad */
	bio_endio(parent);
}

static void private_ternary(struct bio *bio)
{
	struct bio *parent = bio->bi_private;

	if (bio->bi_next)
		return;
	parent->bi_status = bio->bi_status ? BLK_STS_IOERR : 0;	/* bad */
	bio_endio(parent);
}

static void submitted(struct bio *bio)
{
	blk_status_t status = transfer(bio);

	bio->bi_status = status;			/* bad */
	bio_endio(bio);
}

static void submitted_helper(struct bio *bio)
{
	blk_status_t status = BLK_STS_IOERR;

	if (is_nop(bio))
		status = BLK_STS_OK;
	bio_endio_status(bio, status);			/* bad */
}

static bool submitted_again(struct job *job, struct bio *bio)
{
	struct bio *first;

	first = bio;
	wait_for_job(job);
	first->bi_status = BLK_STS_OK;			/* bad */
	submit_bio_noacct(first);
	return true;
}
