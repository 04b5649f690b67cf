// SPDX-License-Identifier: GPL-2.0-only
/*
 * Count the instructions that it takes to make bios of bios, to end them, and
 * to send them through stacked devices.
 *
 * For a guest of QEMU's with -icount shift=0, where the time stamp counter is
 * the number of instructions that were executed.  Each row prints
 *
 *	bench: <name> <minimum> <median>
 *
 * Interrupts are on; the minimum is what none came into.  What copies data counts
 * as on a processor without fast string operations.
 *
 * The rows of bios alone are run when the module is loaded; the number in a name
 * is that of vectors, of the parts, of bytes or of sectors:
 *
 *	clone		bio_alloc_clone() and bio_put(); -cached: of a bio_set
 *			with a cache; -pi, -crypt: of a bio with protection
 *			information, with an encryption context
 *	init-clone	bio_init_clone() and bio_uninit()
 *	split		bio_split() and bio_chain() for each part but the last,
 *			and bio_endio() for all
 *	endio, advance, trim	that function
 *
 * Where the series has a function for what drivers do by hand, the row is that
 * function in the series, and what drivers do in the base.  Some of these forget
 * the sector, I/O priority, write hints and cgroup, which are set here:
 *
 *	clone-fast	bio_alloc_clone() for the same device
 *	clone-table	a clone with a table of its own, and bio_put()
 *	copy-as-raid1	a copy page by page, as md/raid1 makes it for
 *			write-behind, and freeing it
 *	copy-as-flakey	a copy in large pages, with kmalloc(), as dm-flakey does
 *	clone-chained	a clone, chained to its source, and the ends of both
 *	split-chained	as split
 *
 * The rows of a device are 4 KiB, or 1 MiB in as many pages as a bio can have, from
 * bio_init() to the return of submit_bio_wait(), with all that other threads do
 * meanwhile.  They are run when told to:
 *
 *	echo "<name> <device> read|write|write-1M <sectors to go on by> <times>" \
 *		>/sys/module/bio_bench/parameters/io
 *
 * What is written to "crowd" instead is done by several processors at once, and
 * not counted.
 */
#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/blk-crypto.h>
#include <linux/blk-integrity.h>
#include <linux/blkdev.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sort.h>

#define WARMUP	32
#define RUNS	301
#define MAX_RUNS	4001

static u64 began, took, overhead;
static u64 counts[MAX_RUNS];

static struct gendisk *disk;
static struct block_device *bdev;
static struct bio_set set, cached_set;
static struct blk_crypto_key key;

/* Pages that are not next to each other, or they would be one vector. */
static struct page *pages[BIO_MAX_VECS];

/* The sources, by the number of their vectors. */
static struct bio *plain[BIO_MAX_VECS + 1];
static struct bio *with_pi, *with_crypt;

/* What a row works on. */
static struct bio work;
static struct bio *parts[16];
static int ended;

static __always_inline void begin(void)
{
	barrier();
	began = rdtsc();
	barrier();
}

static __always_inline void end(void)
{
	barrier();
	took += rdtsc() - began - overhead;
	barrier();
}

static void count_end(struct bio *bio)
{
	ended++;
}

static int nothing(struct bio *src, unsigned int arg)
{
	begin();
	end();
	return 0;
}

/* What is known, for rig/bench/run to see that this counts instructions. */
static int thousand(struct bio *src, unsigned int arg)
{
	unsigned int n;

	begin();
	asm volatile("mov $499, %0; 1: dec %0; jnz 1b; nop" : "=r" (n));
	end();
	return 0;
}

/* Clones that share the table */

static __always_inline int clone_from(struct bio *src, struct bio_set *bs)
{
	struct bio *bio;

	begin();
	bio = bio_alloc_clone(bdev, src, GFP_NOIO, bs);
	if (!bio)
		return -ENOMEM;
	bio_put(bio);
	end();
	return 0;
}

static int clone(struct bio *src, unsigned int arg)
{
	return clone_from(src, &set);
}

static int clone_cached(struct bio *src, unsigned int arg)
{
	return clone_from(src, &cached_set);
}

static int init_clone(struct bio *src, unsigned int arg)
{
	int err;

	begin();
	err = bio_init_clone(bdev, &work, src, GFP_NOIO);
	if (err)
		return err;
	bio_uninit(&work);
	end();
	return 0;
}

