// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_opf.cocci, which finds nothing here. */

static void helper(struct job *job, struct bio *src)
{
	struct bio *clone = bio_alloc_clone(job->bdev, src, GFP_NOIO, &job->bs);

	bio_set_opf(clone, REQ_OP_WRITE);
	submit_bio(clone);
}

static void flags_only(struct job *job, struct bio *bio)
{
	struct bio *n = bio_next_split(bio, 8, GFP_NOIO, &job->bs);

	n->bi_opf |= REQ_SYNC;
	n->bi_opf &= ~REQ_PREFLUSH;
	n->bi_opf = (n->bi_opf & ~REQ_OP_MASK) | REQ_OP_WRITE;
	bio->bi_opf = REQ_OP_WRITE | (bio->bi_opf & REQ_INTEGRITY);
}

static void own(struct job *job)
{
	struct bio *bio = bio_alloc(job->bdev, 1, 0, GFP_NOIO);

	bio->bi_opf = REQ_OP_WRITE;
	job->embedded.bi_opf = REQ_OP_READ;
	submit_bio(bio);
}

static void another(struct job *job, struct bio *src)
{
	struct bio *bio = bio_alloc_clone(job->bdev, src, GFP_NOIO, &job->bs);

	submit_bio(bio);
	bio = bio_alloc(job->bdev, 1, 0, GFP_NOIO);
	bio->bi_opf = REQ_OP_WRITE;
	submit_bio(bio);
}

static void made_again(struct job *job, struct bio *bio, struct bio *src)
{
	bio_init_clone(job->bdev, &job->embedded, src, GFP_NOIO);
	submit_bio_wait(&job->embedded);
	bio_uninit(&job->embedded);
	bio_init(&job->embedded, job->bdev, NULL, 0, 0);
	job->embedded.bi_opf = REQ_OP_WRITE;

	bio_reset(bio, job->bdev, 0);
	bio->bi_opf = REQ_OP_WRITE;
}
