// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for what bios that are made from another bio have of it.
 */
#include <kunit/test.h>
#include <linux/blk-integrity.h>
#include "../blk.h"

#define SECTORS		8

static const enum req_op ops[] = {
	REQ_OP_READ, REQ_OP_WRITE, REQ_OP_FLUSH, REQ_OP_DISCARD,
	REQ_OP_SECURE_ERASE, REQ_OP_ZONE_APPEND, REQ_OP_WRITE_ZEROES,
};

/* What a submitter asks for, and the next driver has to know. */
#define ASKED	(REQ_SYNC | REQ_META | REQ_PRIO | REQ_FUA | REQ_PREFLUSH | \
		 REQ_RAHEAD | REQ_IDLE | REQ_NOWAIT | REQ_FS_PRIVATE)

struct bio_clone_test {
	struct bio src;
	struct bio_vec vec;
	struct bio_set bs;
};

static int bio_clone_test_init(struct kunit *test)
{
	struct bio_clone_test *t;
	int ret;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	ret = bioset_init(&t->bs, 4, 0, BIOSET_NEED_BVECS);
	KUNIT_ASSERT_EQ(test, ret, 0);
	test->priv = t;
	return 0;
}

static void bio_clone_test_exit(struct kunit *test)
{
	struct bio_clone_test *t = test->priv;

	if (t)
		bioset_exit(&t->bs);
}

static struct bio *make_src(struct bio_clone_test *t, blk_opf_t opf)
{
	bio_init(&t->src, NULL, &t->vec, 1, opf);
	__bio_add_page(&t->src, ZERO_PAGE(0), SECTORS << SECTOR_SHIFT, 0);
	t->src.bi_ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
	t->src.bi_write_hint = WRITE_LIFE_LONG;
	t->src.bi_write_stream = 3;
	bio_set_flag(&t->src, BIO_REMAPPED);
	return &t->src;
}

static void expect_attrs(struct kunit *test, struct bio *bio, struct bio *src)
{
	KUNIT_EXPECT_EQ(test, bio->bi_ioprio, src->bi_ioprio);
	KUNIT_EXPECT_EQ(test, bio->bi_write_hint, src->bi_write_hint);
	KUNIT_EXPECT_EQ(test, bio->bi_write_stream, src->bi_write_stream);
	/* Without a device there is nothing to compare the source's with. */
	KUNIT_EXPECT_FALSE(test, bio_flagged(bio, BIO_REMAPPED));
}

static u64 bits(blk_opf_t opf)
{
	return (__force u64)opf;
}

static void alloc_clone_test(struct kunit *test)
{
	struct bio_clone_test *t = test->priv;
	struct bio *src, *bio;
	int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		src = make_src(t, ops[i] | ASKED | REQ_DRV);
		bio = bio_alloc_clone(NULL, src, GFP_KERNEL, &t->bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_EQ(test, bits(bio->bi_opf), bits(ops[i] | ASKED));
		KUNIT_EXPECT_TRUE(test, src->bi_opf & REQ_DRV);
		KUNIT_EXPECT_PTR_EQ(test, bio->bi_io_vec, src->bi_io_vec);
		expect_attrs(test, bio, src);
		bio_put(bio);
		bio_uninit(src);
	}
}

static void init_clone_test(struct kunit *test)
{
	struct bio_clone_test *t = test->priv;
	struct bio *src, bio;
	int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		src = make_src(t, ops[i] | ASKED | REQ_DRV | REQ_ALLOC_CACHE);
		KUNIT_ASSERT_EQ(test, 0,
				bio_init_clone(NULL, &bio, src, GFP_KERNEL));
		KUNIT_EXPECT_EQ(test, bits(bio.bi_opf), bits(ops[i] | ASKED));
		expect_attrs(test, &bio, src);
		bio_uninit(&bio);
		bio_uninit(src);
	}
}