static int clone_fast(struct bio *src, unsigned int arg)
{
	struct bio *bio;

	begin();
#ifdef BENCH_SERIES
	bio = bio_clone_fast(src, GFP_NOIO, &set);
#else
	bio = bio_alloc_clone(src->bi_bdev, src, GFP_NOIO, &set);
#endif
	if (!bio)
		return -ENOMEM;
	bio_put(bio);
	end();
	return 0;
}

/* Clones with a table of their own */

#ifndef BENCH_SERIES
static void attributes(struct bio *bio, struct bio *src)
{
	bio->bi_iter.bi_sector = src->bi_iter.bi_sector;
	bio->bi_ioprio = src->bi_ioprio;
	bio->bi_write_hint = src->bi_write_hint;
	bio->bi_write_stream = src->bi_write_stream;
	bio_clone_blkg_association(bio, src);
}
#else
static void attributes(struct bio *bio, struct bio *src)
{
	bio->bi_iter.bi_sector = src->bi_iter.bi_sector;
	bio_copy_attrs(bio, src);
}
#endif

static int clone_table(struct bio *src, unsigned int arg)
{
	struct bvec_iter iter;
	struct bio_vec bv;
	struct bio *bio;

	begin();
	bio = bio_alloc_bioset(src->bi_bdev, src->bi_vcnt, src->bi_opf,
			       GFP_NOIO, &set);
	if (!bio)
		return -ENOMEM;
	attributes(bio, src);
	bio_for_each_bvec(bv, src, iter) {
		if (!bio_add_page(bio, bv.bv_page, bv.bv_len, bv.bv_offset))
			return -EIO;
	}
	end();
	if (bio->bi_iter.bi_size != src->bi_iter.bi_size ||
	    bio->bi_io_vec == src->bi_io_vec)
		return -EIO;
	begin();
	bio_put(bio);
	end();
	return 0;
}

/* Copies: a table of their own, and pages */

static int same_data(struct bio *bio, struct bio *src)
{
	struct bvec_iter a = bio->bi_iter, b = src->bi_iter;
	struct bio_vec av, bv;

	if (a.bi_size != b.bi_size)
		return -EIO;
	while (a.bi_size) {
		av = bio_iter_iovec(bio, a);
		bv = bio_iter_iovec(src, b);
		if (av.bv_len != bv.bv_len || av.bv_page == bv.bv_page ||
		    memcmp(bvec_virt(&av), bvec_virt(&bv), av.bv_len))
			return -EIO;
		bio_advance_iter_single(bio, &a, av.bv_len);
		bio_advance_iter_single(src, &b, bv.bv_len);
	}
	return 0;
}

#ifdef BENCH_SERIES
static struct bio *copy_by_page(struct bio *src)
{
	return bio_alloc_copy(bdev, src, GFP_NOIO, &set);
}

static void free_by_page(struct bio *bio)
{
	bio_free_folios(bio);
	bio_put(bio);
}

static struct bio *copy_by_order(struct bio *src)
{
	return bio_alloc_copy(bdev, src, GFP_NOIO | __GFP_NORETRY |
			      __GFP_NOWARN, &set);
}

static void free_by_order(struct bio *bio)
{
	free_by_page(bio);
}

#else
/* As md/raid1 does for writes that it does not wait for */
static struct bio *copy_by_page(struct bio *src)
{
	int left = src->bi_iter.bi_size;
	unsigned int nr = DIV_ROUND_UP(left, PAGE_SIZE);
	struct bio *bio;

	bio = bio_alloc_bioset(bdev, nr, src->bi_opf, GFP_NOIO, &set);
	if (!bio)
		return NULL;
	while (left > 0) {
		struct page *page = alloc_page(GFP_NOIO);

		if (!page)
			goto fail;
		if (!bio_add_page(bio, page, min_t(int, left, PAGE_SIZE), 0)) {
			put_page(page);
			goto fail;
		}
		left -= PAGE_SIZE;
	}
	attributes(bio, src);
	bio_copy_data(bio, src);
	return bio;
fail:
	bio_free_pages(bio);
	bio_put(bio);
	return NULL;
}

static void free_by_page(struct bio *bio)
{
	bio_free_pages(bio);
	bio_put(bio);
}

