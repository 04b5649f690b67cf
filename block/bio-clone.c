// SPDX-License-Identifier: GPL-2.0
/*
 * Bios that are made from other bios: clones, copies, splits and chains.
 */
#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/blk-cgroup.h>
#include <linux/blk-crypto.h>
#include "blk.h"
#include "blk-cgroup.h"

/**
 * DOC: What a new bio shares with its source
 *
 * ============  ==================  ====================  ====================
 * ..            clone               front of a split      copy
 * ============  ==================  ====================  ====================
 * made by       bio_alloc_clone     bio_split             bio_alloc_copy
 *               bio_init_clone      bio_split_chained
 *               bio_clone_fast
 * table         the source's        the source's          its own
 * PI payload    its own             its own               its own
 * PI buffer     the source's [1]_   the source's [1]_     its own
 * pages         the source's        the source's          its own
 * position      where the source    the first sectors;    where the source
 *               is                  the source moves on   is
 * device        the argument; the   the source's          the argument
 *               source's
 *               (bio_clone_fast)
 * completion    not set             not set [2]_          not set
 * must stay     table, PI buffer,   table, PI buffer,     nothing
 *               pages               pages
 * on failure    NULL; an errno      ERR_PTR()             NULL
 *               (bio_init_clone)
 * ============  ==================  ====================  ====================
 *
 * .. [1] bio_integrity_unshare() gives the clone one of its own.
 * .. [2] bio_split_chained() sets it: the source waits for the front.
 *
 * Each of them inherits what the submitter asks of the drivers below: operation
 * and flags, I/O priority, write hint, write stream, and encryption context.
 * It inherits the cgroup if it has a device.  Without one it gets a cgroup from
 * bio_set_dev(), which is that of the current task, unless
 * bio_clone_blkg_association() is called after that.
 *
 * None inherits what belongs to one bio alone: bi_end_io, bi_private,
 * bi_status, bi_cookie, the number of bios that it waits for, pins of pages,
 * the state of throttling and zone write plugging, REQ_ALLOC_CACHE, and
 * REQ_DRV.  Only the front of a split keeps REQ_DRV, and whether the bio has
 * been submitted, since it goes where the rest goes.
 *
 * What must stay has to be there until bi_end_io of the new bio has been
 * called.  A table has one owner, however many clones of clones share it: each
 * of them needs that owner, and not the clone that it was made from.  The
 * position of the source may move meanwhile.
 *
 * A bio can be cloned or copied by its owner before it has been submitted, and
 * by the driver that it has been given to.  Nobody else may: a position that is
 * moved at the same time is read in pieces.
 *
 * With a mask that allows direct reclaim, the bio and the encryption context of a
 * clone are waited for.  They come from reserves, which move only if bios that
 * were taken from them are on their way.  Submit one before the next one is
 * allocated from the same &struct bio_set; see bio_alloc_bioset().  The integrity
 * payload has its place in the bio.  It has none in a bio from a bio_set with
 * bvecs but without %BIOSET_NEED_BIP, or from bio_init_clone(); then it is
 * allocated, which can fail.
 */

/**
 * DOC: Which bio waits for which
 *
 * bio_chain() makes a bio, the parent, wait for another, the child: bi_end_io
 * of the parent is called when both have ended, in whatever order they do.
 *
 * - The parent is the bio that has a completion, or whose completion is waited
 *   for: bi_end_io, submit_bio_wait(), or a parent of its own.
 * - A child has no completion, before or after: bi_end_io and bi_private belong
 *   to the chain.  It is put when it ends, and is not to be touched after it
 *   has been submitted.
 * - In a row of bios that is built front to back and submitted on the way, each
 *   bio is chained to the next, and the last one gets the completion.
 *   blk_next_bio() does that, without holding one bio while it waits for the
 *   next.  If the first bio has the completion already, all others are chained
 *   to it.
 * - A child is chained before it is submitted.
 * - The first time that a bio becomes a parent it has not been submitted, or
 *   the caller is the driver that it has been given to: BIO_CHAIN is set in
 *   bi_flags, which nothing else may write to at the same time.  While it waits
 *   for a child it can get more of them, wherever it is.
 * - A parent cannot have ended.  It has not if it has not been submitted, if it
 *   has not been ended by the caller, or if it waits for a child that has not.
 * - Each bio_chain() or bio_inc_remaining() is one more bio_endio() that the
 *   parent needs, besides its own: children alone do not end it.
 * - A child's error becomes the parent's, unless that has one.  So the parent
 *   is ended with bio_endio_status(), or with bio_set_error() before
 *   bio_endio(), and bi_status is not stored to.
 * - A parent can be a child.  However deep a tree is, it is ended without
 *   recursion.
 * - A child that shares its parent's table is done with it when the parent
 *   ends.  If it shares the table of another bio, the chain does not make that
 *   one wait.
 */

