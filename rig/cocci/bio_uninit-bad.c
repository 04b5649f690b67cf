// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_uninit.cocci, which finds each "bad". */

static int on_the_stack(struct block_device *bdev)
{
	struct bio bio;

	bio_init(&bio, bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH); /* bad */
	return submit_bio_wait(&bio);
}

static int not_on_each_path(struct job *job)
{
	struct bio_vec bvec;
	struct bio bio;

	bio_init(&bio, job->bdev, &bvec, 1, REQ_OP_READ); /* bad */
	if (!prepare(job))
		return -ENOMEM;
	__bio_add_page(&bio, job->page, PAGE_SIZE, 0);
	submit_bio_wait(&bio);
	bio_uninit(&bio);
	return 0;
}

static int clone_on_the_stack(struct job *job, struct bio *src)
{
	struct bio bio;
	int ret;

	ret = bio_init_clone(job->bdev, &bio, src, GFP_NOIO); /* bad */
	if (ret)
		return ret;
	return submit_bio_wait(&bio);
}

static void in_an_object(struct job *job)
{
	bio_init(&job->bio, job->bdev, job->vecs, 4, REQ_OP_READ); /* bad */
	if (job->dead)
		return;
	submit_bio(&job->bio);
}

static void clone_in_an_object(struct job *job, struct bio *src)
{
	struct bio *bio = &job->bio;

	bio_init_clone(job->bdev, bio, src, GFP_NOIO); /* bad */
	bio->bi_private = job;
	submit_bio(bio);
}

static void over_another(struct job *job)
{
	bio_reset(job->clone, job->clone->bi_bdev, REQ_OP_READ);
	bio_init_clone(job->bdev, job->clone, job->src, GFP_NOIO); /* bad */
	submit_bio(job->clone);
}

static void over_a_clone(struct job *job, struct bio *bio)
{
	bio_init_clone(job->bdev, bio, job->src, GFP_NOIO); /* bad */
	submit_bio_wait(bio);
	bio_init_inline(bio, job->bdev, 4, REQ_OP_WRITE); /* bad */
	submit_bio(bio);
}

static void allocated(struct job *job)
{
	struct bio *bio = bio_kmalloc(4, GFP_NOIO);

	bio_init_inline(bio, job->bdev, 4, REQ_OP_READ); /* bad */
	submit_bio_wait(bio);
	kfree(bio); /* bad */
}

static void freed(struct job *job, struct bio *bio)
{
	end_job(job);
	kfree(bio); /* bad */
}

static void loaded_and_freed(struct job *job)
{
	struct bio *bio = job->bios[0];

	kfree(bio); /* bad */
}