/* As dm-flakey does for what it corrupts: as few and large pages as it can */
static void free_by_order(struct bio *bio)
{
	struct folio_iter fi;

	if (bio->bi_vcnt)
		bio_for_each_folio_all(fi, bio)
			folio_put(fi.folio);
	bio_uninit(bio);
	kfree(bio);
}

static struct bio *copy_by_order(struct bio *src)
{
	const gfp_t gfp = GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN;
	unsigned int order = MAX_PAGE_ORDER, left = src->bi_iter.bi_size;
	unsigned int nr = DIV_ROUND_UP(left, PAGE_SIZE);
	struct bvec_iter iter = src->bi_iter;
	struct bio *bio;

	bio = bio_kmalloc(nr, gfp);
	if (!bio)
		return NULL;
	bio_init_inline(bio, bdev, nr, src->bi_opf);
	attributes(bio, src);
	while (left) {
		unsigned int size, step;
		struct page *page;
		void *to;

		order = min(order, __fls(DIV_ROUND_UP(left, PAGE_SIZE)));
		while (!(page = alloc_pages(gfp | __GFP_COMP, order))) {
			if (!order) {
				free_by_order(bio);
				return NULL;
			}
			order--;
		}
		size = min_t(unsigned int, PAGE_SIZE << order, left);
		left -= size;
		__bio_add_page(bio, page, size, 0);
		for (to = page_address(page); size; size -= step, to += step) {
			struct bio_vec bv = bio_iter_iovec(src, iter);

			step = min(bv.bv_len, size);
			memcpy(to, bvec_virt(&bv), step);
			bio_advance_iter(src, &iter, step);
		}
	}
	return bio;
}
#endif

static __always_inline int copy_and_free(struct bio *src,
					 struct bio *(*copy)(struct bio *src),
					 void (*free)(struct bio *bio))
{
	struct bio *bio;
	int err;

	begin();
	bio = copy(src);
	end();
	if (!bio)
		return -ENOMEM;
	err = same_data(bio, src);
	begin();
	free(bio);
	end();
	return err;
}

static int copy_pages(struct bio *src, unsigned int arg)
{
	return copy_and_free(src, copy_by_page, free_by_page);
}

static int copy_orders(struct bio *src, unsigned int arg)
{
	return copy_and_free(src, copy_by_order, free_by_order);
}

/* Splitting, chaining and ending */

static int clone_chained(struct bio *src, unsigned int arg)
{
	struct bio *bio;
	int err = bio_init_clone(bdev, &work, src, GFP_NOIO);

	if (err)
		return err;
	work.bi_end_io = count_end;
	ended = 0;
	begin();
	bio = bio_alloc_clone(bdev, &work, GFP_NOIO, &set);
	if (!bio)
		return -ENOMEM;
	bio_chain(bio, &work);
	bio_endio(bio);
	bio_endio(&work);
	end();
	bio_uninit(&work);
	return ended == 1 ? 0 : -EIO;
}

static __always_inline struct bio *split_plain(int sectors)
{
	struct bio *bio = bio_split(&work, sectors, GFP_NOIO, &set);

	if (!IS_ERR(bio))
		bio_chain(bio, &work);
	return bio;
}

static __always_inline struct bio *split_chained(int sectors)
{
#ifdef BENCH_SERIES
	return bio_split_chained(&work, sectors, GFP_NOIO, &set);
#else
	return split_plain(sectors);
#endif
}

static __always_inline int split_by(struct bio *src, int nr,
				    struct bio *(*split)(int sectors))
{
	int sectors = bio_sectors(src) / nr, err, i;

	err = bio_init_clone(bdev, &work, src, GFP_NOIO);
	if (err)
		return err;
	work.bi_end_io = count_end;
	ended = 0;
	begin();
	for (i = 0; i < nr - 1; i++) {
		parts[i] = split(sectors);
		if (IS_ERR(parts[i]))
			return PTR_ERR(parts[i]);
	}
	for (i = 0; i < nr - 1; i++)
		bio_endio(parts[i]);
	if (ended)
		return -EIO;
	bio_endio(&work);
	end();
	bio_uninit(&work);
	return ended == 1 ? 0 : -EIO;
}

static int split_chain_end(struct bio *src, unsigned int nr)
{
	return split_by(src, nr, split_plain);
}

