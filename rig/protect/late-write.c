// SPDX-License-Identifier: GPL-2.0-only
/*
 * Write to the table of a bio when that is not allowed.  Each write is undone
 * at once, so that nobody can tell later that there was one:
 *
 *	echo "<device> <entries> <when>" >/sys/module/late_write/parameters/go
 *
 * <when> is one of
 *
 *	here	in flight, on the CPU that submitted the bio
 *	there	in flight, on another CPU
 *	copy	in flight, with memcpy()
 *	freed	after the bio was freed
 *	never	not in flight, but before, between two submissions, and after
 *	race	not at all: two CPUs write to a variable, for KCSAN to see
 *
 * The bio is one that BIOSAN has given a page for its table, unless any will do.
 * The device has to take long enough, a tenth of a second or more.
 *
 * Test only.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#define ENTRY	2	/* that is written */

static bool any;
module_param(any, bool, 0444);
MODULE_PARM_DESC(any, "do not wait for a bio that has a page for its table");

static struct page *page;

static __noipa void late_writer_here(struct bio_vec *bv)
{
	unsigned int len = bv->bv_len;

	WRITE_ONCE(bv->bv_len, len / 2);
	WRITE_ONCE(bv->bv_len, len);
}

static __noipa void late_writer_there(struct bio_vec *bv)
{
	unsigned int offset = bv->bv_offset;

	WRITE_ONCE(bv->bv_offset, offset + SECTOR_SIZE);
	WRITE_ONCE(bv->bv_offset, offset);
}

static __noipa void late_copier(struct bio_vec *bv, size_t len)
{
	struct bio_vec was = *bv, other = was;

	other.bv_page = NULL;
	OPTIMIZER_HIDE_VAR(len);
	memcpy(bv, &other, len);
	barrier();
	memcpy(bv, &was, len);
	barrier();
}

static __noipa void writer_after_free(struct bio_vec *bv)
{
	struct page *was = bv->bv_page;

	WRITE_ONCE(bv->bv_page, NULL);
	WRITE_ONCE(bv->bv_page, was);
}

static __noipa void writer_in_time(struct bio_vec *bv)
{
	unsigned int len = bv->bv_len;

	WRITE_ONCE(bv->bv_len, len / 2);
	WRITE_ONCE(bv->bv_len, len);
}

static unsigned long raced_for;

static __noipa void racer(void)
{
	unsigned long end = jiffies + 2 * HZ;

	while (time_before(jiffies, end)) {
		raced_for++;
		cond_resched();
	}
}

static void racer_fn(struct work_struct *work)
{
	racer();
}

static int race(void)
{
	int cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	struct work_struct work;

	if (cpu >= nr_cpu_ids)
		return -ENXIO;
	INIT_WORK_ONSTACK(&work, racer_fn);
	schedule_work_on(cpu, &work);
	racer();
	flush_work(&work);
	destroy_work_on_stack(&work);
	return 0;
}

struct there {
	struct work_struct	work;
	struct bio_vec		*bv;
	int			cpu;
};

static void there_fn(struct work_struct *work)
{
	struct there *t = container_of(work, struct there, work);

	t->cpu = raw_smp_processor_id();
	late_writer_there(t->bv);
}

static int write_there(struct bio_vec *bv, int here)
{
	int cpu = cpumask_any_but(cpu_online_mask, here);
	struct there t = { .bv = bv };

	if (cpu >= nr_cpu_ids)
		return -ENXIO;
	INIT_WORK_ONSTACK(&t.work, there_fn);
	schedule_work_on(cpu, &t.work);
	flush_work(&t.work);
	destroy_work_on_stack(&t.work);
	return t.cpu == cpu ? 0 : -ENXIO;
}

static struct bio *alloc_with_page(struct block_device *bdev, unsigned int nr)
{
	struct bio *bio;
	int i;

	for (i = 0; i < 3000; i++) {
		bio = bio_alloc(bdev, nr, REQ_OP_READ, GFP_KERNEL);
		if (any || is_vmalloc_addr(bio->bi_io_vec))
			return bio;
		bio_put(bio);
		usleep_range(1000, 2000);
	}
	return NULL;
}

static void end_io(struct bio *bio)
{
	complete(bio->bi_private);
}

/* Returns on which CPU the bio was submitted, and has not ended since. */
static int fill_and_submit(struct bio *bio, unsigned int nr,
			   struct completion *done)
{
	unsigned int i;
	int cpu;

	init_completion(done);
	bio->bi_private = done;
	bio->bi_end_io = end_io;
	/* Pages that are not next to each other, so that none are merged */
	for (i = 0; i < nr; i++)
		__bio_add_page(bio, page, SECTOR_SIZE, i % 2 * 2 * SECTOR_SIZE);
	/* The read-only page is in this CPU's TLB, and no other's. */
	migrate_disable();
	cpu = raw_smp_processor_id();
	submit_bio(bio);
	return cpu;
}

static int late_write(struct block_device *bdev, unsigned int nr,
		      const char *when)
{
	struct completion done;
	struct bio_vec *table;
	struct bio *bio;
	int err = 0, cpu;

	if (!strcmp(when, "race"))
		return race();
	bio = alloc_with_page(bdev, nr);
	if (!bio)
		return -ENOSPC;
	table = bio_owned_vecs(bio);

	cpu = fill_and_submit(bio, nr, &done);
	if (completion_done(&done))
		err = -ETIME;
	if (!strcmp(when, "here"))
		late_writer_here(&table[ENTRY]);
	else if (!strcmp(when, "there"))
		err = err ?: write_there(&table[ENTRY], cpu);
	else if (!strcmp(when, "copy"))
		late_copier(&table[ENTRY], sizeof(*table));
	if (completion_done(&done))
		err = -ETIME;
	migrate_enable();
	wait_for_completion(&done);
	if (!err)
		err = blk_status_to_errno(bio->bi_status);

	if (!strcmp(when, "never")) {
		writer_in_time(&table[ENTRY]);
		bio_reset(bio, bdev, REQ_OP_READ);
		writer_in_time(&table[ENTRY]);
		fill_and_submit(bio, nr, &done);
		migrate_enable();
		wait_for_completion(&done);
		writer_in_time(&table[ENTRY]);
	}
	bio_put(bio);
	if (!strcmp(when, "freed"))
		writer_after_free(&table[ENTRY]);
	return err;
}

static int set_go(const char *val, const struct kernel_param *kp)
{
	char device[64], when[16];
	unsigned int nr;
	struct file *file;
	int err;

	if (sscanf(val, "%63s %u %15s", device, &nr, when) != 3 ||
	    nr <= ENTRY || nr > BIO_MAX_VECS)
		return -EINVAL;
	file = bdev_file_open_by_path(device, BLK_OPEN_READ, NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = late_write(file_bdev(file), nr, when);
	bdev_fput(file);
	return err;
}

static const struct kernel_param_ops go_ops = {
	.set = set_go,
};
module_param_cb(go, &go_ops, NULL, 0200);

static int __init late_write_init(void)
{
	page = alloc_page(GFP_KERNEL);
	return page ? 0 : -ENOMEM;
}
module_init(late_write_init);

static void __exit late_write_exit(void)
{
	__free_page(page);
}
module_exit(late_write_exit);

MODULE_DESCRIPTION("writes to tables of bios in flight");
MODULE_LICENSE("GPL");