/* The front of a bio goes to the same driver as the rest of it. */
static void split_test(struct kunit *test)
{
	struct bio_clone_test *t = test->priv;
	struct bio *src, *bio;

	src = make_src(t, REQ_OP_WRITE | ASKED | REQ_DRV);
	bio = bio_split(src, 1, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bio);
	KUNIT_EXPECT_EQ(test, bits(bio->bi_opf), bits(src->bi_opf));
	KUNIT_EXPECT_TRUE(test, bio->bi_opf & REQ_DRV);
	bio_put(bio);

	src->bi_opf &= ~REQ_DRV;
	bio = bio_split(src, 1, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bio);
	KUNIT_EXPECT_FALSE(test, bio->bi_opf & REQ_DRV);
	bio_put(bio);
	bio_uninit(src);
}

static void copy_attrs_test(struct kunit *test)
{
	struct bio_clone_test *t = test->priv;
	struct bio *src, bio;
	struct bio_vec vec;
	int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		src = make_src(t, ops[i] | ASKED | REQ_DRV | REQ_INTEGRITY |
			       REQ_ALLOC_CACHE);
		/* As most callers pass it, and as they should. */
		bio_init(&bio, NULL, &vec, 1, i % 2 ? src->bi_opf &
			 ~REQ_ALLOC_CACHE : 0);
		bio_copy_attrs(&bio, src);
		KUNIT_EXPECT_EQ(test, bits(bio.bi_opf), bits(ops[i] | ASKED));
		expect_attrs(test, &bio, src);
		KUNIT_EXPECT_EQ(test, bio.bi_iter.bi_size, 0);
		bio_uninit(&bio);
		src->bi_opf &= ~REQ_INTEGRITY;
		bio_uninit(src);
	}
}

/* Where the memory of a bio comes from does not change. */
static void keep_cache_test(struct kunit *test)
{
	struct bio_clone_test *t = test->priv;
	struct bio *src = make_src(t, REQ_OP_READ);
	struct bio bio;

	bio_init(&bio, NULL, NULL, 0, REQ_ALLOC_CACHE);
	bio_copy_attrs(&bio, src);
	KUNIT_EXPECT_EQ(test, bits(bio.bi_opf),
			bits(REQ_OP_READ | REQ_ALLOC_CACHE));
	bio_set_opf(&bio, REQ_OP_WRITE | REQ_SYNC);
	KUNIT_EXPECT_EQ(test, bits(bio.bi_opf),
			bits(REQ_OP_WRITE | REQ_SYNC | REQ_ALLOC_CACHE));
	bio_uninit(&bio);
	bio_uninit(src);
}

static void set_opf_test(struct kunit *test)
{
	struct bio bio;
	int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		bio_init(&bio, NULL, NULL, 0, ASKED | REQ_OP_READ);
		/* Neither is the caller's to give. */
		bio_set_opf(&bio, ops[i] | REQ_SYNC | REQ_INTEGRITY |
			    REQ_ALLOC_CACHE);
		KUNIT_EXPECT_EQ(test, bits(bio.bi_opf),
				bits(ops[i] | REQ_SYNC));
		bio_uninit(&bio);
	}
}