static int split_chained_end(struct bio *src, unsigned int nr)
{
	return split_by(src, nr, split_chained);
}

static int endio(struct bio *src, unsigned int arg)
{
	int err = bio_init_clone(bdev, &work, src, GFP_NOIO);

	if (err)
		return err;
	work.bi_end_io = count_end;
	ended = 0;
	begin();
	bio_endio(&work);
	end();
	bio_uninit(&work);
	return ended == 1 ? 0 : -EIO;
}

static int advance(struct bio *src, unsigned int bytes)
{
	unsigned int left = src->bi_iter.bi_size - bytes;
	int err = bio_init_clone(bdev, &work, src, GFP_NOIO);

	if (err)
		return err;
	begin();
	bio_advance(&work, bytes);
	end();
	bio_uninit(&work);
	return work.bi_iter.bi_size == left ? 0 : -EIO;
}

static int trim(struct bio *src, unsigned int sectors)
{
	int err = bio_init_clone(bdev, &work, src, GFP_NOIO);

	if (err)
		return err;
	begin();
	bio_trim(&work, sectors, sectors);
	end();
	bio_uninit(&work);
	return work.bi_iter.bi_size == sectors << SECTOR_SHIFT ? 0 : -EIO;
}

static const struct row {
	const char *name;
	int (*once)(struct bio *src, unsigned int arg);
	struct bio **src;
	unsigned int arg;
} rows[] = {
	{ "1000-instructions", thousand },
	{ "clone/1", clone, &plain[1] },
	{ "clone/16", clone, &plain[16] },
	{ "clone/256", clone, &plain[256] },
	{ "clone-cached/1", clone_cached, &plain[1] },
	{ "clone-cached/16", clone_cached, &plain[16] },
	{ "clone-cached/256", clone_cached, &plain[256] },
	{ "init-clone/1", init_clone, &plain[1] },
	{ "init-clone/16", init_clone, &plain[16] },
	{ "init-clone/256", init_clone, &plain[256] },
	{ "clone-pi/16", clone, &with_pi },
	{ "clone-crypt/16", clone, &with_crypt },
	{ "split/1", split_chain_end, &plain[16], 1 },
	{ "split/2", split_chain_end, &plain[16], 2 },
	{ "split/16", split_chain_end, &plain[16], 16 },
	{ "split-pi/2", split_chain_end, &with_pi, 2 },
	{ "split-crypt/2", split_chain_end, &with_crypt, 2 },
	{ "endio", endio, &plain[1] },
	{ "endio-pi", endio, &with_pi },
	{ "endio-crypt", endio, &with_crypt },
	{ "advance/512", advance, &plain[256], 512 },
	{ "advance/4096", advance, &plain[256], SZ_4K },
	{ "advance/65536", advance, &plain[256], SZ_64K },
	{ "advance-pi/4096", advance, &with_pi, SZ_4K },
	{ "advance-crypt/4096", advance, &with_crypt, SZ_4K },
	{ "trim/8", trim, &plain[256], 8 },
	{ "trim-pi/8", trim, &with_pi, 8 },
	/* The series has functions for these. */
	{ "clone-fast/16", clone_fast, &plain[16] },
	{ "clone-table/1", clone_table, &plain[1] },
	{ "clone-table/16", clone_table, &plain[16] },
	{ "clone-table/256", clone_table, &plain[256] },
	{ "copy-as-raid1/4K", copy_pages, &plain[1] },
	{ "copy-as-raid1/64K", copy_pages, &plain[16] },
	{ "copy-as-raid1/1M", copy_pages, &plain[256] },
	{ "copy-as-flakey/4K", copy_orders, &plain[1] },
	{ "copy-as-flakey/64K", copy_orders, &plain[16] },
	{ "copy-as-flakey/1M", copy_orders, &plain[256] },
	{ "clone-chained/16", clone_chained, &plain[16] },
	{ "split-chained/2", split_chained_end, &plain[16], 2 },
	{ "split-chained/16", split_chained_end, &plain[16], 16 },
};

static int compare(const void *a, const void *b)
{
	return cmp_int(*(const u64 *)a, *(const u64 *)b);
}

static void report(const char *name, unsigned int runs)
{
	sort(counts, runs, sizeof(counts[0]), compare, NULL);
	pr_info("bench: %s %llu %llu\n", name, counts[0], counts[runs / 2]);
}

