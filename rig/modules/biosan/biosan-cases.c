// SPDX-License-Identifier: GPL-2.0-only
/*
 * What drivers do wrong with bios, and what looks as if it were and is not, one
 * small function each, so that a report can be held against its name.  Writing
 * the name of a case to the parameter "run" runs it.
 *
 * The one who submits and owns a bio is called fs here, and the one who is given
 * it the driver.  /dev/upper is the driver's disk, which does what the case
 * wants; /dev/lower keeps what it is given until it is told to end it; /dev/queue
 * has requests.  Bios of our bio_set are not freed before the next case, so that
 * one that is used after it was freed breaks nothing else.
 *
 * The targets of device-mapper are:
 *   biosan-remapped DEVICE	writes to the table of the bio that it is given
 *				part of, and lets dm submit its clone
 *   biosan-submits DEVICE	the same, and submits it
 *
 * Test only.
 */
#include <linux/bio.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/device-mapper.h>
#include <linux/mempool.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#define SIZE		4096
#define CAPACITY	2048
#define MAX_FREED	64

static struct gendisk *upper, *lower, *queue;
static struct blk_mq_tag_set tags;
static struct bio_set bs, cache_bs;
static void *freed[MAX_FREED];
static unsigned int nr_freed;

static void (*driver)(struct bio *bio);
static DEFINE_SPINLOCK(lock);
static struct bio_list kept;
static struct request *kept_rq;
static bool keep_rq;
static unsigned int ended;
static blk_status_t status;
static struct completion all_ended;

/*
 * Disks
 */

static void upper_submit_bio(struct bio *bio)
{
	driver(bio);
}

static void keep(struct bio *bio)
{
	spin_lock_irq(&lock);
	bio_list_add(&kept, bio);
	spin_unlock_irq(&lock);
}

static struct bio *take(void)
{
	struct bio *bio;

	spin_lock_irq(&lock);
	bio = bio_list_pop(&kept);
	spin_unlock_irq(&lock);
	return bio;
}

/* As the disk below a driver, whose function is not the driver's */
static noinline void end_kept(void)
{
	struct bio *bio;

	while ((bio = take()))
		bio_endio(bio);
	barrier();
}

static const struct block_device_operations upper_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= upper_submit_bio,
};

static const struct block_device_operations lower_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= keep,
};

static const struct block_device_operations queue_fops = {
	.owner		= THIS_MODULE,
};

static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx,
			     const struct blk_mq_queue_data *bd)
{
	blk_mq_start_request(bd->rq);
	if (keep_rq) {
		keep_rq = false;
		kept_rq = bd->rq;
		complete(&all_ended);
	} else {
		blk_mq_end_request(bd->rq, BLK_STS_OK);
	}
	return BLK_STS_OK;
}

static const struct blk_mq_ops mq_ops = {
	.queue_rq	= queue_rq,
};

/*
 * Who submits bios
 */

static void free_later(void *element, void *pool_data)
{
	if (nr_freed < MAX_FREED)
		freed[nr_freed++] = element;
	else
		mempool_free_slab(element, pool_data);
}

static void free_now(void)
{
	while (nr_freed)
		kmem_cache_free(bs.bio_slab, freed[--nr_freed]);
}

static void fs_end(struct bio *bio)
{
	ended++;
	status = bio->bi_status;
	complete(&all_ended);
}

static void fs_end_put(struct bio *bio)
{
	ended++;
	bio_put(bio);
}

static struct bio *fs_alloc(struct gendisk *disk, blk_opf_t opf)
{
	struct bio *bio = bio_alloc_bioset(disk->part0, 4, opf, GFP_KERNEL,
					   &bs);
	int i;

	for (i = 0; i < 4; i++)
		__bio_add_page(bio, ZERO_PAGE(0), SIZE / 4, 0);
	bio->bi_end_io = fs_end;
	return bio;
}

static noinline struct bio *fs_submit(void (*fn)(struct bio *bio),
				      bio_end_io_t *end_io)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);

	bio->bi_end_io = end_io;
	driver = fn;
	submit_bio(bio);
	return bio;
}

static void end_nothing(struct bio *bio)
{
}

static void end_put(struct bio *bio)
{
	bio_put(bio);
}

