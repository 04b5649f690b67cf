// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for the parts of a bio that has been split or trimmed, and for
 * what waits for what in a chain.
 *
 * Bios are allocated from a bio_set whose pool frees nothing before the test
 * ends.  It counts how often each bio has been put, so that once too often is
 * seen and does no harm.
 */
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/xarray.h>
#include "bio_kunit_whole.h"

#define FRONT_PAD	104

static const struct whole_param part_params[] = {
	{ "one entry", one_entry, REQ_OP_WRITE },
	{ "odd entries", odd, REQ_OP_READ },
	{ "backwards", backwards, REQ_OP_WRITE },
	{ "odd entries, from within one", odd, REQ_OP_WRITE, .skip = 9 },
	{ "discard", NULL, REQ_OP_DISCARD },
	{ "write zeroes, second part", NULL, REQ_OP_WRITE_ZEROES, .skip = 5 },
	{ "secure erase", NULL, REQ_OP_SECURE_ERASE },

	{ "one entry, 512+8", one_entry, REQ_OP_READ, OWNER, 0, 512, 8, 8 },
	{ "odd entries, 512+16", odd, REQ_OP_WRITE, OWNER, 0, 512, 16, 16 },
	{ "backwards, 512+64, from within", backwards, REQ_OP_WRITE, OWNER, 7,
	  512, 64, 16 },
	{ "one entry, 4096+8", one_entry, REQ_OP_WRITE, OWNER, 0, 4096, 8, 8 },
	{ "odd entries, 4096+16, from within", odd, REQ_OP_READ, OWNER, 8,
	  4096, 16, 16 },
	{ "backwards, 4096+64", backwards, REQ_OP_WRITE, OWNER, 0, 4096, 64, 8 },

	{ "odd entries, unit 512, carry", odd, REQ_OP_WRITE, .unit = 512,
	  .dun = { U64_MAX - 5, U64_MAX, 7 } },
	{ "backwards, unit 512, from within", backwards, REQ_OP_READ,
	  .skip = 3, .unit = 512, .dun = { 1, 2, 3, 4 } },
	{ "one entry, unit 4096, wraps", one_entry, REQ_OP_WRITE,
	  .unit = 4096, .dun = { U64_MAX - 1, U64_MAX, U64_MAX, U64_MAX } },
};

struct chain_test {
	struct whole w;
	struct bio_set *bs;
	struct xarray freed;
	unsigned int nr_freed;

	/* what the parts are parts of */
	struct bio bio;
	struct bvec_iter start;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bip_iter prot_start;
#endif

	/* what has a completion */
	struct bio root;
	int ended;
	unsigned int freed_at_end;
	unsigned long frame;
};

/*
 * Who has been put?
 */

static void count_free(void *element, void *pool_data)
{
	struct kunit *test = kunit_get_current_test();
	unsigned long key = (unsigned long)element;
	struct chain_test *t;
	unsigned long nr;

	if (!test) {
		mempool_free_slab(element, pool_data);
		return;
	}
	t = test->priv;
	t->nr_freed++;
	nr = xa_to_value(xa_load(&t->freed, key) ?: xa_mk_value(0)) + 1;
	if (xa_err(xa_store(&t->freed, key, xa_mk_value(nr), GFP_ATOMIC)))
		KUNIT_FAIL(test, "no memory to count with");
}

static unsigned long freed(struct chain_test *t, struct bio *bio)
{
	void *element = (void *)bio - FRONT_PAD;
	void *entry = xa_load(&t->freed, (unsigned long)element);

	return entry ? xa_to_value(entry) : 0;
}

/* Nobody uses them any more. */
static void forget(struct chain_test *t)
{
	unsigned long key;
	void *entry;

	xa_for_each(&t->freed, key, entry)
		kmem_cache_free(t->bs->bio_slab, (void *)key);
	xa_destroy(&t->freed);
	t->nr_freed = 0;
}

static struct bio *alloc_bio(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *bio;

	bio = bio_alloc_bioset(NULL, 0, REQ_OP_WRITE, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	return bio;
}

/*
 * The bio that is taken apart
 */

/* Slow to tear down, and as good for the next case */
static struct bio_kunit_shared shared;

static void skip_prot(struct chain_test *t)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bio_integrity_payload *bip = bio_integrity(&t->bio);
	const struct whole_param *p = t->w.p;
	unsigned int at = p->skip * 512 / p->interval;

	bip_iter_advance(bip, &bip->bip_iter, at * p->metadata_size);
	bip->bip_iter.bi_sector += at;
	t->prot_start = bip->bip_iter;
#endif
}

static void make_whole(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const struct whole_param *p = t->w.p;

	bio_init(&t->bio, t->w.disk->part0, p->data ? t->w.vecs : NULL,
		 p->data ? MAX_VECS : 0, p->op | REQ_SYNC | REQ_META);
	t->bio.bi_iter.bi_sector = FIRST_SECTOR;
	t->bio.bi_iter.bi_size = WHOLE;
	if (p->data)
		t->bio.bi_vcnt = fill_table(test, &t->w, p->data);
	if (p->interval) {
		attach_prot(test, &t->w, &t->bio, BIP_CHECK_REFTAG);
		skip_prot(t);
	}
	if (p->unit)
		attach_crypt(test, &t->w, &t->bio, p->skip * 512);
	bio_advance_iter(&t->bio, &t->bio.bi_iter, p->skip * 512);
	t->start = t->bio.bi_iter;
}

/* As it was made */
static void make_whole_again(struct kunit *test)
{
	struct chain_test *t = test->priv;

	t->bio.bi_iter = t->start;
	t->bio.bi_flags &= BIO_WATCHED_MASK;
	t->bio.bi_opf &= ~(REQ_DRV | REQ_ATOMIC);
	t->bio.bi_bvec_gap_bit = 0;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if (bio_integrity(&t->bio))
		bio_integrity(&t->bio)->bip_iter = t->prot_start;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (t->w.p->unit)
		dun_at(t->w.p, t->w.p->skip * 512,
		       bio_crypt_ctx(&t->bio)->bc_dun);
#endif
}

static void root_end_io(struct bio *bio)
{
	struct chain_test *t = bio->bi_private;

	t->ended++;
	t->freed_at_end = t->nr_freed;
	t->frame = (unsigned long)__builtin_frame_address(0);
}

