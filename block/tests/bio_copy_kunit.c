// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for what clones and copies share with their source, and what not,
 * and for what is left of them if there is no memory.
 */
#include <kunit/test.h>
#include <linux/tracepoint.h>
#include <trace/events/kmem.h>
#include "../blk-cgroup.h"
#include "bio_kunit_whole.h"

/* What a source has that its clones are not to have */
#define OWN_OPF		(REQ_DRV | REQ_ALLOC_CACHE | REQ_INTEGRITY)
#define ALL_OPF		(~REQ_OP_MASK & ~REQ_INTEGRITY)

static const struct whole_param copy_params[] = {
	{ "one entry", one_entry, REQ_OP_WRITE, OWNER },
	{ "odd entries, read", odd, REQ_OP_READ, OWNER },
	{ "backwards", backwards, REQ_OP_WRITE, OWNER },
	{ "backwards, borrowed table", backwards, REQ_OP_WRITE, BORROWER },
	{ "odd entries, clone", odd, REQ_OP_WRITE, CLONE, 9 },
	{ "one entry, clone, read", one_entry, REQ_OP_READ, CLONE, 3 },

	{ "odd entries, 512+8", odd, REQ_OP_WRITE, OWNER, 9, 512, 8, 8 },
	{ "one entry, 512+16, read", one_entry, REQ_OP_READ, OWNER, 0,
	  512, 16, 16 },
	{ "backwards, 512+64, clone", backwards, REQ_OP_WRITE, CLONE, 7,
	  512, 64, 16 },
	{ "backwards, 4096+8", backwards, REQ_OP_WRITE, OWNER, 0, 4096, 8, 8 },
	{ "odd entries, 4096+16, clone, read", odd, REQ_OP_READ, CLONE, 8,
	  4096, 16, 16 },
	{ "one entry, 4096+64, borrowed table", one_entry, REQ_OP_WRITE,
	  BORROWER, 8, 4096, 64, 8 },

	{ "odd entries, unit 512", odd, REQ_OP_WRITE, OWNER, 9, .unit = 512,
	  .dun = { U64_MAX - 11, U64_MAX, 7 } },
	{ "backwards, unit 4096, clone, read", backwards, REQ_OP_READ, CLONE,
	  8, .unit = 4096, .dun = { U64_MAX - 2, 2, 3, 4 } },
};

/* The ways to make a bio of another */
enum kind {
	ALLOC_CLONE,
	CLONE_FAST,
	INIT_CLONE,
	NR_SHARING,
	COPY = NR_SHARING,
	NR_KINDS,

	/* Of interest where there is no memory */
	SPLIT = NR_KINDS,
	SPLIT_CHAINED,
	NR_ALL_KINDS,
};

struct copy_test {
	struct whole w;
	struct bio_set *bs;

	/* the owner of table and metadata, and the bio that is the source */
	struct bio base;
	struct bio mid;
	struct bio *src;
	/* where what is left of it ends, in bytes of the whole */
	unsigned int end;
	bool spoiled;
#ifdef CONFIG_BLK_CGROUP
	struct blkcg_gq *blkg;
#endif

	/* for bio_init_clone() */
	struct bio embedded;
};

/*
 * The source
 */

/* Slow to tear down, and as good for the next case */
static struct bio_kunit_shared shared;

#ifdef CONFIG_BLK_CGROUP
static void release_blkg(struct percpu_ref *ref)
{
}

/* One whose references can be counted, and that the test does not run in */
static void alloc_blkg(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct blkcg_gq *blkg;

	blkg = kunit_kzalloc(test, sizeof(*blkg), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, blkg);
	KUNIT_ASSERT_EQ(test, 0,
			percpu_ref_init(&blkg->refcnt, release_blkg,
					PERCPU_REF_INIT_ATOMIC, GFP_KERNEL));
	blkg->q = t->w.disk->queue;
	blkg->blkcg = &blkcg_root;
	t->blkg = blkg;
}

static long blkg_refs(struct blkcg_gq *blkg)
{
	return atomic_long_read(&blkg->refcnt.data->count);
}

static void charge(struct copy_test *t, struct bio *bio)
{
	blkg_put(bio->bi_blkg);
	bio->bi_blkg = t->blkg;
	blkg_get(t->blkg);
}

/* The others look for the blkg of the cgroup, which is another one here. */
static void expect_blkg(struct kunit *test, enum kind kind, struct bio *bio)
{
	struct copy_test *t = test->priv;
	struct blkcg_gq *blkg = t->w.disk->queue->root_blkg;

	if (kind == CLONE_FAST)
		blkg = t->src ? t->src->bi_blkg : t->blkg;
	KUNIT_ASSERT_PTR_EQ(test, bio->bi_blkg, blkg);
}

static void expect_refs(struct kunit *test, unsigned int bios)
{
	struct copy_test *t = test->priv;

	KUNIT_EXPECT_EQ(test, blkg_refs(t->blkg), bios + 1);
}

static void free_blkg(struct kunit *test)
{
	struct copy_test *t = test->priv;

	if (!t->blkg)
		return;
	expect_refs(test, 0);
	percpu_ref_exit(&t->blkg->refcnt);
}
#else
static void alloc_blkg(struct kunit *test)
{
}

static void charge(struct copy_test *t, struct bio *bio)
{
}

static void expect_blkg(struct kunit *test, enum kind kind, struct bio *bio)
{
}

static void expect_refs(struct kunit *test, unsigned int bios)
{
}

static void free_blkg(struct kunit *test)
{
}
#endif /* CONFIG_BLK_CGROUP */

/* Every flag, and not only those that a clone is to have, but for its memory */
#define SRC_BIP_FLAGS	((u16)~BIP_COPY)

static void uninit_source(struct copy_test *t)
{
	if (t->spoiled || !t->src)
		return;
	if (t->src == &t->mid)
		bio_uninit(&t->mid);
	bio_uninit(&t->base);
}

/* As bio_iov_iter_set() does, which is not there for modules */
static void borrow_table(struct bio *bio, const struct bio_vec *vecs)
{
	bio->bi_io_vec = vecs;
	bio->bi_vcnt = 0;
	bio->bi_max_vecs = 0;
	bio_set_flag(bio, BIO_CLONED);
}

static void make_source(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const struct whole_param *p = t->w.p;

	bio_init(&t->base, t->w.disk->part0, t->w.vecs, MAX_VECS,
		 p->op | REQ_SYNC | REQ_META);
	t->src = &t->base;
	charge(t, &t->base);
	t->base.bi_vcnt = fill_table(test, &t->w, p->data);
	if (p->source == BORROWER)
		borrow_table(&t->base, t->w.vecs);
	t->base.bi_iter.bi_sector = FIRST_SECTOR;
	t->base.bi_iter.bi_size = WHOLE;
	t->base.bi_bvec_gap_bit = 9;
	if (p->interval)
		attach_prot(test, &t->w, &t->base, SRC_BIP_FLAGS);
	if (p->unit)
		attach_crypt(test, &t->w, &t->base, 0);
	if (p->source == CLONE) {
		KUNIT_ASSERT_EQ(test, 0,
				bio_init_clone(t->w.disk->part0, &t->mid,
					       &t->base, GFP_KERNEL));
		t->src = &t->mid;
#ifdef CONFIG_BLK_DEV_INTEGRITY
		if (p->interval)
			t->mid.bi_integrity->bip_flags = SRC_BIP_FLAGS;
#endif
	}
	if (p->skip)
		bio_advance(t->src, p->skip * 512);
}