/* What a driver submits gets to the disk below when the driver has returned. */
static struct bio *the_clone;

static struct bio *driver_clone(struct bio *bio)
{
	struct bio *clone = bio_alloc_clone(lower->part0, bio, GFP_NOIO, &bs);

	clone->bi_end_io = end_nothing;
	the_clone = clone;
	return clone;
}

/* As the driver, when its clone has ended */
static noinline void end_both(struct bio *bio)
{
	end_kept();
	bio_put(the_clone);
	bio_endio(bio);
	barrier();
}

static void submit_and_end_both(void (*fn)(struct bio *bio))
{
	struct bio *bio = fs_submit(fn, fs_end);

	end_both(bio);
	bio_put(bio);
}

/*
 * Wrong
 */

/* A driver says that it is done before its clone is. */
static noinline void v01_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_end_io = end_put;
	submit_bio_noacct(clone);
	bio_endio(bio);
	barrier();
}

static void v01(void)
{
	fs_submit(v01_driver, fs_end_put);
	end_kept();
}

/* And submits its clone only then */
static noinline void v02_submit(struct bio *clone)
{
	submit_bio_noacct(clone);
	barrier();
}

static noinline void v02_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_end_io = end_put;
	bio_endio(bio);
	v02_submit(clone);
	barrier();
}

static void v02(void)
{
	fs_submit(v02_driver, fs_end_put);
	end_kept();
}

/* It calls bi_end_io. */
static noinline void v03_driver(struct bio *bio)
{
	bio->bi_end_io(bio);
	barrier();
}

static void v03(void)
{
	fs_submit(v03_driver, fs_end_put);
}

/* It has one clone that the bio waits for, and ends the bio twice. */
static noinline void v04_driver(struct bio *bio)
{
	struct bio *clone = bio_alloc_clone(lower->part0, bio, GFP_NOIO, &bs);

	bio_chain(clone, bio);
	submit_bio_noacct(clone);
	bio_endio(bio);
	bio_endio(bio);
	barrier();
}

static void v04(void)
{
	struct bio *bio = fs_submit(v04_driver, fs_end);

	end_kept();
	bio_put(bio);
}

/* It adds a page to what it was given. */
static noinline void v05_driver(struct bio *bio)
{
	bio->bi_vcnt--;
	__bio_add_page(bio, ZERO_PAGE(0), SIZE / 4, 0);
	bio->bi_iter.bi_size = SIZE;
	bio_endio(bio);
	barrier();
}

static void v05(void)
{
	bio_put(fs_submit(v05_driver, fs_end));
}

/* It walks all of its table. */
static noinline void v06_driver(struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, bio, iter)
		barrier_data(bv);
	bio_endio(bio);
	barrier();
}

static void v06(void)
{
	bio_put(fs_submit(v06_driver, fs_end));
}

/* Its clone has all the flags of the bio, which is from a cache. */
static noinline void v07_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_opf = bio->bi_opf;
	submit_bio_noacct(clone);
	barrier();
}

static void v07(void)
{
	struct bio *bio = bio_alloc_bioset(upper->part0, 1, REQ_OP_WRITE,
					   GFP_KERNEL, &cache_bs);

	__bio_add_page(bio, ZERO_PAGE(0), SIZE, 0);
	bio->bi_end_io = fs_end;
	driver = v07_driver;
	submit_bio(bio);
	the_clone->bi_opf &= ~REQ_ALLOC_CACHE;
	end_both(bio);
	bio_put(bio);
}

/* It writes to the table, and submits a clone. */
static noinline void v08_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	((struct bio_vec *)bio->bi_io_vec)[1].bv_offset += 512;
	submit_bio_noacct(clone);
	barrier();
}

static void v08(void)
{
	submit_and_end_both(v08_driver);
}

/* Its owner does not wait for it. */
static noinline void v09_fs(struct bio *bio)
{
	bio_uninit(bio);
	barrier();
}

static void v09(void)
{
	struct bio_vec vec;
	struct bio bio;

	bio_init(&bio, upper->part0, &vec, 1, REQ_OP_WRITE);
	__bio_add_page(&bio, ZERO_PAGE(0), SIZE, 0);
	bio.bi_end_io = end_nothing;
	driver = keep;
	submit_bio(&bio);
	v09_fs(&bio);
	end_kept();
}

