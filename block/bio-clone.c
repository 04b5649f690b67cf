// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bios that are made from other bios: clones, copies, splits and chains.
 */
#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/bio-pos.h>
#include <linux/blk-cgroup.h>
#include <linux/blk-crypto.h>
#include "blk.h"

/**
 * DOC: Whose is what
 *
 * A bio that is made from another, its source, has something of its own, and
 * shares something with the source:
 *
 * ============  =================  ===================  ============  =========
 * ..            sharing clone      front of a split     deep clone    copy
 * ============  =================  ===================  ============  =========
 * made by       bio_alloc_clone    bio_split            bio_clone     bio_copy
 *               bio_init_clone     bio_split_chained
 *               bio_clone_fast
 *               bio_clone_at
 *               bio_clone_chained
 * table         the source's       the source's         its own       its own
 * PI payload    its own            its own              its own       its own
 * PI buffer     the source's [1]_  the source's [1]_    its own       its own
 * pages         the source's       the source's         the source's  its own
 * position      where the source   the first sectors;   where the     where the
 *               is, or was         the source moves on  source is     source is
 * device        the caller's, or   the source's         the source's  as of a
 *               the source's                                          clone
 * completion    not set [2]_       not set [2]_         not set       not set
 * must stay     table, PI buffer,  table, PI buffer,    pages         nothing
 *               pages              pages
 * on failure    NULL or an errno   ERR_PTR()            NULL          an errno
 * ============  =================  ===================  ============  =========
 *
 * .. [1] bio_integrity_unshare() makes it the clone's own.
 * .. [2] Those that bio_clone_chained() and bio_split_chained() make have one:
 *    their source waits for them.
 *
 * Each of them inherits what a submitter asks of the drivers below: operation
 * and flags, I/O priority, write hint, write stream, the cgroup, and the key that
 * data is encrypted with.  None inherits what belongs to one bio alone:
 * bi_end_io, bi_private, bi_status, bi_cookie, the number of bios that it waits
 * for, pins of pages, the state of throttling and zone write plugging,
 * REQ_ALLOC_CACHE, and REQ_DRV.  Only the front of a split keeps REQ_DRV, and
 * whether the bio has been submitted, since it goes where the rest goes.
 *
 * What must stay has to be there until bi_end_io of the new bio has returned.  A
 * table has one owner, whatever number of clones is between; clones of clones
 * need that owner, not each other.  The bio itself can be put later than that:
 * bio_put() does not look at a table that is not the bio's.  The position of the
 * source may move meanwhile, its table may not change.
 *
 * All this is allowed in any context that the allocation mask allows, also for a
 * source that has been submitted, as long as it cannot end.  On failure the
 * source is as it was.  With a mask that allows direct reclaim, a clone that
 * shares does not fail for want of memory: the bio itself, the encryption context
 * and the integrity payload come from reserves.  Copies of pages and of integrity
 * metadata do not.
 */

/**
 * DOC: Who waits for whom
 *
 * bio_chain() makes a bio, the parent, wait for another, the child: bi_end_io of
 * the parent runs when both have ended, in whatever order they do.
 *
 * - The parent is the bio that has a completion, or whose completion somebody
 *   waits for: bi_end_io, submit_bio_wait(), or a parent of its own.  Who waits
 *   for a child knows nothing about its siblings and its parent.
 * - A child has no completion, before or after: bi_end_io and bi_private belong
 *   to the chain.  It is put when it ends, and is not to be touched after it
 *   has been submitted.
 * - Both directions are right where the parent is the right one.  In a row that
 *   is built front to back and submitted on the way, each bio is chained to the
 *   next, and the last one gets the completion: bio_chain_and_submit().  Where
 *   the first bio has the completion already, all others are chained to it.
 * - A child is chained before it is submitted.  The parent may have been
 *   submitted, but cannot end: the caller is its driver and has not ended it,
 *   or it waits for another child that has not ended.
 * - Each bio_chain() or bio_inc_remaining() is one more bio_endio() that the
 *   parent needs, besides its own, which it needs in any case: children alone
 *   do not end it.
 * - A child's error becomes the parent's, unless that has one.  Whoever ends the
 *   parent adds to that with bio_set_error() and does not store a status.
 * - A parent can be a child.  However deep a tree is, it is ended without
 *   recursion.
 * - A child that shares its parent's table is done with it when the parent
 *   ends.  If the child shares the table of another bio, the chain does not
 *   make that one wait.
 */