static struct bio *make_root(struct chain_test *t)
{
	bio_init(&t->root, NULL, NULL, 0, REQ_OP_WRITE);
	t->root.bi_end_io = root_end_io;
	t->root.bi_private = t;
	t->ended = 0;
	t->freed_at_end = UINT_MAX;
	return &t->root;
}

static int bio_chain_test_init(struct kunit *test)
{
	struct chain_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	xa_init(&t->freed);
	t->bs = &shared.bs;
	t->bs->bio_pool.free = count_free;
	t->w.p = test->param_value;
	test->priv = t;
	get_disks(test, &t->w, &shared);
	if (t->w.p)
		make_whole(test);
	return 0;
}

static void bio_chain_test_exit(struct kunit *test)
{
	struct chain_test *t = test->priv;

	if (!t)
		return;
	if (t->w.p)
		bio_uninit(&t->bio);
	forget(t);
	t->bs->bio_pool.free = mempool_free_slab;
}

/*
 * Is a bio the part [from, from + len) of the whole?
 */

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void expect_prot(struct kunit *test, struct bio *bio, unsigned int from,
			unsigned int end)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct chain_test *t = test->priv;

	if (!t->w.p->interval) {
		KUNIT_ASSERT_NULL(test, bip);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, bip);
	KUNIT_ASSERT_PTR_EQ(test, bip->bip_vec, bio_integrity(&t->bio)->bip_vec);
	KUNIT_ASSERT_EQ(test, bip->bip_flags, BIP_CHECK_REFTAG);
	if (bio != &t->bio)
		KUNIT_ASSERT_PTR_NE(test, bip, bio_integrity(&t->bio));
	expect_metadata(test, &t->w, bio, from, end);
}
#else
static void expect_prot(struct kunit *test, struct bio *bio, unsigned int from,
			unsigned int end)
{
}
#endif

static void expect_part(struct kunit *test, struct bio *bio, unsigned int from,
			unsigned int len)
{
	struct chain_test *t = test->priv;

	KUNIT_ASSERT_PTR_EQ(test, bio->bi_io_vec, t->bio.bi_io_vec);
	KUNIT_ASSERT_MEMEQ(test, t->w.vecs, t->w.vecs_copy, sizeof(t->w.vecs));
	KUNIT_ASSERT_PTR_EQ(test, bio->bi_bdev, t->w.disk->part0);
	KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_size, len);
	expect_prot(test, bio, from, from + len);
	expect_crypt(test, &t->w, bio, from, from + len);
	if (t->w.p->unit && bio != &t->bio)
		KUNIT_ASSERT_PTR_NE(test, bio_crypt_ctx(bio),
				    bio_crypt_ctx(&t->bio));
	if (!len)
		return;
	KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_sector, FIRST_SECTOR + from / 512);
	if (t->w.p->data)
		expect_data(test, &t->w, bio, from, from + len);
}

static u64 bits(blk_opf_t opf)
{
	return (__force u64)opf;
}

/*
 * Splits
 */

static void front_and_rest_are_the_whole(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int first = t->w.p->skip * 512, all = WHOLE - first;
	const unsigned int step = max(t->w.p->interval, 512);
	struct bio *bio = &t->bio, *front;
	unsigned int at;

	for (at = step; at < all; at += step) {
		front = bio_split(bio, at / 512, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
		expect_part(test, front, first, at);
		expect_part(test, bio, first + at, all - at);
		bio_put(front);
		KUNIT_ASSERT_EQ(test, freed(t, front), 1);
		/* The payload and the context of the rest are its own. */
		expect_part(test, bio, first + at, all - at);
		make_whole_again(test);
		expect_part(test, bio, first, all);
	}
}

static void a_row_of_fronts_is_the_whole(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int first = t->w.p->skip * 512;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	struct bio *bio = &t->bio, *front;
	unsigned int len, at;

	for (len = step; len < WHOLE - first; len += step) {
		for (at = first; at + len < WHOLE; at += len) {
			front = bio_split(bio, len / 512, GFP_KERNEL, t->bs);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
			expect_part(test, front, at, len);
			bio_put(front);
		}
		expect_part(test, bio, at, WHOLE - at);
		make_whole_again(test);
	}
}

/* The front of a front has the table of the whole. */
static void a_front_can_be_split(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int first = t->w.p->skip * 512;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	struct bio *bio = &t->bio, *front, *fore;

	front = bio_split(bio, 2 * step / 512, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	fore = bio_split(front, step / 512, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, fore);
	expect_part(test, fore, first, step);
	expect_part(test, front, first + step, step);
	expect_part(test, bio, first + 2 * step, WHOLE - first - 2 * step);
	bio_put(front);
	expect_part(test, fore, first, step);
	bio_put(fore);
	KUNIT_EXPECT_EQ(test, t->nr_freed, 2);
}

static void what_front_and_rest_have(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const blk_opf_t opf = t->bio.bi_opf;
	struct bio *bio = &t->bio, *front;
	int i;

	for (i = 0; i < 4; i++) {
		const bool drv = i & 1, trace = i & 2;

		bio->bi_ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
		bio->bi_write_hint = WRITE_LIFE_LONG;
		bio->bi_write_stream = 3;
		bio->bi_bvec_gap_bit = 9;
		bio->bi_status = BLK_STS_TIMEOUT;
		bio->bi_end_io = root_end_io;
		bio->bi_private = t;
		bio_set_flag(bio, BIO_REMAPPED);
		bio_set_flag(bio, BIO_QUIET);
		if (drv)
			bio->bi_opf |= REQ_DRV;
		if (trace)
			bio_set_flag(bio, BIO_TRACE_COMPLETION);

		front = bio_split(bio, 8, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
		KUNIT_EXPECT_EQ(test, bits(front->bi_opf),
				bits(opf | (drv ? REQ_DRV : 0)));
		KUNIT_EXPECT_EQ(test, bits(bio->bi_opf), bits(front->bi_opf));
		KUNIT_EXPECT_EQ(test, front->bi_flags & ~BIO_WATCHED_MASK,
				BIT(BIO_CLONED) | BIT(BIO_REMAPPED) |
				(trace ? BIT(BIO_TRACE_COMPLETION) : 0));
		KUNIT_EXPECT_EQ(test, bio->bi_flags & ~BIO_WATCHED_MASK,
				BIT(BIO_QUIET) | BIT(BIO_REMAPPED) |
				(trace ? BIT(BIO_TRACE_COMPLETION) : 0));
		KUNIT_EXPECT_EQ(test, front->bi_ioprio, bio->bi_ioprio);
		KUNIT_EXPECT_EQ(test, front->bi_write_hint, WRITE_LIFE_LONG);
		KUNIT_EXPECT_EQ(test, front->bi_write_stream, 3);
		KUNIT_EXPECT_EQ(test, front->bi_bvec_gap_bit, 9);
		KUNIT_EXPECT_EQ(test, bio->bi_bvec_gap_bit, 0);
		KUNIT_EXPECT_EQ(test, blk_status_to_errno(front->bi_status), 0);
		KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_TIMEOUT);
		KUNIT_EXPECT_TRUE(test, !front->bi_end_io);
		KUNIT_EXPECT_NULL(test, front->bi_private);
		KUNIT_EXPECT_TRUE(test, bio->bi_end_io == root_end_io);
		KUNIT_EXPECT_PTR_EQ(test, bio->bi_private, (void *)t);
		KUNIT_EXPECT_FALSE(test, bio_owns_vecs(front));
		KUNIT_EXPECT_EQ(test, bio_owns_vecs(bio), !!t->w.p->data);
		KUNIT_EXPECT_PTR_EQ(test, front->bi_pool, t->bs);
		KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_remaining), 1);
		bio_put(front);
		make_whole_again(test);
		bio->bi_status = BLK_STS_OK;
	}
}

