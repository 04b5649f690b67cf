// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the tables of bios: who owns one, and that the loops over it
 * keep their place whatever their bodies do.
 */
#include <kunit/test.h>
#include <linux/blk-integrity.h>

#define NR_VECS		4
#define PAGES		16
#define MAX_STEPS	64

struct bio_vecs_test {
	struct bio_set bs;
	struct bio bio;
	struct bio_vec vecs[NR_VECS];
	struct page *pages;
	struct bio_vec seen[MAX_STEPS];
	unsigned int nr_seen;
};

/* Within a page, across pages from its middle, whole pages, a single sector */
static const struct {
	unsigned int len, offset;
} shapes[NR_VECS] = {
	{ 1024, 512 },
	{ 2 * PAGE_SIZE, PAGE_SIZE + 1536 },
	{ 3 * PAGE_SIZE, 4 * PAGE_SIZE },
	{ 512, 9 * PAGE_SIZE - 512 },
};

static int bio_vecs_test_init(struct kunit *test)
{
	struct bio_vecs_test *t;
	int ret, i;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	ret = bioset_init(&t->bs, 4, 0, BIOSET_NEED_BVECS);
	KUNIT_ASSERT_EQ(test, ret, 0);
	test->priv = t;
	t->pages = alloc_pages(GFP_KERNEL, ilog2(PAGES));
	KUNIT_ASSERT_NOT_NULL(test, t->pages);

	bio_init(&t->bio, NULL, t->vecs, NR_VECS, REQ_OP_READ);
	for (i = 0; i < NR_VECS; i++)
		__bio_add_page(&t->bio, t->pages, shapes[i].len,
			       shapes[i].offset);
	return 0;
}

static void bio_vecs_test_exit(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;

	if (!t)
		return;
	bio_uninit(&t->bio);
	if (t->pages)
		__free_pages(t->pages, ilog2(PAGES));
	bioset_exit(&t->bs);
}

/* Record a step, and then spoil the variable. */
static void see(struct bio_vecs_test *t, struct bio_vec *bv)
{
	if (t->nr_seen < MAX_STEPS)
		t->seen[t->nr_seen] = *bv;
	t->nr_seen++;
	memset(bv, 0x5a, sizeof(*bv));
}

/*
 * What has been seen is [from, to) of the table: in whole entries, or in pieces
 * that do not cross a page.
 */
static void expect_seen(struct kunit *test, unsigned int from, unsigned int to,
			bool by_page)
{
	struct bio_vecs_test *t = test->priv;
	unsigned int at = 0, n = 0, i;

	KUNIT_ASSERT_LE(test, t->nr_seen, MAX_STEPS);
	for (i = 0; i < NR_VECS; at += shapes[i++].len) {
		unsigned int pos = max(from, at);
		unsigned int end = min(to, at + shapes[i].len);

		while (pos < end) {
			unsigned int off = shapes[i].offset + pos - at;
			unsigned int len = end - pos;
			struct page *page = t->pages;
			struct bio_vec *bv = &t->seen[n];

			if (by_page) {
				page += off / PAGE_SIZE;
				off %= PAGE_SIZE;
				len = min(len, (unsigned int)PAGE_SIZE - off);
			}
			KUNIT_ASSERT_LT(test, n, t->nr_seen);
			KUNIT_EXPECT_PTR_EQ(test, bv->bv_page, page);
			KUNIT_EXPECT_EQ(test, bv->bv_offset, off);
			KUNIT_EXPECT_EQ(test, bv->bv_len, len);
			pos += len;
			n++;
		}
	}
	KUNIT_EXPECT_EQ(test, n, t->nr_seen);
	t->nr_seen = 0;
}

static void loops_keep_their_place(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;
	struct bio *bio = &t->bio;
	const unsigned int all = bio->bi_iter.bi_size;
	struct bvec_iter iter, start;
	struct bio_vec bv;
	unsigned int from;

	for (from = 0; from < all; from += 512) {
		start = bio->bi_iter;
		bio_advance_iter(bio, &start, from);

		__bio_for_each_segment(bv, bio, iter, start)
			see(t, &bv);
		expect_seen(test, from, all, true);

		__bio_for_each_bvec(bv, bio, iter, start)
			see(t, &bv);
		expect_seen(test, from, all, false);

		for_each_bvec(bv, bio->bi_io_vec, iter, start)
			see(t, &bv);
		expect_seen(test, from, all, true);

		for_each_mp_bvec(bv, bio->bi_io_vec, iter, start)
			see(t, &bv);
		expect_seen(test, from, all, false);
	}

	/* As most callers write them, and cut short */
	for (bio->bi_iter.bi_size = 512; bio->bi_iter.bi_size <= all;
	     bio->bi_iter.bi_size += 512) {
		bio_for_each_segment(bv, bio, iter)
			see(t, &bv);
		expect_seen(test, 0, bio->bi_iter.bi_size, true);

		bio_for_each_bvec(bv, bio, iter)
			see(t, &bv);
		expect_seen(test, 0, bio->bi_iter.bi_size, false);
	}
}

static void segment_all_keeps_its_place(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;
	struct bvec_iter_all iter;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, &t->bio, iter)
		see(t, bv);
	expect_seen(test, 0, t->bio.bi_iter.bi_size, true);
}

