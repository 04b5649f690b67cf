// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: what can be said of a bio by looking at it, or by comparing it with what
 * it was.  Nothing in here knows of entries, or needs a lock.
 */
#include <linux/bio-integrity.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/crc32.h>
#include <linux/hash.h>
#include <linux/pagemap.h>
#include <linux/sched/task_stack.h>
#include <linux/uaccess.h>
#include "../blk.h"
#include "biosan.h"

/*
 * Tables
 */

/*
 * What is wrong with a table may be that it ends before it is thought to.  So
 * read only what its owner has filled, or so that a fault is harmless.
 */
static bool biosan_read_vec(struct bio_vec *bv, const struct bio_vec *vec,
			    bool bounded)
{
	if (!bounded)
		return !copy_from_kernel_nofault(bv, vec, sizeof(*bv));
	*bv = *vec;
	return true;
}

/* Returns 0 if part of it can't be read any more. */
u64 biosan_hash(const struct biosan_table *t)
{
	unsigned int i, w;
	u64 hash = 0;

	for (i = 0; i < t->nr; i++) {
		union {
			struct bio_vec bv;
			u32 words[sizeof(struct bio_vec) / sizeof(u32)];
		} u;

		if (!biosan_read_vec(&u.bv, &t->vecs[t->first + i],
				     t->bounded))
			return 0;
		for (w = 0; w < ARRAY_SIZE(u.words); w++) {
			hash = (hash ^ u.words[w]) * GOLDEN_RATIO_64;
			hash ^= hash >> 32;
		}
	}
	return hash ?: 1;
}

/*
 * Those of the @max entries of @vecs that are used from @iter on, but no more than
 * can be hashed with interrupts disabled.
 */
enum biosan_extent biosan_record(struct biosan_table *t,
				 const struct bio_vec *vecs, unsigned int max,
				 const struct bvec_iter *iter)
{
	unsigned int left = iter->bi_size, skip = iter->bi_offset;
	enum biosan_extent extent = BIOSAN_ALL;

	t->vecs = vecs;
	t->first = iter->bi_idx;
	t->nr = 0;
	t->bounded = max != UINT_MAX;
	while (left) {
		struct bio_vec bv;

		if (t->nr == BIOSAN_HASHED_VECS) {
			extent = BIOSAN_PART;
			break;
		}
		/* Walked past the end, or overwritten */
		if (t->first + t->nr >= max ||
		    !biosan_read_vec(&bv, &vecs[t->first + t->nr],
				     t->bounded) ||
		    !bv.bv_page || bv.bv_len < skip ||
		    (skip && bv.bv_len == skip)) {
			extent = BIOSAN_SHORT;
			break;
		}
		if (t->nr < BIOSAN_SAVED_VECS)
			t->saved[t->nr] = bv;
		left -= min(left, bv.bv_len - skip);
		skip = 0;
		t->nr++;
	}
	t->hash = biosan_hash(t);
	return extent;
}

/* The first entry that has changed, as far as that can be told */
unsigned int biosan_changed_entry(const struct biosan_table *t,
				  struct bio_vec *now)
{
	unsigned int i;

	memset(now, 0, sizeof(*now));
	for (i = 0; i < min(t->nr, BIOSAN_SAVED_VECS); i++)
		if (!biosan_read_vec(now, &t->vecs[t->first + i], t->bounded) ||
		    memcmp(now, &t->saved[i], sizeof(*now)))
			break;
	return i;
}

/* Does its table go when @bio does?  That of a caller may stay. */
bool biosan_owns_table(const struct bio *bio)
{
	const void *table = bio->bi_io_vec;

	if (!bio_owns_vecs(bio))
		return false;
	if (bio->bi_pool)
		return true;
	if (object_is_on_stack(bio))
		return object_is_on_stack(table);
	/* In one structure with it, or right behind it */
	if (abs((long)table - (long)bio) >= PAGE_SIZE)
		return false;
	return !virt_addr_valid(bio) ||
		(virt_addr_valid(table) &&
		 virt_to_folio(table) == virt_to_folio(bio));
}

/*
 * Data
 */

u32 biosan_crc(const struct bio_vec *vecs, const struct bvec_iter *start)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	u32 crc = 0;

	for_each_bvec(bv, vecs, iter, *start) {
		void *p;

		if (is_pci_p2pdma_page(bv.bv_page))
			continue;
		p = bvec_kmap_local(&bv);
		crc = crc32c(crc, p, bv.bv_len);
		kunmap_local(p);
	}
	return crc;
}

