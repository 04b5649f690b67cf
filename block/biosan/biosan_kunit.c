// SPDX-License-Identifier: GPL-2.0-only
/*
 * KUnit tests for BIOSAN: break each rule that it checks, and expect a report of
 * it; do what is allowed, and expect none.
 *
 * Reports are read where they go, from the console, as KFENCE's tests do it.
 * After each case the number of reports that have been printed and that of bugs
 * that have been counted have to be what the case has asked for, so that a
 * report too many fails a case as well as one that is missing.
 *
 * Rules are broken by small functions named bad_*(), which is what reports have
 * to name.  Bios that are used after they were freed are allocated from a bio_set
 * whose pool frees nothing before the case ends.
 */
#include <kunit/test.h>
#include <linux/bio-integrity.h>
#include <linux/blk-crypto-profile.h>
#include <linux/blk-integrity.h>
#include <linux/blk-mq.h>
#include <linux/delay.h>
#include <linux/hrtimer.h>
#include <linux/kallsyms.h>
#include <linux/kthread.h>
#include <linux/prandom.h>
#include <linux/tracepoint.h>
#include <trace/events/printk.h>
#include "biosan.h"

#define REPORT_SIZE	8192
#define SECTORS		8
#define MAX_KEPT	64

/*
 * What the console has seen
 */

static struct {
	raw_spinlock_t	lock;
	bool		inside;
	unsigned int	nr;
	size_t		len;
	char		text[REPORT_SIZE];	/* of the last report */
} observed = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(observed.lock),
};

static void probe_console(void *ignore, const char *buf, size_t len)
{
	static const char first[] = "BUG: BIOSAN: ";
	unsigned long flags;

	raw_spin_lock_irqsave(&observed.lock, flags);
	if (len > strlen(first) && !memcmp(buf, first, strlen(first))) {
		observed.inside = true;
		observed.nr++;
		observed.len = 0;
	} else if (strnstr(buf, "=====", len)) {
		observed.inside = false;
	}
	if (observed.inside) {
		size_t n = min(len, sizeof(observed.text) - 2 - observed.len);

		memcpy(observed.text + observed.len, buf, n);
		observed.len += n;
		observed.text[observed.len++] = '\n';
		observed.text[observed.len] = 0;
	}
	raw_spin_unlock_irqrestore(&observed.lock, flags);
}

/* What was there before the suite */
static enum biosan_mode mode_before;
static enum biosan_fault fault_before;
static unsigned int pages_before;
static bool data_before;
static bool probing;

static unsigned long all_found(void)
{
	unsigned long nr = 0;
	int i;

	for (i = 0; i < BIOSAN_NR_KINDS; i++)
		nr += biosan_found(i);
	return nr;
}

/*
 * Disks.  Those with a submit_bio method do with a bio what the case wants.
 */

struct test_disk {
	struct gendisk *gd;
	void (*submit)(struct bio *bio);
};

static struct test_disk upper, lower, careful, pi_disk;
static struct gendisk *mq_disk;
static struct blk_mq_tag_set mq_tags;
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static struct blk_crypto_profile crypto_profile;
#endif
static struct bio_set plain_bs;

static DEFINE_SPINLOCK(kept_lock);
static struct bio_list kept_bios;
static struct request *kept_rqs[MAX_KEPT];
static unsigned int nr_kept_rqs;
static bool keep_rqs, miscount_rqs;

static void test_submit_bio(struct bio *bio)
{
	struct test_disk *d = bio->bi_bdev->bd_disk->private_data;

	d->submit(bio);
}

static void keep_bio(struct bio *bio)
{
	unsigned long flags;

	spin_lock_irqsave(&kept_lock, flags);
	bio_list_add(&kept_bios, bio);
	spin_unlock_irqrestore(&kept_lock, flags);
}

static struct bio *take_bio(void)
{
	unsigned long flags;
	struct bio *bio;

	spin_lock_irqsave(&kept_lock, flags);
	bio = bio_list_pop(&kept_bios);
	spin_unlock_irqrestore(&kept_lock, flags);
	return bio;
}

/* As a driver, which is not whoever has submitted it */
static noinline __noclone void end_bio(struct bio *bio)
{
	bio_endio(bio);
	barrier();
}

static void pass_on_bio(struct bio *bio)
{
	bio_set_dev(bio, lower.gd->part0);
	submit_bio_noacct(bio);
}

static void ignore_bio(struct bio *bio)
{
}

static int test_poll_bio(struct bio *bio, struct io_comp_batch *iob,
			 unsigned int flags)
{
	struct bio *kept = take_bio();

	if (!kept)
		return 0;
	bio_endio(kept);
	return 1;
}

static const struct block_device_operations bio_fops = {
	.submit_bio	= test_submit_bio,
	.poll_bio	= test_poll_bio,
};

static blk_status_t test_queue_rq(struct blk_mq_hw_ctx *hctx,
				  const struct blk_mq_queue_data *bd)
{
	if (miscount_rqs)
		bd->rq->nr_phys_segments--;
	blk_mq_start_request(bd->rq);
	if (keep_rqs && nr_kept_rqs < MAX_KEPT)
		kept_rqs[nr_kept_rqs++] = bd->rq;
	else
		blk_mq_end_request(bd->rq, BLK_STS_OK);
	return BLK_STS_OK;
}

static const struct blk_mq_ops mq_ops = {
	.queue_rq	= test_queue_rq,
};

static const struct block_device_operations mq_fops = { };

/*
 * Bios
 */

struct biosan_test {
	struct bio_set	bs;
	void		*freed[MAX_KEPT];
	unsigned int	nr_freed;
	unsigned int	ended;
	blk_status_t	status;
	/* what the case has asked for */
	unsigned int	reports;
	unsigned long	found_before;
	unsigned long	bugs;
};

/* There is one case at a time. */
static struct biosan_test *current_test;

static void free_later(void *element, void *pool_data)
{
	struct biosan_test *t = current_test;
	unsigned int i;

	for (i = 0; t && i < t->nr_freed; i++)
		if (t->freed[i] == element)
			return;
	if (t && t->nr_freed < MAX_KEPT)
		t->freed[t->nr_freed++] = element;
	else
		mempool_free_slab(element, pool_data);
}

static void count_end(struct bio *bio)
{
	struct biosan_test *t = bio->bi_private;

	t->ended++;
	t->status = bio->bi_status;
}

static void put_at_end(struct bio *bio)
{
	count_end(bio);
	bio_put(bio);
}

static void add_pages(struct bio *bio, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		__bio_add_page(bio, ZERO_PAGE(0), SECTORS * SECTOR_SIZE / nr,
			       0);
}

/* A write of SECTORS in @nr entries */
static struct bio *make_bio(struct kunit *test, struct gendisk *gd,
			    unsigned int nr)
{
	struct biosan_test *t = test->priv;
	struct bio *bio;

	bio = bio_alloc_bioset(gd->part0, nr, REQ_OP_WRITE, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	add_pages(bio, nr);
	bio->bi_end_io = count_end;
	bio->bi_private = t;
	return bio;
}

/* Inline, so that it is the caller that has allocated it */
static __always_inline struct bio *make_clone(struct kunit *test,
					      struct gendisk *gd,
					      struct bio *src)
{
	struct biosan_test *t = test->priv;
	struct bio *bio;

	bio = bio_alloc_clone(gd ? gd->part0 : NULL, src, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio->bi_end_io = count_end;
	bio->bi_private = t;
	return bio;
}

/* The next bio that a disk has got has to be @bio. */
static void expect_kept(struct kunit *test, struct bio *bio)
{
	KUNIT_ASSERT_PTR_EQ(test, take_bio(), bio);
}

/*
 * Reports
 */

static void expect_report_with(struct kunit *test, enum biosan_kind kind,
			       void *culprit, const struct bio *bio,
			       const char *says)
{
	struct biosan_test *t = test->priv;
	char expect[KSYM_SYMBOL_LEN + 64], *p;

	t->reports++;
	t->bugs++;
	KUNIT_ASSERT_EQ(test, observed.nr, t->reports);

	scnprintf(expect, sizeof(expect), "BUG: BIOSAN: %s in %pS",
		  biosan_kind_names[kind], culprit);
	p = strchr(expect, '+');
	if (p)
		p[1] = 0;
	if (!strstr(observed.text, expect))
		KUNIT_FAIL(test, "expected: %s\nreport: %s", expect,
			   observed.text);
	if (bio) {
		scnprintf(expect, sizeof(expect), "\nbio %p: ", bio);
		if (!strstr(observed.text, expect))
			KUNIT_FAIL(test, "expected: %s\nreport: %s", expect,
				   observed.text);
	}
	if (says && !strstr(observed.text, says))
		KUNIT_FAIL(test, "expected: %s\nreport: %s", says,
			   observed.text);
}

/* Exactly one report since the last one, of @kind, that names @culprit and @bio */
static void expect_report(struct kunit *test, enum biosan_kind kind,
			  void *culprit, const struct bio *bio)
{
	expect_report_with(test, kind, culprit, bio, NULL);
}

static void expect_silence(struct kunit *test)
{
	struct biosan_test *t = test->priv;

	if (observed.nr != t->reports)
		KUNIT_FAIL(test, "unexpected report: %s", observed.text);
	KUNIT_EXPECT_EQ(test, all_found() - t->found_before, t->bugs);
}

/* BIOSAN does not know what has been going on. */
static void begin_anew(struct kunit *test)
{
	KUNIT_ASSERT_EQ(test, biosan_set_mode(BIOSAN_OFF), 0);
	KUNIT_ASSERT_EQ(test, biosan_set_mode(BIOSAN_FULL), 0);
}

/*
 * Who is to be named.  The barrier keeps them on the stack.
 */

static noinline __noclone void bad_submit(struct bio *bio)
{
	submit_bio(bio);
	barrier();
}

static noinline __noclone void bad_end(struct bio *bio)
{
	bio_endio(bio);
	barrier();
}

static noinline __noclone void bad_put(struct bio *bio)
{
	bio_put(bio);
	barrier();
}

static noinline __noclone void bad_reset(struct bio *bio)
{
	bio_reset(bio, bio->bi_bdev, REQ_OP_WRITE);
	barrier();
}

static noinline __noclone void bad_init(struct bio *bio)
{
	bio_init(bio, NULL, NULL, 0, REQ_OP_WRITE);
	barrier();
}

static noinline __noclone void bad_uninit(struct bio *bio)
{
	bio_uninit(bio);
	barrier();
}

static noinline __noclone void bad_chain(struct bio *bio, struct bio *parent)
{
	bio_chain(bio, parent);
	barrier();
}

static noinline __noclone void bad_set_error(struct bio *bio)
{
	bio_set_error(bio, BLK_STS_IOERR);
	barrier();
}

static noinline __noclone void bad_advance(struct bio *bio)
{
	bio_advance(bio, SECTOR_SIZE);
	barrier();
}

static noinline __noclone void bad_add_page(struct bio *bio)
{
	__bio_add_page(bio, ZERO_PAGE(0), SECTOR_SIZE, 0);
	barrier();
}

static noinline __noclone void bad_call(struct bio *bio)
{
	bio->bi_end_io(bio);
	barrier();
}

static noinline __noclone void bad_end_and_submit(struct bio *bio)
{
	bio_endio(bio);
	bio_set_dev(bio, lower.gd->part0);
	submit_bio_noacct(bio);
	barrier();
}

static noinline __noclone __maybe_unused struct bio *
bad_clone(struct kunit *test, struct gendisk *gd, struct bio *src)
{
	struct bio *bio = make_clone(test, gd, src);

	barrier();
	return bio;
}

/*
 * 1. A table is changed in flight
 */

struct change {
	const char *name;
	unsigned int nr;
	unsigned int index;
	bool page, offset, len, swap;
};

static const struct change changes[] = {
	{ "page", 1, 0, .page = true },
	{ "offset", 4, 1, .offset = true },
	{ "length", 4, 3, .len = true },
	{ "an entry that no copy is kept of", 32, 20, .len = true },
	{ "another table", 4, 0, .swap = true },
};

KUNIT_ARRAY_PARAM_DESC(change, changes, name);

static struct bio_vec other_vecs[32];

/* In flight */
static void change_table(struct bio *bio, const struct change *c)
{
	struct bio_vec *bv = (struct bio_vec *)&bio->bi_io_vec[c->index];

	if (c->page)
		bv->bv_page++;
	if (c->offset)
		bv->bv_offset += 16;
	if (c->len)
		bv->bv_len -= 8;
	if (c->swap) {
		memcpy(other_vecs, bio->bi_io_vec, c->nr * sizeof(*bv));
		bio->bi_io_vec = other_vecs;
	}
}

static void table_changed(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct bio *bio = make_bio(test, upper.gd, c->nr);
	const struct bio_vec *vecs = bio->bi_io_vec;
	char says[40];

	bad_submit(bio);
	expect_kept(test, bio);
	change_table(bio, c);
	bio_endio(bio);
	bio->bi_io_vec = vecs;
	scnprintf(says, sizeof(says), "entry %u%s",
		  min(c->index, BIOSAN_SAVED_VECS),
		  c->index < BIOSAN_SAVED_VECS ? ":" : " or later");
	expect_report_with(test, BIOSAN_TABLE_CHANGED, bad_submit, bio,
			   c->swap ? "another table" : says);
	bio_put(bio);
}

/* Seen as soon as it is submitted to the next disk */
static void table_changed_on_the_way(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct bio *bio = make_bio(test, upper.gd, c->nr);
	const struct bio_vec *vecs = bio->bi_io_vec;

	bad_submit(bio);
	expect_kept(test, bio);
	change_table(bio, c);
	pass_on_bio(bio);
	expect_report(test, BIOSAN_TABLE_CHANGED, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio->bi_io_vec = vecs;
	bio_put(bio);
}

#define LONG_TABLE	300

static const struct change far_changes[] = {
	{ "compared", LONG_TABLE, BIOSAN_HASHED_VECS - 1, .len = true },
	{ "not compared", LONG_TABLE, BIOSAN_HASHED_VECS, .len = true },
};

KUNIT_ARRAY_PARAM_DESC(far_change, far_changes, name);

/* With interrupts disabled not all of it can be looked at. */
static void long_table_changed(struct kunit *test)
{
	const struct change *c = test->param_value;
	struct bio_vec *vecs;
	struct bio bio;
	int i;

	vecs = kunit_kcalloc(test, c->nr, sizeof(*vecs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vecs);
	for (i = 0; i < c->nr; i++)
		bvec_set_page(&vecs[i], ZERO_PAGE(0), SECTOR_SIZE, 0);
	bio_init(&bio, upper.gd->part0, vecs, c->nr, REQ_OP_WRITE);
	bio.bi_vcnt = c->nr;
	bio.bi_iter.bi_size = c->nr * SECTOR_SIZE;
	bad_submit(&bio);
	expect_kept(test, &bio);
	change_table(&bio, c);
	bio_endio(&bio);
	if (c->index < BIOSAN_HASHED_VECS)
		expect_report_with(test, BIOSAN_TABLE_CHANGED, bad_submit, &bio,
				   " or later");
	else
		expect_silence(test);
	bio_uninit(&bio);
}

/* A write of a sector to a disk with checksums, from memory that may be written */
static u8 *make_stable(struct kunit *test, struct bio **bio)
{
	u8 *buf = kunit_kzalloc(test, SECTOR_SIZE, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buf);
	*bio = make_bio(test, careful.gd, 1);
	bvec_set_virt((struct bio_vec *)(*bio)->bi_io_vec, buf, SECTOR_SIZE);
	(*bio)->bi_iter.bi_size = SECTOR_SIZE;
	return buf;
}

static void data_changed(struct kunit *test)
{
	struct bio *bio;
	u8 *buf = make_stable(test, &bio);

	bad_submit(bio);
	expect_kept(test, bio);
	buf[SECTOR_SIZE - 1]++;
	bio_endio(bio);
	expect_report(test, BIOSAN_DATA_CHANGED, bad_submit, bio);
	bio_put(bio);
}

/* The disk above does not care, and the one below does. */
static void data_of_a_clone_changed(struct kunit *test)
{
	struct bio *bio, *clone;
	u8 *buf = make_stable(test, &bio);

	bio_set_dev(bio, upper.gd->part0);
	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, careful.gd, bio);
	bad_submit(clone);
	expect_kept(test, clone);
	buf[0]++;
	bio_endio(clone);
	expect_report(test, BIOSAN_DATA_CHANGED, bad_submit, clone);
	bio_endio(bio);
	bio_put(clone);
	bio_put(bio);
}

/* A driver changes what it was given, and submits a clone. */
static void data_changed_on_the_way(struct kunit *test)
{
	struct bio *bio, *clone;
	u8 *buf = make_stable(test, &bio);

	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, careful.gd, bio);
	buf[0]++;
	bad_submit(clone);
	expect_report_with(test, BIOSAN_DATA_CHANGED, bad_submit, bio,
			   "other bio ");
	expect_kept(test, clone);
	bio_endio(clone);
	bio_endio(bio);
	bio_put(clone);
	bio_put(bio);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
#define TUPLE	8

/* Tags for SECTORS from @seed on */
static void attach_prot(struct kunit *test, struct bio *bio, u64 seed)
{
	struct bio_integrity_payload *bip;
	void *buf;

	bip = bio_integrity_alloc(bio, GFP_KERNEL, 1);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, bip);
	buf = kunit_kzalloc(test, SECTORS * TUPLE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, buf);
	KUNIT_ASSERT_EQ(test, SECTORS * TUPLE,
			bio_integrity_add_page(bio, virt_to_page(buf),
					       SECTORS * TUPLE,
					       offset_in_page(buf)));
	bip_set_seed(bip, seed);
	bip->bip_flags |= BIP_CHECK_REFTAG;
}

static void prot_table_changed(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 1);
	struct bio_vec *vec;

	attach_prot(test, bio, 0);
	bad_submit(bio);
	expect_kept(test, bio);
	vec = (struct bio_vec *)bio->bi_integrity->bip_vec;
	vec->bv_offset += TUPLE;
	bio_endio(bio);
	expect_report_with(test, BIOSAN_PI_TABLE_CHANGED, bad_submit, bio,
			   "entry 0:");
	bio_put(bio);
}

/* A clone has a payload of its own, and the table of its source. */
static void prot_table_changed_by_a_clone(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 1), *clone;
	struct bio_vec *vec;

	attach_prot(test, bio, 0);
	bad_submit(bio);
	expect_kept(test, bio);
	clone = make_clone(test, pi_disk.gd, bio);
	vec = (struct bio_vec *)clone->bi_integrity->bip_vec;
	vec->bv_len -= TUPLE;
	bio_put(clone);
	bio_endio(bio);
	expect_report(test, BIOSAN_PI_TABLE_CHANGED, bad_submit, bio);
	bio_put(bio);
}

