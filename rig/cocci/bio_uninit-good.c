// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_uninit.cocci, which finds nothing here. */

static int on_the_stack(struct job *job)
{
	struct bio_vec bvec;
	struct bio bio;
	int ret;

	if (job->dead)
		return -EIO;
	bio_init(&bio, job->bdev, &bvec, 1, REQ_OP_READ);
	ret = prepare(job);
	if (ret)
		goto out;
	__bio_add_page(&bio, job->page, PAGE_SIZE, 0);
	ret = submit_bio_wait(&bio);
out:
	bio_uninit(&bio);
	return ret;
}

static int clone_on_the_stack(struct job *job, struct bio *src)
{
	struct bio bio;
	int ret;

	ret = bio_init_clone(job->bdev, &bio, src, GFP_NOIO);
	if (ret)
		return ret;
	ret = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return ret;
}

/* What is handed to another is released there. */
static void handed_on(struct job *job)
{
	struct bio flush;

	bio_init(&flush, job->bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	job->current_bio = &flush;
	send(job);
	bio_uninit(job->current_bio);
}

static void in_an_object(struct job *job)
{
	bio_init(&job->bio, job->bdev, job->vecs, 4, REQ_OP_READ);
	submit_bio(&job->bio);
}

static void in_an_object_end_io(struct bio *bio)
{
	struct job *job = bio->bi_private;

	bio_uninit(&job->bio);
}

static void again(struct job *job, struct bio *bio)
{
	bio_reset(bio, job->bdev, REQ_OP_READ);
	submit_bio_wait(bio);
	bio_uninit(bio);
	bio_init_clone(job->bdev, bio, job->src, GFP_NOIO);
	submit_bio_wait(bio);
	bio_reset(bio, job->bdev, REQ_OP_READ);
	submit_bio_wait(bio);
}

static struct bio *allocated(struct job *job)
{
	struct bio *bio = bio_kmalloc(4, GFP_NOIO);

	if (!bio)
		return NULL;
	if (job->dead) {
		kfree(bio);
		return NULL;
	}
	bio_init_inline(bio, job->bdev, 4, REQ_OP_READ);
	return bio;
}

static void freed(struct bio *bio)
{
	bio_free_pages(bio);
	bio_uninit(bio);
	kfree(bio);
}

static void freed_from_object(struct job *job)
{
	struct bio *bio = job->bios[0];

	if (bio)
		bio_uninit(bio);
	kfree(bio);
}
