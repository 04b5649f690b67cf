// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_status.cocci, which finds nothing here. */

static void helper(struct job *job, struct bio *bio)
{
	struct bio *parent = bio->bi_private;

	bio_set_error(parent, bio->bi_status);
	bio_set_error(job->bio, job->status);
	bio_endio(parent);
}

static void only_errors(struct job *job, struct bio *bio, int ret)
{
	struct bio *parent = bio->bi_private;

	if (bio->bi_status)
		parent->bi_status = bio->bi_status;
	if (bio->bi_status && !parent->bi_status)
		parent->bi_status = bio->bi_status;
	if (unlikely(ret)) {
		job->errors++;
		parent->bi_status = errno_to_blk_status(ret);
		report(job);
	} else {
		job->good++;
	}
	if (job->done)
		return;
	else if (job->status)
		job->bio->bi_status = job->status;
	else
		job->bio->bi_status = BLK_STS_IOERR;
	if (ret < 0)
		bio_endio_status(job->bio, errno_to_blk_status(ret));
}

static void only_the_first(struct job *job)
{
	if (!job->bio->bi_status)
		job->bio->bi_status = job->status;
	bio_endio(job->bio);
}

static void good_is_gone(struct bio *bio)
{
	struct bio *parent = bio->bi_private;

	if (!bio->bi_status) {
		bio_endio(parent);
		return;
	}
	parent->bi_status = bio->bi_status;
	bio_endio(parent);
}

static void known_errors(struct job *job, struct bio *split)
{
	job->bio->bi_status = BLK_STS_NOTSUPP;
	job->bio->bi_status = errno_to_blk_status(PTR_ERR(split));
	bio_endio_status(job->bio, BLK_STS_IOERR);
}

static void own(struct job *job)
{
	struct bio *bio = bio_alloc(job->bdev, 1, REQ_OP_READ, GFP_NOIO);

	job->embedded.bi_status = job->status;
	bio->bi_status = BLK_STS_OK;
	submit_bio(bio);
}