/*
 * 2. Clones that share an integrity buffer are written to different places
 */

static void shared_prot_written(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 1), *clone[3];
	int i;

	attach_prot(test, bio, 0);
	for (i = 0; i < 3; i++) {
		clone[i] = bad_clone(test, mq_disk, bio);
		/* To the same place twice, and to another one */
		clone[i]->bi_iter.bi_sector = i == 2 ? 1000 : 100;
		submit_bio(clone[i]);
		if (i < 2)
			expect_silence(test);
	}
	expect_report(test, BIOSAN_SHARED_PI_WRITTEN, bad_clone, clone[2]);
	for (i = 0; i < 3; i++)
		bio_put(clone[i]);
	bio_put(bio);
}

static void shared_prot_written_by_source(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 1), *clone;

	attach_prot(test, bio, 0);
	keep_rqs = true;
	clone = bad_clone(test, mq_disk, bio);
	clone->bi_iter.bi_sector = 1000;
	bio->bi_iter.bi_sector = 100;
	submit_bio(bio);
	expect_silence(test);
	submit_bio(clone);
	expect_report(test, BIOSAN_SHARED_PI_WRITTEN, bad_clone, clone);
	KUNIT_ASSERT_EQ(test, nr_kept_rqs, 2);
	blk_mq_end_request(kept_rqs[1], BLK_STS_OK);
	blk_mq_end_request(kept_rqs[0], BLK_STS_OK);
	nr_kept_rqs = 0;
	bio_put(clone);
	bio_put(bio);
}

static void unshared_prot_is_written(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 1), *clone;
	int i;

	attach_prot(test, bio, 0);
	for (i = 0; i < 3; i++) {
		clone = make_clone(test, mq_disk, bio);
		KUNIT_ASSERT_EQ(test, 0,
				bio_integrity_unshare(clone, GFP_KERNEL));
		clone->bi_iter.bi_sector = i * 1000;
		submit_bio(clone);
		bio_put(clone);
	}
	bio_put(bio);
}

/* Its tags begin at the start of a table of their own then. */
static void rest_can_be_unshared(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 1), *clone;

	attach_prot(test, bio, 0);
	bio_advance(bio, SECTORS / 2 * SECTOR_SIZE);
	clone = make_clone(test, pi_disk.gd, bio);
	KUNIT_ASSERT_EQ(test, 0, bio_integrity_unshare(clone, GFP_KERNEL));
	submit_bio(clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_put(clone);
	bio_put(bio);
}

/* Each part to another place, as dm-stripe does it */
static void parts_of_prot_are_written(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 1), *clone;
	int i;

	attach_prot(test, bio, 0);
	for (i = 0; i < 4; i++) {
		clone = make_clone(test, mq_disk, bio);
		bio_trim(clone, i * SECTORS / 4, SECTORS / 4);
		clone->bi_iter.bi_sector += i * 1000;
		submit_bio(clone);
		bio_put(clone);
	}
	bio_put(bio);
}
#endif /* CONFIG_BLK_DEV_INTEGRITY */

/*
 * 3. A source goes while a clone that shares its table is in flight
 */

struct deed {
	const char *name;
	void (*fn)(struct bio *bio);
};

static const struct deed ends[] = {
	{ "put", bad_put },
	{ "reset", bad_reset },
	{ "initialized", bad_init },
};

KUNIT_ARRAY_PARAM_DESC(end, ends, name);

static void source_gone(struct kunit *test)
{
	const struct deed *d = test->param_value;
	struct bio *bio = make_bio(test, upper.gd, 4), *clone, *grandchild;

	clone = make_clone(test, lower.gd, bio);
	grandchild = make_clone(test, lower.gd, clone);
	bio_put(clone);
	submit_bio(grandchild);
	expect_kept(test, grandchild);
	expect_silence(test);
	if (d->fn == bad_init)
		bio_uninit(bio);
	d->fn(bio);
	expect_report_with(test, BIOSAN_SOURCE_GONE, d->fn, bio, "other bio ");
	begin_anew(test);
	bio_endio(grandchild);
	bio_put(grandchild);
	bio->bi_pool = grandchild->bi_pool;
	if (d->fn != bad_put)
		bio_put(bio);
}

static void source_put_after_its_end(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;

	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, lower.gd, bio);
	submit_bio(clone);
	expect_kept(test, clone);
	/*
	 * Whoever counts the parts of a bio can end its own part first.  But then
	 * it is its owner's, who may put it.
	 */
	bad_end(bio);
	expect_silence(test);
	bio_put(bio);
	expect_report_with(test, BIOSAN_SOURCE_GONE, bad_end, bio,
			   "other bio ");
	bio_endio(clone);
	bio_put(clone);
}

/* The clone is not in flight when its source goes: it is submitted later. */
static void clone_is_late(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;

	bio->bi_end_io = put_at_end;
	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, lower.gd, bio);
	bio_endio(bio);
	expect_silence(test);
	bad_submit(clone);
	expect_report_with(test, BIOSAN_SOURCE_GONE, bad_submit, bio,
			   "is gone");
	expect_kept(test, clone);
	bio_endio(clone);
	bio_put(clone);
}

/* The same if the owner of the source has kept it */
static void clone_is_late_for_the_end(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;

	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, lower.gd, bio);
	bio_endio(bio);
	expect_silence(test);
	bad_submit(clone);
	expect_report_with(test, BIOSAN_SOURCE_GONE, bad_submit, bio,
			   "has ended");
	expect_kept(test, clone);
	bio_endio(clone);
	bio_put(clone);
	bio_put(bio);
}

/* Its owner can do what it likes with it then. */
static void owner_clones_what_has_ended(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;
	int i;

	submit_bio(bio);
	expect_kept(test, bio);
	end_bio(bio);
	for (i = 0; i < 2; i++) {
		clone = make_clone(test, lower.gd, bio);
		submit_bio(clone);
		expect_kept(test, clone);
		end_bio(clone);
		bio_put(clone);
	}
	bio_put(bio);
}

/* Of a bio without a table, nothing is needed; nor of the bio of a table. */
static void table_outlives_the_source(struct kunit *test)
{
	struct bio *bio, *source = make_bio(test, upper.gd, 0), *clone;
	struct bio_vec *vecs;

	vecs = kunit_kzalloc(test, 2 * PAGE_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vecs);
	bvec_set_page(&vecs[0], ZERO_PAGE(0), 4096, 0);
	source->bi_io_vec = vecs;
	source->bi_iter.bi_size = 4096;
	bio_set_flag(source, BIO_CLONED);
	clone = make_clone(test, lower.gd, source);
	submit_bio(clone);
	expect_kept(test, clone);
	bio_put(source);
	bio_endio(clone);
	bio_put(clone);

	bio = kunit_kzalloc(test, sizeof(*bio), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bio);
	bio_init(bio, upper.gd->part0, vecs, 1, REQ_OP_WRITE);
	bio->bi_vcnt = 1;
	bio->bi_iter.bi_size = 4096;
	clone = make_clone(test, lower.gd, bio);
	submit_bio(clone);
	expect_kept(test, clone);
	bio_uninit(bio);
	bio_init(bio, upper.gd->part0, NULL, 0, REQ_OP_WRITE);
	bio_uninit(bio);
	bio_endio(clone);
	bio_put(clone);
}

/* In memory of its own, nobody else says that it goes. */
static void source_uninitialized(struct kunit *test)
{
	struct bio_vec vec;
	struct bio *clone;
	struct bio bio;

	bio_init(&bio, upper.gd->part0, &vec, 1, REQ_OP_WRITE);
	add_pages(&bio, 1);
	bio.bi_end_io = count_end;
	bio.bi_private = test->priv;
	submit_bio(&bio);
	expect_kept(test, &bio);
	clone = make_clone(test, lower.gd, &bio);
	submit_bio(clone);
	expect_kept(test, clone);
	bad_end(&bio);
	expect_silence(test);
	bio_uninit(&bio);
	expect_report_with(test, BIOSAN_SOURCE_GONE, bad_end, &bio,
			   "other bio ");
	bio_endio(clone);
	bio_put(clone);
}

static void uninitialized_in_flight(struct kunit *test)
{
	struct bio_vec vec;
	struct bio bio;

	bio_init(&bio, upper.gd->part0, &vec, 1, REQ_OP_WRITE);
	add_pages(&bio, 1);
	bio.bi_end_io = count_end;
	bio.bi_private = test->priv;
	submit_bio(&bio);
	expect_kept(test, &bio);
	bad_uninit(&bio);
	expect_report_with(test, BIOSAN_FREED_IN_FLIGHT, bad_uninit, &bio,
			   "is uninitialized");
	bio_endio(&bio);
}

/*
 * 4. A table is used by who does not own it
 */

static noinline __noclone void bad_owned_vecs(struct bio *bio)
{
	bio_owned_vecs(bio)[0].bv_offset = 0;
	barrier();
}