static void set_opf_integrity_test(struct kunit *test)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bio_clone_test *t = test->priv;
	struct bio_integrity_payload *bip;
	struct bio *src, *bio;

	src = make_src(t, REQ_OP_READ | REQ_SYNC);
	bip = bio_integrity_alloc(src, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bip);
	bio = bio_alloc_clone(NULL, src, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bip = bio_integrity(bio);
	KUNIT_ASSERT_NOT_NULL(test, bip);
	bio_set_opf(bio, REQ_OP_WRITE);
	KUNIT_EXPECT_PTR_EQ(test, bio_integrity(bio), bip);
	KUNIT_EXPECT_EQ(test, bits(bio->bi_opf),
			bits(REQ_OP_WRITE | REQ_INTEGRITY));
	bio_put(bio);
	bio_uninit(src);
#else
	kunit_skip(test, "needs CONFIG_BLK_DEV_INTEGRITY");
#endif
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
/* A clone of a bio with @len bytes of metadata from @done on, in @vecs */
static struct bio *make_prot(struct kunit *test, struct bio_vec *vecs,
			     unsigned int done, unsigned int len)
{
	struct bio_clone_test *t = test->priv;
	struct bio_integrity_payload *bip;
	struct bio *src, *bio;

	src = make_src(t, REQ_OP_READ);
	bip = bio_integrity_alloc(src, GFP_KERNEL, 0);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bip);
	bip->bip_vec = vecs;
	bio = bio_alloc_clone(NULL, src, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bip = bio_integrity(bio);
	KUNIT_ASSERT_NOT_NULL(test, bip);
	for (; done >= vecs[bip->bip_iter.bi_idx].bv_len; bip->bip_iter.bi_idx++)
		done -= vecs[bip->bip_iter.bi_idx].bv_len;
	bip->bip_iter.bi_offset = done;
	bip->bip_iter.bi_size = len;
	bio_uninit(src);
	return bio;
}
#endif

static void integrity_gap_test(struct kunit *test)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct page *page = ZERO_PAGE(0);
	struct bio_vec vecs[] = {
		{ page, PAGE_SIZE, 0 },
		{ page, PAGE_SIZE, 0 },
		{ page, 64, 0 },
	};
	const struct {
		unsigned int done, len;
		unsigned int next_done;
		bool gap;
	} cases[] = {
		{ 0, PAGE_SIZE, 0, false },
		{ 0, PAGE_SIZE, PAGE_SIZE, false },
		{ 0, 2 * PAGE_SIZE, 2 * PAGE_SIZE, false },
		{ 512, PAGE_SIZE - 512, PAGE_SIZE, false },
		{ 0, 2 * PAGE_SIZE + 64, 0, true },
		{ 0, PAGE_SIZE - 64, 0, true },
		{ 0, PAGE_SIZE, 64, true },
		{ PAGE_SIZE, 512, PAGE_SIZE, true },
		/* The halves of a split: one segment, if it may be. */
		{ 0, 512, 512, IS_ENABLED(CONFIG_KMSAN) },
		{ PAGE_SIZE, 512, PAGE_SIZE + 512, IS_ENABLED(CONFIG_KMSAN) },
		{ 0, 512, 1024, true },
	};
	struct request_queue *q;
	struct bio *prev, *next;
	struct request *rq;
	int i;

	q = kunit_kzalloc(test, sizeof(*q), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, q);
	rq = kunit_kzalloc(test, sizeof(*rq), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, rq);
	rq->q = q;
	q->limits.seg_boundary_mask = BLK_SEG_BOUNDARY_MASK;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		prev = make_prot(test, vecs, cases[i].done, cases[i].len);
		next = make_prot(test, vecs, cases[i].next_done, 64);

		q->limits.virt_boundary_mask = PAGE_SIZE - 1;
		rq->bio = prev;
		rq->biotail = prev;
		KUNIT_EXPECT_EQ(test, cases[i].gap,
				integrity_req_gap_back_merge(rq, next));
		rq->bio = next;
		rq->biotail = next;
		KUNIT_EXPECT_EQ(test, cases[i].gap,
				integrity_req_gap_front_merge(rq, prev));

		/* What counts is the bio at that end of the request. */
		rq->bio = next;
		rq->biotail = prev;
		KUNIT_EXPECT_EQ(test, cases[i].gap,
				integrity_req_gap_back_merge(rq, next));
		KUNIT_EXPECT_EQ(test, cases[i].gap,
				integrity_req_gap_front_merge(rq, prev));

		q->limits.virt_boundary_mask = 0;
		KUNIT_EXPECT_FALSE(test,
				   integrity_req_gap_back_merge(rq, next));
		KUNIT_EXPECT_FALSE(test,
				   integrity_req_gap_front_merge(rq, prev));
		bio_put(prev);
		bio_put(next);
	}
