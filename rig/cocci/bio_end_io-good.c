// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_end_io.cocci, which finds nothing here. */

static void end(struct job *job)
{
	job->bio->bi_status = job->status;
	bio_endio(job->bio);
}

/* A hook puts back what it has saved. */
static void hook_end_io(struct bio *bio)
{
	struct hook *hook = bio->bi_private;

	bio->bi_private = hook->bi_private;
	bio->bi_end_io = hook->bi_end_io;
	bio_endio(bio);
}

static void hook(struct hook *hook, struct bio *bio)
{
	hook->bi_private = bio->bi_private;
	hook->bi_end_io = bio->bi_end_io;
	bio->bi_private = hook;
	bio->bi_end_io = hook_end_io;
	submit_bio(bio);
}

/* The record of one who is not a bio. */
static void request_done(struct job *job)
{
	job->end_io(job, job->status);
}

static void write_end_io(struct bio *bio)
{
	end_job(bio->bi_private);
	bio_put(bio);
}

/* What has been through bio_endio() may be passed on. */
static void last_write_end_io(struct bio *bio)
{
	struct job *job = bio->bi_private;

	complete(&job->done);
	write_end_io(bio);
}

static void write(struct job *job, struct bio *bio)
{
	bio->bi_end_io = job->last ? last_write_end_io : write_end_io;
	bio->bi_private = job;
	submit_bio(bio);
}

/* A parameter of that name is another function. */
static void set(struct bio *bio, bio_end_io_t *fn)
{
	bio->bi_end_io = fn;
}

static int iterate(struct job *job, iterate_fn fn, void *data)
{
	return fn(job, job->dev, data);
}