static noinline __noclone void bad_first_bvec(struct bio *bio)
{
	READ_ONCE(bio_first_bvec_all(bio)->bv_len);
	barrier();
}

static noinline __noclone void bad_each_bvec(struct bio *bio)
{
	const struct bio_vec *bv;
	int i;

	bio_for_each_bvec_all(bv, bio, i)
		barrier();
	barrier();
}

static noinline __noclone void bad_each_segment(struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, bio, iter)
		barrier_data(bv);
	barrier();
}

static noinline __noclone void bad_each_folio(struct bio *bio)
{
	struct folio_iter fi;

	bio_for_each_folio_all(fi, bio)
		barrier();
	barrier();
}

static const struct deed uses[] = {
	{ "bio_owned_vecs", bad_owned_vecs },
	{ "bio_first_bvec_all", bad_first_bvec },
	{ "bio_for_each_bvec_all", bad_each_bvec },
	{ "bio_for_each_segment_all", bad_each_segment },
	{ "bio_for_each_folio_all", bad_each_folio },
};

KUNIT_ARRAY_PARAM_DESC(use, uses, name);

static void foreign_table(struct kunit *test)
{
	const struct deed *d = test->param_value;
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;

	clone = make_clone(test, upper.gd, bio);
	kunit_warning_suppress(test)
		d->fn(clone);
	expect_report(test, BIOSAN_FOREIGN_TABLE, d->fn, clone);
	bio_put(clone);
	bio_put(bio);
}

/* It is in flight, and who was given it does as if it were its own. */
static void table_in_flight(struct kunit *test)
{
	const struct deed *d = test->param_value;
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	kunit_warning_suppress(test)
		d->fn(bio);
	expect_report_with(test, BIOSAN_FOREIGN_TABLE, d->fn, bio,
			   "its table is that of its submitter");
	bio_endio(bio);
	bio_put(bio);
}

static void added_to_in_flight(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_vcnt = 2;
	bio->bi_iter.bi_size /= 2;
	submit_bio(bio);
	expect_kept(test, bio);
	kunit_warning_suppress(test)
		bad_add_page(bio);
	expect_report(test, BIOSAN_FOREIGN_TABLE, bad_add_page, bio);
	bio->bi_vcnt--;
	bio->bi_iter.bi_size -= SECTOR_SIZE;
	bio_endio(bio);
	bio_put(bio);
}

/* Its submitter may look at it. */
static void owner_looks_at_what_is_in_flight(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct bvec_iter_all iter;
	struct bio_vec *bv;
	int n = 0;

	submit_bio(bio);
	expect_kept(test, bio);
	bio_for_each_segment_all(bv, bio, iter)
		n += !!bv->bv_len;
	KUNIT_EXPECT_EQ(test, n, 4);
	bio_endio(bio);
	bio_put(bio);
}

/*
 * 5. Positions
 */

static const blk_opf_t empty_ops[] = { REQ_OP_READ, REQ_OP_WRITE };

/* What a retry is if nobody puts back the position. */
static void nothing_left(struct kunit *test)
{
	struct bio *bio;
	int i;

	for (i = 0; i < ARRAY_SIZE(empty_ops); i++) {
		bio = make_bio(test, upper.gd, 4);
		bio->bi_opf = empty_ops[i];
		submit_bio(bio);
		expect_kept(test, bio);
		bio_advance(bio, bio->bi_iter.bi_size);
		bad_submit(bio);
		if (!i)
			expect_report_with(test, BIOSAN_BAD_POSITION,
					   bad_submit, bio, "nothing left");
		else
			((struct biosan_test *)test->priv)->bugs++;
		expect_kept(test, bio);
		bio_endio(bio);
		bio_put(bio);
	}
}

static void clone_is_longer(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;

	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, lower.gd, bio);
	clone->bi_iter.bi_size += SECTOR_SIZE;
	bad_submit(clone);
	expect_report(test, BIOSAN_BAD_POSITION, bad_submit, clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_endio(bio);
	bio_put(clone);
	bio_put(bio);
}

/* Of half a table: what its owner has not submitted is not a driver's, yet. */
static struct bio *make_half(struct kunit *test, struct gendisk *gd,
			     struct bio **clone)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_iter.bi_size /= 2;
	submit_bio(bio);
	expect_kept(test, bio);
	*clone = make_clone(test, gd, bio);
	bio_advance_iter(*clone, &(*clone)->bi_iter, SECTOR_SIZE);
	(*clone)->bi_iter.bi_size = SECTORS / 2 * SECTOR_SIZE;
	return bio;
}