/*
 * Can nobody but the kernel write to the data?  A driver may have been given the
 * memory of a guest, or what user space has passed to the driver above it.
 */
bool biosan_is_kernels(const struct bio_vec *vecs,
		       const struct bvec_iter *start)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	for_each_bvec(bv, vecs, iter, *start) {
		struct folio *folio = page_folio(bv.bv_page);

		if (folio_test_slab(folio))
			continue;
		if (folio_test_anon(folio) || folio_mapped(folio))
			return false;
		/* The page cache waits for writeback; shmem and others don't. */
		if (folio->mapping && !folio_test_writeback(folio))
			return false;
	}
	return true;
}

/*
 * Positions
 */

/* Returns whether that many entries of it can be read. */
bool biosan_offset(const struct bio_vec *vecs, const struct bvec_iter *iter,
		   bool bounded, u64 *bytes)
{
	struct bio_vec bv;
	unsigned int i;

	*bytes = iter->bi_offset;
	for (i = 0; i < iter->bi_idx; i++) {
		if (!biosan_read_vec(&bv, &vecs[i], bounded))
			return false;
		*bytes += bv.bv_len;
	}
	return true;
}

static bool biosan_has_table(struct bio *bio)
{
	return bio_has_data(bio) && bio->bi_io_vec;
}

/* What is wrong may be the count of those that have been filled. */
unsigned int biosan_filled(unsigned int vcnt, unsigned int max_vecs)
{
	return vcnt ? min(vcnt, max_vecs) : max_vecs;
}

/* How many entries of the table can be looked at?  Only its owner says so. */
unsigned int biosan_max_vecs(const struct bio *bio)
{
	if (!bio->bi_max_vecs)
		return UINT_MAX;
	return biosan_filled(bio->bi_vcnt, bio->bi_max_vecs);
}

/* Where @data, and @prot in its integrity metadata, are in the tables of @bio */
void biosan_position_at(struct biosan_pos *pos, struct bio *bio,
			const struct bvec_iter *data,
			const struct bvec_iter *prot)
{
	unsigned int max = biosan_max_vecs(bio);

	memset(pos, 0, sizeof(*pos));
	if (data->bi_idx > min(max, BIOSAN_WALKED_VECS) ||
	    !biosan_offset(bio->bi_io_vec, data, max != UINT_MAX, &pos->data))
		return;
	pos->known = true;
	pos->table = bio->bi_io_vec;
	if (prot && prot->bi_idx <= BIOSAN_WALKED_VECS &&
	    biosan_offset(bio_integrity(bio)->bip_vec, prot, false,
			  &pos->prot)) {
		pos->prot_table = bio_integrity(bio)->bip_vec;
		pos->seed = prot->bi_sector;
	}
}

void biosan_position(struct biosan_pos *pos, struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);

	if (!biosan_has_table(bio)) {
		memset(pos, 0, sizeof(*pos));
		return;
	}
	biosan_position_at(pos, bio, &bio->bi_iter, bip && bip->bip_vec ?
			   &bip->bip_iter.bvec_iter : NULL);
	if (!pos->known)
		return;
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (bio->bi_crypt_context) {
		pos->key = bio->bi_crypt_context->bc_key;
		pos->dun = bio->bi_crypt_context->bc_dun[0];
	}
#endif
}

/* How much integrity metadata do @moved bytes of the data of @bio have? */
s64 biosan_prot_bytes(struct bio *bio, s64 moved)
{
	struct blk_integrity *bi = blk_get_integrity(bio->bi_bdev->bd_disk);
	s64 bytes = 0;

	if (bi)
		bytes = bio_integrity_bytes(bi, abs(moved) >> SECTOR_SHIFT);
	return moved < 0 ? -bytes : bytes;
}

/* Have all parts of the position moved as far as the data has? */
bool biosan_stale(const struct biosan_pos *was, const struct biosan_pos *now,
		  struct bio *bio)
{
	s64 moved = now->data - was->data;
	u64 bytes = moved < 0 ? -moved : moved;
	unsigned int sectors = bytes >> SECTOR_SHIFT;
	struct blk_integrity *bi;
	s64 seed;

	if (!was->known || !now->known || was->table != now->table)
		return false;

