// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bio_alloc_opf.cocci: finds nothing here. */

static void cleared(struct job *job, struct bio *src)
{
	blk_opf_t opf = src->bi_opf & ~(REQ_INTEGRITY | REQ_FUA);
	struct bio *bio;

	bio = bio_alloc(job->bdev, 1, src->bi_opf & ~REQ_INTEGRITY, GFP_NOIO);
	submit_bio(bio);
	submit_bio(bio_alloc(job->bdev, 1, opf, GFP_NOIO));
	bio_init(&job->bio, job->bdev, job->vecs, 4,
		 src->bi_opf & ~(REQ_INTEGRITY | REQ_PREFLUSH));
}

static void cleared_later(struct job *job, struct bio *src)
{
	blk_opf_t opf = src->bi_opf;
	blk_opf_t masked = src->bi_opf;
	struct bio *bio;

	bio = bio_alloc(job->bdev, 1, opf & ~REQ_INTEGRITY, GFP_NOIO);
	submit_bio(bio);
	masked &= ~REQ_INTEGRITY;
	submit_bio(bio_alloc(job->bdev, 1, masked, GFP_NOIO));
	bio = bio_alloc(job->bdev, 1, src->bi_opf, GFP_NOIO);
	bio->bi_opf &= ~REQ_INTEGRITY;
	submit_bio(bio);
}

static void some(struct job *job, struct bio *src)
{
	blk_opf_t opf = src->bi_opf;

	bio_init(&job->bio, job->bdev, job->vecs, 4,
		 REQ_OP_READ | (src->bi_opf & (REQ_SYNC | REQ_META)));
	bio_reset(&job->bio, job->bdev, bio_op(src));
	bio_reset(&job->bio, job->bdev, opf & REQ_OP_MASK);
}

static void attrs(struct job *job, struct bio *src)
{
	struct bio *bio = NULL;

	bio = bio_alloc_bioset(job->bdev, 1, src->bi_opf, GFP_NOIO, &job->bs);
	if (!bio)
		return;
	bio_copy_attrs(bio, src);
	submit_bio(bio);
}

static int payload(struct job *job, struct bio *src)
{
	bio_init(&job->bio, job->bdev, job->vecs, 4, src->bi_opf);
	return bio_integrity_clone(&job->bio, src, GFP_NOIO);
}

static struct bio *contexts(struct job *job, struct bio *src)
{
	struct bio *bio;

	bio = bio_alloc_bioset(NULL, 0, src->bi_opf & ~REQ_DRV, GFP_NOIO,
			       &job->bs);
	if (!bio)
		return NULL;
	bio->bi_bdev = src->bi_bdev;
	if (bio_clone_contexts(bio, src, GFP_NOIO) < 0) {
		bio_put(bio);
		return NULL;
	}
	return bio;
}

static void other(struct job *job, struct bio *src)
{
	blk_opf_t opf = src->bi_opf;

	job->opf = opf;
	opf = REQ_OP_WRITE;
	submit_bio(bio_alloc(job->bdev, 1, opf, GFP_NOIO));
}
