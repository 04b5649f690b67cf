// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bios that are made from other bios: clones, copies, splits and chains.
 */
#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/blk-cgroup.h>
#include <linux/blk-crypto.h>
#include "blk.h"

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
	return ret;
}
EXPORT_SYMBOL(bio_init_clone);

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
 * front shares @bio's table and has no completion: as a rule it is chained to
 * @bio, so that neither @bio nor the table goes away before it has ended.  @bs
 * has to stay as long.
 *
 * Zone appends and atomic writes cannot be split.
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

	split = bio_alloc_clone(bio->bi_bdev, bio, gfp, bs);
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