	if (was->prot_table && was->prot_table == now->prot_table) {
		if ((s64)(now->prot - was->prot) !=
		    biosan_prot_bytes(bio, moved))
			return true;
		bi = blk_get_integrity(bio->bi_bdev->bd_disk);
		seed = bi ? bio_integrity_intervals(bi, sectors) : 0;
		if ((s64)(now->seed - was->seed) != (moved < 0 ? -seed : seed))
			return true;
	}
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	if (was->key && was->key == now->key) {
		const struct blk_crypto_key *key = now->key;
		s64 dun = bytes >> key->data_unit_size_bits;

		if ((s64)(now->dun - was->dun) != (moved < 0 ? -dun : dun))
			return true;
	}
#endif
	return false;
}

/* Does the position reach past the end of what the owner has filled? */
static bool biosan_outside(struct bio *bio)
{
	struct bio_integrity_payload *bip = bio_integrity(bio);
	struct blk_integrity *bi = NULL;
	u64 filled = 0, start;
	unsigned int i;

	if (!biosan_has_table(bio))
		return false;
	if (bip)
		bi = blk_get_integrity(bio->bi_bdev->bd_disk);
	if (bi && bip->bip_iter.bi_size <
		  bio_integrity_bytes(bi, bio_sectors(bio)))
		return true;

	/* Who fills a table before bio_init() has a count of 0. */
	if (bio->bi_iter.bi_idx >= biosan_max_vecs(bio))
		return true;
	if (!bio->bi_max_vecs || !bio->bi_vcnt)
		return false;
	if (bio->bi_vcnt > bio->bi_max_vecs)
		return true;
	for (i = 0; i < bio->bi_vcnt; i++)
		filled += bio->bi_io_vec[i].bv_len;
	biosan_offset(bio->bi_io_vec, &bio->bi_iter, true, &start);
	return start + bio->bi_iter.bi_size > filled;
}

/* Would it be put into a cache that there is not? */
bool biosan_wrong_cache(const struct bio *bio)
{
	return (bio->bi_opf & REQ_ALLOC_CACHE) &&
		(!bio->bi_pool || !bio->bi_pool->cache);
}

/* What a bio says of itself when it is submitted, and what is not so */
enum biosan_kind biosan_contradiction(struct bio *bio, const char **says)
{
#ifdef CONFIG_BLK_DEV_INTEGRITY
	if ((bio->bi_opf & REQ_INTEGRITY) && !bio->bi_integrity)
		return BIOSAN_NO_PAYLOAD;
	if (!(bio->bi_opf & REQ_INTEGRITY) && bio->bi_integrity)
		return BIOSAN_HIDDEN_PAYLOAD;
#endif
	if (biosan_wrong_cache(bio)) {
		*says = "it is REQ_ALLOC_CACHE and is not from a cache";
		return BIOSAN_FOREIGN_FLAGS;
	}
	if (biosan_outside(bio))
		return BIOSAN_BAD_POSITION;
	if (!bio->bi_iter.bi_size && !(bio->bi_opf & REQ_PREFLUSH) &&
	    (bio_op(bio) == REQ_OP_READ || bio_op(bio) == REQ_OP_WRITE)) {
		*says = "it has nothing left to do, and is no flush";
		return BIOSAN_BAD_POSITION;
	}
	return BIOSAN_NR_KINDS;
}

/*
 * Requests
 */

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
bool biosan_stale_request(struct request *rq)
{
	const struct bio_crypt_ctx *bc = bio_crypt_ctx(rq->bio);

	return bc && rq->crypt_ctx && rq->crypt_ctx->bc_key == bc->bc_key &&
		memcmp(rq->crypt_ctx->bc_dun, bc->bc_dun, sizeof(bc->bc_dun));
}
#else
bool biosan_stale_request(struct request *rq)
{
	return false;
}
#endif

/*
 * Does it have fewer segments than pieces of memory, however they are counted, or
 * a gap between two of them that its disk can't have?
 */
bool biosan_wrong_segments(struct request *rq)
{
	struct bio_vec bv, prev;
	struct req_iterator iter;
	unsigned int nr = 0;

	if (blk_rq_is_passthrough(rq) || !bio_has_data(rq->bio) ||
	    (rq->rq_flags & RQF_SPECIAL_PAYLOAD))
		return false;
	rq_for_each_bvec(bv, rq, iter) {
		if (!nr || bvec_phys(&prev) + prev.bv_len != bvec_phys(&bv)) {
			if (nr && bvec_gap_to_prev(&rq->q->limits, &prev,
						   bv.bv_offset))
				return true;
			nr++;
		}
		prev = bv;
	}
	return nr > rq->nr_phys_segments;
}