static int bio_copy_test_init(struct kunit *test)
{
	struct copy_test *t;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	test->priv = t;
	t->w.p = test->param_value;
	t->end = WHOLE;
	t->bs = &shared.bs;
	get_disks(test, &t->w, &shared);
	alloc_blkg(test);
	if (t->w.p)
		make_source(test);
	return 0;
}

static void bio_copy_test_exit(struct kunit *test)
{
	struct copy_test *t = test->priv;

	if (!t)
		return;
	uninit_source(t);
	free_blkg(test);
}

static void put_state(const struct state *state, struct bio *bio)
{
	memcpy(bio, &state->bio, sizeof(*bio));
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if (bio_integrity(bio))
		memcpy(bio_integrity(bio), &state->bip, sizeof(state->bip));
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (bio_has_crypt_ctx(bio))
		memcpy(bio_crypt_ctx(bio), &state->bc, sizeof(state->bc));
#endif
}

/*
 * What is made of it
 */

static struct bio *make(struct kunit *test, enum kind kind, struct bio *src,
			gfp_t gfp)
{
	struct copy_test *t = test->priv;

	switch (kind) {
	case ALLOC_CLONE:
		return bio_alloc_clone(src->bi_bdev, src, gfp, t->bs);
	case CLONE_FAST:
		return bio_clone_fast(src, gfp, t->bs);
	case INIT_CLONE:
		memset(&t->embedded, 0x5a, sizeof(t->embedded));
		if (bio_init_clone(src->bi_bdev, &t->embedded, src, gfp))
			return NULL;
		return &t->embedded;
	case COPY:
		return bio_alloc_copy(src->bi_bdev, src, gfp, t->bs);
	default:
		KUNIT_FAIL_AND_ABORT(test, "no such kind");
		return NULL;
	}
}

/* A read that has integrity metadata cannot be copied. */
static bool can_make(enum kind kind, struct bio *src)
{
	return kind != COPY || op_is_write(bio_op(src)) || !bio_integrity(src);
}

static struct bio *make_it(struct kunit *test, enum kind kind, struct bio *src)
{
	struct bio *bio = make(test, kind, src, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bio);
	return bio;
}

/* So that nothing is right because another copy has been there. */
static void spoil_folios(struct bio *bio)
{
	int i;

	for (i = 0; i < bio->bi_vcnt; i++) {
		struct folio *folio = bvec_folio(&bio->bi_io_vec[i]);

		memset(folio_address(folio), 0x5a, folio_size(folio));
	}
}

static void drop(enum kind kind, struct bio *bio)
{
	switch (kind) {
	case INIT_CLONE:
		bio_uninit(bio);
		memset(bio, 0x5a, sizeof(*bio));
		break;
	case COPY:
		spoil_folios(bio);
		bio_free_folios(bio);
		bio_put(bio);
		break;
	case SPLIT_CHAINED:
		bio_endio(bio);
		break;
	default:
		bio_put(bio);
	}
}

static bool in_memory(struct page *mem, const void *addr)
{
	void *start = page_address(mem);

	return addr >= start && addr < start + MEMORY;
}

/* As few folios as there can be, and none larger than what it is for */
static void expect_folios(struct kunit *test, struct bio *bio, bool fewest)
{
	struct copy_test *t = test->priv;
	unsigned int left = bio->bi_iter.bi_size;
	int i;

	for (i = 0; i < bio->bi_vcnt; i++) {
		const struct bio_vec *bv = &bio->bi_io_vec[i];
		struct folio *folio = page_folio(bv->bv_page);
		unsigned int pages = DIV_ROUND_UP(left, PAGE_SIZE);

		KUNIT_ASSERT_EQ(test, bv->bv_offset, 0);
		KUNIT_ASSERT_PTR_EQ(test, bv->bv_page, folio_page(folio, 0));
		KUNIT_ASSERT_EQ(test, folio_ref_count(folio), 1);
		KUNIT_ASSERT_LE(test, folio_nr_pages(folio), pages);
		KUNIT_ASSERT_EQ(test, bv->bv_len,
				min(left, (unsigned int)folio_size(folio)));
		KUNIT_ASSERT_FALSE(test, in_memory(t->w.data_mem,
						   folio_address(folio)));
		if (fewest)
			KUNIT_ASSERT_EQ(test, folio_nr_pages(folio),
					rounddown_pow_of_two(pages));
		left -= bv->bv_len;
	}
	KUNIT_ASSERT_EQ(test, left, 0);
	KUNIT_ASSERT_LE(test, bio->bi_vcnt, bio->bi_max_vecs);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void expect_prot(struct kunit *test, enum kind kind, struct bio *bio,
			unsigned int from)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct copy_test *t = test->priv;
	const bool own = kind == COPY;
	struct bip_iter iter;
	struct bio_vec bv;

	if (!t->w.p->interval) {
		KUNIT_ASSERT_NULL(test, bip);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, bip);
	KUNIT_ASSERT_EQ(test, bip->bip_flags & SRC_BIP_FLAGS, BIP_CLONE_FLAGS);
	KUNIT_ASSERT_EQ(test, own, !!(bip->bip_flags & BIP_COPY));
	KUNIT_ASSERT_EQ(test, bip->bip_max_vcnt, own);
	expect_metadata(test, &t->w, bio, from, t->end);
	bip_for_each_vec(bv, bip, iter)
		KUNIT_ASSERT_EQ(test, !own,
				in_memory(t->w.prot_mem,
					  page_address(bv.bv_page)));
	if (t->spoiled)
		return;
	KUNIT_ASSERT_PTR_NE(test, bip, bio_integrity(t->src));
	KUNIT_ASSERT_PTR_NE(test, bip, bio_integrity(&t->base));
	KUNIT_ASSERT_EQ(test, own,
			bip->bip_vec != bio_integrity(&t->base)->bip_vec);
}
#else
static void expect_prot(struct kunit *test, enum kind kind, struct bio *bio,
			unsigned int from)
{
}
#endif

static void expect_own_crypt(struct kunit *test, struct bio *bio,
			     unsigned int from)
{
	struct copy_test *t = test->priv;

	expect_crypt(test, &t->w, bio, from, t->end);
	if (t->w.p->unit && !t->spoiled)
		KUNIT_ASSERT_PTR_NE(test, bio_crypt_ctx(bio),
				    bio_crypt_ctx(t->src));
}