static void bio_copy_hints(struct bio *bio, struct bio *bio_src)
{
	bio->bi_ioprio = bio_src->bi_ioprio;
	bio->bi_write_hint = bio_src->bi_write_hint;
	bio->bi_write_stream = bio_src->bi_write_stream;
}

static void __bio_copy_attrs(struct bio *bio, struct bio *bio_src)
{
	bio_copy_hints(bio, bio_src);
	if (bio->bi_bdev) {
		if (bio->bi_bdev == bio_src->bi_bdev &&
		    bio_flagged(bio_src, BIO_REMAPPED))
			bio_set_flag(bio, BIO_REMAPPED);
		bio_clone_blkg_association(bio, bio_src);
	}
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
	const blk_opf_t own = REQ_ALLOC_CACHE;

	bio->bi_opf = (bio->bi_opf & own) |
		(bio_src->bi_opf & ~(own | REQ_INTEGRITY | REQ_DRV));
	__bio_copy_attrs(bio, bio_src);
}
EXPORT_SYMBOL_GPL(bio_copy_attrs);

static void bio_share_table(struct bio *bio, struct bio *bio_src)
{
	bio_set_flag(bio, BIO_CLONED);
	bio->bi_bvec_gap_bit = bio_src->bi_bvec_gap_bit;
	bio->bi_iter = bio_src->bi_iter;
	bio->bi_io_vec = bio_src->bi_io_vec;
}

static int bio_clone_contexts(struct bio *bio, struct bio *bio_src, gfp_t gfp)
{
	if (bio_crypt_clone(bio, bio_src, gfp) < 0)
		return -ENOMEM;
	if (bio_integrity(bio_src) &&
	    bio_integrity_clone(bio, bio_src, gfp) < 0)
		return -ENOMEM;
	return 0;
}

static int __bio_clone(struct bio *bio, struct bio *bio_src, gfp_t gfp)
{
	bio_share_table(bio, bio_src);
	__bio_copy_attrs(bio, bio_src);
	return bio_clone_contexts(bio, bio_src, gfp);
}

/**
 * bio_alloc_clone - make a bio that shares the table of another
 * @bdev: block device that the clone is for, or %NULL if it is not known yet
 * @bio_src: bio to clone
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * The clone is for what @bio_src has left to do.  "What a new bio shares with
 * its source" says what of @bio_src it has, and what must not go away before
 * its bi_end_io has been called.
 *
 * Context: Any context that @gfp allows.
 * Return: the clone, to be put by the caller, or %NULL if there is no memory.
 */
struct bio *bio_alloc_clone(struct block_device *bdev, struct bio *bio_src,
		gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio;

	bio = bio_alloc_bioset(bdev, 0, bio_src->bi_opf & ~REQ_DRV, gfp, bs);
	if (!bio)
		return NULL;

	if (__bio_clone(bio, bio_src, gfp) < 0) {
		bio_put(bio);
		return NULL;
	}
	biosan_call_pair(clone, bio, bio_src);
	return bio;
}
EXPORT_SYMBOL(bio_alloc_clone);

/* The source holds a reference, so that taking another one cannot fail. */
static void bio_share_blkg(struct bio *bio, struct bio *bio_src)
{
#ifdef CONFIG_BLK_CGROUP
	if (bio_src->bi_blkg) {
		blkg_get(bio_src->bi_blkg);
		bio->bi_blkg = bio_src->bi_blkg;
	} else if (bio->bi_bdev) {
		bio_associate_blkg(bio);
	}
#endif
}