/* A clone is chained when it is in flight. */
static noinline void v10_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_end_io = NULL;
	submit_bio_noacct(clone);
	bio_chain(clone, bio);
	barrier();
}

static void v10(void)
{
	struct bio *bio = fs_submit(v10_driver, fs_end);

	end_kept();
	bio_endio(bio);
	bio_put(bio);
}

/* The error of a clone is lost. */
static noinline void v11_driver(struct bio *bio)
{
	struct bio *clone[2];
	int i;

	for (i = 0; i < 2; i++) {
		clone[i] = bio_alloc_clone(lower->part0, bio, GFP_NOIO, &bs);
		bio_chain(clone[i], bio);
	}
	bio_io_error(clone[0]);
	submit_bio_noacct(clone[1]);
	bio->bi_status = BLK_STS_OK;
	bio_endio(bio);
	barrier();
}

static void v11(void)
{
	struct bio *bio = fs_submit(v11_driver, fs_end);

	end_kept();
	bio_put(bio);
}

/* A clone begins past the end of its source's table. */
static noinline void v12_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_iter.bi_idx = 4;
	submit_bio_noacct(clone);
	barrier();
}

static void v12(void)
{
	submit_and_end_both(v12_driver);
}

static noinline void v13_driver(struct bio *bio)
{
	bio_endio(bio);
	bio_endio(bio);
	barrier();
}

static void v13(void)
{
	bio_put(fs_submit(v13_driver, fs_end));
}

static noinline void v14_driver(struct bio *bio)
{
	bio_endio(bio);
	bio->bi_end_io = end_nothing;
	bio_endio(bio);
	barrier();
}

static void v14(void)
{
	fs_submit(v14_driver, fs_end_put);
}

static noinline struct bio *v15_alloc(struct bio_set *set)
{
	struct bio *bio = bio_alloc_bioset(NULL, 1, 0, GFP_KERNEL, set);

	barrier();
	return bio;
}

/* Its slab is that of bs, and stays. */
static void v15(void)
{
	struct bio_set set;
	struct bio *bio;

	if (bioset_init(&set, 2, 0, BIOSET_NEED_BVECS))
		return;
	bio = v15_alloc(&set);
	bioset_exit(&set);
	if (set.bio_slab == bs.bio_slab || !set.bio_slab)
		kmem_cache_free(bs.bio_slab, bio);
}

/* It ends it, and has it requeued as well. */
static noinline void v16_driver(struct bio *bio)
{
	bio_endio(bio);
	bio_set_dev(bio, lower->part0);
	submit_bio_noacct(bio);
	barrier();
}

static void v16(void)
{
	struct bio *bio = fs_submit(v16_driver, fs_end);

	end_kept();
	bio_put(bio);
}

static noinline void v17_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_iter.bi_size += 512;
	submit_bio_noacct(clone);
	barrier();
}

static void v17(void)
{
	submit_and_end_both(v17_driver);
}

/* A retry with nothing put back: this is where it all began. */
static noinline void v18_retry(struct bio *clone)
{
	clone->bi_status = BLK_STS_OK;
	bio_set_dev(clone, lower->part0);
	submit_bio_noacct(clone);
	barrier();
}

static void v18_driver(struct bio *bio)
{
	submit_bio_noacct(driver_clone(bio));
}

static void v18(void)
{
	struct bio *bio = fs_submit(v18_driver, fs_end);

	/* The disk below moves it to its end, and fails. */
	take();
	bio_advance(the_clone, the_clone->bi_iter.bi_size);
	bio_io_error(the_clone);
	v18_retry(the_clone);
	end_both(bio);
	bio_put(bio);
}

/* It takes an entry away by the count, for those who go by that. */
static noinline void v19_driver(struct bio *bio)
{
	bio->bi_vcnt--;
	bio_endio(bio);
	barrier();
}

static noinline struct bio *v19_fs(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);

	driver = v19_driver;
	submit_bio(bio);
	barrier();
	return bio;
}

static void v19(void)
{
	struct bio *bio = v19_fs();

	bio_put(bio);
}