static void clone_reaches_beyond(struct kunit *test)
{
	struct bio *clone, *bio = make_half(test, lower.gd, &clone);

	bad_submit(clone);
	expect_report(test, BIOSAN_BAD_POSITION, bad_submit, clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_endio(bio);
	bio_put(clone);
	bio_put(bio);
}

static void owner_submits_what_comes_next(struct kunit *test)
{
	struct bio *clone, *bio = make_half(test, upper.gd, &clone);

	submit_bio(clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_endio(bio);
	bio_put(clone);
	bio_put(bio);
}

static void size_outside_table(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_iter.bi_size += SECTOR_SIZE;
	bad_submit(bio);
	expect_report(test, BIOSAN_BAD_POSITION, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

static void index_outside_table(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_iter.bi_idx = 10000;
	bad_submit(bio);
	expect_report(test, BIOSAN_BAD_POSITION, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void prot_shorter_than_data(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);

	attach_prot(test, bio, 0);
	bio->bi_integrity->bip_iter.bi_size -= TUPLE;
	bad_submit(bio);
	expect_report(test, BIOSAN_BAD_POSITION, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

/* A driver does some of it, and sends it on from the start. */
static void prot_stale_after_retry(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);
	struct bvec_iter iter = bio->bi_iter;

	attach_prot(test, bio, 0);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_advance(bio, SECTOR_SIZE);
	bio->bi_iter = iter;
	/* What is too short is another bug. */
	bio->bi_iter.bi_size -= SECTOR_SIZE;
	bad_submit(bio);
	expect_report(test, BIOSAN_STALE_POSITION, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

/* The same once it has ended, and moved on data alone */
static void data_ahead_after_retry(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);

	attach_prot(test, bio, 0);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio_status(bio, BLK_STS_IOERR);
	bio->bi_status = BLK_STS_OK;
	bio_advance_iter(bio, &bio->bi_iter, SECTOR_SIZE);
	bio_set_dev(bio, pi_disk.gd->part0);
	bad_submit(bio);
	expect_report(test, BIOSAN_STALE_POSITION, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

static noinline __noclone void bad_verify(struct bio *bio,
					  const struct bvec_iter *data)
{
	biosan_call(verify, bio, data);
	barrier();
}

/*
 * What has been read is verified from where it began, and then from where only
 * its tags have moved to.
 */
static void prot_stale_at_verification(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);
	struct bip_iter start, moved;
	struct bvec_iter data;

	bio->bi_opf = REQ_OP_READ;
	attach_prot(test, bio, 0);
	data = bio->bi_iter;
	start = bio->bi_integrity->bip_iter;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_advance(bio, SECTOR_SIZE);
	bio_advance(bio, bio->bi_iter.bi_size);
	bio_endio(bio);
	moved = bio->bi_integrity->bip_iter;
	bio->bi_integrity->bip_iter = start;
	biosan_call(verify, bio, &data);
	expect_silence(test);
	bio->bi_integrity->bip_iter = moved;
	bad_verify(bio, &data);
	expect_report_with(test, BIOSAN_STALE_POSITION, bad_verify, bio,
			   "verified from another place");
	bio_put(bio);
}

/* Neither is another place, with what there is for this one. */
static void used_for_another_place(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);
	struct bvec_iter iter = bio->bi_iter;
	int i;

	attach_prot(test, bio, 0);
	for (i = 0; i < 3; i++) {
		submit_bio(bio);
		expect_kept(test, bio);
		bio_advance(bio, SECTOR_SIZE);
		end_bio(bio);
		bio->bi_iter = iter;
		bio->bi_iter.bi_sector = (i + 1) * 1000;
		bio->bi_integrity->bip_iter.bi_idx = 0;
		bio->bi_integrity->bip_iter.bi_offset = 0;
		bio->bi_integrity->bip_iter.bi_size = SECTORS * TUPLE;
		bip_set_seed(bio->bi_integrity, (i + 1) * 1000);
		bio_set_dev(bio, pi_disk.gd->part0);
	}
	bio_put(bio);
}

static void clone_moved_without_prot(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4), *clone;

	attach_prot(test, bio, 0);
	clone = make_clone(test, pi_disk.gd, bio);
	bio_advance_iter(clone, &clone->bi_iter, SECTOR_SIZE);
	bad_submit(clone);
	expect_report(test, BIOSAN_STALE_POSITION, bad_submit, clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_put(clone);
	bio_put(bio);
}
#endif

#ifdef CONFIG_BLK_INLINE_ENCRYPTION
static struct blk_crypto_key *make_key(struct kunit *test)
{
	const u8 raw_key[32] = { 1 };
	struct blk_crypto_key *key;

	key = kunit_kzalloc(test, sizeof(*key), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, key);
	KUNIT_ASSERT_EQ(test, 0,
			blk_crypto_init_key(key, raw_key, sizeof(raw_key),
					    BLK_CRYPTO_KEY_TYPE_RAW,
					    BLK_ENCRYPTION_MODE_ADIANTUM,
					    8, SECTOR_SIZE,
					    BLK_CRYPTO_CFG_ALLOW_HW));
	return key;
}

static void dun_stale_after_retry(struct kunit *test)
{
	struct bio *bio = make_bio(test, lower.gd, 4);
	const u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE] = { 42 };
	struct bvec_iter iter;

	bio_crypt_set_ctx(bio, make_key(test), dun, GFP_KERNEL);
	iter = bio->bi_iter;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_advance(bio, SECTOR_SIZE);
	/* All of its position has moved: that is right. */
	submit_bio_noacct(bio);
	expect_kept(test, bio);
	expect_silence(test);
	bio->bi_iter = iter;
	bad_submit(bio);
	expect_report(test, BIOSAN_STALE_POSITION, bad_submit, bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

/* Part of it completes, and the rest has the wrong data unit number. */
static void dun_of_a_request_stale(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 4);
	struct blk_crypto_key *key = make_key(test);
	struct bio_crypt_ctx of_bio = { .bc_key = key, .bc_dun = { 42 } };
	struct bio_crypt_ctx of_rq = of_bio;
	struct request *rq;

	keep_rqs = true;
	submit_bio(bio);
	KUNIT_ASSERT_EQ(test, nr_kept_rqs, 1);
	rq = kept_rqs[0];
	bio->bi_crypt_context = &of_bio;
	rq->crypt_ctx = &of_rq;
	KUNIT_EXPECT_TRUE(test, blk_update_request(rq, BLK_STS_OK,
						   SECTOR_SIZE));
	expect_silence(test);
	of_rq.bc_dun[0]--;
	KUNIT_EXPECT_TRUE(test, blk_update_request(rq, BLK_STS_OK,
						   SECTOR_SIZE));
	expect_report_with(test, BIOSAN_STALE_POSITION, blk_update_request, bio,
			   "data unit number of another place");
	bio->bi_crypt_context = NULL;
	rq->crypt_ctx = NULL;
	blk_mq_end_request(rq, BLK_STS_OK);
	nr_kept_rqs = 0;
	bio_put(bio);
}
#endif

static void segments_miscounted(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 4);

	submit_bio(bio);
	expect_silence(test);
	bio_put(bio);

	bio = make_bio(test, mq_disk, 4);
	miscount_rqs = true;
	submit_bio(bio);
	expect_report(test, BIOSAN_WRONG_SEGMENTS, blk_mq_start_request, bio);
	bio_put(bio);
}

/*
 * 6. Ended twice, submitted twice, used after its end
 */

static void ended_twice(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct biosan_test *t = test->priv;

	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	expect_silence(test);
	bad_end(bio);
	expect_report_with(test, BIOSAN_ENDED_TWICE, bad_end, bio, "ended by ");
	KUNIT_EXPECT_EQ(test, t->ended, 2);
	bio_put(bio);
}

/* Whoever waits for its children is not told of it before they have ended. */
static void ended_twice_with_children(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *front;
	struct biosan_test *t = test->priv;

	submit_bio(bio);
	expect_kept(test, bio);
	front = bio_split_chained(bio, 1, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	bio_inc_remaining(bio);
	bio_endio(bio);
	bio_endio(bio);
	expect_silence(test);
	bad_end(bio);
	expect_report_with(test, BIOSAN_ENDED_TWICE, bad_end, bio,
			   "waits for its children");
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	bio_endio(front);
	KUNIT_EXPECT_EQ(test, t->ended, 2);
	bio_put(bio);
}

/* Its owner has kept it, and the driver goes on with it. */
static void submitted_by_who_has_ended_it(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	bad_end_and_submit(bio);
	expect_report_with(test, BIOSAN_USED_AFTER_END, bad_end_and_submit, bio,
			   "by whoever has ended it");
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

static void submitted_twice(struct kunit *test)
{
	struct bio *bio = make_bio(test, mq_disk, 4);

	keep_rqs = true;
	submit_bio(bio);
	KUNIT_ASSERT_EQ(test, nr_kept_rqs, 1);
	upper.submit = ignore_bio;
	bio->bi_bdev = upper.gd->part0;
	bad_submit(bio);
	bio->bi_bdev = mq_disk->part0;
	expect_report(test, BIOSAN_SUBMITTED_TWICE, bad_submit, bio);
	blk_mq_end_request(kept_rqs[0], BLK_STS_OK);
	nr_kept_rqs = 0;
	bio_put(bio);
}

static void chained_after_end(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *child;

	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	child = make_bio(test, upper.gd, 1);
	child->bi_end_io = NULL;
	child->bi_private = NULL;
	bad_chain(child, bio);
	expect_report(test, BIOSAN_USED_AFTER_END, bad_chain, bio);
	bio_put(child);
	bio_put(bio);
}

/* Which is what happens if it is ended twice, and put by bi_end_io. */
static const struct deed late[] = {
	{ "ended", bad_end },
	{ "submitted", bad_submit },
	{ "put", bad_put },
	{ "reset", bad_reset },
	{ "advanced", bad_advance },
	{ "failed", bad_set_error },
};

KUNIT_ARRAY_PARAM_DESC(late, late, name);

static void used_after_free(struct kunit *test)
{
	const struct deed *d = test->param_value;
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_end_io = put_at_end;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	expect_silence(test);
	bio->bi_end_io = count_end;
	upper.submit = ignore_bio;
	bio_set_dev(bio, upper.gd->part0);
	d->fn(bio);
	expect_report_with(test, BIOSAN_USED_AFTER_END, d->fn, bio, "freed by ");
#ifdef CONFIG_BLK_CGROUP
	if (bio->bi_blkg)
		bio_uninit(bio);
#endif
}

/* Not who does what its bi_end_io is for */
static void end_io_is_called(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_end_io = put_at_end;
	submit_bio(bio);
	expect_kept(test, bio);
	bad_call(bio);
	expect_report(test, BIOSAN_FREED_IN_FLIGHT, bad_call, bio);
}

static void freed_in_flight(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	bad_put(bio);
	expect_report(test, BIOSAN_FREED_IN_FLIGHT, bad_put, bio);
	expect_kept(test, bio);
}

/*
 * 7. An error is lost
 */

static void error_overwritten(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	/* For two that report to it */
	bio_inc_remaining(bio);
	bio_set_error(bio, BLK_STS_IOERR);
	bio_endio(bio);
	bio->bi_status = BLK_STS_OK;
	bad_end(bio);
	expect_report_with(test, BIOSAN_LOST_ERROR, bad_end, bio, "failed by ");
	bio_put(bio);
}

/* Not who was the last of those that it waited for */
static void error_overwritten_by_a_parent(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *front[2];
	struct biosan_test *t = test->priv;
	int i;

	submit_bio(bio);
	expect_kept(test, bio);
	for (i = 0; i < 2; i++) {
		front[i] = bio_split_chained(bio, 1, GFP_KERNEL, &t->bs);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front[i]);
	}
	bio_io_error(front[0]);
	bio->bi_status = BLK_STS_OK;
	bad_end(bio);
	expect_silence(test);
	bio_endio(front[1]);
	expect_report(test, BIOSAN_LOST_ERROR, bad_end, bio);
	bio_put(bio);
}

/* Who is the only one to know of an error may try something else. */
static void error_is_taken_back(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	bio_set_error(bio, BLK_STS_IOERR);
	bio->bi_status = BLK_STS_OK;
	bio_endio(bio);
	bio_put(bio);
}

static void error_of_a_child_overwritten(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *front;
	struct biosan_test *t = test->priv;

	submit_bio(bio);
	expect_kept(test, bio);
	front = bio_split_chained(bio, 1, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	bio_io_error(front);
	bio->bi_status = BLK_STS_OK;
	bad_end(bio);
	expect_report(test, BIOSAN_LOST_ERROR, bad_end, bio);
	bio_put(bio);
}

/* Whoever waits for the child does not hear of it. */
static void end_io_of_a_child_replaced(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *child;
	struct biosan_test *t = test->priv;

	child = make_bio(test, upper.gd, 1);
	child->bi_end_io = NULL;
	child->bi_private = NULL;
	bio_chain(child, bio);
	child->bi_end_io = count_end;
	child->bi_private = t;
	bad_submit(child);
	expect_kept(test, child);
	bio_endio(child);
	/* Before it is freed it can still be put back. */
	expect_silence(test);
	bio_put(child);
	expect_report_with(test, BIOSAN_BROKEN_CHAIN, bad_submit, child,
			   "has not heard of its end");
	bio_put(bio);
}

static void chained_too_late(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct bio *child = make_bio(test, upper.gd, 1);
	struct biosan_test *t = test->priv;

	child->bi_end_io = NULL;
	child->bi_private = NULL;
	submit_bio(child);
	expect_kept(test, child);
	bad_chain(child, bio);
	expect_report_with(test, BIOSAN_BROKEN_CHAIN, bad_chain, child,
			   "too late to be a child");
	bio_endio(child);
	bio_endio(bio);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	bio_put(bio);
}

static bio_end_io_t *hooked_end_io;
static void *hooked_private;

static void end_hooked(struct bio *bio)
{
	bio->bi_end_io = hooked_end_io;
	bio->bi_private = hooked_private;
	bio_endio(bio);
}

/* Whoever has chained it wants to see it first. */
static void child_is_hooked(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct bio *child = make_bio(test, upper.gd, 1);
	struct biosan_test *t = test->priv;

	child->bi_end_io = NULL;
	child->bi_private = NULL;
	bio_chain(child, bio);
	hooked_end_io = child->bi_end_io;
	hooked_private = child->bi_private;
	child->bi_end_io = end_hooked;
	child->bi_private = NULL;
	submit_bio(child);
	expect_kept(test, child);
	bio_endio(bio);
	bio_endio(child);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	bio_put(bio);
}

/* bio_chain() refuses that, too. */
static void child_has_an_end(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct bio *child = make_bio(test, upper.gd, 1);

	kunit_warning_suppress(test)
		bad_chain(child, bio);
	expect_report_with(test, BIOSAN_BROKEN_CHAIN, bad_chain, child,
			   "it can't be a child");
	bio_endio(child);
	bio_put(child);
	bio_endio(bio);
	bio_put(bio);
}

static void ends_of_a_parent_used_up(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *child;

	child = make_bio(test, upper.gd, 1);
	child->bi_end_io = NULL;
	child->bi_private = NULL;
	bio_chain(child, bio);
	bio_endio(child);
	bio_endio(bio);
	bio_set_dev(bio, upper.gd->part0);
	expect_silence(test);
	bad_submit(bio);
	expect_report(test, BIOSAN_BROKEN_CHAIN, bad_submit, bio);
	expect_kept(test, bio);
	atomic_set(&bio->__bi_remaining, 1);
	bio_endio(bio);
	bio_put(bio);
}

/*
 * 8. Payloads
 */

static void no_payload(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_opf |= REQ_INTEGRITY;
	bad_submit(bio);
	expect_report(test, BIOSAN_NO_PAYLOAD, bad_submit, bio);
	expect_kept(test, bio);
	bio->bi_opf &= ~REQ_INTEGRITY;
	bio_endio(bio);
	bio_put(bio);
}

#ifdef CONFIG_BLK_DEV_INTEGRITY
static void hidden_payload(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);

	attach_prot(test, bio, 0);
	bio->bi_opf = REQ_OP_WRITE;
	bad_submit(bio);
	expect_report(test, BIOSAN_HIDDEN_PAYLOAD, bad_submit, bio);
	expect_kept(test, bio);
	bio->bi_opf |= REQ_INTEGRITY;
	bio_endio(bio);
	bio_put(bio);
}

static void leaked_payload(struct kunit *test)
{
	struct bio *bio = make_bio(test, pi_disk.gd, 4);
	struct bio_integrity_payload *bip;

	attach_prot(test, bio, 0);
	bip = bio->bi_integrity;
	bio->bi_opf = REQ_OP_WRITE;
	bad_put(bio);
	expect_report(test, BIOSAN_HIDDEN_PAYLOAD, bad_put, bio);
	kfree(bip);
}
#endif

/*
 * 9. Flags
 */

static void flags_of_the_source(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;

	/* As if the source had come from a cache */
	clone = make_clone(test, lower.gd, bio);
	clone->bi_opf = bio->bi_opf | REQ_ALLOC_CACHE;
	bad_submit(clone);
	expect_report_with(test, BIOSAN_FOREIGN_FLAGS, bad_submit, clone,
			   "not from a cache");
	expect_kept(test, clone);
	clone->bi_opf &= ~REQ_ALLOC_CACHE;
	bio_endio(clone);
	bio_put(clone);
	bio_put(bio);
}

/* Its queue releases a plugged write, and takes any such for one of its own. */
static void plugged_in_another_queue(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	bio_set_flag(bio, BIO_ZONE_WRITE_PLUGGING);
	submit_bio(bio);
	expect_kept(test, bio);
	expect_silence(test);
	bio->bi_bdev = lower.gd->part0;
	bad_submit(bio);
	expect_report(test, BIOSAN_FOREIGN_FLAGS, bad_submit, bio);
	expect_kept(test, bio);
	bio_clear_flag(bio, BIO_ZONE_WRITE_PLUGGING);
	bio_endio(bio);
	bio_put(bio);
}

static struct bio *make_stripped(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_opf |= REQ_FUA;
	submit_bio(bio);
	expect_kept(test, bio);
	KUNIT_ASSERT_FALSE(test, !!(bio->bi_opf & REQ_FUA));
	return bio;
}

/* The first disk had no cache, and the second one has. */
static void flags_lost_by_retry(struct kunit *test)
{
	struct bio *bio = make_stripped(test);

	bio_endio_status(bio, BLK_STS_IOERR);
	bio->bi_status = BLK_STS_OK;
	bio_set_dev(bio, careful.gd->part0);
	bad_submit(bio);
	expect_report_with(test, BIOSAN_LOST_FLAGS, bad_submit, bio,
			   "it was REQ_FUA\n");
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

/*
 * 10. Initialized while it is in use, or left behind
 */

static const struct deed again[] = {
	{ "reset", bad_reset },
	{ "initialized", bad_init },
};

KUNIT_ARRAY_PARAM_DESC(again, again, name);

static void initialized_in_flight(struct kunit *test)
{
	const struct deed *d = test->param_value;
	struct biosan_test *t = test->priv;
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	if (d->fn == bad_init)
		bio_uninit(bio);
	d->fn(bio);
	expect_report(test, BIOSAN_INIT_ALIVE, d->fn, bio);
	bio->bi_pool = &t->bs;
	bio_put(bio);
}

#ifdef CONFIG_BLK_CGROUP
static noinline __noclone void bad_init_for_disk(struct bio *bio)
{
	bio_init(bio, upper.gd->part0, NULL, 0, REQ_OP_WRITE);
	barrier();
}

static noinline __noclone void bad_reset_for_disk(struct bio *bio)
{
	bio_init(bio, NULL, NULL, 0, REQ_OP_WRITE);
	bio_reset(bio, upper.gd->part0, REQ_OP_WRITE);
	barrier();
}

static const struct deed holds[] = {
	{ "initialized", bad_init_for_disk },
	{ "reset", bad_reset_for_disk },
};

KUNIT_ARRAY_PARAM_DESC(hold, holds, name);

static void initialized_over_a_reference(struct kunit *test)
{
	struct blkcg_gq *blkg[BIOSAN_LEFT_BEHIND];
	const struct deed *d = test->param_value;
	struct bio bio;
	int i;

	d->fn(&bio);
	bio_uninit(&bio);
	/* One or two may have been moved, and are in use somewhere else. */
	for (i = 0; i < BIOSAN_LEFT_BEHIND; i++) {
		expect_silence(test);
		d->fn(&bio);
		blkg[i] = bio.bi_blkg;
		memset(&bio, 0, sizeof(bio));
		bad_init(&bio);
	}
	expect_report_with(test, BIOSAN_INIT_ALIVE, d->fn, &bio,
			   "never been uninitialized");
	for (i = 0; i < BIOSAN_LEFT_BEHIND; i++) {
		bio.bi_blkg = blkg[i];
		bio_uninit(&bio);
	}
}

static void idle_bios_are_moved(struct kunit *test)
{
	struct bio old, new;
	int i;

	for (i = 0; i < 2 * BIOSAN_LEFT_BEHIND; i++) {
		bio_init(&old, upper.gd->part0, NULL, 0, REQ_OP_WRITE);
		memcpy(&new, &old, sizeof(new));
		memset(&old, 0, sizeof(old));
		bio_init(&old, NULL, NULL, 0, REQ_OP_WRITE);
		bio_uninit(&new);
	}
}

static noinline __noclone void bad_init_for(struct bio *bio,
					    struct gendisk *gd)
{
	bio_init(bio, gd->part0, NULL, 0, REQ_OP_WRITE);
	barrier();
}

static void disk_goes_with_a_reference_left(struct kunit *test)
{
	struct queue_limits lim = { };
	struct gendisk *gd = blk_alloc_disk(&lim, NUMA_NO_NODE);
	struct bio bio, used;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gd);
	bad_init_for(&used, gd);
	bio_uninit(&used);
	bad_init_for(&bio, gd);
	expect_silence(test);
	put_disk(gd);
	expect_report_with(test, BIOSAN_LEAK, bad_init_for, &bio,
			   "its disk is freed");
	bio_uninit(&bio);
}

/* Too few to be sure of it, until nobody can let go of them any more */
static void disk_goes_with_one_left_behind(struct kunit *test)
{
	struct queue_limits lim = { };
	struct gendisk *gd = blk_alloc_disk(&lim, NUMA_NO_NODE);
	struct blkcg_gq *blkg;
	struct bio bio;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, gd);
	bad_init_for(&bio, gd);
	blkg = bio.bi_blkg;
	memset(&bio, 0, sizeof(bio));
	bio_init(&bio, NULL, NULL, 0, REQ_OP_WRITE);
	expect_silence(test);
	put_disk(gd);
	expect_report_with(test, BIOSAN_INIT_ALIVE, bad_init_for, &bio,
			   "never been uninitialized");
	bio.bi_blkg = blkg;
	bio_uninit(&bio);
}
#endif

static noinline __noclone struct bio *bad_alloc(struct bio_set *bs)
{
	struct bio *bio = bio_alloc_bioset(NULL, 1, 0, GFP_KERNEL, bs);

	barrier();
	return bio;
}

static void bios_are_left(struct kunit *test)
{
	struct bio *bio[4];
	struct bio_set bs;
	int i;

	/* The slab is that of plain_bs as well, and stays. */
	KUNIT_ASSERT_EQ(test, 0, bioset_init(&bs, 4, 0, BIOSET_NEED_BVECS));
	KUNIT_ASSERT_PTR_EQ(test, bs.bio_slab, plain_bs.bio_slab);
	for (i = 0; i < 4; i++) {
		bio[i] = bad_alloc(&bs);
		KUNIT_ASSERT_NOT_NULL(test, bio[i]);
	}
	bio_put(bio[1]);
	bio_reset(bio[2], NULL, REQ_OP_READ);
	bioset_exit(&bs);
	expect_report_with(test, BIOSAN_LEAK, bad_alloc, NULL,
			   "3 bios are left");
	for (i = 0; i < 4; i++)
		if (i != 1)
			kmem_cache_free(plain_bs.bio_slab, bio[i]);
}

static void change_in_flight(struct kunit *test, struct bio *bio, u8 *buf)
{
	submit_bio(bio);
	expect_kept(test, bio);
	buf[0]++;
	bio_endio(bio);
	bio_put(bio);
}

/* On a disk without checksums, before the write, and what is user space's */
static void data_may_change(struct kunit *test)
{
	struct bio *bio, *clone;
	u8 *buf;

	buf = make_stable(test, &bio);
	bio_set_dev(bio, upper.gd->part0);
	change_in_flight(test, bio, buf);

	buf = make_stable(test, &bio);
	buf[0]++;
	bio->bi_opf = REQ_OP_READ;
	change_in_flight(test, bio, buf);

	buf = make_stable(test, &bio);
	bio_set_flag(bio, BIO_PAGE_PINNED);
	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, careful.gd, bio);
	submit_bio(clone);
	expect_kept(test, clone);
	buf[0]++;
	bio_endio(clone);
	bio_endio(bio);
	bio_clear_flag(bio, BIO_PAGE_PINNED);
	bio_put(clone);
	bio_put(bio);
	expect_silence(test);
}

/* Who tries again asks for it again, and who does not may want something else. */
static void flags_not_lost(struct kunit *test)
{
	struct bio *bio = make_stripped(test);

	bio->bi_status = BLK_STS_IOERR;
	end_bio(bio);
	bio->bi_status = BLK_STS_OK;
	bio->bi_opf |= REQ_FUA;
	bio_set_dev(bio, careful.gd->part0);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);

	bio = make_stripped(test);
	bio_set_dev(bio, careful.gd->part0);
	submit_bio(bio);
	expect_kept(test, bio);
	end_bio(bio);
	bio_set_dev(bio, careful.gd->part0);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
	expect_silence(test);
}

/*
 * What is allowed: the table and its counters
 */

static void vcnt_is_not_the_table(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct bio_vec vecs[4];
	struct bio bio, *src;
	int i;

	/* Filled before bio_init(), as swap does it */
	bvec_set_page(&vecs[0], ZERO_PAGE(0), 4096, 0);
	bio_init(&bio, upper.gd->part0, vecs, 1, REQ_OP_WRITE);
	bio.bi_iter.bi_size = 4096;
	bio.bi_end_io = count_end;
	bio.bi_private = t;
	submit_bio(&bio);
	expect_kept(test, &bio);
	bio_endio(&bio);
	bio_first_folio_all(&bio);
	bio_uninit(&bio);

	/* Reset, with the position put back, as btrfs does it */
	src = make_bio(test, upper.gd, 4);
	for (i = 0; i < 2; i++) {
		struct bvec_iter iter = src->bi_iter;

		submit_bio(src);
		expect_kept(test, src);
		bio_endio(src);
		bio_reset(src, upper.gd->part0, REQ_OP_WRITE);
		src->bi_iter = iter;
		src->bi_end_io = count_end;
		src->bi_private = t;
	}
	bio_put(src);

	/* Data in the first entry, what is bounced for in the others */
	for (i = 0; i < 4; i++)
		bvec_set_page(&vecs[i], ZERO_PAGE(0), 1024, 0);
	vecs[0].bv_len = 3 * 1024;
	bio_init(&bio, upper.gd->part0, vecs, 4, REQ_OP_READ);
	bio.bi_vcnt = 3;
	bio.bi_iter.bi_size = vecs[0].bv_len;
	bio.bi_end_io = count_end;
	bio.bi_private = t;
	submit_bio(&bio);
	expect_kept(test, &bio);
	bio_endio(&bio);
	bio_uninit(&bio);
}

static void less_than_the_table(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio->bi_iter.bi_size -= SECTOR_SIZE;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	/* All of it again */
	bio_reuse(bio, REQ_OP_READ);
	bio_advance(bio, SECTOR_SIZE);
	bio_trim(bio, 1, 3);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
}

static void no_table(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 0);
	struct folio_iter fi;

	bio->bi_opf = REQ_OP_DISCARD;
	bio->bi_iter.bi_size = 1 << 20;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_for_each_folio_all(fi, bio)
		KUNIT_FAIL(test, "a folio of a discard");
	bio_endio(bio);
	bio_put(bio);

	bio = make_bio(test, upper.gd, 0);
	bio->bi_opf |= REQ_PREFLUSH;
	submit_bio(bio);
	KUNIT_EXPECT_NULL(test, take_bio());
	bio_put(bio);
}

static void table_is_scratch_before_and_after(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio_owned_vecs(bio)[1].bv_offset = 512;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_owned_vecs(bio)[1].bv_offset = 0;
	memset(bio_owned_vecs(bio), 0, 2 * sizeof(struct bio_vec));
	bio_put(bio);
}

/*
 * What is allowed: tables come and go
 */

struct container {
	struct bio_vec vecs[4];
	struct bio bio;
	struct biosan_test *t;
};

static void free_container(struct bio *bio)
{
	struct container *c = bio->bi_private;

	c->t->ended++;
	kfree(c);
}

/* With the bio, and without bio_uninit() */
static void container_is_freed_at_end(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct container *c;
	int i;

	for (i = 0; i < 64; i++) {
		c = kzalloc_obj(*c);
		KUNIT_ASSERT_NOT_NULL(test, c);
		c->t = t;
		bio_init(&c->bio, i % 2 ? upper.gd->part0 : lower.gd->part0,
			 c->vecs, 4, REQ_OP_WRITE);
		add_pages(&c->bio, 1 + i % 4);
		c->bio.bi_end_io = free_container;
		c->bio.bi_private = c;
		submit_bio(&c->bio);
		expect_kept(test, &c->bio);
		if (i % 3)
			bio_endio(&c->bio);
		else
			bio_io_error(&c->bio);
	}
	KUNIT_EXPECT_EQ(test, t->ended, 64);
}

static void table_is_freed_before_its_users(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct bio_vec *vecs;
	struct bio bio, *clone;

	vecs = kcalloc(4, sizeof(*vecs), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, vecs);
	bio_init(&bio, upper.gd->part0, vecs, 4, REQ_OP_WRITE);
	add_pages(&bio, 4);
	bio.bi_end_io = count_end;
	bio.bi_private = t;
	submit_bio(&bio);
	expect_kept(test, &bio);
	clone = make_clone(test, lower.gd, &bio);
	submit_bio(clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_endio(&bio);
	memset(vecs, 0xff, 4 * sizeof(*vecs));
	kfree(vecs);
	bio_uninit(&bio);
	memset(&bio, 0xff, sizeof(bio));
	bio_put(clone);
}

/* Clones of clones need the owner of the table, not each other. */
static void clone_goes_before_its_clone(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone, *grandchild;

	submit_bio(bio);
	expect_kept(test, bio);
	clone = make_clone(test, upper.gd, bio);
	submit_bio(clone);
	expect_kept(test, clone);
	grandchild = make_clone(test, lower.gd, clone);
	submit_bio(grandchild);
	expect_kept(test, grandchild);
	bio_endio(clone);
	bio_put(clone);
	bio_endio(grandchild);
	bio_endio(bio);
	bio_put(bio);
	bio_put(grandchild);
}

/* As io_uring's registered buffers, and loop with those of the bio above */
static void tables_of_nobody(struct kunit *test)
{
	struct bio *bio[4], *owner = make_bio(test, upper.gd, 4), *clone;
	struct bio_vec vecs[4];
	int i;

	for (i = 0; i < 4; i++)
		bvec_set_page(&vecs[i], ZERO_PAGE(0), 1024, 0);
	submit_bio(owner);
	expect_kept(test, owner);
	for (i = 0; i < 4; i++) {
		bio[i] = make_bio(test, i % 2 ? upper.gd : lower.gd, 0);
		bio[i]->bi_io_vec = i < 2 ? vecs : owner->bi_io_vec;
		bio[i]->bi_iter.bi_size = 4096 - i * 512;
		bio[i]->bi_iter.bi_offset = i % 2 * 512;
		bio_set_flag(bio[i], BIO_CLONED);
		submit_bio(bio[i]);
		expect_kept(test, bio[i]);
	}
	clone = make_clone(test, lower.gd, bio[0]);
	submit_bio(clone);
	expect_kept(test, clone);
	bio_release_pages(bio[1], true);
	bio_endio(bio[1]);
	bio_endio(clone);
	bio_endio(bio[0]);
	memset(vecs, 0, sizeof(vecs));
	bio_endio(bio[3]);
	bio_endio(bio[2]);
	bio_endio(owner);
	bio_put(owner);
	bio_put(clone);
	for (i = 0; i < 4; i++)
		bio_put(bio[i]);
}

/*
 * What is allowed: lives of bios
 */

static void never_submitted(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct bio *bio = make_bio(test, upper.gd, 4), *clone;
	struct bio_vec vec;
	struct bio own;
	int i;

	clone = make_clone(test, lower.gd, bio);
	bio_put(bio);
	bio_put(clone);

	bio = make_bio(test, upper.gd, 4);
	clone = make_clone(test, lower.gd, bio);
	bio_io_error(clone);
	bio_io_error(bio);
	bio_put(clone);
	bio_put(bio);
	KUNIT_EXPECT_EQ(test, t->ended, 2);

	for (i = 0; i < 3; i++)
		bio_init(&own, NULL, &vec, 1, REQ_OP_READ);
	own.bi_end_io = count_end;
	own.bi_private = t;
	bio_endio(&own);
	/* By hand */
	own.bi_end_io(&own);
}

static void waited_for_and_called_by_hand(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct bio *bio = make_bio(test, upper.gd, 4);

	upper.submit = end_bio;
	KUNIT_EXPECT_EQ(test, 0, submit_bio_wait(bio));
	bio->bi_private = t;
	count_end(bio);
	bio_put(bio);
}

static void lent_end_io(struct bio *bio)
{
	struct biosan_test *t = bio->bi_private;

	t->ended += 100;
	bio->bi_end_io = count_end;
	bio_endio(bio);
}

static void ended_once_more_with_its_own_end_io(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct biosan_test *t = test->priv;

	bio->bi_end_io = lent_end_io;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	KUNIT_EXPECT_EQ(test, t->ended, 101);
	bio_put(bio);
}

static void parents_end_when_all_have(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *front[3], *child;
	struct biosan_test *t = test->priv;
	int i;

	submit_bio(bio);
	expect_kept(test, bio);
	for (i = 0; i < 3; i++) {
		front[i] = bio_split_chained(bio, 1, GFP_KERNEL, &t->bs);
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front[i]);
		bio_set_dev(front[i], lower.gd->part0);
		submit_bio(front[i]);
		expect_kept(test, front[i]);
	}
	/* Its rest goes to the next disk, and its child is built meanwhile. */
	pass_on_bio(bio);
	expect_kept(test, bio);
	child = make_bio(test, upper.gd, 1);
	child->bi_end_io = NULL;
	child->bi_private = NULL;
	bio_chain(child, bio);
	bio_endio(front[1]);
	bio_endio(bio);
	submit_bio(child);
	expect_kept(test, child);
	bio_endio(front[0]);
	bio_io_error(child);
	KUNIT_EXPECT_EQ(test, t->ended, 0);
	bio_endio(front[2]);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	KUNIT_EXPECT_TRUE(test, t->status == BLK_STS_IOERR);
	bio_put(bio);
}

static void row_is_submitted_while_it_is_built(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct bio *bio = NULL, *kept;
	int i;

	for (i = 0; i < 8; i++) {
		bio = blk_next_bio(bio, upper.gd->part0, 1, REQ_OP_WRITE,
				   GFP_KERNEL);
		add_pages(bio, 1);
		kept = i == 5 ? take_bio() : NULL;
		if (kept)
			bio_endio(kept);
	}
	bio->bi_end_io = put_at_end;
	bio->bi_private = t;
	submit_bio(bio);
	while ((kept = take_bio()))
		bio_endio(kept);
	KUNIT_EXPECT_EQ(test, t->ended, 1);
}

static void put_late(struct kunit *test)
{
	struct bio *bio[16];
	int i;

	for (i = 0; i < 16; i++) {
		bio[i] = make_bio(test, upper.gd, 1);
		submit_bio(bio[i]);
		expect_kept(test, bio[i]);
		bio_endio(bio[i]);
	}
	for (i = 0; i < 16; i++)
		bio_put(bio[i]);
}

/* Also with its own flag cleared, to be freed at once */
static void built_with_references(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	bio_get(bio);
	bio->bi_iter.bi_size = 0;
	bio->bi_vcnt = 0;
	add_pages(bio, 2);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(bio);
	bio_clear_flag(bio, BIO_REFFED);
	bio_put(bio);
}

static void passed_on_without_end(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct bio_list stolen = BIO_EMPTY_LIST;

	upper.submit = pass_on_bio;
	submit_bio(bio);
	expect_kept(test, bio);

	/* And taken out of a request again, as NVMe does it to fail over */
	keep_rqs = true;
	bio_set_dev(bio, mq_disk->part0);
	submit_bio(bio);
	KUNIT_ASSERT_EQ(test, nr_kept_rqs, 1);
	blk_steal_bios(&stolen, kept_rqs[0]);
	blk_mq_end_request(kept_rqs[0], BLK_STS_OK);
	nr_kept_rqs = 0;
	KUNIT_ASSERT_PTR_EQ(test, bio_list_pop(&stolen), bio);
	submit_bio(bio);
	KUNIT_ASSERT_EQ(test, nr_kept_rqs, 1);

	/* And by hand */
	KUNIT_ASSERT_PTR_EQ(test, kept_rqs[0]->bio, bio);
	kept_rqs[0]->bio = NULL;
	kept_rqs[0]->biotail = NULL;
	blk_mq_end_request(kept_rqs[0], BLK_STS_OK);
	nr_kept_rqs = 0;
	submit_bio(bio);
	KUNIT_ASSERT_EQ(test, nr_kept_rqs, 1);
	blk_mq_end_request(kept_rqs[0], BLK_STS_OK);
	nr_kept_rqs = 0;
	bio_put(bio);
}

/* What its own limits refuse was submitted and has ended all the same. */
static void refused_at_once(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct biosan_test *t = test->priv;
	int i;

	for (i = 0; i < 3; i++) {
		bio->bi_iter.bi_sector = get_capacity(upper.gd) + i;
		submit_bio(bio);
		KUNIT_EXPECT_EQ(test, t->ended, i + 1);
		KUNIT_EXPECT_NULL(test, take_bio());
	}
	bio_put(bio);

	bio = make_bio(test, upper.gd, 0);
	for (i = 0; i < 3; i++) {
		bio->bi_opf = REQ_OP_WRITE | REQ_PREFLUSH;
		submit_bio(bio);
		KUNIT_EXPECT_EQ(test, t->ended, i + 4);
	}
	bio_put(bio);
}

/* What a target's end_io keeps may end once more, and not more often. */
static void kept_by_end_io(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	biosan_call(rearm, bio, true);
	bio_endio(bio);
	biosan_call(rearm, bio, true);
	bio_set_dev(bio, lower.gd->part0);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	biosan_call(rearm, bio, true);
	biosan_call(rearm, bio, false);
	expect_silence(test);
	bad_end(bio);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, bio);
	bio_put(bio);
}

static void source_moves_while_clones_are_in_flight(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone, *whole;
	struct bvec_iter iter = bio->bi_iter;

	submit_bio(bio);
	expect_kept(test, bio);
	whole = make_clone(test, lower.gd, bio);
	submit_bio(whole);
	expect_kept(test, whole);
	bio_advance(bio, 3 * SECTOR_SIZE);
	clone = make_clone(test, lower.gd, bio);
	submit_bio(clone);
	expect_kept(test, clone);
	bio_advance(clone, SECTOR_SIZE);
	bio_advance(bio, bio->bi_iter.bi_size);
	bio_endio(whole);
	bio_endio(clone);
	bio->bi_iter = iter;
	pass_on_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_put(whole);
	bio_put(clone);
	bio_put(bio);
}

static void members_are_borrowed(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *other;
	void *private = bio->bi_private;

	other = make_bio(test, upper.gd, 4);
	submit_bio(bio);
	expect_kept(test, bio);
	bio->bi_private = other;
	bio->bi_end_io = NULL;
	bio->bi_next = other;
	bio->bi_next = NULL;
	bio->bi_private = private;
	bio->bi_end_io = count_end;
	bio_endio(bio);
	bio_put(other);
	bio_put(bio);
}

static void owner_looks_at_what_was_split(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *front;
	struct biosan_test *t = test->priv;
	struct bvec_iter_all iter;
	struct folio_iter fi;
	struct bio_vec *bv;
	int n = 0;

	submit_bio(bio);
	expect_kept(test, bio);
	front = bio_split_chained(bio, 3, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	bio_endio(front);
	bio_advance(bio, SECTOR_SIZE);
	bio_endio(bio);
	bio_for_each_segment_all(bv, bio, iter)
		n += !!bv->bv_len;
	bio_for_each_folio_all(fi, bio)
		n++;
	KUNIT_EXPECT_EQ(test, n, 8);
	bio_put(bio);
}

static void passthrough(struct kunit *test)
{
	char *buf = kunit_kzalloc(test, 4096, GFP_KERNEL);
	struct request *rq;
	int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	for (i = 0; i < 4; i++) {
		rq = blk_mq_alloc_request(mq_disk->queue, i % 2 ?
					  REQ_OP_DRV_IN : REQ_OP_DRV_OUT, 0);
		KUNIT_ASSERT_FALSE(test, IS_ERR(rq));
		/* Through a copy that is given back at the end */
		KUNIT_ASSERT_EQ(test, 0, blk_rq_map_kern(rq, buf + i, 512,
							 GFP_KERNEL));
		KUNIT_EXPECT_TRUE(test, blk_execute_rq(rq, false) == BLK_STS_OK);
		blk_mq_free_request(rq);
	}
}

static void flags_of_its_own(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4), *clone, *front;
	struct biosan_test *t = test->priv;

	bio->bi_opf |= REQ_DRV;
	clone = make_clone(test, lower.gd, bio);
	/* For itself, and not because its source has it */
	clone->bi_opf |= REQ_DRV;
	submit_bio(clone);
	expect_kept(test, clone);
	/* What the next driver does with a bio that it passes on */
	clone->bi_opf |= REQ_DRV;
	pass_on_bio(clone);
	expect_kept(test, clone);
	bio_endio(clone);
	bio_put(clone);

	front = bio_split(bio, 1, GFP_KERNEL, &t->bs);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, front);
	KUNIT_EXPECT_TRUE(test, front->bi_opf & REQ_DRV);
	submit_bio(front);
	expect_kept(test, front);
	bio_endio(front);
	bio_put(front);
	bio_put(bio);
}

static enum hrtimer_restart end_in_irq(struct hrtimer *timer)
{
	struct bio *bio = take_bio();

	if (bio)
		bio_endio(bio);
	return HRTIMER_NORESTART;
}

static void complete_bio(struct bio *bio)
{
	if (bio_complete_in_task(bio))
		return;
	complete(bio->bi_private);
}

/* At once, by a flag, and by bi_end_io that defers itself */
static void ended_in_interrupts(struct kunit *test)
{
	DECLARE_COMPLETION_ONSTACK(done);
	struct hrtimer timer;
	struct bio *bio;
	int i;

	hrtimer_setup_on_stack(&timer, end_in_irq, CLOCK_MONOTONIC,
			       HRTIMER_MODE_REL_HARD);
	for (i = 0; i < 3; i++) {
		reinit_completion(&done);
		bio = make_bio(test, upper.gd, 4);
		bio->bi_private = &done;
		bio->bi_end_io = complete_bio;
		if (i)
			bio_set_flag(bio, BIO_COMPLETE_IN_TASK);
		submit_bio(bio);
		hrtimer_start(&timer, us_to_ktime(100), HRTIMER_MODE_REL_HARD);
		KUNIT_EXPECT_NE(test, 0,
				wait_for_completion_timeout(&done, HZ));
		hrtimer_cancel(&timer);
		bio_put(bio);
	}
	destroy_hrtimer_on_stack(&timer);
}

static void polled(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	struct biosan_test *t = test->priv;

	bio->bi_opf |= REQ_POLLED;
	submit_bio(bio);
	bio->bi_cookie = 0;
	KUNIT_EXPECT_EQ(test, 1, bio_poll(bio, NULL, 0));
	KUNIT_EXPECT_EQ(test, t->ended, 1);
	bio_put(bio);
}

/* The memory of a bio is another bio at once. */
static void per_cpu_caches(struct kunit *test)
{
	struct bio *bio, *clone;
	struct bio_set bs;
	int i;

	KUNIT_ASSERT_EQ(test, 0, bioset_init(&bs, 4, 0, BIOSET_NEED_BVECS |
					     BIOSET_PERCPU_CACHE));
	upper.submit = pass_on_bio;
	lower.submit = end_bio;
	for (i = 0; i < 200; i++) {
		bio = bio_alloc_bioset(upper.gd->part0, 4, REQ_OP_WRITE,
				       GFP_KERNEL, &bs);
		KUNIT_ASSERT_TRUE(test, bio->bi_opf & REQ_ALLOC_CACHE);
		add_pages(bio, 4);
		bio->bi_end_io = put_at_end;
		bio->bi_private = test->priv;
		if (i % 3 == 0) {
			clone = bio_alloc_clone(lower.gd->part0, bio,
						GFP_KERNEL, &bs);
			bio_chain(clone, bio);
			submit_bio(clone);
		}
		if (i % 7)
			submit_bio(bio);
		else
			bio_endio(bio);
	}
	bioset_exit(&bs);
}

/*
 * What it does with reports
 */

static void site_is_reported_once(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct bio *bio;
	int i;

	for (i = 0; i < 5; i++) {
		bio = make_bio(test, upper.gd, 4);
		submit_bio(bio);
		expect_kept(test, bio);
		bio_endio(bio);
		bad_end(bio);
		if (!i)
			expect_report(test, BIOSAN_ENDED_TWICE, bad_end, bio);
		else
			t->bugs++;
		expect_silence(test);
		/* It does something else that is wrong, too. */
		if (i == 3) {
			struct bio *clone;

			bio_reset(bio, upper.gd->part0, REQ_OP_WRITE);
			add_pages(bio, 4);
			submit_bio(bio);
			expect_kept(test, bio);
			clone = make_clone(test, lower.gd, bio);
			submit_bio(clone);
			expect_kept(test, clone);
			bio_uninit(clone);
			bad_init(clone);
			expect_report(test, BIOSAN_INIT_ALIVE, bad_init, clone);
			bio_endio(bio);
			clone->bi_pool = bio->bi_pool;
			bio_put(clone);
		}
		bio_put(bio);
	}
	KUNIT_EXPECT_EQ(test, observed.nr, 2);
}

/* The second one who does the same is heard, too. */
static noinline __noclone void bad_end_too(struct bio *bio)
{
	bio_endio(bio);
	barrier();
}

static noinline void end_again(struct kunit *test,
			       void (*end)(struct bio *bio))
{
	struct bio *bio = make_bio(test, upper.gd, 4);

	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	end(bio);
	bio_put(bio);
}

static void each_site_is_reported(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	int i, n = 2;

	end_again(test, bad_end);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, NULL);
	/* From one place, which is one stack */
	OPTIMIZER_HIDE_VAR(n);
	for (i = 0; i < n; i++)
		end_again(test, bad_end_too);
	t->bugs++;
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end_too, NULL);
	/* As if it had not been before */
	KUNIT_ASSERT_EQ(test, biosan_set_mode(BIOSAN_FULL), 0);
	end_again(test, bad_end_too);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end_too, NULL);
}