/**
 * bio_clone_fast - clone a bio for the device that it is for
 * @bio_src: bio to clone
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * bio_alloc_clone() looks for the blkg of the source's cgroup on the device
 * that it is given.  On the device of the source that is the source's blkg, of
 * which this takes a reference.  Apart from that the two are the same.
 *
 * Context: Any context that @gfp allows.
 * Return: the clone, to be put by the caller, or %NULL if there is no memory.
 */
struct bio *bio_clone_fast(struct bio *bio_src, gfp_t gfp, struct bio_set *bs)
{
	struct bio *bio;

	bio = bio_alloc_bioset(NULL, 0, bio_src->bi_opf & ~REQ_DRV, gfp, bs);
	if (!bio)
		return NULL;

	bio->bi_bdev = bio_src->bi_bdev;
	if (bio_flagged(bio_src, BIO_REMAPPED))
		bio_set_flag(bio, BIO_REMAPPED);
	bio_share_blkg(bio, bio_src);
	bio_share_table(bio, bio_src);
	bio_copy_hints(bio, bio_src);
	if (bio_clone_contexts(bio, bio_src, gfp) < 0) {
		bio_put(bio);
		return NULL;
	}
	biosan_call_pair(clone, bio, bio_src);
	return bio;
}
EXPORT_SYMBOL_GPL(bio_clone_fast);

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

	bio_init(bio, bdev, NULL, 0,
		 bio_src->bi_opf & ~(REQ_DRV | REQ_ALLOC_CACHE));
	ret = __bio_clone(bio, bio_src, gfp);
	if (ret)
		bio_uninit(bio);
	else
		biosan_call_pair(clone, bio, bio_src);
	return ret;
}
EXPORT_SYMBOL(bio_init_clone);

/* Larger folios are used only if they are there without reclaim. */
static int bio_alloc_folios(struct bio *bio, unsigned int left, gfp_t gfp)
{
	const gfp_t try_gfp = (gfp & ~__GFP_RECLAIM) | __GFP_NOWARN;

	while (left) {
		unsigned int pages = DIV_ROUND_UP(left, PAGE_SIZE);
		size_t len = min_t(size_t, SZ_1M,
				   rounddown_pow_of_two(pages) * PAGE_SIZE);
		struct folio *folio;

		folio = folio_alloc_greedy(try_gfp, &len, PAGE_SIZE);
		if (!folio)
			folio = folio_alloc(gfp, 0);
		if (!folio)
			return -ENOMEM;
		len = min(len, left);
		bio_add_folio_nofail(bio, folio, len, 0);
		left -= len;
	}
	return 0;
}

/**
 * bio_alloc_copy - make a bio that has pages of its own for the data of another
 * @bdev: block device that the copy is for, or %NULL if it is not known yet
 * @bio_src: bio to copy
 * @gfp: allocation mask for the pages, without %__GFP_HIGHMEM
 * @bs: bio_set to allocate from, with bvecs
 *
 * The copy is for what @bio_src has left to do.  It shares no table, buffer or
 * page with @bio_src, and may outlive it.  It is treated as @bio_src is, see
 * bio_copy_attrs(), and has its encryption context.  If @bio_src is a write,
 * its data and its integrity metadata are copied.
 *
 * If it is a read, the copy has room for the data, and the caller has to copy
 * what has been read back with bio_copy_data().  Nothing would do that with
 * integrity metadata, so that a read which has any is refused with a warning.
 *
 * A copy is for callers that can do without it.  Nothing but pages is waited
 * for, and nothing is taken from the reserve of @bs.
 *
 * Pages come in folios, an entry for each.  They are to be freed with
 * bio_free_folios() before the copy is put.
 *
 * Context: Any context that @gfp allows.
 * Return: the copy, to be put by the caller.  %NULL if there is no memory, or
 *	if @bio_src has more left than %BIO_MAX_VECS pages can hold.
 */