/* It says that there is more in its table than there is room for. */
static noinline __noclone void v21_submit(struct bio *bio)
{
	submit_bio(bio);
	barrier();
}

static void v21(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);

	bio->bi_vcnt = 200;
	bio->bi_iter.bi_size = 200 * SIZE / 4;
	driver = bio_endio;
	v21_submit(bio);
	bio->bi_vcnt = 4;
	bio_put(bio);
}

/* And a clone of a table that nobody knows, which ends before the clone does */
static noinline __noclone void v22_submit(struct bio *clone)
{
	submit_bio(clone);
	barrier();
}

static void v22(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);
	struct bio clone;

	bio_init(&clone, upper->part0, NULL, 0, REQ_OP_WRITE);
	bio_set_flag(&clone, BIO_CLONED);
	clone.bi_io_vec = bio->bi_io_vec;
	clone.bi_iter = bio->bi_iter;
	clone.bi_iter.bi_size = 200 * SIZE / 4;
	clone.bi_end_io = end_nothing;
	driver = bio_endio;
	v22_submit(&clone);
	bio_uninit(&clone);
	bio_put(bio);
}

/* A second bio in flight says that the first one is held back. */
static struct bio *say_so(void)
{
	struct bio *bio = fs_alloc(lower, REQ_OP_WRITE);

	submit_bio(bio);
	return bio;
}

static void wait_for_limit(struct bio *bio)
{
	struct bio *mark = say_so();

	wait_for_completion(&all_ended);
	end_kept();
	bio_put(mark);
	bio_put(bio);
}

/*
 * Submitted, and held back by a limit of its cgroup.  The case is over when the
 * limit is gone.
 */
static noinline void v20_fs(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);

	driver = bio_endio;
	submit_bio(bio);
	((struct bio_vec *)bio->bi_io_vec)[2].bv_len--;
	wait_for_limit(bio);
	barrier();
}

static void v20(void)
{
	v20_fs();
}

/*
 * Right
 */

/* A bio that uses somebody else's table goes before its clone. */
static void l01(void)
{
	struct bio *bio = bio_alloc_bioset(upper->part0, 0, REQ_OP_WRITE,
					   GFP_KERNEL, &bs);
	struct bio_vec vec;

	bvec_set_page(&vec, ZERO_PAGE(0), SIZE, 0);
	bio->bi_io_vec = &vec;
	bio->bi_iter.bi_size = SIZE;
	bio_set_flag(bio, BIO_CLONED);
	submit_bio(driver_clone(bio));
	bio_put(bio);
	bio = take();
	bio_endio(bio);
	bio_put(bio);
}

static bio_end_io_t *l02_end_io;
static void *l02_private;

static void l02_end(struct bio *clone)
{
	clone->bi_end_io = l02_end_io;
	clone->bi_private = l02_private;
	bio_endio(clone);
}

/* The end of a child is seen by whoever has made it, first. */
static void l02_driver(struct bio *bio)
{
	struct bio *clone = bio_alloc_clone(lower->part0, bio, GFP_NOIO, &bs);

	bio_chain(clone, bio);
	l02_end_io = clone->bi_end_io;
	l02_private = clone->bi_private;
	clone->bi_end_io = l02_end;
	submit_bio_noacct(clone);
	bio_endio(bio);
}

static void l02(void)
{
	struct bio *bio = fs_submit(l02_driver, fs_end);

	end_kept();
	bio_put(bio);
}

/* One bio for all flushes; the disk has no cache, so each ends at once. */
static void l03(void)
{
	struct bio bio;
	int i;

	bio_init(&bio, upper->part0, NULL, 0, 0);
	for (i = 0; i < 3; i++) {
		bio.bi_opf = REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC;
		bio.bi_end_io = fs_end;
		bio.bi_private = NULL;
		submit_bio(&bio);
	}
	bio_uninit(&bio);
}

/* A driver takes the bios out of its requests, to submit them again. */
static void l04(void)
{
	struct bio *bio = fs_alloc(queue, REQ_OP_WRITE);

	keep_rq = true;
	submit_bio(bio);
	wait_for_completion(&all_ended);
	bio = kept_rq->bio;
	kept_rq->bio = NULL;
	kept_rq->biotail = NULL;
	blk_mq_end_request(kept_rq, BLK_STS_OK);
	kept_rq = NULL;
	submit_bio(bio);
	wait_for_completion(&all_ended);
	bio_put(bio);
}

