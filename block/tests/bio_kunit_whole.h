/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The bio that the suites for copies and for chains make others of.
 *
 * Every word of its data, and every word of its integrity metadata, is another
 * one.  What is made of it is compared byte for byte with what plain offsets
 * say.
 */
#ifndef _BLOCK_TESTS_BIO_KUNIT_WHOLE_H
#define _BLOCK_TESTS_BIO_KUNIT_WHOLE_H

#include <linux/bio.h>
#include <linux/blk-crypto.h>
#include <linux/random.h>
#include <linux/unaligned.h>
#include "bio_kunit.h"

#define FIRST_SECTOR	0x123456789aULL
#define FIRST_SEED	0xfffffff0ULL
#define APP_TAG		0x1234
#define WHOLE		16384
#define MEMORY		65536
#define MAX_VECS	32

struct piece {
	unsigned int offset;
	unsigned int len;
};

/* Each is WHOLE bytes.  The lists end with a zero. */
static const struct piece one_entry[] = {
	{ 4096 + 1536, WHOLE }, { }
};

static const struct piece odd[] = {
	{ 512, 1536 }, { 3 * 4096 + 2048, 2 * 4096 }, { 2 * 4096 - 512, 512 },
	{ 9 * 4096 + 1024, 5632 }, { 6 * 4096 + 512, 512 }, { }
};

static const struct piece backwards[] = {
	{ 7 * 4096, 4096 }, { 6 * 4096, 4096 }, { 5 * 4096 + 2048, 2048 },
	{ 5 * 4096, 2048 }, { 4096 - 1024, 1024 }, { 4096 - 2048, 1024 },
	{ 4096 - 2560, 512 }, { 4096 - 3072, 512 }, { 4096 - 3584, 512 },
	{ 4096 - 4096, 512 }, { }
};

/* Whose the table of a bio is */
enum source {
	OWNER,		/* its own */
	BORROWER,	/* of somebody else, who is no bio */
	CLONE,		/* of another bio */
};

struct whole_param {
	const char *name;
	/* NULL if the operation has no data */
	const struct piece *data;
	enum req_op op;
	enum source source;
	/* where the bio stands at first, in sectors */
	unsigned int skip;
	/* integrity metadata, if there is an interval */
	unsigned int interval;
	unsigned int metadata_size;
	unsigned int tuple_size;
	/* inline encryption, if there is a data unit */
	unsigned int unit;
	u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE];
};

struct whole {
	const struct whole_param *p;
	struct gendisk *disk;
	struct gendisk *other_disk;
	struct bio_vec vecs[MAX_VECS];
	struct bio_vec vecs_copy[MAX_VECS];
	struct page *data_mem;
	u8 *data;
	struct page *prot_mem;
	u8 *prot;
	struct blk_crypto_key key;
};

/* Two disks, the first of them as the parameter, if there is one, wants it */
static void get_disks(struct kunit *test, struct whole *w,
		      struct bio_kunit_shared *shared)
{
	w->disk = shared->disk;
	w->other_disk = shared->other_disk;
	if (w->p && w->p->interval)
		w->disk = bio_kunit_get_disk(test, w->p->interval,
					     w->p->metadata_size,
					     w->p->tuple_size);
}

static void free_memory(void *page)
{
	__free_pages(page, get_order(MEMORY));
}

static struct page *alloc_memory(struct kunit *test)
{
	struct page *page = alloc_pages(GFP_KERNEL, get_order(MEMORY));
	u32 magic = get_random_u32();
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, page);
	bio_kunit_at_exit(test, free_memory, page);
	for (i = 0; i < MEMORY; i += 4)
		put_unaligned_le32(magic + i, page_address(page) + i);
	return page;
}

static void add_entry(struct bio_vec *bv, struct page *mem,
		      unsigned int offset, unsigned int len)
{
	bvec_set_page(bv, mem + offset / PAGE_SIZE, len, offset % PAGE_SIZE);
}

/* Returns how many entries the table has. */
static unsigned int fill_table(struct kunit *test, struct whole *w,
			       const struct piece *piece)
{
	unsigned int at = 0, nr = 0;

	w->data_mem = alloc_memory(test);
	w->data = kunit_kmalloc(test, WHOLE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->data);
	for (; piece->len; piece++) {
		memcpy(w->data + at, page_address(w->data_mem) + piece->offset,
		       piece->len);
		add_entry(&w->vecs[nr++], w->data_mem, piece->offset,
			  piece->len);
		at += piece->len;
	}
	KUNIT_ASSERT_EQ(test, at, WHOLE);
	memcpy(w->vecs_copy, w->vecs, sizeof(w->vecs));
	return nr;
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void attach_prot(struct kunit *test, struct whole *w, struct bio *bio,
			u16 flags)
{
	static const unsigned int cut[] = { 20, 4, 64, 13, 40, 3, 200 };
	const unsigned int all = WHOLE / w->p->interval * w->p->metadata_size;
	unsigned int at, len, offset = PAGE_SIZE - 10, nr = 0;
	struct bio_integrity_payload *bip;

	w->prot_mem = alloc_memory(test);
	w->prot = kunit_kmalloc(test, all, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, w->prot);
	bip = bio_integrity_alloc(bio, GFP_KERNEL, all);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bip));
	for (at = 0; at < all; at += len) {
		len = min(cut[nr % ARRAY_SIZE(cut)], all - at);
		memcpy(w->prot + at, page_address(w->prot_mem) + offset, len);
		add_entry(&bio_integrity_owned_vecs(bio)[nr++], w->prot_mem,
			  offset, len);
		offset += len + 24;
	}
	KUNIT_ASSERT_LE(test, offset, MEMORY);
	bip->bip_vcnt = nr;
	bip->bip_iter.bi_size = all;
	bip->app_tag = APP_TAG;
	bip->bip_flags = flags;
	bip_set_seed(bip, FIRST_SEED);
}
#else
static void attach_prot(struct kunit *test, struct whole *w, struct bio *bio,
			u16 flags)
{
	kunit_skip(test, "no CONFIG_BLK_DEV_INTEGRITY");
}
#endif

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
/* The data unit number after @bytes of the whole */
static void dun_at(const struct whole_param *p, unsigned int bytes,
		   u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE])
{
	u64 carry = bytes / p->unit;
	unsigned int i;

	for (i = 0; i < BLK_CRYPTO_DUN_ARRAY_SIZE; i++) {
		dun[i] = p->dun[i] + carry;
		carry = dun[i] < carry;
	}
}