static void some_are_silenced(struct kunit *test)
{
	struct biosan_stats before, s;
	char disk[DISK_NAME_LEN + 16];

	scnprintf(disk, sizeof(disk), "leak, %s\n", upper.gd->disk_name);
	biosan_get_stats(&before);
	KUNIT_EXPECT_EQ(test, 0, biosan_silence("ended-twice"));
	end_again(test, bad_end);
	expect_silence(test);
	KUNIT_EXPECT_EQ(test, 0, biosan_silence(disk));
	end_again(test, bad_end);
	expect_silence(test);
	biosan_get_stats(&s);
	KUNIT_EXPECT_EQ(test, s.silenced - before.silenced, 2);
	KUNIT_EXPECT_EQ(test, 0, biosan_silence("lost-error,sda"));
	end_again(test, bad_end);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, NULL);
	KUNIT_EXPECT_EQ(test, 0, biosan_silence(""));
}

static void says_where_it_is(struct kunit *test)
{
	struct bio *bio = make_bio(test, upper.gd, 4);
	char says[DISK_NAME_LEN + 40];

	scnprintf(says, sizeof(says), "%u bytes at sector 0 of %s",
		  SECTORS * SECTOR_SIZE, upper.gd->disk_name);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bad_end(bio);
	expect_report_with(test, BIOSAN_ENDED_TWICE, bad_end, bio, says);
	bio_put(bio);
	/* Also if it has not been submitted before */
	bio = make_bio(test, upper.gd, 4);
	bio->bi_opf |= REQ_INTEGRITY;
	bad_submit(bio);
	expect_report_with(test, BIOSAN_NO_PAYLOAD, bad_submit, bio, says);
	expect_kept(test, bio);
	bio->bi_opf &= ~REQ_INTEGRITY;
	bio_endio(bio);
	bio_put(bio);
}