/* Is it what has been made of a source that stood at @from? */
static void expect_made(struct kunit *test, enum kind kind, struct bio *bio,
			unsigned int from)
{
	struct copy_test *t = test->priv;
	const struct whole_param *p = t->w.p;

	KUNIT_ASSERT_PTR_EQ(test, bio->bi_bdev, t->w.disk->part0);
	KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_sector, FIRST_SECTOR + from / 512);
	KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_size, t->end - from);
	expect_blkg(test, kind, bio);
	KUNIT_ASSERT_EQ(test, (__force u64)bio->bi_opf,
			(__force u64)(p->op | REQ_SYNC | REQ_META |
				      (p->interval ? REQ_INTEGRITY : 0)));
	if (kind < NR_SHARING) {
		KUNIT_ASSERT_PTR_EQ(test, bio->bi_io_vec, &t->w.vecs[0]);
		KUNIT_ASSERT_TRUE(test, bio_flagged(bio, BIO_CLONED));
		KUNIT_ASSERT_FALSE(test, bio_owns_vecs(bio));
		KUNIT_ASSERT_EQ(test, bio->bi_bvec_gap_bit, 9);
		expect_data(test, &t->w, bio, from, t->end);
	} else {
		KUNIT_ASSERT_PTR_NE(test, bio->bi_io_vec, &t->w.vecs[0]);
		KUNIT_ASSERT_FALSE(test, bio_flagged(bio, BIO_CLONED));
		KUNIT_ASSERT_TRUE(test, bio_owns_vecs(bio));
		KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_idx, 0);
		KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_offset, 0);
		KUNIT_ASSERT_EQ(test, bio->bi_bvec_gap_bit, 0);
	}
	if (kind == COPY) {
		expect_folios(test, bio, false);
		if (op_is_write(p->op))
			expect_data(test, &t->w, bio, from, t->end);
	}
	expect_prot(test, kind, bio, from);
	expect_own_crypt(test, bio, from);
}

/*
 * What they have
 */