/* What a submitter asks of the drivers below, besides operation and flags. */
static __always_inline void bio_inherit(struct bio *bio, struct bio *bio_src)
{
	bio->bi_ioprio = bio_src->bi_ioprio;
	bio->bi_write_hint = bio_src->bi_write_hint;
	bio->bi_write_stream = bio_src->bi_write_stream;

	if (!bio->bi_bdev)
		return;
	if (bio->bi_bdev == bio_src->bi_bdev &&
	    bio_flagged(bio_src, BIO_REMAPPED))
		bio_set_flag(bio, BIO_REMAPPED);
	bio_clone_blkg_association(bio, bio_src);
}

static __always_inline void __bio_copy_attrs(struct bio *bio,
					     struct bio *bio_src)
{
	const blk_opf_t own = REQ_ALLOC_CACHE;

	bio->bi_opf = (bio->bi_opf & own) |
		(bio_src->bi_opf & ~(own | REQ_INTEGRITY | REQ_DRV));
	bio_inherit(bio, bio_src);
}

/**
 * bio_copy_attrs - treat a copy of a bio's data as that bio is treated
 * @bio: bio that has a table and pages of its own, and no integrity payload yet
 * @bio_src: bio that it stands for
 *
 * Give @bio the operation and the flags, the I/O priority, the write hint and
 * the write stream of @bio_src, and if it has a block device already, its
 * cgroup.  What belongs to @bio_src alone stays there: REQ_DRV, and the flags
 * that say that it has an integrity payload or memory from a cache.
 *
 * The position, the payload and the encryption context are not copied; see
 * bio_integrity_clone() and bio_crypt_clone().
 *
 * Context: Any context in which @bio can be submitted.
 */
void bio_copy_attrs(struct bio *bio, struct bio *bio_src)
{
	__bio_copy_attrs(bio, bio_src);
}
EXPORT_SYMBOL_GPL(bio_copy_attrs);

/* The source says which cgroup it is.  Only if it has none, current does. */
static inline void bio_clone_cgroup(struct bio *bio)
{
#ifdef CONFIG_BLK_CGROUP
	if (bio->bi_bdev && !bio->bi_blkg)
		bio_associate_blkg(bio);
#endif
}

/* Let @bio, which has no device yet, refer to all that @bio_src refers to. */
static __always_inline int bio_share(struct bio *bio, struct block_device *bdev,
				     struct bio *bio_src, gfp_t gfp)
{
	bio->bi_bdev = bdev;
	bio->bi_io_vec = bio_src->bi_io_vec;
	bio->bi_iter = bio_src->bi_iter;
	bio->bi_bvec_gap_bit = bio_src->bi_bvec_gap_bit;
	bio_set_flag(bio, BIO_CLONED);
	bio_inherit(bio, bio_src);
	bio_clone_cgroup(bio);

	if (bio_crypt_clone(bio, bio_src, gfp) < 0)
		return -ENOMEM;
	if (bio_integrity(bio_src))
		return bio_integrity_clone(bio, bio_src, gfp);
	return 0;
}

/**
 * bio_alloc_clone - make a bio that shares the table of another
 * @bdev: block device that the clone is for, or %NULL if it is not known yet
 * @bio_src: bio to clone
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * The clone is for what @bio_src has left to do.  "Whose is what" says what of
 * @bio_src it has, and what must not go away before its bi_end_io has returned.
 * With @bdev, it is charged to the cgroup of @bio_src.
 *
 * Context: Any context that @gfp allows.
 * Return: the clone, to be put by the caller, or %NULL if there is no memory.
 */