struct bio *bio_alloc_copy(struct block_device *bdev, struct bio *bio_src,
			   gfp_t gfp, struct bio_set *bs)
{
	const gfp_t try_gfp = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN;
	const bool write = op_is_write(bio_op(bio_src));
	const unsigned int size = bio_src->bi_iter.bi_size;
	unsigned int nr_vecs = 0;
	struct bio *bio;

	if (WARN_ON_ONCE(bio_integrity(bio_src) && !write))
		return NULL;
	if (bio_has_data(bio_src))
		nr_vecs = DIV_ROUND_UP(size, PAGE_SIZE);
	if (nr_vecs > BIO_MAX_VECS)
		return NULL;

	bio = bio_alloc_bioset(bdev, nr_vecs, 0, try_gfp, bs);
	if (!bio)
		return NULL;
	bio_copy_attrs(bio, bio_src);
	bio->bi_iter.bi_sector = bio_src->bi_iter.bi_sector;

	if (bio_crypt_clone(bio, bio_src, try_gfp) < 0)
		goto free;
	if (bio_integrity(bio_src) &&
	    bio_integrity_copy(bio, bio_src, try_gfp) < 0)
		goto free;
	if (!nr_vecs) {
		bio->bi_iter.bi_size = size;
		return bio;
	}

	if (bio_alloc_folios(bio, size, gfp) < 0)
		goto free;
	if (write)
		bio_copy_data(bio, bio_src);
	return bio;

free:
	bio_free_folios(bio);
	bio_put(bio);
	return NULL;
}
EXPORT_SYMBOL_GPL(bio_alloc_copy);

/*
 * This says that a bio is a child of the bio in bi_private, and is not meant to
 * be called.  Code that does call it should have called bio_endio().
 */
void bio_chain_endio(struct bio *bio)
{
	WARN_ON_ONCE(1);
	bio_endio(__bio_chain_endio(bio));
}

/* Has the arguments of its caller, which need not be moved for it */
static noinline __noclone void bio_chain_refuse(struct bio *bio, struct bio *parent)
{
	bio_set_error(parent, BLK_STS_IOERR);
}

static __always_inline void __bio_chain(struct bio *bio, struct bio *parent)
{
	if (WARN_ON_ONCE(bio->bi_private || bio->bi_end_io)) {
		bio_chain_refuse(bio, parent);
		return;
	}

	bio->bi_private = parent;
	bio->bi_end_io	= bio_chain_endio;
	bio_inc_remaining(parent);
}

static noinline void bio_chain_watched(struct bio *bio, struct bio *parent)
{
	__biosan_chain(bio, parent);
	__bio_chain(bio, parent);
}

/**
 * bio_chain - let a bio wait for another
 * @bio: the child: a bio without bi_end_io and bi_private, not submitted yet
 * @parent: bio that cannot have ended
 *
 * bi_end_io of @parent is called when both have ended, and an error of @bio is
 * an error of @parent.  @bio is put when it ends.  See "Which bio waits for
 * which", and there, when @parent may have been submitted.
 *
 * If @bio has a completion already, this warns once and leaves @bio as it is.
 * @parent does not wait for it then, and is given an error.
 *
 * Context: Any context.
 */
void bio_chain(struct bio *bio, struct bio *parent)
{
	/* Out of line, so that nothing is saved for a call that is not made */
	if (biosan_watches(bio, parent))
		bio_chain_watched(bio, parent);
	else
		__bio_chain(bio, parent);
}
EXPORT_SYMBOL(bio_chain);

/**
 * blk_next_bio - submit a bio and allocate the one that waits for it
 * @bio: bio that is complete, without bi_end_io and bi_private, or %NULL if
 *	there is none yet
 * @bdev: block device of the next one
 * @nr_pages: bvecs that it has to have room for
 * @opf: its operation and flags
 * @gfp: allocation mask
 *
 * For a row of bios of which the last one gets the completion.  @bio is not
 * held while the next one is waited for: if there is no memory for that at
 * once, @bio is submitted and waited for first, and the next one gets its
 * status.  In the submit_bio method of a driver that is not possible, as bios
 * are only queued there.
 *
 * Context: Process context.  May sleep if @gfp allows direct reclaim.
 * Return: the next bio.  %NULL, and @bio as it was, if there is no memory and
 *	@gfp does not allow direct reclaim.
 */
