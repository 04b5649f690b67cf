// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for struct bio_pos, the position of a bio.
 *
 * Every word of data that a bio of these tests points to, and every word of
 * its integrity metadata, tells its own offset: images of both are cut into
 * the pages of the bio's vectors.  Plain offsets into the two images and
 * counts of what has passed say where the bio should stand.  What it really
 * transfers from there is compared with the images, byte for byte.
 */
#include <kunit/test.h>
#include <linux/bio-pos.h>
#include <linux/blk-integrity.h>
#include <linux/prandom.h>
#include <linux/unaligned.h>
#include "bio_kunit.h"

#define FIRST_SECTOR	0x123456789aULL
#define FIRST_SEED	0xfffffffaULL

#define DATA_MAGIC	0xda000000
#define PROT_MAGIC	0xb1000000

/* A kernel without the other parts does not pay for them. */
static_assert(IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY) ||
	      IS_ENABLED(CONFIG_BLK_INLINE_ENCRYPTION) ||
	      sizeof(struct bio_pos) == sizeof(struct bvec_iter));

/* What a vector covers of a folio that is just large enough for it. */
struct piece {
	unsigned int offset;
	unsigned int len;
};

/* All of a bio's length is a multiple of 4096.  The lists end with a zero. */
static const struct piece whole_pages[] = {
	{ 0, 4096 }, { 0, 4096 }, { 0, 4096 }, { 0, 4096 }, { }
};

static const struct piece folios[] = {
	{ PAGE_SIZE - 4096, 8192 }, { PAGE_SIZE - 4096, 16384 }, { }
};

static const struct piece one_vector[] = {
	{ 1536, 16384 }, { }
};

static const struct piece mid_page[] = {
	{ 512, 1536 }, { 2048, 512 }, { 3584, 512 }, { 1024, 3072 },
	{ PAGE_SIZE - 512, 512 }, { 1536, 2048 }, { }
};

static const struct piece odd[] = {
	{ PAGE_SIZE - 1536, 3584 }, { PAGE_SIZE + 512, 1536 }, { 0, 512 },
	{ PAGE_SIZE - 512, 10752 }, { }
};

static const struct piece sectors[] = {
	{ 0, 512 }, { 512, 512 }, { 1024, 512 }, { 1536, 512 },
	{ 2048, 512 }, { 2560, 512 }, { 3072, 512 }, { 3584, 512 },
	{ 3584, 512 }, { 3072, 512 }, { 2560, 512 }, { 2048, 512 },
	{ 1536, 512 }, { 1024, 512 }, { 512, 512 }, { 0, 512 }, { }
};

/* Lengths of the vectors of the integrity metadata, used in turn. */
static const unsigned int uncut[] = { UINT_MAX, 0 };
static const unsigned int at_tuples[] = { 64, 192, 128, 0 };
static const unsigned int in_tuples[] = { 20, 4, 12, 52, 0 };
static const unsigned int at_odd_bytes[] = { 13, 7, 50, 1, 0 };

struct bio_pos_param {
	const char *name;
	const struct piece *data;
	/* integrity metadata, if there is an interval */
	unsigned int interval;
	unsigned int metadata_size;
	unsigned int tuple_size;
	const unsigned int *cut;
	/* inline encryption, if there is a data unit */
	unsigned int unit;
};

static const struct bio_pos_param bio_pos_params[] = {
	{ "whole pages", whole_pages },
	{ "folios", folios },
	{ "one vector", one_vector },
	{ "mid-page", mid_page },
	{ "odd", odd },
	{ "sectors", sectors },

	{ "whole pages, 512+8, PI in one", whole_pages, 512, 8, 8, uncut },
	{ "folios, 512+8, PI cut at tuples", folios, 512, 8, 8, at_tuples },
	{ "mid-page, 512+8, PI cut in tuples", mid_page, 512, 8, 8,
	  in_tuples },
	{ "odd, 512+8, PI cut at odd bytes", odd, 512, 8, 8, at_odd_bytes },
	{ "sectors, 512+16, PI cut in tuples", sectors, 512, 16, 16,
	  in_tuples },
	{ "one vector, 512+16, PI cut at tuples", one_vector, 512, 16, 16,
	  at_tuples },
	{ "odd, 512+64, PI cut in tuples", odd, 512, 64, 8, in_tuples },
	{ "folios, 512+64, PI in one", folios, 512, 64, 16, uncut },
	{ "whole pages, 4096+8, PI cut in tuples", whole_pages, 4096, 8, 8,
	  in_tuples },
	{ "odd, 4096+8, PI in one", odd, 4096, 8, 8, uncut },
	{ "one vector, 4096+16, PI cut at odd bytes", one_vector, 4096, 16, 16,
	  at_odd_bytes },
	{ "folios, 4096+64, PI cut at tuples", folios, 4096, 64, 8,
	  at_tuples },
	{ "mid-page, 4096+64, PI cut in tuples", mid_page, 4096, 64, 16,
	  in_tuples },

	{ "whole pages, encrypted", whole_pages, .unit = 512 },
	{ "odd, encrypted", odd, .unit = 4096 },
};