struct bio *bio_alloc_clone(struct block_device *bdev, struct bio *bio_src,
			    gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio;

	bio = bio_alloc_bioset(NULL, 0, bio_src->bi_opf & ~REQ_DRV, gfp, bs);
	if (!bio)
		return NULL;
	if (bio_share(bio, bdev, bio_src, gfp) < 0) {
		bio_put(bio);
		return NULL;
	}
	biosan_call(clone, bio, bio_src);
	return bio;
}
EXPORT_SYMBOL(bio_alloc_clone);

/**
 * bio_init_clone - make a bio in the caller's memory share the table of another
 * @bdev: block device that the clone is for, or %NULL if it is not known yet
 * @bio: memory for the clone; whatever bio was there has been uninitialized
 * @bio_src: bio to clone
 * @gfp: allocation mask
 *
 * As bio_alloc_clone().  Whether @bio is submitted or not, bio_uninit() has to
 * be called before its memory is used for something else.
 *
 * Context: Any context that @gfp allows.
 * Return: 0, or -ENOMEM, with which there is nothing to uninitialize.
 */
int bio_init_clone(struct block_device *bdev, struct bio *bio,
		   struct bio *bio_src, gfp_t gfp)
{
	int ret;

	bio_init(bio, NULL, NULL, 0,
		 bio_src->bi_opf & ~(REQ_DRV | REQ_ALLOC_CACHE));
	ret = bio_share(bio, bdev, bio_src, gfp);
	if (ret)
		bio_uninit(bio);
	else
		biosan_call(clone, bio, bio_src);
	return ret;
}
EXPORT_SYMBOL(bio_init_clone);

/**
 * bio_clone_at - make a clone that stands at a recorded position
 * @bio_src: bio to clone, whose position may be moved by somebody else meanwhile
 * @iter: position of @bio_src, from bio_pos_save(); for less than was left then,
 *	the caller has reduced iter->data.bi_size
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * For a part of @bio_src that has to be done once more.
 *
 * Context: Any context that @gfp allows.
 * Return: the clone, to be put by the caller, or %NULL if there is no memory.
 */
struct bio *bio_clone_at(struct bio *bio_src, const struct bio_pos *iter,
			 gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio = bio_clone_fast(bio_src, gfp, bs);

	if (bio)
		bio_pos_set_clone(iter, bio);
	return bio;
}
EXPORT_SYMBOL_GPL(bio_clone_at);

/* All that @bio_src has and needs no table, for a bio with a table of its own */
static __always_inline int bio_copy_contexts(struct bio *bio,
					     struct bio *bio_src, gfp_t gfp)
{
	__bio_copy_attrs(bio, bio_src);
	bio_clone_cgroup(bio);
	bio->bi_iter.bi_sector = bio_src->bi_iter.bi_sector;

	if (bio_crypt_clone(bio, bio_src, gfp) < 0)
		return -ENOMEM;
	if (bio_integrity(bio_src))
		return bio_integrity_copy(bio, bio_src, gfp);
	return 0;
}

/**
 * bio_clone - make a bio for the same pages with a table of its own
 * @bio_src: bio to clone
 * @gfp: allocation mask
 * @bs: bio_set to allocate from, with bvecs
 *
 * The deep clone: for those who want to change the table or integrity metadata,
 * or keep the bio for longer than its source.  Its table starts where @bio_src
 * is.  Only the pages are shared, and have to stay.  It is not %BIO_CLONED, but
 * its pages are not its own: not to be freed or unpinned with it.
 *
 * What a read puts into the integrity metadata of the clone is not in that of
 * @bio_src.
 *
 * A table has room for %BIO_MAX_VECS entries.  A bio with a table of somebody
 * else can have more, and has to be split first.
 *
 * Context: Any context that @gfp allows.
 * Return: the clone, to be put by the caller, or %NULL if there is no memory, or
 * no room.
 */
struct bio *bio_clone(struct bio *bio_src, gfp_t gfp, struct bio_set *bs)
{
	const bool data = bio_has_data(bio_src);
	unsigned int nr_vecs = 0;
	struct bvec_iter iter;
	struct bio_vec *vecs;
	struct bio_vec bv;
	struct bio *bio;