#ifdef CONFIG_BIOSAN_PROTECT
/*
 * Pages
 */

static noinline __noclone void bad_write(struct bio_vec *bv)
{
	WRITE_ONCE(bv->bv_len, 512);
	barrier();
}

static struct bio *make_bio_on_a_page(struct kunit *test)
{
	biosan_set_pages(UINT_MAX);
	begin_anew(test);
	/* On this CPU, which has just been told what it may write to */
	migrate_disable();
	return make_bio(test, upper.gd, 4);
}

static void done_with_pages(void)
{
	migrate_enable();
	biosan_set_pages(0);
}

static void page_is_written_in_flight(struct kunit *test)
{
	struct bio *bio = make_bio_on_a_page(test);

	submit_bio(bio);
	expect_kept(test, bio);
	bad_write((struct bio_vec *)&bio->bi_io_vec[2]);
	expect_report_with(test, BIOSAN_TABLE_CHANGED, bad_write, bio,
			   "bv_len of entry 2 is written while it is in flight");
	bio_endio(bio);
	bio_put(bio);
	done_with_pages();
}

static void page_is_written_after_it_was_freed(struct kunit *test)
{
	struct bio *bio = make_bio_on_a_page(test);
	struct bio_vec *bv = (struct bio_vec *)bio->bi_io_vec;

	bio_put(bio);
	bad_write(bv);
	expect_report_with(test, BIOSAN_USED_AFTER_END, bad_write, bio,
			   "is written after it was freed");
	done_with_pages();
}