static int run(const char *name, const struct row *row)
{
	int err, i;

	for (i = 0; i < WARMUP + RUNS; i++) {
		took = 0;
		err = row->once(row->src ? *row->src : NULL, row->arg);
		if (err) {
			pr_err("bench: %s fails: %d\n", name, err);
			return err;
		}
		if (i >= WARMUP)
			counts[i - WARMUP] = took;
	}
	report(name, RUNS);
	return 0;
}

/* Whole I/O */

static int one_io(struct block_device *to, sector_t sector, blk_opf_t opf,
		  unsigned int nr)
{
	static struct bio_vec vecs[BIO_MAX_VECS];
	struct bio bio;
	unsigned int i;
	int err;

	begin();
	bio_init(&bio, to, vecs, nr, opf);
	bio.bi_iter.bi_sector = sector;
	for (i = 0; i < nr; i++)
		__bio_add_page(&bio, pages[i], PAGE_SIZE, 0);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	end();
	return err;
}

static int io_set(const char *val, const struct kernel_param *kp)
{
	blk_opf_t opf = REQ_OP_WRITE | REQ_SYNC | REQ_IDLE;
	char name[32], path[64], op[12];
	unsigned int step, runs, i, nr = 1;
	struct file *file;
	int err = 0;

	if (sscanf(val, "%31s %63s %11s %u %u", name, path, op, &step, &runs) != 5)
		return -EINVAL;
	if (!runs || runs > MAX_RUNS)
		return -EINVAL;
	if (!strcmp(op, "read"))
		opf = REQ_OP_READ | REQ_SYNC;
	else if (!strcmp(op, "write-1M"))
		nr = BIO_MAX_VECS;
	else if (strcmp(op, "write"))
		return -EINVAL;

	file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE,
				      NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	for (i = 0; i < WARMUP + runs && !err; i++) {
		took = 0;
		err = one_io(file_bdev(file), (sector_t)i * step, opf, nr);
		if (i >= WARMUP)
			counts[i - WARMUP] = took;
	}
	bdev_fput(file);
	if (err)
		pr_err("bench: %s fails: %d\n", name, err);
	else
		report(name, runs);
	return err;
}

static const struct kernel_param_ops io_ops = { .set = io_set };
module_param_cb(io, &io_ops, NULL, 0200);

/*
 * All processors at once: "<device> <processors> <times>"; each writes and reads
 * 4 KiB so often, at a place of its own.
 */

struct worker {
	struct block_device *bdev;
	struct completion *start;
	struct completion done;
	sector_t sector;
	unsigned int runs;
	int err;
};

static int work_fn(void *data)
{
	struct worker *w = data;
	unsigned int i;

	wait_for_completion(w->start);
	for (i = 0; i < w->runs && !w->err; i++) {
		blk_opf_t op = i & 1 ? REQ_OP_READ : REQ_OP_WRITE;
		struct bio_vec bv;
		struct bio bio;

		bio_init(&bio, w->bdev, &bv, 1, op | REQ_SYNC);
		bio.bi_iter.bi_sector = w->sector;
		__bio_add_page(&bio, pages[w->sector / 8], PAGE_SIZE, 0);
		w->err = submit_bio_wait(&bio);
		bio_uninit(&bio);
		cond_resched();
	}
	complete(&w->done);
	return 0;
}

static int crowd_set(const char *val, const struct kernel_param *kp)
{
	static struct worker workers[16];
	struct completion start;
	unsigned int nr, runs, i;
	struct file *file;
	char path[64];
	int err = 0;

	if (sscanf(val, "%63s %u %u", path, &nr, &runs) != 3 || !nr ||
	    nr > ARRAY_SIZE(workers))
		return -EINVAL;
	file = bdev_file_open_by_path(path, BLK_OPEN_READ | BLK_OPEN_WRITE,
				      NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	init_completion(&start);
	for (i = 0; i < nr; i++) {
		struct worker *w = &workers[i];
		struct task_struct *t;

		*w = (struct worker) {
			.bdev	= file_bdev(file),
			.start	= &start,
			.sector	= i * 8,
			.runs	= runs,
		};
		init_completion(&w->done);
		t = kthread_create_on_cpu(work_fn, w, i, "crowd/%u");
		if (IS_ERR(t)) {
			err = PTR_ERR(t);
			break;
		}
		wake_up_process(t);
	}
	nr = i;
	complete_all(&start);
	for (i = 0; i < nr; i++) {
		wait_for_completion(&workers[i].done);
		err = err ?: workers[i].err;
	}
	bdev_fput(file);
	return err;
}

static const struct kernel_param_ops crowd_ops = { .set = crowd_set };
module_param_cb(crowd, &crowd_ops, NULL, 0200);

/* A disk with protection information, for bios to refer to; it is never asked. */

static void disk_submit(struct bio *bio)
{
	bio_io_error(bio);
}

static const struct block_device_operations disk_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= disk_submit,
};