	if (data)
		bio_for_each_bvec(bv, bio_src, iter)
			nr_vecs++;
	if (nr_vecs > BIO_MAX_VECS)
		return NULL;

	bio = bio_alloc_bioset(NULL, nr_vecs, 0, gfp, bs);
	if (!bio)
		return NULL;
	bio->bi_bdev = bio_src->bi_bdev;
	if (bio_copy_contexts(bio, bio_src, gfp) < 0) {
		bio_put(bio);
		return NULL;
	}

	if (data) {
		unsigned int i = 0;

		vecs = bio_owned_vecs(bio);
		bio_for_each_bvec(bv, bio_src, iter)
			vecs[i++] = bv;
		bio->bi_vcnt = i;
	}
	bio->bi_iter.bi_size = bio_src->bi_iter.bi_size;
	return bio;
}
EXPORT_SYMBOL_GPL(bio_clone);

/* Copy what @iter stands at in @vecs, and move it on. */
static void bio_copy_from(const struct bio_vec *vecs, struct bvec_iter *iter,
			  void *to, unsigned int len)
{
	while (len) {
		struct bio_vec bv = bvec_iter_bvec(vecs, *iter);

		bv.bv_len = min(bv.bv_len, len);
		memcpy_from_bvec(to, &bv);
		bvec_iter_advance_single(vecs, iter, bv.bv_len);
		to += bv.bv_len;
		len -= bv.bv_len;
	}
}

static int bio_copy_pages(struct bio *bio, struct bio *bio_src, gfp_t gfp)
{
	const gfp_t try_gfp = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NORETRY |
			      __GFP_NOWARN;
	const bool copy = op_is_write(bio_op(bio_src));
	struct bvec_iter iter = bio_src->bi_iter;
	unsigned int left = iter.bi_size;
	unsigned int order = MAX_PAGE_ORDER;

	while (left) {
		unsigned int fit = ilog2(DIV_ROUND_UP(left, PAGE_SIZE)), len;
		struct folio *folio;

		order = min(order, fit);
		folio = folio_alloc(order ? try_gfp : gfp, order);
		if (!folio) {
			if (!order)
				return -ENOMEM;
			order--;
			continue;
		}
		len = min(left, PAGE_SIZE << order);
		__bio_add_page(bio, folio_page(folio, 0), len, 0);
		if (copy)
			bio_copy_from(bio_src->bi_io_vec, &iter,
				      folio_address(folio), len);
		left -= len;
	}
	return 0;
}

/**
 * bio_copy - make a bio the copy of another, with pages of its own
 * @bio: bio without data, with room in its table for each page of what @bio_src
 *	has left; if it has no block device yet, it gets that of @bio_src
 * @bio_src: bio to copy
 * @gfp: allocation mask for pages, integrity metadata and encryption context;
 *	without %__GFP_HIGHMEM
 *
 * Everything that @bio_src has and bio_clone() copies is copied, and if it is a
 * write, its data is, too.  If it is a read, the caller has to copy what has been
 * read back with bio_copy_data().
 *
 * Larger folios are used if they are there without reclaim, so what there is can
 * be in fewer entries.  They are to be freed with bio_free_folios().
 *
 * Context: Any context that @gfp allows.
 * Return: 0, or -ENOMEM or -EINVAL, with which @bio has no pages and is to be
 * put or uninitialized by the caller.
 */
int bio_copy(struct bio *bio, struct bio *bio_src, gfp_t gfp)
{
	const bool data = bio_has_data(bio_src);
	unsigned int len = bio_src->bi_iter.bi_size;
	int ret;

	if (WARN_ON_ONCE(bio->bi_vcnt || bio->bi_iter.bi_size))
		return -EINVAL;
	if (WARN_ON_ONCE(data && len > bio->bi_max_vecs * PAGE_SIZE))
		return -EINVAL;

	if (!bio->bi_bdev)
		bio->bi_bdev = bio_src->bi_bdev;
	ret = bio_copy_contexts(bio, bio_src, gfp);
	if (ret)
		return ret;
	if (!data) {
		bio->bi_iter.bi_size = len;
		return 0;
	}

	ret = bio_copy_pages(bio, bio_src, gfp);
	if (ret) {
		bio_free_folios(bio);
		bio->bi_vcnt = 0;
		bio->bi_iter.bi_size = 0;
	}
	return ret;
}
EXPORT_SYMBOL_GPL(bio_copy);