/* What is written is user space's, or a guest's: it may change at any time. */
static void l05(void)
{
	struct bio *bio = fs_alloc(lower, REQ_OP_WRITE);
	struct page *page = alloc_page(GFP_KERNEL | __GFP_ZERO);

	bio->bi_vcnt = 0;
	bio->bi_iter.bi_size = 0;
	__bio_add_page(bio, page, SIZE, 0);
	submit_bio(bio);
	memset(page_address(page), 0xff, SIZE);
	end_kept();
	bio_put(bio);
	__free_page(page);
}

/* The owner submits half of its table, and a clone for the other. */
static void l06(void)
{
	struct bio *bio = fs_alloc(lower, REQ_OP_WRITE), *clone;

	bio->bi_iter.bi_size = SIZE / 2;
	submit_bio(bio);
	clone = bio_alloc_clone(lower->part0, bio, GFP_KERNEL, &bs);
	clone->bi_end_io = end_nothing;
	clone->bi_iter.bi_idx = 2;
	clone->bi_iter.bi_sector = SIZE / 2 / SECTOR_SIZE;
	submit_bio(clone);
	end_kept();
	bio_put(clone);
	bio_put(bio);
}

/* A note for itself, on a clone of a bio that has somebody else's. */
static void l07_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_opf |= REQ_DRV;
	submit_bio_noacct(clone);
}

static void l07(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE | REQ_DRV);

	driver = l07_driver;
	submit_bio(bio);
	end_both(bio);
	bio_put(bio);
}

/* A bio that is not in use is moved, and ends where it has been moved to. */
static void l08(void)
{
	struct bio old, new;
	int i;

	for (i = 0; i < 20; i++) {
		bio_init(&old, lower->part0, NULL, 0,
			 REQ_OP_WRITE | REQ_PREFLUSH);
		memcpy(&new, &old, sizeof(new));
		bio_init(&old, lower->part0, NULL, 0,
			 REQ_OP_WRITE | REQ_PREFLUSH);
		bio_uninit(&old);
		new.bi_end_io = end_nothing;
		submit_bio(&new);
		end_kept();
		bio_uninit(&new);
	}
}

/* The same bio, and the same metadata, for another place */
static void l09(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);
	struct bio_integrity_payload *bip;
	struct bvec_iter iter;
	void *buf = kzalloc(512, GFP_KERNEL);
	int i;

	driver = keep;
	bip = bio_integrity_alloc(bio, GFP_KERNEL, 1);
	if (IS_ERR_OR_NULL(bip))
		goto free;
	bio_integrity_add_page(bio, virt_to_page(buf), SIZE / SECTOR_SIZE * 8,
			       offset_in_page(buf));
	iter = bio->bi_iter;
	for (i = 0; i < 3; i++) {
		bio->bi_iter = iter;
		bio->bi_iter.bi_sector = i * 64;
		bip_set_seed(bip, i * 64);
		bio_set_dev(bio, upper->part0);
		submit_bio(bio);
		end_kept();
	}
free:
	bio_put(bio);
	kfree(buf);
}

/* One leg fails, and the other does not. */
static void l10_end(struct bio *clone)
{
	struct bio *bio = clone->bi_private;

	if (clone->bi_status) {
		bio_set_error(bio, clone->bi_status);
		clone->bi_status = BLK_STS_OK;
		bio_set_dev(clone, lower->part0);
		submit_bio_noacct(clone);
		return;
	}
	bio->bi_status = BLK_STS_OK;
	bio_endio(bio);
}

static void l10_driver(struct bio *bio)
{
	struct bio *clone = driver_clone(bio);

	clone->bi_end_io = l10_end;
	clone->bi_private = bio;
	submit_bio_noacct(clone);
}

static void l10(void)
{
	struct bio *bio = fs_submit(l10_driver, fs_end);
	struct bio *clone = take();

	clone->bi_status = BLK_STS_IOERR;
	bio_endio(clone);
	end_kept();
	bio_put(clone);
	bio_put(bio);
}