static void page_is_written_before_and_after(struct kunit *test)
{
	struct bio *bio = make_bio_on_a_page(test);

	bad_write((struct bio_vec *)&bio->bi_io_vec[3]);
	bio->bi_iter.bi_size = SECTOR_SIZE;
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bad_write((struct bio_vec *)&bio->bi_io_vec[0]);
	bio_put(bio);
	done_with_pages();
}

/* Its page is another one's after that. */
static void page_of_a_bio_that_is_initialized(struct kunit *test)
{
	struct bio *bio = make_bio_on_a_page(test);
	struct biosan_test *t = test->priv;

	bio_uninit(bio);
	bio_init_inline(bio, NULL, 4, REQ_OP_WRITE);
	bio->bi_pool = &t->bs;
	bio_put(bio);
	done_with_pages();
	KUNIT_ASSERT_EQ(test, biosan_set_mode(BIOSAN_OFF), 0);
	KUNIT_EXPECT_FALSE(test, biosan_pages_left());
}
#endif /* CONFIG_BIOSAN_PROTECT */

static void off_sees_nothing(struct kunit *test)
{
	struct bio *bio;
	int i;

	KUNIT_ASSERT_EQ(test, 0, biosan_set_mode(BIOSAN_OFF));
	bio = make_bio(test, upper.gd, 4);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_endio(bio);
	/* Nor does it know anything of what has gone on then. */
	KUNIT_ASSERT_EQ(test, 0, biosan_set_mode(BIOSAN_FULL));
	for (i = 0; i < 2; i++)
		bio_endio(bio);
	expect_silence(test);
	bio_put(bio);
}

static void sample_sees_some(struct kunit *test)
{
	unsigned long end = jiffies + 20 * HZ;
	struct biosan_stats s;
	struct bio *bio;

	KUNIT_ASSERT_EQ(test, 0, biosan_set_mode(BIOSAN_SAMPLE));
	do {
		bio = make_bio(test, upper.gd, 4);
		submit_bio(bio);
		expect_kept(test, bio);
		bio_endio(bio);
		bad_end(bio);
		if (observed.nr)
			break;
		bio_put(bio);
		msleep(20);
	} while (time_before(jiffies, end));
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, bio);
	bio_put(bio);
	biosan_get_stats(&s);
	KUNIT_EXPECT_LE(test, s.tracked,
			BIOSAN_SAMPLES * BIOSAN_SAMPLE_ENTRIES);
}

/* Nobody is told when the memory of a clone becomes another one. */
static void clones_of_a_sample_are_replaced(struct kunit *test)
{
	struct biosan_test *t = test->priv;
	struct biosan_stats before, s;
	struct bio *bio, *clone, work;
	unsigned int i, n;

	KUNIT_ASSERT_EQ(test, 0, biosan_set_mode(BIOSAN_SAMPLE));
	for (i = 0; i < 60000; i++) {
		biosan_get_stats(&before);
		bio = make_bio(test, upper.gd, 4);
		submit_bio(bio);
		expect_kept(test, bio);
		biosan_get_stats(&s);
		if (s.submitted != before.submitted)
			break;
		bio_endio(bio);
		bio_put(bio);
		usleep_range(1000, 2000);
	}
	KUNIT_ASSERT_NE(test, s.submitted, before.submitted);
	for (n = 0; n < 3; n++) {
		KUNIT_ASSERT_EQ(test, 0, bio_init_clone(lower.gd->part0, &work,
							bio, GFP_KERNEL));
		work.bi_end_io = count_end;
		work.bi_private = t;
		submit_bio(&work);
		expect_kept(test, &work);
		bio_endio(&work);
		bio_uninit(&work);
		clone = make_clone(test, lower.gd, bio);
		submit_bio(clone);
		expect_kept(test, clone);
		bio_endio(clone);
		bio_put(clone);
	}
	biosan_get_stats(&before);
	KUNIT_EXPECT_GE(test, before.submitted - s.submitted, 6);
	bio_endio(bio);
	bio_put(bio);
}

/* More samples that stay in flight than can be watched: nothing is said of them. */
static void busy_samples_are_given_up(struct kunit *test)
{
	struct bio *bios[BIOSAN_SAMPLES + 4], *bio;
	struct biosan_stats before, s;
	unsigned int n = 0, i;

	KUNIT_ASSERT_EQ(test, 0, biosan_set_mode(BIOSAN_SAMPLE));
	for (i = 0; i < 60000 && n < ARRAY_SIZE(bios); i++) {
		biosan_get_stats(&before);
		bio = make_bio(test, upper.gd, 4);
		submit_bio(bio);
		expect_kept(test, bio);
		biosan_get_stats(&s);
		if (s.submitted != before.submitted) {
			bios[n++] = bio;
			continue;
		}
		bio_endio(bio);
		bio_put(bio);
		usleep_range(1000, 2000);
	}
	KUNIT_EXPECT_EQ(test, n, ARRAY_SIZE(bios));
	KUNIT_EXPECT_LE(test, s.tracked,
			BIOSAN_SAMPLES * BIOSAN_SAMPLE_ENTRIES);
	/* Those that are left are still watched. */
	KUNIT_EXPECT_GT(test, s.tracked, 0);
	for (i = 0; i < n; i++) {
		bio_endio(bios[i]);
		bio_put(bios[i]);
	}
}

/* Of what there is no entry for nothing is said, and all others are watched. */
static void full_table_is_lived_with(struct kunit *test)
{
	struct biosan_stats before, s;
	struct bio **bios, *bio;
	unsigned int i, n;

	biosan_get_stats(&before);
	n = before.entries + 1;
	if (n > 1 << 17)
		kunit_skip(test, "too many entries");
	bios = kvcalloc(n, sizeof(*bios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bios);
	for (i = 0; i < n; i++) {
		bios[i] = bio_alloc_bioset(NULL, 0, 0, GFP_KERNEL, &plain_bs);
		if (!(i % 1024))
			cond_resched();
	}
	biosan_get_stats(&s);
	KUNIT_EXPECT_FALSE(test, s.disabled);
	KUNIT_EXPECT_GT(test, s.dropped, before.dropped);
	bio = make_bio(test, upper.gd, 4);
	submit_bio(bio);
	expect_kept(test, bio);
	bio_endio(bio);
	bio_endio(bio);
	expect_silence(test);
	bio_put(bio);

	for (i = 0; i < n; i++)
		bio_put(bios[i]);
	kvfree(bios);
	end_again(test, bad_end);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, NULL);
}

/* What has ended makes place for what comes. */
static void ended_bios_do_not_fill_the_table(struct kunit *test)
{
	struct biosan_stats s;
	struct bio **bios;
	unsigned int i, n;

	biosan_get_stats(&s);
	n = s.entries + s.entries / 4;
	if (n > 1 << 17)
		kunit_skip(test, "too many entries");
	bios = kvcalloc(n, sizeof(*bios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bios);
	for (i = 0; i < n; i++) {
		bios[i] = bio_alloc_bioset(NULL, 0, 0, GFP_KERNEL, &plain_bs);
		bios[i]->bi_end_io = count_end;
		bios[i]->bi_private = test->priv;
		bio_endio(bios[i]);
		if (!(i % 1024))
			cond_resched();
	}
	biosan_get_stats(&s);
	KUNIT_EXPECT_FALSE(test, s.disabled);
	/* The last one is still known. */
	bad_end(bios[n - 1]);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, bios[n - 1]);
	for (i = 0; i < n; i++)
		bio_put(bios[i]);
	kvfree(bios);
}

/*
 * Load
 */

#define THREADS		3

struct load {
	struct kunit *test;
	struct task_struct *task;
	struct rnd_state rnd;
	bool breaks_rules;
	atomic_t rounds;
	atomic_t in_flight;
	unsigned int broken;
};

static void load_end(struct bio *bio)
{
	struct load *l = bio->bi_private;

	atomic_dec(&l->in_flight);
	bio_put(bio);
}

/* Most end at once, and some of those with an error. */
static void load_submit(struct bio *bio)
{
	static atomic_t nr;

	if (!(atomic_inc_return(&nr) % 8)) {
		keep_bio(bio);
		return;
	}
	if (!(atomic_read(&nr) % 5))
		bio_set_error(bio, BLK_STS_IOERR);
	bio_endio(bio);
}

static void load_round(struct load *l)
{
	u32 dice = prandom_u32_state(&l->rnd);
	struct bio *bio, *other;

	bio = bio_alloc_bioset(upper.gd->part0, 4, REQ_OP_WRITE, GFP_KERNEL,
			       &plain_bs);
	add_pages(bio, 4);
	bio->bi_end_io = load_end;
	bio->bi_private = l;
	atomic_inc(&l->in_flight);
	if (dice & 1) {
		other = bio_alloc_clone(lower.gd->part0, bio, GFP_KERNEL,
					&plain_bs);
		bio_chain(other, bio);
		submit_bio(other);
	}
	if (dice & 2) {
		other = bio_split_chained(bio, 1 + dice / 16 % 7, GFP_KERNEL,
					  &plain_bs);
		if (dice & 4)
			bio_endio(other);
		else
			submit_bio(other);
	}
	submit_bio(bio);
	if (dice & 8) {
		bio = take_bio();
		if (bio)
			bio_endio(bio);
	}
	atomic_inc(&l->rounds);
}

static void bad_round(struct load *l)
{
	struct bio *bio;

	bio = bio_alloc_bioset(NULL, 0, 0, GFP_KERNEL, &plain_bs);
	bio->bi_end_io = load_end;
	bio->bi_private = l;
	atomic_add(2, &l->in_flight);
	bio_get(bio);
	bio_endio(bio);
	bad_end(bio);
	l->broken++;
	atomic_inc(&l->rounds);
}

static int load_thread(void *data)
{
	struct load *l = data;

	while (!kthread_should_stop()) {
		if (l->breaks_rules)
			bad_round(l);
		else
			load_round(l);
		cond_resched();
	}
	return 0;
}

static void start_load(struct kunit *test, struct load *l, bool breaks_rules)
{
	int i, cpu = -1;

	upper.submit = load_submit;
	lower.submit = load_submit;
	for (i = 0; i < THREADS; i++, l++) {
		l->test = test;
		l->breaks_rules = breaks_rules && i == THREADS - 1;
		prandom_seed_state(&l->rnd, 42 + i);
		l->task = kthread_create(load_thread, l, "biosan/%d", i);
		KUNIT_ASSERT_FALSE(test, IS_ERR(l->task));
		cpu = cpumask_next_wrap(cpu, cpu_online_mask);
		kthread_bind(l->task, cpu);
		wake_up_process(l->task);
	}
}

static unsigned int stop_load(struct kunit *test, struct load *l)
{
	unsigned int broken = 0;
	struct bio *bio;
	int i;

	for (i = 0; i < THREADS; i++)
		kthread_stop(l[i].task);
	while ((bio = take_bio()))
		bio_endio(bio);
	for (i = 0; i < THREADS; i++) {
		KUNIT_EXPECT_EQ(test, atomic_read(&l[i].in_flight), 0);
		KUNIT_EXPECT_GT(test, atomic_read(&l[i].rounds), 0);
		broken += l[i].broken;
	}
	return broken;
}

static void load_is_silent(struct kunit *test)
{
	struct load *l = kunit_kcalloc(test, THREADS, sizeof(*l), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, l);
	start_load(test, l, false);
	msleep(1500);
	stop_load(test, l);
}

static void all_are_counted_under_load(struct kunit *test)
{
	struct load *l = kunit_kcalloc(test, THREADS, sizeof(*l), GFP_KERNEL);
	struct biosan_test *t = test->priv;
	unsigned int broken;

	KUNIT_ASSERT_NOT_NULL(test, l);
	start_load(test, l, true);
	msleep(1000);
	broken = stop_load(test, l);
	expect_report(test, BIOSAN_ENDED_TWICE, bad_end, NULL);
	t->bugs += broken - 1;
}

static void modes_change_under_load(struct kunit *test)
{
	struct load *l = kunit_kcalloc(test, THREADS, sizeof(*l), GFP_KERNEL);
	int i;

	KUNIT_ASSERT_NOT_NULL(test, l);
	start_load(test, l, false);
	for (i = 0; i < 60; i++) {
		KUNIT_EXPECT_EQ(test, 0, biosan_set_mode(i % 3));
		msleep(i % 5);
	}
	stop_load(test, l);
}