/* Says that a bio is a child of the bio in bi_private. */
void bio_chain_endio(struct bio *bio)
{
	WARN_ON_ONCE(1);
	bio_endio(bio_end_child(bio));
}

/**
 * bio_chain - let a bio wait for another
 * @bio: the child: a bio without bi_end_io and bi_private, not submitted yet
 * @parent: bio that cannot have ended
 *
 * bi_end_io of @parent is called when both have ended, and an error of @bio is
 * an error of @parent.  @bio is put when it ends.  See "Who waits for whom".
 *
 * If @bio has a completion already, this warns once and leaves it that.  @parent
 * cannot wait for it then; so that nobody takes its data as complete, it is
 * given an error.
 *
 * Context: Any context.
 */
void bio_chain(struct bio *bio, struct bio *parent)
{
	biosan_call(chain, bio, parent);
	if (WARN_ON_ONCE(bio->bi_private || bio->bi_end_io)) {
		bio_set_error(parent, BLK_STS_IOERR);
		return;
	}
	bio->bi_private = parent;
	bio->bi_end_io = bio_chain_endio;
	bio_inc_remaining(parent);
}
EXPORT_SYMBOL(bio_chain);

/**
 * bio_clone_chained - make a clone that its source waits for
 * @bdev: block device that the clone is for
 * @parent: bio to clone, which cannot have ended
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * bio_alloc_clone() and bio_chain() in one: the table that the clone shares
 * stays until it has ended, because @parent waits for it.  @parent needs to be
 * ended by the caller nevertheless.
 *
 * Context: Any context that @gfp allows.
 * Return: the clone, to be submitted or ended, or %NULL if there is no memory.
 */
struct bio *bio_clone_chained(struct block_device *bdev, struct bio *parent,
			      gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio = bio_alloc_clone(bdev, parent, gfp, bs);

	if (bio)
		bio_chain(bio, parent);
	return bio;
}
EXPORT_SYMBOL_GPL(bio_clone_chained);

/**
 * bio_chain_and_submit - submit a bio, and let the next one wait for it
 * @prev: bio that is complete, or %NULL if there is none yet
 * @new: bio that comes after it, not submitted yet
 *
 * For a row of bios of which the last one has the completion.
 *
 * Context: Process context, as submit_bio().
 * Return: @new.
 */
struct bio *bio_chain_and_submit(struct bio *prev, struct bio *new)
{
	if (prev) {
		bio_chain(prev, new);
		submit_bio(prev);
	}
	return new;
}

/**
 * blk_next_bio - submit a bio and allocate the one that waits for it
 * @bio: bio that is complete, or %NULL if there is none yet
 * @bdev: block device of the next one
 * @nr_pages: bvecs that it has to have room for
 * @opf: its operation and flags
 * @gfp: allocation mask, which has to allow direct reclaim
 *
 * Context: Process context, as submit_bio().
 * Return: the next bio.
 */
struct bio *blk_next_bio(struct bio *bio, struct block_device *bdev,
			 unsigned int nr_pages, blk_opf_t opf, gfp_t gfp)
{
	return bio_chain_and_submit(bio, bio_alloc(bdev, nr_pages, opf, gfp));
}
EXPORT_SYMBOL_GPL(blk_next_bio);

