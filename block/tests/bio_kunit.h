/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the KUnit suites for bios have in common.
 */
#ifndef _BLOCK_TESTS_BIO_KUNIT_H
#define _BLOCK_TESTS_BIO_KUNIT_H

#include <kunit/test.h>
#include <linux/blk-integrity.h>
#include <linux/blkdev.h>

static inline void bio_kunit_at_exit(struct kunit *test,
				     kunit_action_t *action, void *arg)
{
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, action, arg));
}

/*
 * A disk without a driver, with protection information for each @interval
 * bytes of data unless that is 0.
 */
static inline struct gendisk *
bio_kunit_alloc_disk(unsigned int interval, unsigned int metadata_size,
		     unsigned int tuple_size)
{
	struct queue_limits lim = {
		.logical_block_size = 512,
		.max_integrity_segments = USHRT_MAX,
	};

	if (interval) {
		lim.logical_block_size = interval;
		lim.integrity.interval_exp = ilog2(interval);
		lim.integrity.metadata_size = metadata_size;
		lim.integrity.pi_tuple_size = tuple_size;
		lim.integrity.csum_type = tuple_size == 8 ?
			BLK_INTEGRITY_CSUM_CRC : BLK_INTEGRITY_CSUM_CRC64;
		lim.integrity.flags = BLK_INTEGRITY_REF_TAG |
			BLK_SPLIT_INTERVAL_CAPABLE;
	}
	return blk_alloc_disk(&lim, NUMA_NO_NODE);
}

static inline void bio_kunit_put_disk(void *disk)
{
	put_disk(disk);
}

/* The same, until the end of the case */
static inline struct gendisk *
bio_kunit_get_disk(struct kunit *test, unsigned int interval,
		   unsigned int metadata_size, unsigned int tuple_size)
{
	struct gendisk *disk;

	disk = bio_kunit_alloc_disk(interval, metadata_size, tuple_size);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, disk);
	bio_kunit_at_exit(test, bio_kunit_put_disk, disk);
	return disk;
}

/* What all cases of a suite use: a bio_set and two plain disks */
struct bio_kunit_shared {
	struct bio_set bs;
	struct gendisk *disk;
	struct gendisk *other_disk;
};

static inline int bio_kunit_shared_init(struct bio_kunit_shared *s,
					unsigned int front_pad, int flags)
{
	int ret;

	ret = bioset_init(&s->bs, 2, front_pad, flags);
	if (ret)
		return ret;
	s->disk = bio_kunit_alloc_disk(0, 0, 0);
	if (IS_ERR(s->disk)) {
		ret = PTR_ERR(s->disk);
		goto exit_bs;
	}
	s->other_disk = bio_kunit_alloc_disk(0, 0, 0);
	if (IS_ERR(s->other_disk)) {
		ret = PTR_ERR(s->other_disk);
		goto put_first;
	}
	return 0;

put_first:
	put_disk(s->disk);
exit_bs:
	s->disk = NULL;
	bioset_exit(&s->bs);
	return ret;
}

/* Also for a suite whose init has failed */
static inline void bio_kunit_shared_exit(struct bio_kunit_shared *s)
{
	if (!s->disk)
		return;
	put_disk(s->other_disk);
	put_disk(s->disk);
	s->disk = NULL;
	bioset_exit(&s->bs);
}

#endif /* _BLOCK_TESTS_BIO_KUNIT_H */