static void each_has_what_is_left(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	unsigned int from = t->w.p->skip * 512;
	struct state *was, *is;
	struct bio *bio;
	enum kind kind;

	was = kunit_kmalloc(test, 2 * sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	is = was + 1;
	for (;;) {
		get_state(was, t->src);
		for (kind = 0; kind < NR_KINDS; kind++) {
			if (!can_make(kind, t->src))
				continue;
			bio = make_it(test, kind, t->src);
			expect_made(test, kind, bio, from);
			get_state(is, t->src);
			KUNIT_ASSERT_MEMEQ(test, was, is, sizeof(*was));
			drop(kind, bio);
			get_state(is, t->src);
			KUNIT_ASSERT_MEMEQ(test, was, is, sizeof(*was));
			KUNIT_ASSERT_MEMEQ(test, t->w.vecs, t->w.vecs_copy,
					   sizeof(t->w.vecs));
		}
		if (from + step >= WHOLE)
			break;
		from += step;
		bio_advance(t->src, step);
	}
}

/* Of what has been made of it, too, something can be made. */
static void each_can_be_a_source(struct kunit *test)
{
	struct copy_test *t = test->priv;
	unsigned int from = t->w.p->skip * 512;
	struct bio *bio, *second;
	enum kind kind, how;

	for (kind = 0; kind < NR_KINDS; kind++) {
		if (kind == COPY && !op_is_write(t->w.p->op))
			continue;
		for (how = 0; how < NR_KINDS; how++) {
			/* There is memory for one. */
			if (kind == INIT_CLONE && how == INIT_CLONE)
				continue;
			if (how == COPY && !op_is_write(t->w.p->op))
				continue;
			bio = make_it(test, kind, t->src);
			bio->bi_bvec_gap_bit = 9;
			second = make_it(test, how, bio);
			expect_data(test, &t->w, second, from, WHOLE);
			expect_own_crypt(test, second, from);
			KUNIT_EXPECT_EQ(test, how < NR_SHARING,
					second->bi_io_vec == bio->bi_io_vec);
			KUNIT_EXPECT_EQ(test,
					second->bi_iter.bi_size, WHOLE - from);
			/*
			 * Clones of clones need the owner of the table, and not
			 * each other.
			 */
			if (kind < NR_SHARING && how == kind) {
				drop(kind, bio);
				expect_made(test, how, second, from);
				drop(how, second);
				continue;
			}
			drop(how, second);
			drop(kind, bio);
		}
	}
}

/* Whoever uses any of it from now on gets nonsense, or a report from SLUB. */
static void spoil_source(struct copy_test *t)
{
	uninit_source(t);
	t->spoiled = true;
	memset(&t->base, 0x5a, sizeof(t->base));
	memset(&t->mid, 0x5a, sizeof(t->mid));
	memset(t->w.vecs, 0x5a, sizeof(t->w.vecs));
	if (t->w.prot_mem)
		memset(page_address(t->w.prot_mem), 0x5a, MEMORY);
	memset(page_address(t->w.data_mem), 0x5a, MEMORY);
}

static void copy_outlives_its_source(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const unsigned int from = t->w.p->skip * 512;
	struct bio *bio;

	bio = make_it(test, COPY, t->src);
	spoil_source(t);
	expect_made(test, COPY, bio, from);
	drop(COPY, bio);
}

static void spoil_own(struct bio *bio)
{
	struct bio_vec *vecs = bio_owned_vecs(bio);
	int i;

	for (i = 0; i < bio->bi_vcnt; i++) {
		vecs[i].bv_len = 512;
		vecs[i].bv_offset ^= 512;
	}
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if (bio_integrity(bio)) {
		const struct bio_vec *bv = bio_integrity_owned_vecs(bio);

		memset(bvec_virt(bv), 0x5a, bv->bv_len);
		bio_integrity(bio)->app_tag = 0;
		bio_integrity(bio)->bip_iter.bi_size = 0;
	}
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (bio_has_crypt_ctx(bio))
		memset(bio_crypt_ctx(bio)->bc_dun, 0x5a,
		       sizeof(bio_crypt_ctx(bio)->bc_dun));
#endif
}

static void source_is_left_alone(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const unsigned int from = t->w.p->skip * 512;
	struct bio *bio, *clone;
	struct state *was, *is;

	was = kunit_kmalloc(test, 2 * sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	is = was + 1;
	clone = make_it(test, CLONE_FAST, t->src);
	get_state(was, t->src);
	bio = make_it(test, COPY, t->src);
	zero_fill_bio(bio);
	/* The folios are found by page, not by length and offset. */
	spoil_own(bio);
	get_state(is, t->src);
	KUNIT_EXPECT_MEMEQ(test, was, is, sizeof(*was));
	KUNIT_EXPECT_MEMEQ(test, t->w.vecs, t->w.vecs_copy, sizeof(t->w.vecs));
	expect_made(test, CLONE_FAST, clone, from);
	drop(COPY, bio);
	/* What is put, is put alone. */
	expect_made(test, CLONE_FAST, clone, from);
	drop(CLONE_FAST, clone);
}

/* A position of its own in what it shares */
static void sharing_clone_moves_alone(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const unsigned int step = max3(t->w.p->interval, t->w.p->unit, 512);
	const unsigned int from = t->w.p->skip * 512;
	struct bio *bio, *clone;
	enum kind kind;

	for (kind = 0; kind < NR_SHARING; kind++) {
		clone = make_it(test, ALLOC_CLONE, t->src);
		bio = make_it(test, kind, t->src);
		bio_advance(bio, step);
		expect_made(test, kind, bio, from + step);
		expect_made(test, ALLOC_CLONE, clone, from);
		bio_advance(clone, 2 * step);
		expect_made(test, kind, bio, from + step);
		drop(kind, bio);
		drop(ALLOC_CLONE, clone);
	}
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void payload_without_metadata(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *bio;
	enum kind kind;

	bio_integrity(t->src)->bip_iter.bi_size = 0;
	for (kind = 0; kind < NR_KINDS; kind++) {
		if (!can_make(kind, t->src))
			continue;
		bio = make_it(test, kind, t->src);
		KUNIT_ASSERT_NOT_NULL(test, bio_integrity(bio));
		KUNIT_EXPECT_EQ(test, bio_integrity(bio)->bip_iter.bi_size, 0);
		KUNIT_EXPECT_EQ(test, bio_integrity(bio)->app_tag, APP_TAG);
		/* There is no buffer, and so nothing to be freed. */
		KUNIT_EXPECT_FALSE(test, bio_integrity(bio)->bip_flags &
					 BIP_COPY);
		drop(kind, bio);
	}
}

static void unshared_buffer_is_its_own(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *bio;

	bio = make_it(test, ALLOC_CLONE, t->src);
	KUNIT_ASSERT_EQ(test, 0, bio_integrity_unshare(bio, GFP_KERNEL));
	/* This is what a copy has. */
	expect_prot(test, COPY, bio, t->w.p->skip * 512);
	drop(ALLOC_CLONE, bio);

	/* It has one already, and this says so. */
	if (!can_make(COPY, t->src))
		return;
	bio = make_it(test, COPY, t->src);
	KUNIT_ASSERT_EQ(test, 0, bio_integrity_unshare(bio, GFP_KERNEL));
	expect_made(test, COPY, bio, t->w.p->skip * 512);
	drop(COPY, bio);
}
#endif

/* Nothing is copied that is to be read yet, and it can be copied back. */
static void read_is_copied_back(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const unsigned int from = t->w.p->skip * 512;
	unsigned int at = 0;
	struct bvec_iter iter;
	struct bio_vec bv;
	struct bio *bio;

	bio = make_it(test, COPY, t->src);
	bio_for_each_segment(bv, bio, iter) {
		/* There is nowhere else that memory could have this from. */
		KUNIT_EXPECT_NE(test, 0,
				memcmp(page_address(bv.bv_page) + bv.bv_offset,
				       t->w.data + from + at, bv.bv_len));
		at += bv.bv_len;
	}
	KUNIT_EXPECT_EQ(test, at, WHOLE - from);
	expect_data(test, &t->w, t->src, from, WHOLE);

	for (at = 0; at < WHOLE; at += 4)
		put_unaligned_le32(~at, t->w.data + at);
	at = from;
	bio_for_each_segment(bv, bio, iter) {
		memcpy(page_address(bv.bv_page) + bv.bv_offset, t->w.data + at,
		       bv.bv_len);
		at += bv.bv_len;
	}
	bio_copy_data(t->src, bio);
	expect_data(test, &t->w, t->src, from, WHOLE);
	drop(COPY, bio);
}

/*
 * Operations, flags, and what belongs to one bio alone
 */

enum has { NO_SIZE, SIZE, DATA };

static const struct {
	blk_opf_t opf;
	enum has has;
} ops[] = {
	{ REQ_OP_READ, DATA },
	{ REQ_OP_WRITE, DATA },
	{ REQ_OP_WRITE | REQ_PREFLUSH, NO_SIZE },
	{ REQ_OP_WRITE | REQ_PREFLUSH | REQ_FUA, DATA },
	{ REQ_OP_WRITE | REQ_ATOMIC, DATA },
	{ REQ_OP_FLUSH, NO_SIZE },
	{ REQ_OP_DISCARD, SIZE },
	{ REQ_OP_SECURE_ERASE, SIZE },
	{ REQ_OP_ZONE_APPEND, DATA },
	{ REQ_OP_WRITE_ZEROES | REQ_NOUNMAP, SIZE },
	{ REQ_OP_ZONE_OPEN, NO_SIZE },
	{ REQ_OP_ZONE_CLOSE, NO_SIZE },
	{ REQ_OP_ZONE_FINISH, NO_SIZE },
	{ REQ_OP_ZONE_RESET, NO_SIZE },
	{ REQ_OP_ZONE_RESET_ALL, NO_SIZE },
	{ REQ_OP_DRV_IN, DATA },
	{ REQ_OP_DRV_OUT, DATA },
};

#define DISCARD_SIZE	(3U << 30)

/* A source without parameters */
static struct bio *make_plain_source(struct kunit *test, blk_opf_t opf,
				     enum has has)
{
	struct copy_test *t = test->priv;
	struct bio *src = &t->base;

	if (!t->w.data_mem)
		fill_table(test, &t->w, odd);
	bio_init(src, t->w.disk->part0, has == DATA ? t->w.vecs : NULL,
		 has == DATA ? MAX_VECS : 0, opf);
	src->bi_iter.bi_sector = FIRST_SECTOR;
	if (has == DATA) {
		src->bi_vcnt = 5;
		src->bi_iter.bi_size = WHOLE;
		bio_advance(src, 2560);
	} else if (has == SIZE) {
		src->bi_iter.bi_size = DISCARD_SIZE;
	}
	src->bi_ioprio = IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 6);
	src->bi_write_hint = WRITE_LIFE_LONG;
	src->bi_write_stream = 3;
	return src;
}

static u64 bits(blk_opf_t opf)
{
	return (__force u64)opf;
}

static void every_operation(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *src, *bio;
	enum kind kind;
	int i;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		for (kind = 0; kind < NR_KINDS; kind++) {
			src = make_plain_source(test, ops[i].opf, ops[i].has);
			bio = make_it(test, kind, src);
			KUNIT_EXPECT_EQ(test, bits(bio->bi_opf),
					bits(ops[i].opf));
			KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_sector,
					src->bi_iter.bi_sector);
			KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_size,
					src->bi_iter.bi_size);
			KUNIT_EXPECT_EQ(test, bio_has_data(bio),
					ops[i].has == DATA);
			if (kind < NR_SHARING) {
				KUNIT_EXPECT_PTR_EQ(test, bio->bi_io_vec,
						    src->bi_io_vec);
				KUNIT_EXPECT_EQ(test, bio->bi_vcnt, 0);
			} else if (ops[i].has != DATA) {
				KUNIT_EXPECT_EQ(test, bio->bi_vcnt, 0);
				KUNIT_EXPECT_EQ(test, bio->bi_max_vecs, 0);
			}
			if (ops[i].has == DATA &&
			    (kind != COPY || op_is_write(ops[i].opf)))
				expect_data(test, &t->w, bio, 2560, WHOLE);
			if (kind == COPY && ops[i].has == DATA)
				expect_folios(test, bio, false);
			drop(kind, bio);
			bio_uninit(src);
		}
	}
}

