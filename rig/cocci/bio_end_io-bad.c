// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_end_io.cocci, which finds each "bad". */

static void fail(struct bio *bio)
{
	bio->bi_status = BLK_STS_IOERR;
	bio->bi_end_io(bio);				/* bad */
}

static void fail_if_there_is_one(struct job *job)
{
	if (job->bio->bi_end_io)
		job->bio->bi_end_io(job->bio);		/* bad */
	if (job->embedded.bi_end_io)
		job->embedded.bi_end_io(&job->embedded);	/* bad */
}

static void loaded(struct bio *bio)
{
	bio_end_io_t *end_io = bio->bi_end_io;

	if (end_io)
		end_io(bio);				/* bad */
}

static void loaded_later(struct job *job)
{
	bio_end_io_t *end_io;

	end_io = job->bio->bi_end_io;
	job->bio->bi_status = job->status;
	(*end_io)(job->bio);				/* bad */
}

static void job_end_io(struct bio *bio)
{
	end_job(bio->bi_private);
	bio_put(bio);
}

static void by_name(struct job *job, struct bio *bio)
{
	bio->bi_end_io = job_end_io;
	bio->bi_private = job;
	if (job->dead) {
		job_end_io(bio);			/* bad */
		return;
	}
	submit_bio(bio);
}

static void by_name_elsewhere(struct job *job)
{
	job_end_io(&job->embedded);			/* bad */
}