/* Where a bio should stand. */
struct place {
	/* offset into the image of the data, and bytes from there */
	unsigned int data;
	unsigned int bytes;
	/* offset into the image of the metadata, and bytes from there */
	unsigned int prot;
	unsigned int prot_bytes;
	/* what has passed since the beginning */
	unsigned int intervals;
	/* ref tags are those of the disk */
	bool mapped;
	/* the bio does not carry its integrity payload */
	bool detached;
	/* moved by a part of an interval: only the data counts */
	bool ragged;
	/* completed as a whole: nothing left, the rest is unspecified */
	bool done;
};

struct saved {
	struct bio_pos pos;
	struct place place;
	struct bvec_iter data;
	struct bip_iter prot;
};

struct fixture {
	const struct bio_pos_param *p;
	struct gendisk *disk;
	struct bio_set bs;
	struct bio *bio;
	/* the only other bio at a time, or NULL */
	struct bio *other;
	struct bio_integrity_payload *bip;
	struct bio_crypt_ctx *bc;
	struct blk_crypto_key key;
	u8 *data;
	unsigned int data_len;
	u8 *prot;
	unsigned int prot_len;
	struct bio_vec *data_vecs;
	unsigned int nr_data_vecs;
	struct bio_vec *prot_vecs;
	unsigned int nr_prot_vecs;
	/* smallest length at which a bio can be taken apart */
	unsigned int step;
	struct place now;
	int ended;
};

/*
 * The bios and what they point to
 */

KUNIT_DEFINE_ACTION_WRAPPER(put_folio_action, folio_put, struct folio *);
KUNIT_DEFINE_ACTION_WRAPPER(bioset_exit_action, bioset_exit, struct bio_set *);

static void put_other(struct fixture *f)
{
	if (f->other)
		bio_put(f->other);
	f->other = NULL;
}

/* Whatever state a failed test has left it in. */
static void put_bios_action(void *data)
{
	struct fixture *f = data;

#ifdef CONFIG_BLK_DEV_INTEGRITY
	f->bio->bi_integrity = f->bip;
	if (f->bip)
		f->bio->bi_opf |= REQ_INTEGRITY;
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	f->bio->bi_crypt_context = f->bc;
#endif
	put_other(f);
	bio_put(f->bio);
}

static u8 *alloc_image(struct kunit *test, unsigned int len, u32 magic)
{
	u8 *image = kunit_kmalloc(test, round_up(len, 4), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, image);
	for (i = 0; i < len; i += 4)
		put_unaligned_le32(magic | i, image + i);
	return image;
}

static struct bio_vec *copy_vecs(struct kunit *test,
				 const struct bio_vec *vecs, unsigned int nr)
{
	struct bio_vec *copy;

	copy = kunit_kmalloc_array(test, nr, sizeof(*copy), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, copy);
	memcpy(copy, vecs, nr * sizeof(*copy));
	return copy;
}

static struct page *alloc_piece(struct kunit *test, const u8 *image,
				unsigned int offset, unsigned int len)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, get_order(offset + len));

	KUNIT_ASSERT_NOT_NULL(test, folio);
	bio_kunit_at_exit(test, put_folio_action, folio);
	memset(folio_address(folio), 0xee, folio_size(folio));
	memcpy(folio_address(folio) + offset, image, len);
	return folio_page(folio, 0);
}