/* A table that is not the bio's stays when the bio goes. */
static void l11(void)
{
	struct bio_vec *vecs = kzalloc(2 * PAGE_SIZE, GFP_KERNEL);
	struct bio *bio = kzalloc(sizeof(*bio), GFP_KERNEL), *clone;

	bio_init(bio, upper->part0, vecs, 1, REQ_OP_WRITE);
	__bio_add_page(bio, ZERO_PAGE(0), SIZE, 0);
	clone = driver_clone(bio);
	submit_bio(clone);
	bio_uninit(bio);
	kfree(bio);
	end_kept();
	bio_put(clone);
	kfree(vecs);
}

/* Its owner looks at a bio in flight. */
static void l12(void)
{
	struct bio *bio = fs_alloc(lower, REQ_OP_WRITE);
	struct folio_iter fi;

	submit_bio(bio);
	bio_for_each_folio_all(fi, bio)
		barrier_data(&fi);
	end_kept();
	bio_put(bio);
}

/* Its owner tries again, with a clone of what has ended. */
static void l13(void)
{
	struct bio *bio = fs_submit(bio_endio, fs_end), *clone;

	clone = driver_clone(bio);
	submit_bio(clone);
	end_kept();
	bio_put(clone);
	bio_put(bio);
}

/* Held back by a limit, and nothing else */
static void l14(void)
{
	struct bio *bio = fs_alloc(upper, REQ_OP_WRITE);

	driver = bio_endio;
	submit_bio(bio);
	wait_for_limit(bio);
}

static const struct {
	const char *name;
	void (*fn)(void);
} cases[] = {
	{ "v01", v01 }, { "v02", v02 }, { "v03", v03 }, { "v04", v04 },
	{ "v05", v05 }, { "v06", v06 }, { "v07", v07 }, { "v08", v08 },
	{ "v09", v09 }, { "v10", v10 }, { "v11", v11 }, { "v12", v12 },
	{ "v13", v13 }, { "v14", v14 }, { "v15", v15 }, { "v16", v16 },
	{ "v17", v17 }, { "v18", v18 }, { "v19", v19 }, { "v20", v20 },
	{ "v21", v21 }, { "v22", v22 },
	{ "l01", l01 }, { "l02", l02 }, { "l03", l03 }, { "l04", l04 },
	{ "l05", l05 }, { "l06", l06 }, { "l07", l07 }, { "l08", l08 },
	{ "l09", l09 }, { "l10", l10 }, { "l11", l11 }, { "l12", l12 },
	{ "l13", l13 }, { "l14", l14 },
};

static int set_run(const char *val, const struct kernel_param *kp)
{
	char name[8];
	int i;

	strscpy(name, val, sizeof(name));
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (strcmp(strim(name), cases[i].name))
			continue;
		init_completion(&all_ended);
		cases[i].fn();
		free_now();
		return 0;
	}
	return -EINVAL;
}

static const struct kernel_param_ops run_ops = {
	.set = set_run,
};
module_param_cb(run, &run_ops, NULL, 0200);
MODULE_PARM_DESC(run, "case to run");

/*
 * Targets
 */

static noinline void biosan_break(struct bio *clone)
{
	((struct bio_vec *)clone->bi_io_vec)[clone->bi_iter.bi_idx].bv_offset ^=
		SECTOR_SIZE;
	barrier();
}

static int remapped_map(struct dm_target *ti, struct bio *clone)
{
	struct dm_dev *dev = ti->private;

	bio_set_dev(clone, dev->bdev);
	if (bio_has_data(clone) && op_is_write(bio_op(clone)))
		biosan_break(clone);
	return DM_MAPIO_REMAPPED;
}

static int submits_map(struct dm_target *ti, struct bio *clone)
{
	struct dm_dev *dev = ti->private;

	bio_set_dev(clone, dev->bdev);
	if (bio_has_data(clone) && op_is_write(bio_op(clone)))
		biosan_break(clone);
	dm_submit_bio_remap(clone, NULL);
	return DM_MAPIO_SUBMITTED;
}