static void table_fills_up_under_load(struct kunit *test)
{
	struct load *l = kunit_kcalloc(test, THREADS, sizeof(*l), GFP_KERNEL);
	struct biosan_stats s;
	unsigned long dropped;
	unsigned int i, n, nr;
	struct bio **bios;

	biosan_get_stats(&s);
	dropped = s.dropped;
	n = s.entries + 1;
	if (n > 1 << 17)
		kunit_skip(test, "too many entries");
	KUNIT_ASSERT_NOT_NULL(test, l);
	bios = kvcalloc(n, sizeof(*bios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, bios);
	start_load(test, l, false);
	for (nr = 1; nr <= 2; nr++) {
		for (i = 0; i < n; i++) {
			bios[i] = bio_alloc_bioset(NULL, 0, 0, GFP_KERNEL,
						   &plain_bs);
			if (!(i % 256))
				cond_resched();
		}
		msleep(100);
		for (i = 0; i < n; i++)
			bio_put(bios[i]);
		biosan_get_stats(&s);
		KUNIT_EXPECT_GT(test, s.dropped, dropped);
		dropped = s.dropped;
		msleep(100);
	}
	stop_load(test, l);
	kvfree(bios);
}

static struct kunit_case biosan_cases[] = {
	KUNIT_CASE_PARAM(table_changed, change_gen_params),
	KUNIT_CASE_PARAM(table_changed_on_the_way, change_gen_params),
	KUNIT_CASE_PARAM(long_table_changed, far_change_gen_params),
	KUNIT_CASE(data_changed),
	KUNIT_CASE(data_of_a_clone_changed),
	KUNIT_CASE(data_changed_on_the_way),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE(prot_table_changed),
	KUNIT_CASE(prot_table_changed_by_a_clone),
	KUNIT_CASE(shared_prot_written),
	KUNIT_CASE(shared_prot_written_by_source),
#endif
	KUNIT_CASE_PARAM(source_gone, end_gen_params),
	KUNIT_CASE(source_put_after_its_end),
	KUNIT_CASE(clone_is_late),
	KUNIT_CASE(clone_is_late_for_the_end),
	KUNIT_CASE(source_uninitialized),
	KUNIT_CASE(uninitialized_in_flight),
	KUNIT_CASE_PARAM(foreign_table, use_gen_params),
	KUNIT_CASE_PARAM(table_in_flight, use_gen_params),
	KUNIT_CASE(added_to_in_flight),
	KUNIT_CASE(nothing_left),
	KUNIT_CASE(clone_is_longer),
	KUNIT_CASE(clone_reaches_beyond),
	KUNIT_CASE(size_outside_table),
	KUNIT_CASE(index_outside_table),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE(prot_shorter_than_data),
	KUNIT_CASE(prot_stale_after_retry),
	KUNIT_CASE(data_ahead_after_retry),
	KUNIT_CASE(prot_stale_at_verification),
	KUNIT_CASE(clone_moved_without_prot),
#endif
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	KUNIT_CASE(dun_stale_after_retry),
	KUNIT_CASE(dun_of_a_request_stale),
#endif
	KUNIT_CASE(segments_miscounted),
	KUNIT_CASE(ended_twice),
	KUNIT_CASE(ended_twice_with_children),
	KUNIT_CASE(submitted_by_who_has_ended_it),
	KUNIT_CASE(submitted_twice),
	KUNIT_CASE(chained_after_end),
	KUNIT_CASE_PARAM(used_after_free, late_gen_params),
	KUNIT_CASE(freed_in_flight),
	KUNIT_CASE(end_io_is_called),
	KUNIT_CASE(error_overwritten),
	KUNIT_CASE(error_of_a_child_overwritten),
	KUNIT_CASE(error_overwritten_by_a_parent),
	KUNIT_CASE(end_io_of_a_child_replaced),
	KUNIT_CASE(chained_too_late),
	KUNIT_CASE(child_has_an_end),
	KUNIT_CASE(ends_of_a_parent_used_up),
	KUNIT_CASE(no_payload),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE(hidden_payload),
	KUNIT_CASE(leaked_payload),
#endif
	KUNIT_CASE(flags_of_the_source),
	KUNIT_CASE(plugged_in_another_queue),
	KUNIT_CASE(flags_lost_by_retry),
	KUNIT_CASE_PARAM(initialized_in_flight, again_gen_params),
#ifdef CONFIG_BLK_CGROUP
	KUNIT_CASE_PARAM(initialized_over_a_reference, hold_gen_params),
	KUNIT_CASE(disk_goes_with_a_reference_left),
	KUNIT_CASE(disk_goes_with_one_left_behind),
	KUNIT_CASE(idle_bios_are_moved),
#endif
	KUNIT_CASE(bios_are_left),

	KUNIT_CASE(vcnt_is_not_the_table),
	KUNIT_CASE(less_than_the_table),
	KUNIT_CASE(no_table),
	KUNIT_CASE(table_is_scratch_before_and_after),
	KUNIT_CASE(container_is_freed_at_end),
	KUNIT_CASE(table_is_freed_before_its_users),
	KUNIT_CASE(clone_goes_before_its_clone),
	KUNIT_CASE(tables_of_nobody),
	KUNIT_CASE(table_outlives_the_source),
	KUNIT_CASE(owner_clones_what_has_ended),
	KUNIT_CASE(owner_submits_what_comes_next),
	KUNIT_CASE(owner_looks_at_what_is_in_flight),
	KUNIT_CASE(never_submitted),
	KUNIT_CASE(waited_for_and_called_by_hand),
	KUNIT_CASE(ended_once_more_with_its_own_end_io),
	KUNIT_CASE(parents_end_when_all_have),
	KUNIT_CASE(row_is_submitted_while_it_is_built),
	KUNIT_CASE(put_late),
	KUNIT_CASE(built_with_references),
	KUNIT_CASE(passed_on_without_end),
	KUNIT_CASE(refused_at_once),
	KUNIT_CASE(kept_by_end_io),
	KUNIT_CASE(child_is_hooked),
	KUNIT_CASE(error_is_taken_back),
	KUNIT_CASE(source_moves_while_clones_are_in_flight),
	KUNIT_CASE(members_are_borrowed),
	KUNIT_CASE(owner_looks_at_what_was_split),
	KUNIT_CASE(passthrough),
	KUNIT_CASE(flags_of_its_own),
	KUNIT_CASE(data_may_change),
	KUNIT_CASE(flags_not_lost),
#ifdef CONFIG_BLK_DEV_INTEGRITY
	KUNIT_CASE(unshared_prot_is_written),
	KUNIT_CASE(rest_can_be_unshared),
	KUNIT_CASE(parts_of_prot_are_written),
	KUNIT_CASE(used_for_another_place),
#endif
	KUNIT_CASE(ended_in_interrupts),
	KUNIT_CASE(polled),
	KUNIT_CASE(per_cpu_caches),

	KUNIT_CASE(site_is_reported_once),
	KUNIT_CASE(each_site_is_reported),
	KUNIT_CASE(some_are_silenced),
	KUNIT_CASE(says_where_it_is),
	KUNIT_CASE(off_sees_nothing),
	KUNIT_CASE(sample_sees_some),
	KUNIT_CASE(clones_of_a_sample_are_replaced),
	KUNIT_CASE_SLOW(busy_samples_are_given_up),
	KUNIT_CASE(ended_bios_do_not_fill_the_table),
	KUNIT_CASE(full_table_is_lived_with),
#ifdef CONFIG_BIOSAN_PROTECT
	KUNIT_CASE(page_is_written_in_flight),
	KUNIT_CASE(page_is_written_after_it_was_freed),
	KUNIT_CASE(page_is_written_before_and_after),
	KUNIT_CASE(page_of_a_bio_that_is_initialized),
#endif
	KUNIT_CASE_SLOW(load_is_silent),
	KUNIT_CASE_SLOW(all_are_counted_under_load),
	KUNIT_CASE_SLOW(modes_change_under_load),
	KUNIT_CASE_SLOW(table_fills_up_under_load),
	{}
};

static int biosan_test_init(struct kunit *test)
{
	struct biosan_test *t;
	unsigned long flags;

	t = kunit_kzalloc(test, sizeof(*t), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, t);
	KUNIT_ASSERT_EQ(test, 0, bioset_init(&t->bs, 2, 0, BIOSET_NEED_BVECS));
	t->bs.bio_pool.free = free_later;
	test->priv = t;
	current_test = t;

	upper.submit = keep_bio;
	lower.submit = keep_bio;
	careful.submit = keep_bio;
	pi_disk.submit = keep_bio;
	keep_rqs = false;
	miscount_rqs = false;

	KUNIT_ASSERT_EQ(test, 0, biosan_set_mode(BIOSAN_FULL));
	t->found_before = all_found();
	raw_spin_lock_irqsave(&observed.lock, flags);
	observed.nr = 0;
	observed.len = 0;
	observed.text[0] = 0;
	raw_spin_unlock_irqrestore(&observed.lock, flags);
	return 0;
}

static void biosan_test_exit(struct kunit *test)
{
	struct biosan_test *t = test->priv;

	if (!t)
		return;
	expect_silence(test);
	KUNIT_EXPECT_NULL(test, take_bio());
	KUNIT_EXPECT_EQ(test, nr_kept_rqs, 0);
	/* Of what a case has left behind when it failed, nothing is said. */
	biosan_set_mode(BIOSAN_OFF);
	current_test = NULL;
	bio_list_init(&kept_bios);
	while (t->nr_freed)
		kmem_cache_free(t->bs.bio_slab, t->freed[--t->nr_freed]);
	bioset_exit(&t->bs);
}

static int make_disk(struct test_disk *d, const char *name, bool pi,
		     blk_features_t features)
{
	struct queue_limits lim = {
		.features		= BLK_FEAT_POLL | features,
		.logical_block_size	= SECTOR_SIZE,
		.max_hw_discard_sectors	= UINT_MAX,
	};

	if (pi) {
		lim.integrity.interval_exp = SECTOR_SHIFT;
		lim.integrity.metadata_size = 8;
		lim.integrity.pi_tuple_size = 8;
		lim.integrity.csum_type = BLK_INTEGRITY_CSUM_CRC;
		lim.integrity.flags = BLK_INTEGRITY_REF_TAG;
	}
	d->gd = blk_alloc_disk(&lim, NUMA_NO_NODE);
	if (IS_ERR(d->gd))
		return PTR_ERR(d->gd);
	strscpy(d->gd->disk_name, name, DISK_NAME_LEN);
	d->gd->fops = &bio_fops;
	d->gd->private_data = d;
	bdev_set_flag(d->gd->part0, BD_HAS_SUBMIT_BIO);
	set_capacity(d->gd, 1 << 20);
	return 0;
}

static int make_mq_disk(void)
{
	struct queue_limits lim = {
		.logical_block_size	= SECTOR_SIZE,
		.max_integrity_segments	= 1,
		.integrity = {
			.interval_exp	= SECTOR_SHIFT,
			.metadata_size	= 8,
			.pi_tuple_size	= 8,
			.csum_type	= BLK_INTEGRITY_CSUM_CRC,
			.flags		= BLK_INTEGRITY_REF_TAG,
		},
	};
	int ret;

	if (!IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY))
		memset(&lim.integrity, 0, sizeof(lim.integrity));
	ret = blk_mq_alloc_sq_tag_set(&mq_tags, &mq_ops, MAX_KEPT, 0);
	if (ret)
		return ret;
	mq_disk = blk_mq_alloc_disk(&mq_tags, &lim, NULL);
	if (IS_ERR(mq_disk)) {
		blk_mq_free_tag_set(&mq_tags);
		return PTR_ERR(mq_disk);
	}
	mq_disk->fops = &mq_fops;
	set_capacity(mq_disk, 1 << 20);
	return 0;
}

static int make_crypto_profile(void)
{
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	int ret = blk_crypto_profile_init(&crypto_profile, 0);

	if (ret)
		return ret;
	crypto_profile.max_dun_bytes_supported = 8;
	crypto_profile.key_types_supported = BLK_CRYPTO_KEY_TYPE_RAW;
	crypto_profile.modes_supported[BLK_ENCRYPTION_MODE_ADIANTUM] =
		SECTOR_SIZE;
	if (!blk_crypto_register(&crypto_profile, lower.gd->queue))
		return -EINVAL;
#endif
	return 0;
}

static int biosan_suite_init(struct kunit_suite *suite)
{
	struct biosan_stats s;
	int ret;

	biosan_get_stats(&s);
	mode_before = s.mode;
	fault_before = biosan_set_fault(BIOSAN_FAULT_REPORT);
	data_before = biosan_set_data(true);
	/* A write to one of these does not wait for the end to be noticed. */
	pages_before = biosan_set_pages(0);

	ret = bioset_init(&plain_bs, 2, 0, BIOSET_NEED_BVECS);
	if (ret)
		return ret;
	ret = make_disk(&upper, "upper", false, 0);
	if (ret)
		return ret;
	ret = make_disk(&lower, "lower", false, 0);
	if (ret)
		return ret;
	ret = make_disk(&careful, "careful", false,
			BLK_FEAT_WRITE_CACHE | BLK_FEAT_STABLE_WRITES);
	if (ret)
		return ret;
	ret = make_disk(&pi_disk, "pi_disk",
			IS_ENABLED(CONFIG_BLK_DEV_INTEGRITY), 0);
	if (ret)
		return ret;
	ret = make_mq_disk();
	if (ret)
		return ret;
	ret = make_crypto_profile();
	if (ret)
		return ret;
	ret = register_trace_console(probe_console, NULL);
	probing = !ret;
	return ret;
}

/* Also called if the init has failed */
static void biosan_suite_exit(struct kunit_suite *suite)
{
	if (probing)
		unregister_trace_console(probe_console, NULL);
	tracepoint_synchronize_unregister();
	if (!IS_ERR_OR_NULL(mq_disk)) {
		put_disk(mq_disk);
		blk_mq_free_tag_set(&mq_tags);
	}
	if (!IS_ERR_OR_NULL(pi_disk.gd))
		put_disk(pi_disk.gd);
	if (!IS_ERR_OR_NULL(careful.gd))
		put_disk(careful.gd);
	if (!IS_ERR_OR_NULL(lower.gd))
		put_disk(lower.gd);
	if (!IS_ERR_OR_NULL(upper.gd))
		put_disk(upper.gd);
#ifdef CONFIG_BLK_INLINE_ENCRYPTION
	blk_crypto_profile_destroy(&crypto_profile);
#endif
	bioset_exit(&plain_bs);

	biosan_set_pages(pages_before);
	biosan_set_data(data_before);
	biosan_set_fault(fault_before);
	biosan_set_mode(mode_before);
}

static struct kunit_suite biosan_suite = {
	.name = "biosan",
	.suite_init = biosan_suite_init,
	.suite_exit = biosan_suite_exit,
	.init = biosan_test_init,
	.exit = biosan_test_exit,
	.test_cases = biosan_cases,
};

kunit_test_suite(biosan_suite);

MODULE_DESCRIPTION("KUnit tests for BIOSAN");
MODULE_IMPORT_NS("EXPORTED_FOR_KUNIT_TESTING");
MODULE_LICENSE("GPL");