static void expect_refusal(struct kunit *test, int sectors, bool *before)
{
	struct chain_test *t = test->priv;
	struct state *was, *is;
	struct bio *front;

	was = kunit_kmalloc(test, 2 * sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	is = was + 1;
	get_state(was, &t->bio);
	kunit_warning_suppress(test) {
		front = bio_split(&t->bio, sectors, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_TRUE(test, IS_ERR(front));
		KUNIT_EXPECT_EQ(test, PTR_ERR(front), -EINVAL);
		if (before)
			expect_warned(test, before,
				      KUNIT_SUPPRESSED_WARNING_COUNT());
		else
			KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);

		front = bio_split_chained(&t->bio, sectors, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_TRUE(test, IS_ERR(front));
		KUNIT_EXPECT_EQ(test, PTR_ERR(front), -EINVAL);
	}
	get_state(is, &t->bio);
	KUNIT_EXPECT_MEMEQ(test, was, is, sizeof(*was));
	KUNIT_EXPECT_MEMEQ(test, t->w.vecs, t->w.vecs_copy, sizeof(t->w.vecs));
	KUNIT_EXPECT_EQ(test, t->nr_freed, 0);
	kunit_kfree(test, was);
}

static void no_split_refused_without_reason(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *front;

	/* One less than what is refused below */
	front = bio_split(&t->bio, bio_sectors(&t->bio) -
			  max(t->w.p->interval, 512) / 512, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	bio_put(front);
}

static void refuses_what_leaves_nothing(struct kunit *test)
{
	struct chain_test *t = test->priv;
	int sectors = bio_sectors(&t->bio);
	static bool warned;

	expect_refusal(test, 0, &warned);
	expect_refusal(test, -1, &warned);
	expect_refusal(test, INT_MIN, &warned);
	expect_refusal(test, sectors, &warned);
	expect_refusal(test, sectors + 1, &warned);
	expect_refusal(test, INT_MAX, &warned);
}

static void refuses_zone_append(struct kunit *test)
{
	struct chain_test *t = test->priv;
	static bool warned;

	bio_set_opf(&t->bio, REQ_OP_ZONE_APPEND);
	expect_refusal(test, 8, &warned);
}

/* Not a mistake: a driver may find out that way. */
static void refuses_atomic_write(struct kunit *test)
{
	struct chain_test *t = test->priv;

	t->bio.bi_opf |= REQ_ATOMIC;
	expect_refusal(test, 8, NULL);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static bool warned_of_prot;

static void refuses_short_payload(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio_integrity_payload *bip = bio_integrity(&t->bio);
	const int step = t->w.p->interval / 512;
	struct bio *front;

	bip->bip_iter.bi_size--;
	expect_refusal(test, step, &warned_of_prot);
	bip->bip_iter.bi_size = 0;
	expect_refusal(test, step, &warned_of_prot);
	bip->bip_iter.bi_size = t->w.p->metadata_size;
	expect_refusal(test, step, &warned_of_prot);

	/* More than enough is none of its business. */
	make_whole_again(test);
	bip->bip_iter.bi_size += t->w.p->metadata_size;
	front = bio_split(&t->bio, step, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_EQ(test, bio_integrity(front)->bip_iter.bi_size,
			t->w.p->metadata_size);
	bio_put(front);
}

static void refuses_device_without_profile(struct kunit *test)
{
	struct chain_test *t = test->priv;

	t->bio.bi_bdev = t->w.other_disk->part0;
	expect_refusal(test, t->w.p->interval / 512, &warned_of_prot);
	t->bio.bi_bdev = t->w.disk->part0;
}

static void refuses_within_an_interval(struct kunit *test)
{
	struct chain_test *t = test->priv;
	unsigned int i;

	for (i = 1; i < bio_sectors(&t->bio); i++)
		if (i * 512 % t->w.p->interval)
			expect_refusal(test, i, &warned_of_prot);
}

static void trimming_a_payload_only_shrinks_it(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio_integrity_payload *bip = bio_integrity(&t->bio);
	const unsigned int have = t->w.p->metadata_size;
	struct bip_iter before;
	static bool warned;

	/* To what it has already */
	before = bip->bip_iter;
	bio_integrity_trim(&t->bio);
	KUNIT_EXPECT_MEMEQ(test, &before, &bip->bip_iter, sizeof(before));

	/* Shorter than the data: two intervals, and one of them has tags */
	t->bio.bi_iter.bi_size = 2 * t->w.p->interval;
	bip->bip_iter.bi_size = have;
	before = bip->bip_iter;
	kunit_warning_suppress(test) {
		bio_integrity_trim(&t->bio);
		expect_warned(test, &warned, KUNIT_SUPPRESSED_WARNING_COUNT());
	}
	KUNIT_EXPECT_MEMEQ(test, &before, &bip->bip_iter, sizeof(before));

	/* As short as it is now */
	t->bio.bi_iter.bi_size = t->w.p->interval;
	bio_integrity_trim(&t->bio);
	KUNIT_EXPECT_MEMEQ(test, &before, &bip->bip_iter, sizeof(before));

	/* And longer */
	make_whole_again(test);
	t->bio.bi_iter.bi_size = t->w.p->interval;
	before = bip->bip_iter;
	before.bi_size = have;
	bio_integrity_trim(&t->bio);
	KUNIT_EXPECT_MEMEQ(test, &before, &bip->bip_iter, sizeof(before));
}

/* What is behind a payload that is too short is not its own. */
static void trim_leaves_short_payload(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio_integrity_payload *bip = bio_integrity(&t->bio);
	const unsigned int step = t->w.p->interval / 512;

	bip->bip_iter.bi_size = t->w.p->metadata_size;
	kunit_warning_suppress(test)
		bio_trim(&t->bio, 0, 2 * step);
	KUNIT_EXPECT_EQ(test, bio_sectors(&t->bio), 2 * step);
	KUNIT_EXPECT_EQ(test, bip->bip_iter.bi_size, t->w.p->metadata_size);
}

static void trim_to_its_length_is_nothing(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio_integrity_payload *bip = bio_integrity(&t->bio);
	const unsigned int all = WHOLE - t->w.p->skip * 512;
	unsigned int size;

	size = bip->bip_iter.bi_size + t->w.p->metadata_size;
	bip->bip_iter.bi_size = size;
	bio_trim(&t->bio, 0, all / 512);
	KUNIT_EXPECT_EQ(test, bip->bip_iter.bi_size, size);
	KUNIT_EXPECT_EQ(test, t->bio.bi_iter.bi_size, all);
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

/*
 * Trims
 */

static void trim_leaves_what_is_asked_for(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	const unsigned int first = t->w.p->skip * 512, all = WHOLE - first;
	unsigned int offset, size;

	for (offset = 0; offset <= all; offset += step) {
		for (size = 0; offset + size <= all; size += step) {
			t->bio.bi_bvec_gap_bit = 9;
			bio_trim(&t->bio, offset / 512, size / 512);
			expect_part(test, &t->bio, first + offset, size);
			KUNIT_ASSERT_EQ(test, t->bio.bi_bvec_gap_bit, 9);
			make_whole_again(test);
		}
	}
}

static void trim_of_a_clone_leaves_its_source(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int first = t->w.p->skip * 512, all = WHOLE - first;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	struct bio *clone;

	clone = bio_alloc_clone(t->w.disk->part0, &t->bio, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_NULL(test, clone);
	bio_trim(clone, step / 512, step / 512);
	expect_part(test, clone, first + step, step);
	expect_part(test, &t->bio, first, all);
	bio_put(clone);
}

static void trim_refuses_more_than_there_is(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const sector_t sectors = bio_sectors(&t->bio);
	const struct {
		sector_t offset, size;
	} cases[] = {
		{ 0, sectors + 1 }, { sectors, 1 }, { 1, sectors },
		{ sectors + 1, 0 }, { BIO_MAX_SECTORS, BIO_MAX_SECTORS },
		{ BIO_MAX_SECTORS + 1, 0 }, { 0, BIO_MAX_SECTORS + 1 },
		/* The sum is within the bio, and so is that of the bytes. */
		{ 2, (sector_t)-1 }, { (sector_t)-1, 2 },
		{ 1ULL << 55, 8 }, { 8, 1ULL << 55 }, { 1ULL << 63, 1ULL << 63 },
	};
	struct state *was, *is;
	static bool warned;
	int i;

	was = kunit_kmalloc(test, 2 * sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	is = was + 1;
	get_state(was, &t->bio);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		kunit_warning_suppress(test) {
			bio_trim(&t->bio, cases[i].offset, cases[i].size);
			expect_warned(test, &warned,
				      KUNIT_SUPPRESSED_WARNING_COUNT());
		}
		get_state(is, &t->bio);
		KUNIT_EXPECT_MEMEQ(test, was, is, sizeof(*was));
	}
}

static void trim_does_not_cut_an_atomic_write(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int first = t->w.p->skip * 512, all = WHOLE - first;
	static bool warned;

	t->bio.bi_opf |= REQ_ATOMIC;
	kunit_warning_suppress(test) {
		bio_trim(&t->bio, 0, 8);
		expect_warned(test, &warned, KUNIT_SUPPRESSED_WARNING_COUNT());
	}
	expect_part(test, &t->bio, first, all);
	kunit_warning_suppress(test) {
		bio_trim(&t->bio, 0, 0);
		KUNIT_EXPECT_SUPPRESSED_WARNING_COUNT(test, 0);
	}
	expect_part(test, &t->bio, first, 0);
}

/*
 * Chains
 */

#define MAX_NODES	5

/* Node 0 has the completion.  parent[i] < i */
struct tree {
	unsigned int nr;
	u8 parent[MAX_NODES];
};

struct nodes {
	struct bio *bio[MAX_NODES];
	bool ended[MAX_NODES];
	bool done[MAX_NODES];
	blk_status_t status[MAX_NODES];
};

static void model_end(const struct tree *tree, struct nodes *n, unsigned int i)
{
	unsigned int j;

	n->ended[i] = true;
	while (n->ended[i]) {
		for (j = i + 1; j < tree->nr; j++)
			if (tree->parent[j] == i && !n->done[j])
				return;
		n->done[i] = true;
		if (!i)
			return;
		j = tree->parent[i];
		if (!n->status[j])
			n->status[j] = n->status[i];
		i = j;
	}
}

/* Build a tree, and end its bios in an order. */
static void run_tree(struct kunit *test, const struct tree *tree,
		     const u8 *order, bool leaves_first,
		     const blk_status_t *status)
{
	struct chain_test *t = test->priv;
	struct nodes n = { };
	unsigned int i, k;

	n.bio[0] = make_root(t);
	for (i = 1; i < tree->nr; i++)
		n.bio[i] = alloc_bio(test);
	for (k = 1; k < tree->nr; k++) {
		i = leaves_first ? tree->nr - k : k;
		bio_chain(n.bio[i], n.bio[tree->parent[i]]);
	}

	for (k = 0; k < tree->nr; k++) {
		KUNIT_ASSERT_EQ(test, t->ended, 0);
		i = order[k];
		if (status) {
			bio_set_error(n.bio[i], status[i]);
			if (!n.status[i])
				n.status[i] = status[i];
		}
		bio_endio(n.bio[i]);
		model_end(tree, &n, i);
		KUNIT_ASSERT_EQ(test, t->ended, n.done[0]);
		for (i = 1; i < tree->nr; i++)
			KUNIT_ASSERT_EQ(test, freed(t, n.bio[i]), n.done[i]);
	}
	/* When all have ended, so has what waits for them, and they are put. */
	KUNIT_ASSERT_TRUE(test, n.done[0]);
	KUNIT_ASSERT_EQ(test, t->freed_at_end, tree->nr - 1);
	KUNIT_ASSERT_EQ(test, t->nr_freed, tree->nr - 1);
	KUNIT_ASSERT_EQ(test, blk_status_to_errno(t->root.bi_status),
			blk_status_to_errno(n.status[0]));
	KUNIT_ASSERT_FALSE(test, bio_flagged(&t->root, BIO_CHAIN));
	bio_uninit(&t->root);
	forget(t);
}

static bool permute(u8 *order, int nr)
{
	int i = nr - 2, j = nr - 1;

	while (i >= 0 && order[i] > order[i + 1])
		i--;
	if (i < 0)
		return false;
	while (order[j] < order[i])
		j--;
	swap(order[i], order[j]);
	for (i++, j = nr - 1; i < j; i++, j--)
		swap(order[i], order[j]);
	return true;
}

static void run_in_every_order(struct kunit *test, const struct tree *tree,
			       const blk_status_t *status)
{
	u8 order[MAX_NODES];
	unsigned int i;

	for (i = 0; i < tree->nr; i++)
		order[i] = i;
	do {
		run_tree(test, tree, order, false, status);
		run_tree(test, tree, order, true, status);
	} while (permute(order, tree->nr));
}

static bool next_tree(struct tree *tree)
{
	unsigned int i;

	for (i = 1; i < tree->nr; i++) {
		if (++tree->parent[i] < i)
			return true;
		tree->parent[i] = 0;
	}
	return false;
}

static void parent_ends_after_all_children(struct kunit *test)
{
	struct tree star = { .nr = 2 };

	for (; star.nr <= MAX_NODES; star.nr++)
		run_in_every_order(test, &star, NULL);
}

static void row_ends_with_its_last(struct kunit *test)
{
	static const struct tree row = { 5, { 0, 0, 1, 2, 3 } };

	run_in_every_order(test, &row, NULL);
}

static void every_tree_ends(struct kunit *test)
{
	struct tree tree = { .nr = MAX_NODES };

	do {
		run_in_every_order(test, &tree, NULL);
	} while (next_tree(&tree));
}

static void first_error_that_arrives_stays(struct kunit *test)
{
	static const blk_status_t errors[] = {
		BLK_STS_TIMEOUT, BLK_STS_NOSPC, BLK_STS_MEDIUM, BLK_STS_AGAIN,
	};
	struct tree tree = { .nr = ARRAY_SIZE(errors) };
	blk_status_t status[ARRAY_SIZE(errors)];
	unsigned int set, i;

	do {
		for (set = 0; set < BIT(ARRAY_SIZE(errors)); set++) {
			for (i = 0; i < ARRAY_SIZE(errors); i++)
				status[i] = set & BIT(i) ? errors[i] :
					BLK_STS_OK;
			run_in_every_order(test, &tree, status);
		}
	} while (next_tree(&tree));
}

static void error_of_a_grandchild_arrives(struct kunit *test)
{
	struct bio *parent, *child, *grandchild;
	struct chain_test *t = test->priv;

	parent = make_root(t);
	child = alloc_bio(test);
	grandchild = alloc_bio(test);
	bio_chain(child, parent);
	bio_chain(grandchild, child);
	bio_endio_status(grandchild, BLK_STS_NOSPC);
	KUNIT_EXPECT_TRUE(test, child->bi_status == BLK_STS_NOSPC);
	KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_OK);
	bio_endio(child);
	KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_NOSPC);
	bio_endio(parent);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_NOSPC);
}

/* A row is built front to back, and what has been built may have ended. */
static void row_can_end_while_it_is_built(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *prev, *bio;
	int i;

	prev = alloc_bio(test);
	for (i = 0; i < 8; i++) {
		bio = i < 7 ? alloc_bio(test) : make_root(t);
		bio_chain(prev, bio);
		bio_endio_status(prev, i == 3 ? BLK_STS_NOSPC : BLK_STS_OK);
		/* bio_endio_status() of the next one would hide it. */
		if (i == 3)
			break;
		prev = bio;
	}
	KUNIT_EXPECT_EQ(test, freed(t, prev), 1);
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_NOSPC);
	make_root(t);
	bio_chain(bio, &t->root);
	bio_endio(bio);
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	bio_endio(&t->root);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	KUNIT_EXPECT_TRUE(test, t->root.bi_status == BLK_STS_NOSPC);
}

static noinline void end_here(struct bio *bio)
{
	bio_endio(bio);
	barrier();
}

static unsigned long frame_of_row(struct kunit *test, unsigned int nr,
				  bool forwards)
{
	struct chain_test *t = test->priv;
	struct bio **bios;
	unsigned int i;

	bios = kvmalloc_array(nr, sizeof(*bios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bios);
	bios[nr - 1] = make_root(t);
	for (i = 0; i < nr - 1; i++)
		bios[i] = alloc_bio(test);
	for (i = 0; i < nr - 1; i++)
		bio_chain(bios[i], bios[i + 1]);

	if (forwards) {
		for (i = 0; i < nr - 1; i++) {
			bio_endio(bios[i]);
			if (t->nr_freed != i + 1)
				break;
		}
		KUNIT_EXPECT_EQ(test, i, nr - 1);
	} else {
		/* Each waits for the one before, so all of them end at last. */
		for (i = nr - 1; i; i--)
			bio_endio(bios[i]);
		KUNIT_EXPECT_EQ(test, t->nr_freed, 0);
	}
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	end_here(bios[forwards ? nr - 1 : 0]);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	KUNIT_EXPECT_EQ(test, t->nr_freed, nr - 1);
	for (i = 0; i < nr - 1; i++)
		if (freed(t, bios[i]) != 1)
			break;
	KUNIT_EXPECT_EQ(test, i, nr - 1);
	kvfree(bios);
	forget(t);
	return t->frame;
}

static void long_row_ends_without_recursion(struct kunit *test)
{
	unsigned long frame = frame_of_row(test, 2, false);

	KUNIT_ASSERT_EQ(test, frame, frame_of_row(test, 3, false));
	KUNIT_EXPECT_EQ(test, frame, frame_of_row(test, 10000, false));
	KUNIT_EXPECT_EQ(test, frame, frame_of_row(test, 10000, true));
}

static void children_alone_do_not_end_it(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent = make_root(t);
	int i;

	for (i = 0; i < 100; i++) {
		struct bio *child = alloc_bio(test);

		bio_chain(child, parent);
		bio_endio(child);
		KUNIT_ASSERT_EQ(test, freed(t, child), 1);
		KUNIT_ASSERT_EQ(test, t->ended, 0);
	}
	bio_endio(parent);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
}

static void each_inc_remaining_needs_an_endio(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent, *child;
	int nr, i;

	for (nr = 0; nr < 4; nr++) {
		parent = make_root(t);
		child = alloc_bio(test);
		for (i = 0; i < nr; i++)
			bio_inc_remaining(parent);
		bio_chain(child, parent);
		bio_endio(child);
		for (i = 0; i < nr; i++) {
			bio_endio(parent);
			KUNIT_EXPECT_EQ(test, t->ended, 0);
		}
		bio_endio(parent);
		KUNIT_EXPECT_EQ(test, t->ended, 1);
		bio_uninit(parent);
	}
}

/* Its driver has ended it, but it waits for another child. */
static void ended_parent_can_get_children(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent, *first, *child;
	int i;

	parent = make_root(t);
	first = alloc_bio(test);
	bio_chain(first, parent);
	bio_endio(parent);
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	for (i = 0; i < 4; i++) {
		child = alloc_bio(test);
		bio_chain(child, parent);
		if (i == 3)
			break;
		bio_endio(child);
		KUNIT_EXPECT_EQ(test, t->ended, 0);
	}
	bio_endio(first);
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	bio_endio(child);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
}

static void what_belongs_to_the_chain(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent, *child;

	parent = make_root(t);
	child = alloc_bio(test);
	bio_chain(child, parent);
	KUNIT_EXPECT_PTR_EQ(test, child->bi_private, (void *)parent);
	KUNIT_EXPECT_TRUE(test, child->bi_end_io);
	KUNIT_EXPECT_TRUE(test, child->bi_end_io != root_end_io);
	KUNIT_EXPECT_FALSE(test, bio_flagged(child, BIO_CHAIN));
	KUNIT_EXPECT_TRUE(test, bio_flagged(parent, BIO_CHAIN));
	KUNIT_EXPECT_EQ(test, atomic_read(&parent->__bi_remaining), 2);
	KUNIT_EXPECT_EQ(test, atomic_read(&child->__bi_remaining), 1);
	KUNIT_EXPECT_TRUE(test, parent->bi_end_io == root_end_io);
	KUNIT_EXPECT_PTR_EQ(test, parent->bi_private, (void *)t);
	bio_endio(parent);
	bio_endio(child);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
}

static void ending_puts_one_reference(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent, *child;

	parent = make_root(t);
	child = alloc_bio(test);
	bio_get(child);
	bio_chain(child, parent);
	bio_endio(parent);
	bio_endio_status(child, BLK_STS_NOSPC);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	KUNIT_EXPECT_EQ(test, freed(t, child), 0);
	KUNIT_EXPECT_TRUE(test, child->bi_status == BLK_STS_NOSPC);
	bio_put(child);
	KUNIT_EXPECT_EQ(test, freed(t, child), 1);
}

static void child_keeps_its_completion(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent, child;
	static bool warned;
	int i;

	for (i = 1; i < 4; i++) {
		bio_end_io_t *end_io = i & 1 ? root_end_io : NULL;
		void *private = i & 2 ? t : NULL;

		parent = make_root(t);
		bio_init(&child, NULL, NULL, 0, REQ_OP_WRITE);
		child.bi_end_io = end_io;
		child.bi_private = private;
		kunit_warning_suppress(test) {
			bio_chain(&child, parent);
			expect_warned(test, &warned,
				      KUNIT_SUPPRESSED_WARNING_COUNT());
		}
		KUNIT_EXPECT_TRUE(test, child.bi_end_io == end_io);
		KUNIT_EXPECT_PTR_EQ(test, child.bi_private, private);
		KUNIT_EXPECT_TRUE(test, child.bi_status == BLK_STS_OK);
		KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_IOERR);
		KUNIT_EXPECT_EQ(test, t->ended, 0);
		if (i == 3) {
			bio_endio(&child);
			KUNIT_EXPECT_EQ(test, t->ended, 1);
			t->ended = 0;
		}
		/* It does not wait, and does not look as if all were well. */
		bio_endio(parent);
		KUNIT_EXPECT_EQ(test, t->ended, 1);
		KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_IOERR);
		bio_uninit(&child);
		bio_uninit(parent);
	}

	/* Not the first error */
	parent = make_root(t);
	bio_set_error(parent, BLK_STS_NOSPC);
	bio_init(&child, NULL, NULL, 0, REQ_OP_WRITE);
	child.bi_end_io = root_end_io;
	kunit_warning_suppress(test)
		bio_chain(&child, parent);
	KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_NOSPC);
	bio_uninit(&child);
}

static void end_io_by_hand_ends_right(struct kunit *test)
{
	struct bio *parent, *child, *sibling;
	struct chain_test *t = test->priv;
	static bool warned;

	parent = make_root(t);
	child = alloc_bio(test);
	sibling = alloc_bio(test);
	bio_chain(child, parent);
	bio_chain(sibling, parent);
	bio_endio(parent);
	child->bi_status = BLK_STS_NOSPC;
	kunit_warning_suppress(test) {
		child->bi_end_io(child);
		expect_warned(test, &warned, KUNIT_SUPPRESSED_WARNING_COUNT());
	}
	KUNIT_EXPECT_EQ(test, freed(t, child), 1);
	KUNIT_EXPECT_EQ(test, freed(t, sibling), 0);
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	KUNIT_EXPECT_TRUE(test, parent->bi_status == BLK_STS_NOSPC);
	kunit_warning_suppress(test)
		sibling->bi_end_io(sibling);
	KUNIT_EXPECT_EQ(test, freed(t, sibling), 1);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
}

/* A driver below takes the completion for a while. */
static void borrowed_end_io(struct bio *bio)
{
	struct chain_test *t = bio->bi_private;

	t->ended += 100;
}

static void chained_bio_can_lend_its_end_io(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct bio *parent, *child;
	bio_end_io_t *end_io;

	parent = make_root(t);
	child = alloc_bio(test);
	bio_chain(child, parent);
	end_io = child->bi_end_io;
	child->bi_end_io = borrowed_end_io;
	child->bi_private = t;
	bio_endio(child);
	KUNIT_EXPECT_EQ(test, t->ended, 100);
	KUNIT_EXPECT_EQ(test, freed(t, child), 0);
	child->bi_end_io = end_io;
	child->bi_private = parent;
	bio_endio(parent);
	bio_endio(child);
	KUNIT_EXPECT_EQ(test, t->ended, 101);
	KUNIT_EXPECT_EQ(test, freed(t, child), 1);
}

/* Until the last front has ended, the whole has its table. */
static void fronts_are_waited_for(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	const unsigned int first = t->w.p->skip * 512;
	const unsigned int nr = min(3, (WHOLE - first) / step - 1);
	struct bio *bio, *front[3];
	u8 order[4] = { 0, 1, 2, 3 };
	int i;

	do {
		bio = bio_alloc_clone(t->w.disk->part0, &t->bio, GFP_KERNEL,
				      t->bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		bio->bi_end_io = root_end_io;
		bio->bi_private = t;
		t->ended = 0;
		for (i = 0; i < nr; i++) {
			front[i] = bio_split_chained(bio, step / 512,
						     GFP_KERNEL, t->bs);
			KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front[i]);
			expect_part(test, front[i], first + i * step, step);
		}
		expect_part(test, bio, first + nr * step,
			    WHOLE - first - nr * step);
		for (i = 0; i <= nr; i++) {
			KUNIT_ASSERT_EQ(test, t->ended, 0);
			if (order[i] == nr) {
				bio_endio(bio);
				continue;
			}
			bio_endio_status(front[order[i]], order[i] == 1 ?
					 BLK_STS_NOSPC : BLK_STS_OK);
			KUNIT_ASSERT_EQ(test, freed(t, front[order[i]]), 1);
		}
		KUNIT_ASSERT_EQ(test, t->ended, 1);
		KUNIT_ASSERT_EQ(test, t->freed_at_end, nr);
		KUNIT_ASSERT_TRUE(test, bio->bi_status == BLK_STS_NOSPC);
		bio_put(bio);
		forget(t);
	} while (permute(order, nr + 1));
}

static void clones_are_waited_for(struct kunit *test)
{
	struct chain_test *t = test->priv;
	const unsigned int first = t->w.p->skip * 512;
	struct bio *bio = &t->bio, *clone[2];
	int i;

	bio->bi_end_io = root_end_io;
	bio->bi_private = t;
	for (i = 0; i < 2; i++) {
		clone[i] = bio_alloc_clone(i ? t->w.other_disk->part0 :
					   t->w.disk->part0, bio, GFP_KERNEL,
					   t->bs);
		KUNIT_ASSERT_NOT_NULL(test, clone[i]);
		bio_chain(clone[i], bio);
	}
	KUNIT_EXPECT_PTR_EQ(test, clone[1]->bi_bdev, t->w.other_disk->part0);
	expect_part(test, clone[0], first, WHOLE - first);
	expect_part(test, bio, first, WHOLE - first);
	bio_endio(clone[1]);
	bio_endio(bio);
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	bio_endio_status(clone[0], BLK_STS_NOSPC);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	KUNIT_EXPECT_EQ(test, t->freed_at_end, 2);
	KUNIT_EXPECT_TRUE(test, bio->bi_status == BLK_STS_NOSPC);
}

/*
 * A row that is submitted on the way, to a driver that keeps what it gets
 */

static struct bio_list submitted;

static void keep_bio(struct bio *bio)
{
	bio_list_add(&submitted, bio);
}

static const struct block_device_operations keep_fops = {
	.submit_bio = keep_bio,
};

static void next_bio_waits_for_the_one_before(struct kunit *test)
{
	struct chain_test *t = test->priv;
	u8 order[4] = { 0, 1, 2, 3 };
	struct gendisk *disk;
	struct bio *bio[4];
	int i;

	disk = t->w.disk;
	disk->fops = &keep_fops;
	bdev_set_flag(disk->part0, BD_HAS_SUBMIT_BIO);
	set_capacity(disk, 1000);

	do {
		bio_list_init(&submitted);
		t->ended = 0;
		for (i = 0; i < 4; i++) {
			bio[i] = blk_next_bio(i ? bio[i - 1] : NULL,
					      disk->part0, 1, REQ_OP_WRITE,
					      GFP_KERNEL);
			KUNIT_ASSERT_EQ(test, bio_list_size(&submitted), i);
			__bio_add_page(bio[i], ZERO_PAGE(0), 512, 0);
			/* Seen by the test when it is put */
			bio_get(bio[i]);
		}
		bio[3]->bi_end_io = root_end_io;
		bio[3]->bi_private = t;
		submit_bio(bio[3]);
		for (i = 0; i < 4; i++)
			KUNIT_ASSERT_PTR_EQ(test, bio_list_pop(&submitted),
					    bio[i]);
		for (i = 0; i < 4; i++) {
			KUNIT_ASSERT_EQ(test, t->ended, 0);
			bio_endio_status(bio[order[i]], BLK_STS_OK);
		}
		KUNIT_ASSERT_EQ(test, t->ended, 1);
		for (i = 0; i < 4; i++) {
			KUNIT_ASSERT_EQ(test, atomic_read(&bio[i]->__bi_cnt),
					i == 3 ? 2 : 1);
			bio_put(bio[i]);
		}
		bio_put(bio[3]);
	} while (permute(order, 4));
	bdev_clear_flag(disk->part0, BD_HAS_SUBMIT_BIO);
	disk->fops = NULL;
}

#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB)
static void fail_bio(struct bio *bio)
{
	bio_endio_status(bio, BLK_STS_NOSPC);
}

static const struct block_device_operations fail_fops = {
	.submit_bio = fail_bio,
};

/*
 * If there is no memory for the next one, the one before is submitted and
 * waited for.  The next one has more entries than a cached bio could have.
 */
static void bio_is_not_held_for_the_next_one(struct kunit *test)
{
	struct chain_test *t = test->priv;
	struct gendisk *disk = t->w.disk;
	struct bio *first, *second;

	disk->fops = &fail_fops;
	bdev_set_flag(disk->part0, BD_HAS_SUBMIT_BIO);
	set_capacity(disk, 1000);

	first = blk_next_bio(NULL, disk->part0, 32, REQ_OP_WRITE, GFP_KERNEL);
	__bio_add_page(first, ZERO_PAGE(0), 512, 0);
	bio_get(first);

	/* Without reclaim there is nothing, and it stays. */
	WRITE_ONCE(current->fail_nth, 1);
	second = blk_next_bio(first, disk->part0, 32, REQ_OP_WRITE,
			      GFP_NOWAIT | __GFP_NOWARN);
	KUNIT_EXPECT_EQ(test, READ_ONCE(current->fail_nth), 0);
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_EXPECT_NULL(test, second);
	KUNIT_EXPECT_TRUE(test, !first->bi_end_io);
	KUNIT_EXPECT_EQ(test, atomic_read(&first->__bi_cnt), 2);

	WRITE_ONCE(current->fail_nth, 1);
	second = blk_next_bio(first, disk->part0, 32, REQ_OP_WRITE, GFP_KERNEL);
	KUNIT_EXPECT_EQ(test, READ_ONCE(current->fail_nth), 0);
	WRITE_ONCE(current->fail_nth, 0);
	KUNIT_ASSERT_NOT_NULL(test, second);
	KUNIT_EXPECT_EQ(test, atomic_read(&first->__bi_cnt), 1);
	KUNIT_EXPECT_TRUE(test, first->bi_status == BLK_STS_NOSPC);
	KUNIT_EXPECT_TRUE(test, second->bi_status == BLK_STS_NOSPC);
	KUNIT_EXPECT_FALSE(test, bio_flagged(second, BIO_CHAIN));
	KUNIT_EXPECT_EQ(test, atomic_read(&second->__bi_remaining), 1);
	bio_put(first);
	bio_put(second);

	bdev_clear_flag(disk->part0, BD_HAS_SUBMIT_BIO);
	disk->fops = NULL;
}
#else
static void bio_is_not_held_for_the_next_one(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB");
}
#endif

KUNIT_ARRAY_PARAM_DESC(part, part_params, name);

/* Those of the parameters that a case is about */
#define PARTS(name, about)						\
static const void *name##_gen_params(struct kunit *test,		\
				     const void *prev, char *desc)	\
{									\
	const struct whole_param *p = prev;				\
									\
	do {								\
		p = part_gen_params(test, p, desc);			\
	} while (p && !(about));					\
	return p;							\
}