static int target_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_dev *dev;
	int r;

	if (argc != 1)
		return -EINVAL;
	r = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &dev);
	if (r)
		return r;
	ti->private = dev;
	ti->accounts_remapped_io = !strcmp(ti->type->name, "biosan-submits");
	return 0;
}

static void target_dtr(struct dm_target *ti)
{
	dm_put_device(ti, ti->private);
}

static struct target_type remapped_target = {
	.name		= "biosan-remapped",
	.version	= { 1, 0, 0 },
	.module		= THIS_MODULE,
	.ctr		= target_ctr,
	.dtr		= target_dtr,
	.map		= remapped_map,
};

static struct target_type submits_target = {
	.name		= "biosan-submits",
	.version	= { 1, 0, 0 },
	.module		= THIS_MODULE,
	.ctr		= target_ctr,
	.dtr		= target_dtr,
	.map		= submits_map,
};

static struct gendisk *make_disk(const char *name, struct queue_limits *lim,
				 const struct block_device_operations *fops)
{
	struct gendisk *disk;

	lim->logical_block_size = SECTOR_SIZE;
	disk = fops == &queue_fops ? blk_mq_alloc_disk(&tags, lim, NULL) :
		blk_alloc_disk(lim, NUMA_NO_NODE);
	if (IS_ERR(disk))
		return NULL;
	disk->fops = fops;
	strscpy(disk->disk_name, name, DISK_NAME_LEN);
	disk->flags |= GENHD_FL_NO_PART;
	set_capacity(disk, CAPACITY);
	if (add_disk(disk)) {
		put_disk(disk);
		return NULL;
	}
	return disk;
}

static void drop_disk(struct gendisk *disk)
{
	if (!disk)
		return;
	del_gendisk(disk);
	put_disk(disk);
}

static void cases_exit(void)
{
	dm_unregister_target(&submits_target);
	dm_unregister_target(&remapped_target);
	drop_disk(queue);
	drop_disk(lower);
	drop_disk(upper);
	blk_mq_free_tag_set(&tags);
	bioset_exit(&cache_bs);
	bioset_exit(&bs);
}

static int __init cases_init(void)
{
	struct queue_limits upper_lim = {
#ifdef CONFIG_BLK_DEV_INTEGRITY
		.integrity = {
			.interval_exp	= SECTOR_SHIFT,
			.metadata_size	= 8,
			.pi_tuple_size	= 8,
			.csum_type	= BLK_INTEGRITY_CSUM_CRC,
			.flags		= BLK_INTEGRITY_REF_TAG |
					  BLK_INTEGRITY_NOGENERATE |
					  BLK_INTEGRITY_NOVERIFY,
		},
#endif
	};
	struct queue_limits lower_lim = { .features = BLK_FEAT_STABLE_WRITES };
	struct queue_limits queue_lim = { };
	int ret;

	ret = bioset_init(&bs, 2, 0, BIOSET_NEED_BVECS);
	if (ret)
		return ret;
	bs.bio_pool.free = free_later;
	ret = bioset_init(&cache_bs, 2, 0, BIOSET_NEED_BVECS |
			  BIOSET_PERCPU_CACHE);
	if (ret)
		goto exit_bs;
	ret = blk_mq_alloc_sq_tag_set(&tags, &mq_ops, 16, 0);
	if (ret)
		goto exit_cache_bs;
	ret = dm_register_target(&remapped_target);
	if (ret)
		goto free_tags;
	ret = dm_register_target(&submits_target);
	if (ret)
		goto unregister;
	driver = bio_endio;
	upper = make_disk("upper", &upper_lim, &upper_fops);
	lower = make_disk("lower", &lower_lim, &lower_fops);
	queue = make_disk("queue", &queue_lim, &queue_fops);
	if (upper && lower && queue)
		return 0;
	cases_exit();
	return -ENOMEM;

unregister:
	dm_unregister_target(&remapped_target);
free_tags:
	blk_mq_free_tag_set(&tags);
exit_cache_bs:
	bioset_exit(&cache_bs);
exit_bs:
	bioset_exit(&bs);
	return ret;
}

module_init(cases_init);
module_exit(cases_exit);
MODULE_DESCRIPTION("What drivers do wrong with bios, and what they may do");
MODULE_LICENSE("GPL");