static void alloc_test_bio(struct kunit *test)
{
	struct fixture *f = test->priv;
	const struct piece *piece;
	unsigned int at = 0;
	struct page *page;

	for (piece = f->p->data; piece->len; piece++) {
		f->data_len += piece->len;
		f->nr_data_vecs++;
	}
	f->data = alloc_image(test, f->data_len, DATA_MAGIC);

	KUNIT_ASSERT_EQ(test, 0, bioset_init(&f->bs, 4, 0, BIOSET_NEED_BVECS));
	bio_kunit_at_exit(test, bioset_exit_action, &f->bs);
	f->bio = bio_alloc_bioset(f->disk->part0, f->nr_data_vecs,
				  REQ_OP_WRITE, GFP_KERNEL, &f->bs);
	KUNIT_ASSERT_NOT_NULL(test, f->bio);
	bio_kunit_at_exit(test, put_bios_action, f);

	for (piece = f->p->data; piece->len; piece++) {
		page = alloc_piece(test, f->data + at, piece->offset,
				   piece->len);
		__bio_add_page(f->bio, page, piece->len, piece->offset);
		at += piece->len;
	}
	KUNIT_ASSERT_EQ(test, f->bio->bi_vcnt, f->nr_data_vecs);
	f->bio->bi_iter.bi_sector = FIRST_SECTOR;

	f->data_vecs = copy_vecs(test, f->bio->bi_io_vec, f->nr_data_vecs);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void attach_prot(struct kunit *test)
{
	struct fixture *f = test->priv;
	const unsigned int *cut = f->p->cut;
	unsigned int at, len, offset, nr = 0;
	struct page *page;

	f->prot_len = f->data_len / f->p->interval * f->p->metadata_size;
	f->prot = alloc_image(test, f->prot_len, PROT_MAGIC);
	f->bip = bio_integrity_alloc(f->bio, GFP_KERNEL, f->prot_len);
	if (IS_ERR(f->bip))
		f->bip = NULL;
	KUNIT_ASSERT_NOT_NULL(test, f->bip);
	bip_set_seed(f->bip, FIRST_SEED);

	for (at = 0; at < f->prot_len; at += len) {
		len = min(*cut, f->prot_len - at);
		/* Every other one crosses a page, and none meets the next. */
		offset = nr++ % 2 ? 40 : PAGE_SIZE - len / 2;
		page = alloc_piece(test, f->prot + at, offset, len);
		KUNIT_ASSERT_EQ(test, len,
				bio_integrity_add_page(f->bio, page, len,
						       offset));
		if (!*++cut)
			cut = f->p->cut;
	}
	KUNIT_ASSERT_EQ(test, f->bip->bip_vcnt, nr);

	f->nr_prot_vecs = nr;
	f->prot_vecs = copy_vecs(test, f->bip->bip_vec, nr);
}
#else
static void attach_prot(struct kunit *test)
{
	kunit_skip(test, "no CONFIG_BLK_DEV_INTEGRITY");
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static void attach_crypt(struct kunit *test)
{
	struct fixture *f = test->priv;
	u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE] = { 1 };
	u8 raw_key[32] = { 1 };

	/* The mode with the largest vector */
	KUNIT_ASSERT_EQ(test, 0,
			blk_crypto_init_key(&f->key, raw_key, sizeof(raw_key),
					    BLK_CRYPTO_KEY_TYPE_RAW,
					    BLK_ENCRYPTION_MODE_ADIANTUM,
					    BLK_CRYPTO_MAX_IV_SIZE,
					    f->p->unit, 0));
	bio_crypt_set_ctx(f->bio, &f->key, dun, GFP_KERNEL);
	f->bc = bio_crypt_ctx(f->bio);
}
#else
static void attach_crypt(struct kunit *test)
{
	kunit_skip(test, "no CONFIG_BLK_INLINE_ENCRYPTION");
}
#endif /* CONFIG_BLK_INLINE_ENCRYPTION */

static int bio_pos_test_init(struct kunit *test)
{
	struct fixture *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	test->priv = f;
	f->p = test->param_value;
	f->step = max3(f->p->interval, f->p->unit, SECTOR_SIZE);

	if (f->p->interval && !IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		kunit_skip(test, "no CONFIG_BLK_DEV_INTEGRITY");
	f->disk = bio_kunit_get_disk(test, f->p->interval, f->p->metadata_size,
				     f->p->tuple_size);
	alloc_test_bio(test);
	if (f->p->interval)
		attach_prot(test);
	if (f->p->unit)
		attach_crypt(test);

	f->now.bytes = f->data_len;
	f->now.prot_bytes = f->prot_len;
	return 0;
}

/*
 * Is a bio where it should be?
 */

static void expect_bytes(struct kunit *test, const struct bio_vec *bv,
			 const u8 *image, unsigned int at, unsigned int end)
{
	const u8 *bytes = page_address(bv->bv_page) + bv->bv_offset;
	unsigned int i;

	KUNIT_ASSERT_NE(test, bv->bv_len, 0);
	KUNIT_ASSERT_LE(test, bv->bv_len, end - at);
	if (!memcmp(bytes, image + at, bv->bv_len))
		return;
	for (i = 0; i < bv->bv_len; i++)
		KUNIT_ASSERT_EQ_MSG(test, bytes[i], image[at + i],
				    "byte %u should be at %u", i, at + i);
}

/* Nobody writes to the table. */
static void expect_vecs(struct kunit *test, const struct bio_vec *vecs,
			const struct bio_vec *copy, unsigned int nr)
{
	KUNIT_ASSERT_EQ(test, 0, memcmp(vecs, copy, nr * sizeof(*vecs)));
}

static void expect_data(struct kunit *test, struct bio *bio,
			const struct place *place)
{
	unsigned int at, end = place->data + place->bytes;
	struct fixture *f = test->priv;
	struct bvec_iter iter;
	struct bio_vec bv;

	KUNIT_ASSERT_PTR_EQ(test, bio->bi_io_vec, f->bio->bi_io_vec);
	expect_vecs(test, bio->bi_io_vec, f->data_vecs, f->nr_data_vecs);
	KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_size, place->bytes);
	if (place->done)
		return;
	KUNIT_ASSERT_EQ(test, bio->bi_iter.bi_sector,
			FIRST_SECTOR + place->data / 512);

	at = place->data;
	bio_for_each_segment(bv, bio, iter) {
		KUNIT_ASSERT_LE(test, bv.bv_offset + bv.bv_len, PAGE_SIZE);
		expect_bytes(test, &bv, f->data, at, end);
		at += bv.bv_len;
	}
	KUNIT_ASSERT_EQ(test, at, end);

	at = place->data;
	bio_for_each_bvec(bv, bio, iter) {
		expect_bytes(test, &bv, f->data, at, end);
		at += bv.bv_len;
	}
	KUNIT_ASSERT_EQ(test, at, end);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void expect_prot(struct kunit *test, struct bio *bio,
			const struct place *place)
{
	unsigned int at = place->prot, end = place->prot + place->prot_bytes;
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct fixture *f = test->priv;
	struct bip_iter iter;
	struct bio_vec bv;

	if (!f->bip || place->detached) {
		KUNIT_ASSERT_NULL(test, bip);
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, bip);
	KUNIT_ASSERT_PTR_EQ(test, bip->bip_vec, f->bip->bip_vec);
	expect_vecs(test, bip->bip_vec, f->prot_vecs, f->nr_prot_vecs);
	KUNIT_ASSERT_EQ(test, place->mapped,
			!!(bip->bip_flags & BIP_MAPPED_INTEGRITY));
	if (place->done || place->ragged)
		return;
	KUNIT_ASSERT_EQ(test, bip_get_seed(bip), FIRST_SEED + place->intervals);
	KUNIT_ASSERT_EQ(test, bip->bip_iter.bi_size, place->prot_bytes);

	bip_for_each_vec(bv, bip, iter) {
		expect_bytes(test, &bv, f->prot, at, end);
		at += bv.bv_len;
	}
	KUNIT_ASSERT_EQ(test, at, end);
}
#else
static void expect_prot(struct kunit *test, struct bio *bio,
			const struct place *place)
{
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

static void expect_place(struct kunit *test, struct bio *bio,
			 const struct place *place)
{
	expect_data(test, bio, place);
	expect_prot(test, bio, place);
}

/*
 * What happens to a bio.  Each moves the bio and its place, and compares.
 */

static void pass(const struct bio_pos_param *p, struct place *place,
		 unsigned int bytes)
{
	unsigned int n;

	if (bytes == place->bytes) {
		place->bytes = 0;
		place->done = true;
		return;
	}
	place->data += bytes;
	place->bytes -= bytes;
	if (p->interval && !place->detached) {
		n = bytes / p->interval;
		place->prot += n * p->metadata_size;
		place->prot_bytes -= n * p->metadata_size;
		place->intervals += n;
		place->ragged |= bytes % p->interval;
	}
}

static void keep(const struct bio_pos_param *p, struct place *place,
		 unsigned int bytes)
{
	place->bytes = bytes;
	if (p->interval && !place->detached) {
		place->prot_bytes = bytes / p->interval * p->metadata_size;
		place->ragged |= bytes % p->interval;
	}
}

static void advance(struct kunit *test, unsigned int bytes)
{
	struct fixture *f = test->priv;

	bio_advance(f->bio, bytes);
	pass(f->p, &f->now, bytes);
	expect_place(test, f->bio, &f->now);
}

/* As brd and the software fallback of inline encryption do it */
static void advance_data_alone(struct kunit *test, unsigned int bytes)
{
	struct fixture *f = test->priv;

	bio_advance_iter(f->bio, &f->bio->bi_iter, bytes);
	f->now.data += bytes;
	f->now.bytes -= bytes;
	expect_place(test, f->bio, &f->now);
}

static void trim(struct kunit *test, unsigned int offset, unsigned int bytes)
{
	struct fixture *f = test->priv;

	bio_trim(f->bio, offset / 512, bytes / 512);
	if (offset || bytes != f->now.bytes) {
		pass(f->p, &f->now, offset);
		keep(f->p, &f->now, bytes);
	}
	expect_place(test, f->bio, &f->now);
}

/* A bio can't be split within a protection interval. */
static unsigned int split_step(const struct fixture *f)
{
	return f->p->interval ?: SECTOR_SIZE;
}

/* The bio becomes what is behind @bytes.  What is before is f->other. */
static void split_front(struct kunit *test, unsigned int bytes)
{
	struct fixture *f = test->priv;
	struct place front = f->now;

	f->other = bio_split(f->bio, bytes / 512, GFP_KERNEL, &f->bs);
	if (IS_ERR(f->other))
		f->other = NULL;
	KUNIT_ASSERT_NOT_NULL(test, f->other);
	keep(f->p, &front, bytes);
	pass(f->p, &f->now, bytes);
	expect_place(test, f->other, &front);
	expect_place(test, f->bio, &f->now);
}

static void split_off(struct kunit *test, unsigned int bytes)
{
	struct fixture *f = test->priv;

	split_front(test, bytes);
	put_other(f);
	expect_place(test, f->bio, &f->now);
}

static void save(struct kunit *test, struct saved *saved)
{
	struct fixture *f = test->priv;

	/* Nothing of an earlier save may shine through. */
	memset(saved, 0x5a, sizeof(*saved));
	bio_pos_save(&saved->pos, f->bio);
	saved->place = f->now;
	saved->data = f->bio->bi_iter;
	if (f->bip)
		saved->prot = f->bip->bip_iter;
	expect_place(test, f->bio, &f->now);
}

/* As dm-integrity does it */
static void carry(struct fixture *f, bool payload)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	f->bio->bi_integrity = payload ? f->bip : NULL;
	if (payload)
		f->bio->bi_opf |= REQ_INTEGRITY;
	else
		f->bio->bi_opf &= ~REQ_INTEGRITY;
	f->now.detached = !payload;
#endif
}

static void restore(struct kunit *test, const struct saved *saved)
{
	struct fixture *f = test->priv;

	/* What is carried is none of the position's business. */
	if (f->now.detached != saved->place.detached)
		carry(f, !saved->place.detached);
	KUNIT_ASSERT_TRUE(test, bio_pos_restore(&saved->pos, f->bio));
	f->now = saved->place;
	expect_place(test, f->bio, &f->now);

	/* To the letter, and where the place is unspecified too */
	KUNIT_ASSERT_EQ(test, 0, memcmp(&saved->data, &f->bio->bi_iter,
					sizeof(saved->data)));
	if (f->bip && !f->now.detached)
		KUNIT_ASSERT_EQ(test, 0,
				memcmp(&saved->prot, &f->bip->bip_iter,
				       sizeof(saved->prot)));
}

/*
 * The tests
 */

static void restores_what_has_not_moved(struct kunit *test)
{
	struct saved start;

	save(test, &start);
	restore(test, &start);
	restore(test, &start);
}

static void restores_after_whole_completion(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start;

	save(test, &start);
	advance(test, f->now.bytes);
	restore(test, &start);
	advance(test, f->now.bytes);
	restore(test, &start);
}

static void restores_after_partial_completion(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start;
	unsigned int at;

	save(test, &start);
	for (at = 512; at < f->data_len; at += 512) {
		advance(test, at);
		restore(test, &start);
		advance(test, at);
		advance(test, f->now.bytes);
		restore(test, &start);
	}
}

static void restores_at_every_step(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start, here;
	unsigned int step;

	save(test, &start);
	for (step = 512; step < f->data_len; step += 512) {
		do {
			save(test, &here);
			advance(test, min(step, f->now.bytes));
			restore(test, &here);
			advance(test, f->now.bytes);
			restore(test, &here);
			advance(test, min(step, f->now.bytes));
		} while (f->now.bytes);
		restore(test, &start);
	}
}

static void restores_after_data_has_moved_alone(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start, here;
	unsigned int at;

	save(test, &start);
	for (at = 512; at < f->data_len; at += 512) {
		advance_data_alone(test, at);
		save(test, &here);
		advance_data_alone(test, f->now.bytes);
		restore(test, &here);
		advance_data_alone(test, f->now.bytes);
		restore(test, &start);
	}
}

static void restores_after_split(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start;
	unsigned int at;

	save(test, &start);
	for (at = split_step(f); at < f->data_len; at += split_step(f)) {
		split_off(test, at);
		restore(test, &start);
		split_off(test, at);
		advance(test, f->now.bytes);
		restore(test, &start);
	}
}

static void restores_after_several_splits(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start, here;
	unsigned int at;

	save(test, &start);
	for (at = split_step(f); at < f->data_len; at += split_step(f)) {
		while (f->now.bytes > at) {
			save(test, &here);
			split_off(test, at);
			restore(test, &here);
			split_off(test, at);
		}
		restore(test, &start);
	}
}

static void count_end_io(struct bio *bio)
{
	struct fixture *f = bio->bi_private;

	f->ended++;
}

/* As blk_update_request() does it, in pieces */
static void complete_by(struct bio *bio, unsigned int bytes)
{
	while (bio->bi_iter.bi_size)
		bio_advance(bio, min(bytes, bio->bi_iter.bi_size));
	bio_endio(bio);
}

static void restores_after_chain_has_ended(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct bio *front;
	struct saved start;
	unsigned int at;

	f->bio->bi_end_io = count_end_io;
	f->bio->bi_private = f;
	save(test, &start);
	for (at = split_step(f); at < f->data_len; at += split_step(f)) {
		f->ended = 0;
		while (f->now.bytes > at) {
			split_front(test, at);
			front = f->other;
			f->other = NULL;
			bio_chain(front, f->bio);
			complete_by(front, 1024);
			KUNIT_ASSERT_EQ(test, f->ended, 0);
		}
		complete_by(f->bio, 1536);
		KUNIT_ASSERT_EQ(test, f->ended, 1);
		restore(test, &start);
		/* Who submits it again does this as well. */
		atomic_set(&f->bio->__bi_remaining, 1);
	}
}

static void restores_after_trim(struct kunit *test)
{
	struct fixture *f = test->priv;
	unsigned int offset, bytes;
	struct saved start;

	save(test, &start);
	for (offset = 0; offset < f->data_len; offset += 512) {
		for (bytes = 512; offset + bytes <= f->data_len; bytes += 512) {
			trim(test, offset, bytes);
			restore(test, &start);
		}
	}
}

static void restores_nothing_but_the_position(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start;

	save(test, &start);
	advance(test, f->step);
	f->bio->bi_status = BLK_STS_IOERR;
	f->bio->bi_opf |= REQ_FAILFAST_DEV;
	bio_set_flag(f->bio, BIO_QUIET);
	f->bio->bi_end_io = count_end_io;
	f->bio->bi_private = f;
	restore(test, &start);
	KUNIT_EXPECT_TRUE(test, f->bio->bi_status == BLK_STS_IOERR);
	KUNIT_EXPECT_TRUE(test, f->bio->bi_opf & REQ_FAILFAST_DEV);
	KUNIT_EXPECT_TRUE(test, bio_flagged(f->bio, BIO_QUIET));
	KUNIT_EXPECT_PTR_EQ(test, f->bio->bi_bdev, f->disk->part0);
	KUNIT_EXPECT_TRUE(test, f->bio->bi_end_io == count_end_io);
	KUNIT_EXPECT_PTR_EQ(test, f->bio->bi_private, (void *)f);
	KUNIT_EXPECT_EQ(test, f->bio->bi_vcnt, f->nr_data_vecs);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void set_mapped(struct kunit *test, bool mapped)
{
	struct fixture *f = test->priv;

	if (mapped)
		f->bip->bip_flags |= BIP_MAPPED_INTEGRITY;
	else
		f->bip->bip_flags &= ~BIP_MAPPED_INTEGRITY;
	f->now.mapped = mapped;
	expect_place(test, f->bio, &f->now);
}

static void detach(struct kunit *test)
{
	struct fixture *f = test->priv;

	carry(f, false);
	expect_place(test, f->bio, &f->now);
}

static void attach(struct kunit *test)
{
	struct fixture *f = test->priv;

	carry(f, true);
	expect_place(test, f->bio, &f->now);
}

static void restores_state_of_payload(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start, mapped;
	unsigned short flags;
	unsigned int at;

	f->bip->bip_flags |= BIP_CHECK_GUARD | BIP_CHECK_REFTAG;
	flags = f->bip->bip_flags;
	save(test, &start);
	for (at = split_step(f); at < f->data_len; at += split_step(f)) {
		set_mapped(test, true);
		save(test, &mapped);
		advance(test, at);
		restore(test, &mapped);
		split_off(test, at);
		set_mapped(test, false);
		restore(test, &mapped);
		KUNIT_ASSERT_EQ(test, f->bip->bip_flags,
				flags | BIP_MAPPED_INTEGRITY);
		restore(test, &start);
		KUNIT_ASSERT_EQ(test, f->bip->bip_flags, flags);
	}
}

static void leaves_other_flags_of_payload(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start;

	save(test, &start);
	advance(test, f->step);
	f->bip->bip_flags |= BIP_CHECK_APPTAG;
	restore(test, &start);
	KUNIT_ASSERT_TRUE(test, f->bip->bip_flags & BIP_CHECK_APPTAG);
}

static void restores_what_was_saved_detached(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved bare;
	unsigned int at;

	detach(test);
	save(test, &bare);
	for (at = 512; at < f->data_len; at += 512) {
		advance(test, at);
		restore(test, &bare);
		split_off(test, at);
		restore(test, &bare);
	}
}
#else
static void set_mapped(struct kunit *test, bool mapped)
{
}

static void detach(struct kunit *test)
{
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

static unsigned int up_to(struct rnd_state *rnd, unsigned int n)
{
	return prandom_u32_state(rnd) % n + 1;
}

static void do_something(struct kunit *test, struct rnd_state *rnd)
{
	struct fixture *f = test->priv;
	unsigned int step = up_to(rnd, 8) == 1 ? 512 : f->step;
	unsigned int steps, n;

	if (f->now.ragged)
		step = 512;
	steps = f->now.bytes / step;
	if (f->bip && !f->now.detached) {
		switch (up_to(rnd, 40)) {
		case 1:
		case 2:
		case 3:
			set_mapped(test, !f->now.mapped);
			return;
		case 4:
			detach(test);
			return;
		}
	}
	if (steps < 2)
		return;
	n = up_to(rnd, steps - 1);
	if (up_to(rnd, 3) != 1)
		n = DIV_ROUND_UP(n, 4);

	switch (up_to(rnd, 16)) {
	case 1:
		advance(test, f->now.bytes);
		break;
	case 2 ... 6:
		advance(test, n * step);
		break;
	case 7 ... 9:
		advance_data_alone(test, n * step);
		break;
	case 10 ... 13:
		if (IS_ALIGNED(n * step, split_step(f)))
			split_off(test, n * step);
		else
			advance(test, n * step);
		break;
	default:
		trim(test, (n - 1) * step, up_to(rnd, steps - n) * step);
		break;
	}
}

#define NR_LEVELS	8

static void restores_what_a_stack_has_saved(struct kunit *test)
{
	struct saved *levels;
	unsigned int i, nr = 1;
	struct rnd_state rnd;

	levels = kunit_kcalloc(test, NR_LEVELS, sizeof(*levels), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, levels);
	prandom_seed_state(&rnd, 20131123);
	save(test, &levels[0]);
	for (i = 0; i < 5000; i++) {
		switch (up_to(&rnd, 10)) {
		case 1 ... 2:
			if (nr < NR_LEVELS)
				save(test, &levels[nr++]);
			break;
		case 3:
			/* The level stays: it may restore once more. */
			nr = up_to(&rnd, nr);
			restore(test, &levels[nr - 1]);
			break;
		case 4:
			restore(test, &levels[nr - 1]);
			if (nr > 1)
				nr--;
			break;
		default:
			do_something(test, &rnd);
			break;
		}
	}
	restore(test, &levels[0]);
}

/*
 * What bio_pos_restore() has to refuse
 */

#if defined(CONFIG_BLK_DEV_INTEGRITY) || defined(CONFIG_BLK_INLINE_ENCRYPTION)
static void expect_refusal(struct kunit *test, const struct saved *saved)
{
	struct fixture *f = test->priv;
	struct bvec_iter data = f->bio->bi_iter;
	blk_opf_t opf = f->bio->bi_opf;
	bool restored = true;

	kunit_warning_suppress(test)
		restored = bio_pos_restore(&saved->pos, f->bio);
	KUNIT_ASSERT_FALSE(test, restored);
	KUNIT_ASSERT_EQ(test, 0, memcmp(&data, &f->bio->bi_iter, sizeof(data)));
	KUNIT_ASSERT_EQ(test, (__force u32)opf, (__force u32)f->bio->bi_opf);
}

#endif

#ifdef CONFIG_BLK_DEV_INTEGRITY
/* With a payload of its own */
static void alloc_other(struct kunit *test)
{
	struct fixture *f = test->priv;

	f->other = bio_alloc_clone(f->disk->part0, f->bio, GFP_KERNEL, &f->bs);
	KUNIT_ASSERT_NOT_NULL(test, f->other);
}

static void refuses_another_payload(struct kunit *test)
{
	struct bio_integrity_payload *bip, before;
	struct fixture *f = test->priv;
	struct saved start;

	save(test, &start);
	advance(test, f->step);
	alloc_other(test);
	bip = f->other->bi_integrity;
	KUNIT_ASSERT_PTR_NE(test, bip, f->bip);

	f->bio->bi_integrity = bip;
	before = *bip;
	expect_refusal(test, &start);
	KUNIT_ASSERT_PTR_EQ(test, f->bio->bi_integrity, bip);
	KUNIT_ASSERT_EQ(test, 0, memcmp(&before, bip, sizeof(before)));

	f->bio->bi_integrity = f->bip;
	expect_place(test, f->bio, &f->now);
	restore(test, &start);
	put_other(f);
}

/* As bio_integrity_unshare() gives it one */
static void refuses_another_table(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct bio_integrity_payload *bip = f->bip;
	typeof(bip->bip_vec) vecs = bip->bip_vec;
	struct saved start;

	save(test, &start);
	advance(test, f->step);
	bip->bip_vec = f->prot_vecs;
	expect_refusal(test, &start);

	bip->bip_vec = vecs;
	expect_place(test, f->bio, &f->now);
	restore(test, &start);
}

static void refuses_payload_that_came_or_went(struct kunit *test)
{
	struct fixture *f = test->priv;
	struct saved start, bare;

	save(test, &start);
	detach(test);
	save(test, &bare);
	expect_refusal(test, &start);
	attach(test);
	advance(test, f->step);
	expect_refusal(test, &bare);
	expect_place(test, f->bio, &f->now);
	restore(test, &start);
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static void refuses_encrypted(struct kunit *test)
{
	struct saved start, plain;
	struct fixture *f = test->priv;

	save(test, &start);
	advance(test, f->step);
	expect_refusal(test, &start);

	/* Not as if it were plain text either, before or after */
	f->bio->bi_crypt_context = NULL;
	expect_refusal(test, &start);
	save(test, &plain);
	f->bio->bi_crypt_context = f->bc;
	expect_refusal(test, &plain);
	expect_place(test, f->bio, &f->now);
}
#endif /* CONFIG_BLK_INLINE_ENCRYPTION */

KUNIT_ARRAY_PARAM_DESC(each, bio_pos_params, name);

static const void *any_gen_params(struct kunit *test, const void *prev,
				  char *desc)
{
	const struct bio_pos_param *p = prev;

	do {
		p = each_gen_params(test, p, desc);
	} while (p && p->unit);
	return p;
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static const void *prot_gen_params(struct kunit *test, const void *prev,
				   char *desc)
{
	const struct bio_pos_param *p = prev;

	do {
		p = each_gen_params(test, p, desc);
	} while (p && !p->interval);
	return p;
}
#endif

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static const void *crypt_gen_params(struct kunit *test, const void *prev,
				    char *desc)
{
	const struct bio_pos_param *p = prev;

	do {
		p = each_gen_params(test, p, desc);
	} while (p && !p->unit);
	return p;
}
#endif

static struct kunit_case bio_pos_test_cases[] = {
	KUNIT_CASE_PARAM(restores_what_has_not_moved, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_whole_completion, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_partial_completion, any_gen_params),
	KUNIT_CASE_PARAM(restores_at_every_step, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_data_has_moved_alone, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_split, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_several_splits, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_chain_has_ended, any_gen_params),
	KUNIT_CASE_PARAM(restores_after_trim, any_gen_params),
	KUNIT_CASE_PARAM(restores_nothing_but_the_position, any_gen_params),
	KUNIT_CASE_PARAM(restores_what_a_stack_has_saved, any_gen_params),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE_PARAM(restores_state_of_payload, prot_gen_params),
	KUNIT_CASE_PARAM(leaves_other_flags_of_payload, prot_gen_params),
	KUNIT_CASE_PARAM(restores_what_was_saved_detached, prot_gen_params),
	KUNIT_CASE_PARAM(refuses_another_payload, prot_gen_params),
	KUNIT_CASE_PARAM(refuses_another_table, prot_gen_params),
	KUNIT_CASE_PARAM(refuses_payload_that_came_or_went, prot_gen_params),
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	KUNIT_CASE_PARAM(refuses_encrypted, crypt_gen_params),
#endif
	{}
};

static struct kunit_suite bio_pos_test_suite = {
	.name = "bio_pos",
	.init = bio_pos_test_init,
	.test_cases = bio_pos_test_cases,
};

kunit_test_suite(bio_pos_test_suite);

MODULE_DESCRIPTION("KUnit tests for struct bio_pos");
MODULE_LICENSE("GPL");