#else
	kunit_skip(test, "needs CONFIG_BLK_DEV_INTEGRITY");
#endif
}

static void set_error_test(struct kunit *test)
{
	struct bio bio;

	bio_init(&bio, NULL, NULL, 0, REQ_OP_READ);
	bio_set_error(&bio, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, blk_status_to_errno(bio.bi_status), 0);
	bio_set_error(&bio, BLK_STS_NOSPC);
	KUNIT_EXPECT_EQ(test, blk_status_to_errno(bio.bi_status), -ENOSPC);
	bio_set_error(&bio, BLK_STS_OK);
	KUNIT_EXPECT_EQ(test, blk_status_to_errno(bio.bi_status), -ENOSPC);
	bio_set_error(&bio, BLK_STS_IOERR);
	KUNIT_EXPECT_EQ(test, blk_status_to_errno(bio.bi_status), -ENOSPC);
	bio_uninit(&bio);
}

static void src_end_io(struct bio *bio)
{
	int *ended = bio->bi_private;

	(*ended)++;
}

/* Of three that report to one bio, the first error is what it ends with. */
static void chain_error_test(struct kunit *test)
{
	static const blk_status_t status[][3] = {
		{ BLK_STS_OK, BLK_STS_OK, BLK_STS_OK },
		{ BLK_STS_NOSPC, BLK_STS_OK, BLK_STS_OK },
		{ BLK_STS_OK, BLK_STS_NOSPC, BLK_STS_OK },
		{ BLK_STS_OK, BLK_STS_OK, BLK_STS_NOSPC },
		{ BLK_STS_NOSPC, BLK_STS_TIMEOUT, BLK_STS_OK },
		{ BLK_STS_OK, BLK_STS_NOSPC, BLK_STS_TIMEOUT },
	};
	struct bio_clone_test *t = test->priv;
	struct bio *src, *bio;
	int i, j, ended;

	for (i = 0; i < ARRAY_SIZE(status); i++) {
		src = make_src(t, REQ_OP_WRITE);
		src->bi_end_io = src_end_io;
		src->bi_private = &ended;
		ended = 0;
		for (j = 0; j < 3; j++) {
			bio = bio_alloc_clone(NULL, src, GFP_KERNEL, &t->bs);
			KUNIT_ASSERT_NOT_NULL(test, bio);
			bio_chain(bio, src);
			bio_endio_status(bio, status[i][j]);
		}
		KUNIT_EXPECT_EQ(test, ended, 0);
		bio_endio(src);
		KUNIT_EXPECT_EQ(test, ended, 1);
		KUNIT_EXPECT_EQ(test, blk_status_to_errno(src->bi_status),
				i ? -ENOSPC : 0);
		bio_uninit(src);
	}
}

static struct kunit_case bio_clone_cases[] = {
	KUNIT_CASE(alloc_clone_test),
	KUNIT_CASE(init_clone_test),
	KUNIT_CASE(split_test),
	KUNIT_CASE(copy_attrs_test),
	KUNIT_CASE(keep_cache_test),
	KUNIT_CASE(set_opf_test),
	KUNIT_CASE(set_opf_integrity_test),
	KUNIT_CASE(integrity_gap_test),
	KUNIT_CASE(set_error_test),
	KUNIT_CASE(chain_error_test),
	{}
};

static struct kunit_suite bio_clone_suite = {
	.name = "bio_clone",
	.init = bio_clone_test_init,
	.exit = bio_clone_test_exit,
	.test_cases = bio_clone_cases,
};

kunit_test_suite(bio_clone_suite);

MODULE_DESCRIPTION("KUnit tests for what bios have of the bio they are made from");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