PARTS(write, p->op == REQ_OP_WRITE)
#ifdef CONFIG_BLK_DEV_INTEGRITY
PARTS(prot, p->interval)
PARTS(large_interval, p->interval > 512)
#endif

static struct kunit_case bio_chain_cases[] = {
	KUNIT_CASE_PARAM(front_and_rest_are_the_whole, part_gen_params),
	KUNIT_CASE_PARAM(a_row_of_fronts_is_the_whole, part_gen_params),
	KUNIT_CASE_PARAM(a_front_can_be_split, part_gen_params),
	KUNIT_CASE_PARAM(what_front_and_rest_have, part_gen_params),
	KUNIT_CASE_PARAM(no_split_refused_without_reason, part_gen_params),
	KUNIT_CASE_PARAM(refuses_what_leaves_nothing, part_gen_params),
	KUNIT_CASE_PARAM(refuses_zone_append, write_gen_params),
	KUNIT_CASE_PARAM(refuses_atomic_write, write_gen_params),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE_PARAM(refuses_short_payload, prot_gen_params),
	KUNIT_CASE_PARAM(refuses_device_without_profile, prot_gen_params),
	KUNIT_CASE_PARAM(refuses_within_an_interval, large_interval_gen_params),
	KUNIT_CASE_PARAM(trimming_a_payload_only_shrinks_it, prot_gen_params),
	KUNIT_CASE_PARAM(trim_leaves_short_payload, prot_gen_params),
	KUNIT_CASE_PARAM(trim_to_its_length_is_nothing, prot_gen_params),
#endif
	KUNIT_CASE_PARAM(trim_leaves_what_is_asked_for, part_gen_params),
	KUNIT_CASE_PARAM(trim_of_a_clone_leaves_its_source, part_gen_params),
	KUNIT_CASE_PARAM(trim_refuses_more_than_there_is, part_gen_params),
	KUNIT_CASE_PARAM(trim_does_not_cut_an_atomic_write, write_gen_params),
	KUNIT_CASE_PARAM(fronts_are_waited_for, part_gen_params),
	KUNIT_CASE_PARAM(clones_are_waited_for, part_gen_params),
	KUNIT_CASE(parent_ends_after_all_children),
	KUNIT_CASE(row_ends_with_its_last),
	KUNIT_CASE(every_tree_ends),
	KUNIT_CASE(row_can_end_while_it_is_built),
	KUNIT_CASE(long_row_ends_without_recursion),
	KUNIT_CASE(first_error_that_arrives_stays),
	KUNIT_CASE(error_of_a_grandchild_arrives),
	KUNIT_CASE(children_alone_do_not_end_it),
	KUNIT_CASE(each_inc_remaining_needs_an_endio),
	KUNIT_CASE(ended_parent_can_get_children),
	KUNIT_CASE(what_belongs_to_the_chain),
	KUNIT_CASE(ending_puts_one_reference),
	KUNIT_CASE(child_keeps_its_completion),
	KUNIT_CASE(end_io_by_hand_ends_right),
	KUNIT_CASE(chained_bio_can_lend_its_end_io),
	KUNIT_CASE(next_bio_waits_for_the_one_before),
	KUNIT_CASE(bio_is_not_held_for_the_next_one),
	{}
};

static int bio_chain_suite_init(struct kunit_suite *suite)
{
	return bio_kunit_shared_init(&shared, FRONT_PAD, 0);
}

static void bio_chain_suite_exit(struct kunit_suite *suite)
{
	bio_kunit_shared_exit(&shared);
}

static struct kunit_suite bio_chain_suite = {
	.name = "bio_chain",
	.suite_init = bio_chain_suite_init,
	.suite_exit = bio_chain_suite_exit,
	.init = bio_chain_test_init,
	.exit = bio_chain_test_exit,
	.test_cases = bio_chain_cases,
};

kunit_test_suite(bio_chain_suite);

MODULE_DESCRIPTION("KUnit tests for splits and chains of bios");
MODULE_LICENSE("GPL");