static void what_a_submitter_asks_for(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *src, *bio;
	enum kind kind;
	int remapped;

	for (kind = 0; kind < NR_KINDS; kind++) {
		for (remapped = 0; remapped < 2; remapped++) {
			src = make_plain_source(test, REQ_OP_WRITE, DATA);
			if (remapped)
				bio_set_flag(src, BIO_REMAPPED);
			bio = make_it(test, kind, src);
			KUNIT_EXPECT_EQ(test, bio->bi_ioprio, src->bi_ioprio);
			KUNIT_EXPECT_EQ(test, bio->bi_write_hint,
					WRITE_LIFE_LONG);
			KUNIT_EXPECT_EQ(test, bio->bi_write_stream, 3);
			KUNIT_EXPECT_PTR_EQ(test, bio->bi_bdev,
					    t->w.disk->part0);
			KUNIT_EXPECT_EQ(test, remapped,
					bio_flagged(bio, BIO_REMAPPED));
			drop(kind, bio);
			bio_uninit(src);
		}
	}
}

static void nobody_end_io(struct bio *bio)
{
}

static void what_belongs_to_the_source_alone(struct kunit *test)
{
	const unsigned short flags = BIT(BIO_FLAG_LAST) - 1;
	struct copy_test *t = test->priv;
	struct bio *src, *bio, *before;
	enum kind kind;

	before = kunit_kmalloc(test, sizeof(*before), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	for (kind = 0; kind < NR_KINDS; kind++) {
		src = make_plain_source(test, REQ_OP_WRITE | ALL_OPF, DATA);
		src->bi_flags = flags;
		src->bi_next = &t->mid;
		src->bi_end_io = nobody_end_io;
		src->bi_private = t;
		src->bi_status = BLK_STS_NOSPC;
		src->bi_cookie = 77;
		src->bi_bvec_gap_bit = 9;
		atomic_set(&src->__bi_remaining, 3);
		atomic_set(&src->__bi_cnt, 2);
#ifdef CONFIG_BLK_CGROUP
		src->issue_time_ns = 12345;
#endif
#ifdef CONFIG_BLK_CGROUP_IOCOST
		src->bi_iocost_cost = 54321;
#endif
		memcpy(before, src, sizeof(*src));
		bio = make_it(test, kind, src);
		KUNIT_EXPECT_MEMEQ(test, before, src, sizeof(*src));

		KUNIT_EXPECT_EQ(test, bits(bio->bi_opf),
				bits(REQ_OP_WRITE | (ALL_OPF & ~OWN_OPF)));
		KUNIT_EXPECT_EQ(test, bio->bi_flags & ~BIO_WATCHED_MASK,
				BIT(BIO_REMAPPED) |
				(kind < NR_SHARING ? BIT(BIO_CLONED) : 0));
		KUNIT_EXPECT_NULL(test, bio->bi_next);
		KUNIT_EXPECT_TRUE(test, !bio->bi_end_io);
		KUNIT_EXPECT_NULL(test, bio->bi_private);
		KUNIT_EXPECT_EQ(test, blk_status_to_errno(bio->bi_status), 0);
		KUNIT_EXPECT_EQ(test, bio->bi_cookie, BLK_QC_T_NONE);
		KUNIT_EXPECT_EQ(test, bio->bi_bvec_gap_bit,
				kind < NR_SHARING ? 9 : 0);
		KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_remaining), 1);
		KUNIT_EXPECT_EQ(test, atomic_read(&bio->__bi_cnt), 1);
		KUNIT_EXPECT_PTR_EQ(test, bio->bi_pool,
				    kind == INIT_CLONE ? NULL : t->bs);
#ifdef CONFIG_BLK_CGROUP
		KUNIT_EXPECT_EQ(test, bio->issue_time_ns, 0);
#endif
#ifdef CONFIG_BLK_CGROUP_IOCOST
		KUNIT_EXPECT_EQ(test, bio->bi_iocost_cost, 0);
#endif
		drop(kind, bio);
		bio_uninit(src);
	}
}