struct bio *blk_next_bio(struct bio *bio, struct block_device *bdev,
		unsigned int nr_pages, blk_opf_t opf, gfp_t gfp)
{
	gfp_t try_gfp = gfp;
	blk_status_t status;
	struct bio *new;

	if (!bio)
		return bio_alloc(bdev, nr_pages, opf, gfp);

	if (!current->bio_list)
		try_gfp = (gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN;
	new = bio_alloc(bdev, nr_pages, opf, try_gfp);
	if (new) {
		bio_chain(bio, new);
		submit_bio(bio);
		return new;
	}
	if (!(gfp & __GFP_DIRECT_RECLAIM))
		return NULL;

	submit_bio_wait(bio);
	status = bio->bi_status;
	bio_put(bio);
	new = bio_alloc(bdev, nr_pages, opf, gfp);
	new->bi_status = status;
	return new;
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
 * front shares @bio's table, which has to stay until it has ended, and it has
 * no completion.  bio_split_chained() takes care of both; this is for code that
 * needs a completion of its own.  @bs has to stay as well.
 *
 * Zone appends and atomic writes cannot be split.  Neither can a bio whose
 * integrity metadata does not cover its data, nor one whose device has no
 * integrity profile while it has metadata, nor any within a protection
 * interval: the front or the rest would take tags that are not there.  This
 * warns once about these.
 *
 * Context: Any context that @gfp allows.
 * Return: the front, or an ERR_PTR() and @bio as it was: -ENOMEM, or -EINVAL if
 *	@bio cannot be split there.
 */
struct bio *bio_split(struct bio *bio, int sectors,
		      gfp_t gfp, struct bio_set *bs)
{
	struct bio *split;

	if (WARN_ON_ONCE(sectors <= 0))
		return ERR_PTR(-EINVAL);
	if (WARN_ON_ONCE(sectors >= bio_sectors(bio)))
		return ERR_PTR(-EINVAL);

	/* Zone append commands cannot be split */
	if (WARN_ON_ONCE(bio_op(bio) == REQ_OP_ZONE_APPEND))
		return ERR_PTR(-EINVAL);

	/* atomic writes cannot be split */
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
	split->bi_iter.bi_size = sectors << 9;

	if (bio_integrity(split))
		bio_integrity_trim(split);

	bio_advance(bio, split->bi_iter.bi_size);

	/*
	 * The gap bit is set when splitting to limits and only applies to the
	 * front bio that was split off. The remaining bio will calcualte its
	 * gap value when it is subsequently split to limits, so it is safe to
	 * re-initialize the value back to 0.
	 */
	bio->bi_bvec_gap_bit = 0;

	if (bio_flagged(bio, BIO_TRACE_COMPLETION))
		bio_set_flag(split, BIO_TRACE_COMPLETION);

	return split;
}
EXPORT_SYMBOL(bio_split);

/**
 * bio_split_chained - split a bio, and let the rest wait for the front
 * @bio: bio to split, which cannot have ended
 * @sectors: number of sectors to split from the front of @bio
 * @gfp: allocation mask
 * @bs: bio_set to allocate from; needs no bvecs
 *
 * bio_split() and bio_chain() in one: @bio, whose table the front shares, does
 * not end before the front has.  Code that splits bios on their way to a driver
 * wants bio_submit_split_bioset(), which also submits the rest.
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
 * @size: sectors to leave after them; has to be 0 for an atomic write, which
 *	cannot be cut
 *
 * The position moves, in the data, in integrity metadata and in the count of
 * encrypted data units.  The table stays as it is.  If @bio is shorter than
 * what is asked for, this warns once and does nothing.
 *
 * Context: Any context.
 */
void bio_trim(struct bio *bio, sector_t offset, sector_t size)
{
	/* We should never trim an atomic write */
	if (WARN_ON_ONCE(bio->bi_opf & REQ_ATOMIC && size))
		return;

	if (WARN_ON_ONCE(offset > BIO_MAX_SECTORS || size > BIO_MAX_SECTORS ||
			 offset + size > bio_sectors(bio)))
		return;

	size <<= 9;
	if (offset == 0 && size == bio->bi_iter.bi_size)
		return;

	bio_advance(bio, offset << 9);
	bio->bi_iter.bi_size = size;
	biosan_call(touch, bio);

	if (bio_integrity(bio))
		bio_integrity_trim(bio);
}
EXPORT_SYMBOL_GPL(bio_trim);