/**
 * bio_split - split off the front of a bio
 * @bio: bio to split
 * @sectors: length of the front in sectors, less than that of @bio
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * Make a bio for the first @sectors of @bio, and let @bio have the rest.  The
 * front shares @bio's table, which has to stay until it has ended, and it has no
 * completion.  bio_split_chained() sees to both; this is for those who need a
 * completion of their own.  @bs has to stay as well.
 *
 * Zone appends and atomic writes cannot be split.  Neither can a bio whose
 * integrity metadata does not cover its data, nor one whose device has no
 * integrity profile while it has metadata, nor any within a protection interval:
 * the front or the rest would take tags that are not there.  That is somebody's
 * mistake, and warned of once.
 *
 * Context: Any context that @gfp allows.
 * Return: the front, or an ERR_PTR() and @bio as it was: -ENOMEM, or -EINVAL if
 * @bio cannot be split there.
 */
struct bio *bio_split(struct bio *bio, int sectors, gfp_t gfp,
		      struct bio_set *bs)
{
	struct bio *split;

	if (WARN_ON_ONCE(sectors <= 0 || sectors >= bio_sectors(bio)))
		return ERR_PTR(-EINVAL);
	if (WARN_ON_ONCE(bio_op(bio) == REQ_OP_ZONE_APPEND))
		return ERR_PTR(-EINVAL);
	if (bio->bi_opf & REQ_ATOMIC)
		return ERR_PTR(-EINVAL);
	if (bio_integrity(bio) &&
	    WARN_ON_ONCE(!bio_integrity_can_split(bio, sectors)))
		return ERR_PTR(-EINVAL);

	split = bio_clone_fast(bio, gfp, bs);
	if (!split)
		return ERR_PTR(-ENOMEM);

	/* Unlike other clones, it is for the driver that @bio is for. */
	split->bi_opf |= bio->bi_opf & REQ_DRV;
	if (bio_flagged(bio, BIO_TRACE_COMPLETION))
		bio_set_flag(split, BIO_TRACE_COMPLETION);

	split->bi_iter.bi_size = sectors << SECTOR_SHIFT;
	if (bio_integrity(split))
		bio_integrity_trim(split);
	bio_advance(bio, split->bi_iter.bi_size);

	/* It was that of the front, and is looked for again in the rest. */
	bio->bi_bvec_gap_bit = 0;
	return split;
}
EXPORT_SYMBOL(bio_split);

/**
 * bio_split_chained - split off the front of a bio, and let the rest wait for it
 * @bio: bio to split, which cannot have ended
 * @sectors: length of the front in sectors, less than that of @bio
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * bio_split() and bio_chain() in one: @bio, whose table the front shares, does
 * not end before the front has.
 *
 * Context: Any context that @gfp allows.
 * Return: the front, to be submitted or ended, or an ERR_PTR() as bio_split().
 */
struct bio *bio_split_chained(struct bio *bio, int sectors, gfp_t gfp,
			      struct bio_set *bs)
{
	struct bio *split = bio_split(bio, sectors, gfp, bs);

	if (!IS_ERR(split))
		bio_chain(split, bio);
	return split;
}
EXPORT_SYMBOL_GPL(bio_split_chained);

/**
 * bio_trim - leave a bio only part of what it has to do
 * @bio: bio that has not been submitted, as a rule a clone
 * @offset: sectors to take from its front
 * @size: sectors to leave after them; nothing but 0 will do for an atomic write,
 *	which cannot be cut
 *
 * The position moves, in the data, in integrity metadata and in the count of
 * encrypted data units.  The table stays as it is.  If @bio is shorter than what
 * is asked for, this warns once and does nothing.
 *
 * Context: Any context.
 */
void bio_trim(struct bio *bio, sector_t offset, sector_t size)
{
	sector_t sectors = bio_sectors(bio);

	biosan_call(touch, bio);
	if (WARN_ON_ONCE((bio->bi_opf & REQ_ATOMIC) && size))
		return;
	if (WARN_ON_ONCE(size > sectors || offset > sectors - size))
		return;

	size <<= SECTOR_SHIFT;
	if (!offset && size == bio->bi_iter.bi_size)
		return;

	bio_advance(bio, offset << SECTOR_SHIFT);
	bio->bi_iter.bi_size = size;
	if (bio_integrity(bio))
		bio_integrity_trim(bio);
}
EXPORT_SYMBOL_GPL(bio_trim);