static void attach_crypt(struct kunit *test, struct whole *w, struct bio *bio,
			 unsigned int bytes)
{
	u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE];
	const u8 raw_key[32] = { 1 };

	KUNIT_ASSERT_EQ(test, 0,
			blk_crypto_init_key(&w->key, raw_key, sizeof(raw_key),
					    BLK_CRYPTO_KEY_TYPE_RAW,
					    BLK_ENCRYPTION_MODE_ADIANTUM,
					    BLK_CRYPTO_MAX_IV_SIZE,
					    w->p->unit, 0));
	dun_at(w->p, bytes, dun);
	bio_crypt_set_ctx(bio, &w->key, dun, GFP_KERNEL);
}
#else
static void attach_crypt(struct kunit *test, struct whole *w, struct bio *bio,
			 unsigned int bytes)
{
	kunit_skip(test, "no CONFIG_BLK_INLINE_ENCRYPTION");
}
#endif

static void expect_bytes(struct kunit *test, const struct bio_vec *bv,
			 const u8 *bytes, unsigned int left)
{
	KUNIT_ASSERT_NE(test, bv->bv_len, 0);
	KUNIT_ASSERT_LE(test, bv->bv_len, left);
	KUNIT_ASSERT_MEMEQ(test, page_address(bv->bv_page) + bv->bv_offset,
			   bytes, bv->bv_len);
}

/* Of the whole, the data in [from, end) */
static void expect_data(struct kunit *test, struct whole *w, struct bio *bio,
			unsigned int from, unsigned int end)
{
	unsigned int at = from;
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		expect_bytes(test, &bv, w->data + at, end - at);
		at += bv.bv_len;
	}
	KUNIT_ASSERT_EQ(test, at, end);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
/* And the metadata for that */
static void expect_metadata(struct kunit *test, struct whole *w,
			    struct bio *bio, unsigned int from,
			    unsigned int end)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	const unsigned int last = end / w->p->interval * w->p->metadata_size;
	unsigned int at = from / w->p->interval * w->p->metadata_size;
	struct bip_iter iter;
	struct bio_vec bv;

	KUNIT_ASSERT_EQ(test, bip->app_tag, APP_TAG);
	KUNIT_ASSERT_EQ(test, bip->bip_iter.bi_size, last - at);
	if (from == end)
		return;
	KUNIT_ASSERT_EQ(test, bip_get_seed(bip),
			FIRST_SEED + from / w->p->interval);
	bip_for_each_vec(bv, bip, iter) {
		expect_bytes(test, &bv, w->prot + at, last - at);
		at += bv.bv_len;
	}
	KUNIT_ASSERT_EQ(test, at, last);
}
#endif

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static void expect_crypt(struct kunit *test, struct whole *w, struct bio *bio,
			 unsigned int from, unsigned int end)
{
	struct bio_crypt_ctx *bc = bio_crypt_ctx(bio);
	u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE];

	if (!w->p->unit) {
		KUNIT_ASSERT_NULL(test, bc);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, bc);
	KUNIT_ASSERT_PTR_EQ(test, bc->bc_key, &w->key);
	/* Within a unit there is no number to compare. */
	if (from == end || from % w->p->unit)
		return;
	dun_at(w->p, from, dun);
	KUNIT_ASSERT_MEMEQ(test, bc->bc_dun, dun, sizeof(dun));
}
#else
static void expect_crypt(struct kunit *test, struct whole *w, struct bio *bio,
			 unsigned int from, unsigned int end)
{
}
#endif

/* All that a bio has, but for what is in its table */
struct state {
	struct bio bio;
#ifdef CONFIG_BLK_DEV_INTEGRITY
	struct bio_integrity_payload bip;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	struct bio_crypt_ctx bc;
#endif
};

static void get_state(struct state *state, struct bio *bio)
{
	memset(state, 0, sizeof(*state));
	memcpy(&state->bio, bio, sizeof(*bio));
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if (bio_integrity(bio))
		memcpy(&state->bip, bio_integrity(bio), sizeof(state->bip));
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (bio_has_crypt_ctx(bio))
		memcpy(&state->bc, bio_crypt_ctx(bio), sizeof(state->bc));
#endif
}

/* On UML and others, a warning that has been suppressed does not come again. */
static void __maybe_unused
expect_warned(struct kunit *test, bool *before, int count)
{
	if (!IS_ENABLED(CONFIG_BUG))
		return;
	KUNIT_EXPECT_LE(test, count, 1);
	if (!*before)
		KUNIT_EXPECT_EQ(test, count, 1);
	*before = true;
}

#endif /* _BLOCK_TESTS_BIO_KUNIT_WHOLE_H */