/* Where the memory of a bio is from is nobody else's. */
static void cache_is_that_of_the_bio_set(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *src, *bio;
	struct bio_set bs;
	int i;

	memset(&bs, 0, sizeof(bs));
	KUNIT_ASSERT_EQ(test, 0, bioset_init(&bs, 2, 0, BIOSET_NEED_BVECS |
					     BIOSET_PERCPU_CACHE));
	/* The second time, from what has been put the first time */
	for (i = 0; i < 2; i++) {
		src = make_plain_source(test, REQ_OP_WRITE, DATA);
		bio_advance(src, 1024);
		bio = bio_clone_fast(src, GFP_KERNEL, &bs);
		KUNIT_EXPECT_NOT_NULL(test, bio);
		KUNIT_EXPECT_EQ(test, bits(bio->bi_opf),
				bits(REQ_OP_WRITE | REQ_ALLOC_CACHE));
		bio_put(bio);
		bio = bio_alloc_copy(t->w.disk->part0, src, GFP_KERNEL, &bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_EQ(test, bits(bio->bi_opf),
				bits(REQ_OP_WRITE | REQ_ALLOC_CACHE));
		expect_data(test, &t->w, bio, 3584, WHOLE);
		drop(COPY, bio);
		bio_uninit(src);
	}
	bioset_exit(&bs);
}

static void device_of_a_clone(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct block_device *bdevs[] = { NULL, t->w.other_disk->part0 };
	struct bio *src, *bio, embedded;
	int i;

	for (i = 0; i < 2; i++) {
		src = make_plain_source(test, REQ_OP_WRITE, DATA);
		bio_set_flag(src, BIO_REMAPPED);
		bio = bio_alloc_clone(bdevs[i], src, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_PTR_EQ(test, bio->bi_bdev, bdevs[i]);
		KUNIT_EXPECT_FALSE(test, bio_flagged(bio, BIO_REMAPPED));
		KUNIT_EXPECT_EQ(test, bio->bi_ioprio, src->bi_ioprio);
		expect_data(test, &t->w, bio, 2560, WHOLE);
		bio_put(bio);

		KUNIT_ASSERT_EQ(test, 0, bio_init_clone(bdevs[i], &embedded,
							src, GFP_KERNEL));
		KUNIT_EXPECT_PTR_EQ(test, embedded.bi_bdev, bdevs[i]);
		KUNIT_EXPECT_FALSE(test, bio_flagged(&embedded, BIO_REMAPPED));
		bio_uninit(&embedded);
		bio_uninit(src);
	}

	/* And the same for a copy */
	src = make_plain_source(test, REQ_OP_WRITE, DATA);
	bio_set_flag(src, BIO_REMAPPED);
	for (i = 0; i < 2; i++) {
		bio = bio_alloc_copy(bdevs[i], src, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_EXPECT_PTR_EQ(test, bio->bi_bdev, bdevs[i]);
		KUNIT_EXPECT_FALSE(test, bio_flagged(bio, BIO_REMAPPED));
		expect_data(test, &t->w, bio, 2560, WHOLE);
		drop(COPY, bio);
	}
	bio_uninit(src);
}

#ifdef CONFIG_BLK_CGROUP
static void charged_to_the_cgroup_of_the_source(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *src, *bio;
	enum kind kind;

	for (kind = 0; kind < NR_KINDS; kind++) {
		src = make_plain_source(test, REQ_OP_WRITE, DATA);
		charge(t, src);
		bio = make_it(test, kind, src);
		expect_blkg(test, kind, bio);
		expect_refs(test, kind == CLONE_FAST ? 2 : 1);
		drop(kind, bio);
		expect_refs(test, 1);

		/* If it has none: to that of the test */
		bio_uninit(src);
		bio = make_it(test, kind, src);
		KUNIT_EXPECT_PTR_EQ(test, bio->bi_blkg,
				    t->w.disk->queue->root_blkg);
		drop(kind, bio);
	}

	/* The same cgroup has something else on another device. */
	src = make_plain_source(test, REQ_OP_WRITE, DATA);
	charge(t, src);
	bio = bio_alloc_clone(t->w.other_disk->part0, src, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_PTR_EQ(test, bio->bi_blkg,
			    t->w.other_disk->queue->root_blkg);
	bio_put(bio);
	bio = bio_alloc_clone(NULL, src, GFP_KERNEL, t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	KUNIT_EXPECT_NULL(test, bio->bi_blkg);
	bio_put(bio);
	bio_uninit(src);
}
#endif

/*
 * Tables of all sizes
 */

#define MANY	(BIO_MAX_VECS + 44)

/* Of a table of somebody else: a copy has as many as it has pages. */
static void more_entries_than_a_table_has(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *bio, src;
	struct bio_vec *vecs;
	unsigned int left, i;

	t->w.data_mem = alloc_memory(test);
	vecs = kunit_kcalloc(test, MANY, sizeof(*vecs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vecs);
	for (i = 0; i < MANY; i++)
		add_entry(&vecs[i], t->w.data_mem, i * 1024 % MEMORY, 512);
	bio_init(&src, t->w.disk->part0, NULL, 0, REQ_OP_WRITE);
	borrow_table(&src, vecs);
	src.bi_iter.bi_size = MANY * 512;

	for (left = MANY; left; left--) {
		bio = bio_clone_fast(&src, GFP_KERNEL, t->bs);
		KUNIT_ASSERT_NOT_NULL(test, bio);
		KUNIT_ASSERT_PTR_EQ(test, bio->bi_io_vec, vecs);
		bio_put(bio);
		if (left % 16 == 0) {
			bio = make_it(test, COPY, &src);
			KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_size, left * 512);
			expect_folios(test, bio, false);
			drop(COPY, bio);
		}
		bio_advance(&src, 512);
	}
	bio_uninit(&src);
}

/* There is room for BIO_MAX_VECS pages, and the last may be used in part. */
static void more_pages_than_a_table_has(struct kunit *test)
{
	const unsigned int most = BIO_MAX_VECS * PAGE_SIZE;
	struct copy_test *t = test->priv;
	struct bio *bio, src;
	struct bio_vec *vecs;
	unsigned int i;

	t->w.data_mem = alloc_memory(test);
	vecs = kunit_kcalloc(test, BIO_MAX_VECS + 1, sizeof(*vecs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vecs);
	for (i = 0; i <= BIO_MAX_VECS; i++)
		add_entry(&vecs[i], t->w.data_mem, 0, PAGE_SIZE);
	bio_init(&src, t->w.disk->part0, NULL, 0, REQ_OP_WRITE);
	borrow_table(&src, vecs);

	src.bi_iter.bi_size = most + 512;
	KUNIT_EXPECT_NULL(test, make(test, COPY, &src, GFP_KERNEL));
	for (i = 0; i < 2; i++) {
		src.bi_iter.bi_size = most - i * 512;
		bio = make_it(test, COPY, &src);
		KUNIT_EXPECT_EQ(test, bio->bi_iter.bi_size, most - i * 512);
		expect_folios(test, bio, false);
		drop(COPY, bio);
	}
	bio_uninit(&src);
}

static void copy_ends_where_its_source_does(struct kunit *test)
{
	struct copy_test *t = test->priv;
	struct bio *src, *bio;
	unsigned int size;

	for (size = 512; size <= WHOLE - 2560; size += 512) {
		src = make_plain_source(test, REQ_OP_WRITE, DATA);
		bio_trim(src, 0, size / 512);
		bio = make_it(test, COPY, src);
		KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_size, size);
		expect_data(test, &t->w, bio, 2560, 2560 + size);
		drop(COPY, bio);
		bio_uninit(src);
	}
}

static void copy_has_few_folios(struct kunit *test)
{
	struct copy_test *t = test->priv;
	unsigned int pages, size;
	struct bio_vec vec;
	struct bio src, *bio;

	t->w.data_mem = alloc_memory(test);
	for (pages = 1; pages <= MEMORY / PAGE_SIZE; pages++) {
		for (size = pages * PAGE_SIZE; size + PAGE_SIZE >
		     pages * PAGE_SIZE; size -= 1536) {
			bio_init(&src, t->w.disk->part0, &vec, 1, REQ_OP_WRITE);
			__bio_add_page(&src, t->w.data_mem, size, 0);
			bio = make_it(test, COPY, &src);
			expect_folios(test, bio, true);
			KUNIT_EXPECT_EQ(test, bio->bi_vcnt, hweight32(pages));
			drop(COPY, bio);
			bio_uninit(&src);
			if (size <= 1536)
				break;
		}
	}
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void copy_refuses_read_with_metadata(struct kunit *test)
{
	struct copy_test *t = test->priv;
	static bool warned;
	struct bio *bio = NULL;

	kunit_warning_suppress(test) {
		bio = make(test, COPY, t->src, GFP_KERNEL);
		expect_warned(test, &warned, KUNIT_SUPPRESSED_WARNING_COUNT());
	}
	KUNIT_EXPECT_NULL(test, bio);
}
#endif

/*
 * No memory
 */

#define NO_MEMORY	(GFP_NOWAIT | __GFP_NOWARN)

#if defined(CONFIG_FAULT_INJECTION) && defined(CONFIG_FAILSLAB) && \
	defined(CONFIG_FAIL_PAGE_ALLOC)

/* What this task allocates and does not free, and what it frees besides */
#define MAX_LIVE	64

static struct {
	struct task_struct *task;
	const void *live[MAX_LIVE];
	unsigned int nr_live;
	unsigned int nr_foreign;
	bool overflow;
} watch;

static bool __maybe_unused forget_live(const void *ptr)
{
	unsigned int i;

	for (i = 0; i < watch.nr_live; i++) {
		if (watch.live[i] == ptr) {
			watch.live[i] = watch.live[--watch.nr_live];
			return true;
		}
	}
	return false;
}

#ifdef CONFIG_TRACEPOINTS
static void saw_alloc(const void *ptr)
{
	if (!ptr || current != watch.task || !in_task())
		return;
	if (watch.nr_live == MAX_LIVE)
		watch.overflow = true;
	else
		watch.live[watch.nr_live++] = ptr;
}

static void saw_free(const void *ptr)
{
	if (!ptr || current != watch.task || !in_task())
		return;
	if (!forget_live(ptr))
		watch.nr_foreign++;
}

static void probe_kmalloc(void *data, unsigned long call_site, const void *ptr,
			  size_t bytes_req, size_t bytes_alloc, gfp_t gfp,
			  int node)
{
	saw_alloc(ptr);
}

static void probe_cache_alloc(void *data, unsigned long call_site,
			      const void *ptr, struct kmem_cache *s, gfp_t gfp,
			      int node)
{
	saw_alloc(ptr);
}

static void probe_kfree(void *data, unsigned long call_site, const void *ptr)
{
	saw_free(ptr);
}

static void probe_cache_free(void *data, unsigned long call_site,
			     const void *ptr, const struct kmem_cache *s)
{
	saw_free(ptr);
}

/* By its struct page, which nothing that is allocated can be mistaken for */
static void probe_page_alloc(void *data, struct page *page, unsigned int order,
			     gfp_t gfp, int migratetype)
{
	saw_alloc(page);
}

static void probe_page_free(void *data, struct page *page, unsigned int order)
{
	saw_free(page);
}

/* Tracepoints that are there, but not for modules by name */
static struct {
	const char *name;
	void *probe;
	struct tracepoint *tp;
} page_probes[] = {
	{ "mm_page_alloc", probe_page_alloc },
	{ "mm_page_free", probe_page_free },
};

static void find_tracepoint(struct tracepoint *tp, void *data)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(page_probes); i++)
		if (!strcmp(tp->name, page_probes[i].name))
			page_probes[i].tp = tp;
}

static void remove_probes(void *data)
{
	int i;

	unregister_trace_kmalloc(probe_kmalloc, NULL);
	unregister_trace_kmem_cache_alloc(probe_cache_alloc, NULL);
	unregister_trace_kfree(probe_kfree, NULL);
	unregister_trace_kmem_cache_free(probe_cache_free, NULL);
	for (i = 0; i < ARRAY_SIZE(page_probes); i++)
		if (page_probes[i].tp)
			tracepoint_probe_unregister(page_probes[i].tp,
						    page_probes[i].probe,
						    NULL);
	tracepoint_synchronize_unregister();
}

static void add_probes(struct kunit *test)
{
	int ret, i;

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	bio_kunit_at_exit(test, remove_probes, NULL);
	ret = register_trace_kmalloc(probe_kmalloc, NULL);
	KUNIT_ASSERT_EQ(test, ret, 0);
	ret = register_trace_kmem_cache_alloc(probe_cache_alloc, NULL);
	KUNIT_ASSERT_EQ(test, ret, 0);
	ret = register_trace_kfree(probe_kfree, NULL);
	KUNIT_ASSERT_EQ(test, ret, 0);
	ret = register_trace_kmem_cache_free(probe_cache_free, NULL);
	KUNIT_ASSERT_EQ(test, ret, 0);
	for (i = 0; i < ARRAY_SIZE(page_probes); i++) {
		KUNIT_ASSERT_NOT_NULL(test, page_probes[i].tp);
		ret = tracepoint_probe_register(page_probes[i].tp,
						page_probes[i].probe, NULL);
		KUNIT_ASSERT_EQ(test, ret, 0);
	}
}

#else
static void add_probes(struct kunit *test)
{
	kunit_skip(test, "no CONFIG_TRACEPOINTS to count with");
}
#endif /* CONFIG_TRACEPOINTS */

static void watch_from_zero(void)
{
	watch.nr_live = 0;
	watch.nr_foreign = 0;
	watch.overflow = false;
	barrier();
	watch.task = current;
}

static void watch_on(bool on)
{
	barrier();
	watch.task = on ? current : NULL;
	barrier();
}

/* The nth allocation from now on fails, and no other. */
static void fail_nth(unsigned int n)
{
	WRITE_ONCE(current->fail_nth, n);
}

/* Whether it has failed */
static bool stop_failing(void)
{
	bool failed = !READ_ONCE(current->fail_nth);

	fail_nth(0);
	return failed;
}

/* What else than make() does */
static struct bio *try_to_make(struct kunit *test, enum kind kind, gfp_t gfp)
{
	struct copy_test *t = test->priv;
	const int sectors = max(t->w.p->interval, 512) / 512;
	struct bio *bio;

	switch (kind) {
	case SPLIT:
	case SPLIT_CHAINED:
		if (kind == SPLIT)
			bio = bio_split(t->src, sectors, gfp, t->bs);
		else
			bio = bio_split_chained(t->src, sectors, gfp, t->bs);
		if (!IS_ERR(bio))
			return bio;
		KUNIT_EXPECT_EQ(test, PTR_ERR(bio), -ENOMEM);
		return NULL;
	default:
		return make(test, kind, t->src, gfp);
	}
}

static const char * const kind_names[] = {
	[ALLOC_CLONE] = "bio_alloc_clone",
	[CLONE_FAST] = "bio_clone_fast",
	[INIT_CLONE] = "bio_init_clone",
	[COPY] = "bio_alloc_copy",
	[SPLIT] = "bio_split",
	[SPLIT_CHAINED] = "bio_split_chained",
};

enum result { FAILED, MADE_NEVERTHELESS, MADE };

/* Once, with the nth allocation failing */
static enum result fail_one(struct kunit *test, enum kind kind, unsigned int n,
			    const struct state *was)
{
	struct copy_test *t = test->priv;
	const struct whole_param *p = t->w.p;
	struct state *is;
	struct bio *bio;
	bool failed;

	is = kunit_kmalloc(test, sizeof(*is), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, is);

	watch_from_zero();
	fail_nth(n);
	bio = try_to_make(test, kind, NO_MEMORY);
	failed = stop_failing();
	watch_on(false);

	if (!bio) {
		KUNIT_EXPECT_TRUE(test, failed);
		get_state(is, t->src);
		KUNIT_EXPECT_MEMEQ(test, was, is, sizeof(*was));
	} else if (kind < NR_KINDS) {
		expect_made(test, kind, bio, p->skip * 512);
	}

	watch_on(true);
	if (bio)
		drop(kind, bio);
	watch_on(false);

	put_state(was, t->src);
	expect_refs(test, 1);
	kunit_kfree(test, is);
	return !bio ? FAILED : failed ? MADE_NEVERTHELESS : MADE;
}

/*
 * Whichever allocation fails: either there is a bio as it should be, or there
 * is none, nothing is left behind, and the source is as it was.
 */
static void fail_each(struct kunit *test, bool watched)
{
	struct copy_test *t = test->priv;
	unsigned int n, nr, try;
	enum result result;
	struct state *was;
	enum kind kind;

	was = kunit_kmalloc(test, sizeof(*was), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, was);
	get_state(was, t->src);
	if (watched)
		add_probes(test);

	for (kind = 0; kind < NR_ALL_KINDS; kind++) {
		if (!can_make(kind, t->src))
			continue;
		for (n = 1, nr = 0; n < 100; n++) {
			/*
			 * Slab has allocations of its own at times.  A leak is
			 * there always.
			 */
			for (try = 0; try < 3; try++) {
				result = fail_one(test, kind, n, was);
				KUNIT_ASSERT_FALSE(test, watch.overflow);
				if (!watch.nr_live && !watch.nr_foreign)
					break;
			}
			KUNIT_EXPECT_LT_MSG(test, try, 3,
					    "%s leaves %u, and frees %u of others, if %u fails",
					    kind_names[kind], watch.nr_live,
					    watch.nr_foreign, n);
			nr += result == FAILED;
			if (result == MADE)
				break;
		}
		KUNIT_ASSERT_EQ(test, result, MADE);
		/* At least the bio itself has no reserve without reclaim. */
		if (kind != INIT_CLONE)
			KUNIT_EXPECT_GE_MSG(test, nr, 1, "%s",
					    kind_names[kind]);
	}
}

static void survives_without_memory(struct kunit *test)
{
	fail_each(test, false);
}

static void leaves_nothing_without_memory(struct kunit *test)
{
	fail_each(test, true);
}

/*
 * With a mask that allows reclaim, a clone does not fail.  A copy may, and so
 * may a payload that has no room in the bio, as it is not from a bio_set.
 */
static void reserves_do_not_fail(struct kunit *test)
{
	struct copy_test *t = test->priv;
	const unsigned int from = t->w.p->skip * 512;
	enum kind kind;
	struct bio *bio;
	unsigned int n;
	bool failed;

	for (kind = 0; kind < NR_SHARING; kind++) {
		for (n = 1; n < 100; n++) {
			fail_nth(n);
			bio = try_to_make(test, kind, GFP_KERNEL);
			failed = stop_failing();
			if (bio) {
				expect_made(test, kind, bio, from);
				drop(kind, bio);
			} else {
				KUNIT_EXPECT_TRUE(test, failed);
				KUNIT_EXPECT_EQ(test, kind, INIT_CLONE);
				KUNIT_EXPECT_GT(test, t->w.p->interval, 0);
			}
			if (!failed)
				break;
		}
		KUNIT_EXPECT_FALSE(test, failed);
	}
}
#else
static void skip_all(struct kunit *test)
{
	kunit_skip(test, "needs CONFIG_FAILSLAB and CONFIG_FAIL_PAGE_ALLOC");
}

#define survives_without_memory		skip_all
#define leaves_nothing_without_memory	skip_all
#define reserves_do_not_fail		skip_all
#endif

KUNIT_ARRAY_PARAM_DESC(copy, copy_params, name);

/* Those of the parameters that a case is about */
#define COPIES(name, about)						\
static const void *name##_gen_params(struct kunit *test,		\
				     const void *prev, char *desc)	\
{									\
	const struct whole_param *p = prev;				\
									\
	do {								\
		p = copy_gen_params(test, p, desc);			\
	} while (p && !(about));					\
	return p;							\
}

/* A read that has integrity metadata cannot be copied. */
COPIES(copyable, op_is_write(p->op) || !p->interval)
COPIES(read, p->op == REQ_OP_READ && !p->interval)
#ifdef CONFIG_BLK_DEV_INTEGRITY
COPIES(prot, p->interval)
COPIES(prot_read, p->op == REQ_OP_READ && p->interval)
#endif

static struct kunit_case bio_copy_cases[] = {
	KUNIT_CASE_PARAM(each_has_what_is_left, copy_gen_params),
	KUNIT_CASE_PARAM(each_can_be_a_source, copy_gen_params),
	KUNIT_CASE_PARAM(copy_outlives_its_source, copyable_gen_params),
	KUNIT_CASE_PARAM(source_is_left_alone, copyable_gen_params),
	KUNIT_CASE_PARAM(sharing_clone_moves_alone, copy_gen_params),
	KUNIT_CASE_PARAM(read_is_copied_back, read_gen_params),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE_PARAM(payload_without_metadata, prot_gen_params),
	KUNIT_CASE_PARAM(unshared_buffer_is_its_own, prot_gen_params),
#endif
	KUNIT_CASE(every_operation),
	KUNIT_CASE(what_a_submitter_asks_for),
	KUNIT_CASE(what_belongs_to_the_source_alone),
	KUNIT_CASE(cache_is_that_of_the_bio_set),
	KUNIT_CASE(device_of_a_clone),
#ifdef CONFIG_BLK_CGROUP
	KUNIT_CASE(charged_to_the_cgroup_of_the_source),
#endif
	KUNIT_CASE(more_entries_than_a_table_has),
	KUNIT_CASE(more_pages_than_a_table_has),
	KUNIT_CASE(copy_ends_where_its_source_does),
	KUNIT_CASE(copy_has_few_folios),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE_PARAM(copy_refuses_read_with_metadata, prot_read_gen_params),
#endif
	KUNIT_CASE_PARAM(survives_without_memory, copy_gen_params),
	KUNIT_CASE_PARAM(leaves_nothing_without_memory, copy_gen_params),
	KUNIT_CASE_PARAM(reserves_do_not_fail, copy_gen_params),
	{}
};

static int bio_copy_suite_init(struct kunit_suite *suite)
{
	return bio_kunit_shared_init(&shared, 40,
				     BIOSET_NEED_BVECS | BIOSET_NEED_BIP);
}

static void bio_copy_suite_exit(struct kunit_suite *suite)
{
	bio_kunit_shared_exit(&shared);
}

static struct kunit_suite bio_copy_suite = {
	.name = "bio_copy",
	.suite_init = bio_copy_suite_init,
	.suite_exit = bio_copy_suite_exit,
	.init = bio_copy_test_init,
	.exit = bio_copy_test_exit,
	.test_cases = bio_copy_cases,
};

kunit_test_suite(bio_copy_suite);

MODULE_DESCRIPTION("KUnit tests for clones and copies of bios");
MODULE_LICENSE("GPL");