static void loops_nest(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;
	struct bvec_iter outer, inner;
	unsigned int n = 0, m = 0;
	struct bio_vec bv;

	bio_for_each_segment(bv, &t->bio, outer)
		n++;
	bio_for_each_segment(bv, &t->bio, outer)
		bio_for_each_segment(bv, &t->bio, inner)
			m++;
	KUNIT_EXPECT_EQ(test, m, n * n);
}

/* As bio_iov_iter_set() does, which is not there for modules */
static void borrow_table(struct bio *bio, const struct bio_vec *vecs)
{
	bio->bi_io_vec = vecs;
	bio->bi_iter.bi_size = vecs->bv_len;
	bio_set_flag(bio, BIO_CLONED);
}

static void who_owns_a_table(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;
	struct bio *clone, bio;

	KUNIT_EXPECT_TRUE(test, bio_owns_vecs(&t->bio));
	KUNIT_EXPECT_PTR_EQ(test, bio_owned_vecs(&t->bio), &t->vecs[0]);

	clone = bio_alloc_clone(NULL, &t->bio, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_EXPECT_FALSE(test, bio_owns_vecs(clone));
	bio_put(clone);

	clone = bio_split(&t->bio, 1, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, clone);
	KUNIT_EXPECT_FALSE(test, bio_owns_vecs(clone));
	KUNIT_EXPECT_TRUE(test, bio_owns_vecs(&t->bio));
	bio_put(clone);

	bio_init(&bio, NULL, NULL, 0, REQ_OP_WRITE);
	KUNIT_EXPECT_FALSE(test, bio_owns_vecs(&bio));
	borrow_table(&bio, t->vecs);
	KUNIT_EXPECT_FALSE(test, bio_owns_vecs(&bio));
	bio_uninit(&bio);

	/* One that owns a table and that is empty owns it nevertheless. */
	clone = bio_alloc_bioset(NULL, 1, REQ_OP_READ, GFP_KERNEL, &t->bs);
	KUNIT_EXPECT_TRUE(test, bio_owns_vecs(clone));
	bio_put(clone);
}

static void reset_keeps_an_own_table_alone(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;
	struct bio *clone, bio;

	clone = bio_alloc_clone(NULL, &t->bio, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	bio_reset(clone, NULL, REQ_OP_READ);
	KUNIT_EXPECT_NULL(test, clone->bi_io_vec);
	KUNIT_EXPECT_FALSE(test, bio_owns_vecs(clone));
	KUNIT_EXPECT_EQ(test, bio_add_page(clone, t->pages, 512, 0), 0);
	bio_put(clone);

	bio_init(&bio, NULL, NULL, 0, REQ_OP_WRITE);
	borrow_table(&bio, t->vecs);
	bio_reset(&bio, NULL, REQ_OP_WRITE);
	KUNIT_EXPECT_NULL(test, bio.bi_io_vec);
	bio_uninit(&bio);

	bio_reset(&t->bio, NULL, REQ_OP_WRITE);
	KUNIT_EXPECT_PTR_EQ(test, t->bio.bi_io_vec, &t->vecs[0]);
	KUNIT_EXPECT_TRUE(test, bio_owns_vecs(&t->bio));
	KUNIT_EXPECT_EQ(test, bio_add_page(&t->bio, t->pages, 512, 0), 512);
	KUNIT_EXPECT_EQ(test, t->vecs[0].bv_len, 512);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void a_payload_has_an_owner_too(struct kunit *test)
{
	struct bio_vecs_test *t = test->priv;
	struct bio_integrity_payload *bip;
	struct bio *clone;

	bip = bio_integrity_alloc(&t->bio, GFP_KERNEL, 2);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bip);
	bvec_set_page(bio_integrity_owned_vecs(&t->bio), t->pages, 64, 0);
	KUNIT_EXPECT_EQ(test, bip->bip_vec[0].bv_len, 64);
	bip->bip_vcnt = 1;
	bip->bip_iter.bi_size = 64;

	clone = bio_alloc_clone(NULL, &t->bio, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	KUNIT_ASSERT_NOT_NULL(test, bio_integrity(clone));
	KUNIT_EXPECT_PTR_NE(test, bio_integrity(clone), bip);
	KUNIT_EXPECT_PTR_EQ(test, bio_integrity(clone)->bip_vec, bip->bip_vec);
	bio_put(clone);
}
#endif

static struct kunit_case bio_vecs_cases[] = {
	KUNIT_CASE(loops_keep_their_place),
	KUNIT_CASE(segment_all_keeps_its_place),
	KUNIT_CASE(loops_nest),
	KUNIT_CASE(who_owns_a_table),
	KUNIT_CASE(reset_keeps_an_own_table_alone),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE(a_payload_has_an_owner_too),
#endif
	{}
};

static struct kunit_suite bio_vecs_suite = {
	.name = "bio_vecs",
	.init = bio_vecs_test_init,
	.exit = bio_vecs_test_exit,
	.test_cases = bio_vecs_cases,
};

kunit_test_suite(bio_vecs_suite);

MODULE_DESCRIPTION("KUnit tests for the tables of bios");
MODULE_LICENSE("GPL");
