// SPDX-License-Identifier: GPL-2.0-only
/*
 * A linear device-mapper target that has the parts of a bio requeued while
 * the parts after them are still being mapped:
 *   hold DEVICE SECTORS		SECTORS: the size of a part
 *
 * From a suspend on, which waits in the target until the parameter "release"
 * is set, a part is kept until the next one is mapped, and is requeued on
 * another CPU.  That next one takes a while to be mapped, from nothing up to
 * the parameter "span" in ns, so that it happens before, while and after dm
 * makes a bio for the part.  What dm submits again is let through.
 *
 * Test only.
 */
#include <linux/bio.h>
#include <linux/blk-crypto-profile.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/device-mapper.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

static bool release;
module_param(release, bool, 0644);
MODULE_PARM_DESC(release, "let a suspend go on");

static bool armed;
module_param(armed, bool, 0444);
MODULE_PARM_DESC(armed, "a suspend is waiting");

static unsigned int span = 20000;
module_param(span, uint, 0644);
MODULE_PARM_DESC(span, "longest time that a part takes to be mapped, in ns");

static unsigned long requeued;
module_param(requeued, ulong, 0444);
MODULE_PARM_DESC(requeued, "how many parts were requeued");

struct hold {
	struct dm_dev		*dev;
	struct bio		*held;
	struct bio		*kicked;
	struct delayed_work	last;
	struct work_struct	kick;
};

static void hold_requeue(struct bio *bio)
{
	bio->bi_status = BLK_STS_DM_REQUEUE;
	bio_endio(bio);
}

static void hold_kick(struct work_struct *work)
{
	struct hold *h = container_of(work, struct hold, kick);

	hold_requeue(h->kicked);
	/* hold_map() waits for that. */
	smp_store_release(&h->kicked, NULL);
}

/* The last part of a bio: there is none to be mapped after it. */
static void hold_last(struct work_struct *work)
{
	struct hold *h = container_of(work, struct hold, last.work);
	struct bio *bio = xchg(&h->held, NULL);

	if (bio)
		hold_requeue(bio);
}

static int hold_map(struct dm_target *ti, struct bio *bio)
{
	struct hold *h = ti->private;
	unsigned int cpu;
	u64 end;

	bio_set_dev(bio, h->dev->bdev);
	/* By dm's own worker: this has been requeued. */
	if (!READ_ONCE(armed) || (current->flags & PF_WQ_WORKER))
		return DM_MAPIO_REMAPPED;

	cpu = cpumask_any_but(cpu_online_mask, raw_smp_processor_id());
	cancel_delayed_work_sync(&h->last);
	h->kicked = xchg(&h->held, bio);
	queue_delayed_work(system_dfl_wq, &h->last, HZ / 20);
	if (!h->kicked || cpu >= nr_cpu_ids)
		return DM_MAPIO_SUBMITTED;

	queue_work_on(cpu, system_percpu_wq, &h->kick);
	/* Until hold_kick() is through, on the other CPU */
	while (smp_load_acquire(&h->kicked))
		cpu_relax();
	end = ktime_get_ns() + requeued++ * 61 % (span + 1);
	while (ktime_get_ns() < end)
		cpu_relax();
	return DM_MAPIO_SUBMITTED;
}

static void hold_presuspend(struct dm_target *ti)
{
	struct hold *h = ti->private;

	WRITE_ONCE(armed, true);
	while (!READ_ONCE(release))
		msleep(20);
	WRITE_ONCE(armed, false);
	flush_delayed_work(&h->last);
}

static int hold_iterate_devices(struct dm_target *ti,
				iterate_devices_callout_fn fn, void *data)
{
	struct hold *h = ti->private;

	return fn(ti, h->dev, 0, ti->len, data);
}

static int hold_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	unsigned int len;
	struct hold *h;
	int r;

	if (argc != 2 || kstrtouint(argv[1], 0, &len)) {
		ti->error = "Two arguments: device, sectors";
		return -EINVAL;
	}
	h = kzalloc(sizeof(*h), GFP_KERNEL);
	if (!h)
		return -ENOMEM;
	r = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &h->dev);
	if (!r)
		r = dm_set_target_max_io_len(ti, len);
	if (r) {
		kfree(h);
		return r;
	}
	INIT_DELAYED_WORK(&h->last, hold_last);
	INIT_WORK(&h->kick, hold_kick);
	ti->private = h;
	return 0;
}

static void hold_dtr(struct dm_target *ti)
{
	struct hold *h = ti->private;

	dm_put_device(ti, h->dev);
	kfree(h);
}

static struct target_type hold_target = {
	.name			= "hold",
	.version		= { 1, 0, 0 },
	.features		= DM_TARGET_PASSES_INTEGRITY |
				  DM_TARGET_PASSES_CRYPTO,
	.module			= THIS_MODULE,
	.ctr			= hold_ctr,
	.dtr			= hold_dtr,
	.map			= hold_map,
	.presuspend		= hold_presuspend,
	.iterate_devices	= hold_iterate_devices,
};
module_dm(hold);

MODULE_DESCRIPTION("Device-mapper target that requeues parts of a bio");
MODULE_LICENSE("GPL");