static int make_disk(void)
{
	struct queue_limits lim = {
		.integrity = {
			.csum_type	= BLK_INTEGRITY_CSUM_CRC,
			.flags		= BLK_INTEGRITY_REF_TAG,
			.metadata_size	= 8,
			.pi_tuple_size	= 8,
			.interval_exp	= SECTOR_SHIFT,
		},
	};

	disk = blk_alloc_disk(&lim, NUMA_NO_NODE);
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	strscpy(disk->disk_name, "bench");
	disk->fops = &disk_fops;
	disk->flags |= GENHD_FL_NO_PART;
	set_capacity(disk, SZ_1G >> SECTOR_SHIFT);
	bdev = disk->part0;
	return add_disk(disk);
}

static struct bio *make_source(unsigned int nr)
{
	struct bio *bio = bio_alloc_bioset(bdev, nr, REQ_OP_WRITE, GFP_KERNEL,
					   &set);
	unsigned int i;

	for (i = 0; i < nr; i++)
		__bio_add_page(bio, pages[i], PAGE_SIZE, 0);
	bio->bi_iter.bi_sector = 8;
	return bio;
}

static int make_sources(void)
{
	static const u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE] = { 1 };
	static const u8 raw[64] = { 1 };
	struct bio_integrity_payload *bip;
	struct page *meta;
	unsigned int i;
	int err;

	for (i = 0; i < BIO_MAX_VECS; i++) {
		pages[i] = alloc_pages(GFP_KERNEL | __GFP_COMP, 1);
		if (!pages[i])
			return -ENOMEM;
		memset(page_address(pages[i]), i, PAGE_SIZE);
	}
	plain[1] = make_source(1);
	plain[16] = make_source(16);
	plain[256] = make_source(256);

	with_pi = make_source(16);
	meta = alloc_page(GFP_KERNEL);
	if (!meta)
		return -ENOMEM;
	bip = bio_integrity_alloc(with_pi, GFP_KERNEL, 1);
	if (IS_ERR(bip))
		return PTR_ERR(bip);
	if (bio_integrity_add_page(with_pi, meta, bio_sectors(with_pi) * 8, 0) !=
	    bio_sectors(with_pi) * 8)
		return -EIO;

	with_crypt = make_source(16);
	err = blk_crypto_init_key(&key, raw, sizeof(raw),
				  BLK_CRYPTO_KEY_TYPE_RAW,
				  BLK_ENCRYPTION_MODE_AES_256_XTS, 8, SZ_4K, 0);
	if (err)
		return err;
	bio_crypt_set_ctx(with_crypt, &key, dun, GFP_KERNEL);
	return 0;
}

/* The machine is switched off afterwards, so nothing is undone. */
static int __init bio_bench_init(void)
{
	static const struct row empty = { .once = nothing };
	int err;
	int i;

	err = bioset_init(&set, BIO_POOL_SIZE, 0, BIOSET_NEED_BVECS);
	if (!err)
		err = bioset_init(&cached_set, BIO_POOL_SIZE, 0,
				  BIOSET_NEED_BVECS | BIOSET_PERCPU_CACHE);
	if (!err)
		err = make_disk();
	if (!err)
		err = make_sources();
	if (err) {
		pr_err("bench: cannot set up: %d\n", err);
		return err;
	}
	err = run("nothing", &empty);
	overhead = counts[0];
	for (i = 0; i < ARRAY_SIZE(rows) && !err; i++)
		err = run(rows[i].name, &rows[i]);
	return err;
}
module_init(bio_bench_init);

MODULE_DESCRIPTION("Instructions that operations on bios take");
MODULE_LICENSE("GPL");
