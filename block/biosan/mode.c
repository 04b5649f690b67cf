// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: modes, parameters, and what debugfs says.
 */
#define pr_fmt(fmt) "biosan: " fmt

#include <kunit/visibility.h>
#include <linux/debugfs.h>
#include <linux/irq_work.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include "biosan.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "biosan."

static const char * const biosan_mode_names[] = {
	[BIOSAN_OFF]	= "off",
	[BIOSAN_FULL]	= "full",
	[BIOSAN_SAMPLE]	= "sample",
};

DEFINE_STATIC_KEY_FALSE(biosan_key);
EXPORT_SYMBOL(biosan_key);
DEFINE_STATIC_KEY_FALSE(biosan_full_key);

bool biosan_gate __read_mostly;
bool biosan_alloc_gate __read_mostly;

module_param_named(entries, biosan_entries, uint, 0444);
static unsigned int biosan_interval = CONFIG_BIOSAN_SAMPLE_INTERVAL;
module_param_named(sample_interval, biosan_interval, uint, 0644);
module_param_named(data, biosan_data, bool, 0644);

/*
 * Turning itself off
 */

static DEFINE_MUTEX(biosan_mode_lock);
static const char *biosan_why;

/* The hooks have to stay for who has a page to give back. */
static void biosan_drop_hooks(void)
{
	if (!READ_ONCE(biosan_dead) && READ_ONCE(biosan_mode) != BIOSAN_OFF)
		return;
	static_branch_disable(&biosan_full_key);
	if (!biosan_pages_left())
		static_branch_disable(&biosan_key);
}

static void biosan_drop_work_fn(struct work_struct *work)
{
	mutex_lock(&biosan_mode_lock);
	biosan_drop_hooks();
	mutex_unlock(&biosan_mode_lock);
}

static DECLARE_WORK(biosan_drop_work, biosan_drop_work_fn);

void biosan_drop_later(void)
{
	schedule_work(&biosan_drop_work);
}

/* biosan_set_mode() waits for this one, and holds biosan_mode_lock. */
static void biosan_disable_work_fn(struct work_struct *work)
{
	pr_err("%s: disabled\n", biosan_why);
	biosan_drop_hooks();
}

static DECLARE_WORK(biosan_disable_work, biosan_disable_work_fn);

static void biosan_disable_irq_fn(struct irq_work *work)
{
	schedule_work(&biosan_disable_work);
}

static DEFINE_IRQ_WORK(biosan_disable_irq_work, biosan_disable_irq_fn);

/*
 * Its own memory has been overwritten.  Hooks look at biosan_dead.  Code is
 * patched in process context only, and a work is not to be queued with the lock
 * held.
 */
void biosan_disable(const char *why)
{
	if (xchg(&biosan_dead, true))
		return;
	biosan_why = why;
	biosan_pages_stop();
	irq_work_queue(&biosan_disable_irq_work);
}

/*
 * Samples
 */

/* A timer of whichever CPU it is: no other one is woken. */
static void biosan_sample_fn(struct timer_list *t)
{
	if (READ_ONCE(biosan_dead) || READ_ONCE(biosan_mode) != BIOSAN_SAMPLE)
		return;
	if (biosan_pages_sample())
		WRITE_ONCE(biosan_alloc_gate, true);
	WRITE_ONCE(biosan_gate, true);
}

static struct timer_list biosan_sample_timer =
	__TIMER_INITIALIZER(biosan_sample_fn, TIMER_DEFERRABLE);

/* The next one is due an interval after this one was taken, however long it took. */
bool biosan_take_sample(void)
{
	if (biosan_takes_all() || !READ_ONCE(biosan_gate) ||
	    !xchg(&biosan_gate, false))
		return false;
	mod_timer(&biosan_sample_timer, jiffies +
		  msecs_to_jiffies(max(READ_ONCE(biosan_interval), 1U)));
	return true;
}

/* Which bios are to be told of, of those that are not watched */
static void biosan_set_gates(enum biosan_mode mode)
{
	WRITE_ONCE(biosan_gate, mode == BIOSAN_FULL);
	WRITE_ONCE(biosan_alloc_gate, mode == BIOSAN_FULL);
}

/* A hook that has begun already finds no entry, and makes none. */
static void biosan_stop(void)
{
	unsigned long flags;
	unsigned int i;

	biosan_set_gates(BIOSAN_OFF);
	WRITE_ONCE(biosan_mode, BIOSAN_OFF);
	biosan_pages_stop();
	/* Whoever has seen another mode is through after that. */
	for (i = 0; i < ARRAY_SIZE(biosan_groups); i++) {
		raw_spin_lock_irqsave(&biosan_groups[i].lock, flags);
		raw_spin_unlock_irqrestore(&biosan_groups[i].lock, flags);
	}

	for (i = 0; i < biosan_entries; i++) {
		struct biosan_entry *e = &biosan_pool[i];

		if (READ_ONCE(e->state) == BIOSAN_FREE)
			continue;
		raw_spin_lock_irqsave(&e->group->lock, flags);
		if (e->state != BIOSAN_FREE)
			biosan_forget(e);
		raw_spin_unlock_irqrestore(&e->group->lock, flags);
		cond_resched();
	}
}

VISIBLE_IF_KUNIT int biosan_set_mode(enum biosan_mode mode)
{
	int ret = 0;

	mutex_lock(&biosan_mode_lock);
	biosan_hear_again();
	if (mode != BIOSAN_OFF)
		ret = biosan_pool_alloc();
	if (!ret && mode != BIOSAN_OFF)
		ret = biosan_stacks_alloc();
	if (ret || (mode == biosan_mode && !READ_ONCE(biosan_dead)))
		goto unlock;

	/* What was seen in one mode is not all that another one relies on. */
	if (biosan_mode != BIOSAN_OFF) {
		biosan_stop();
		biosan_drop_hooks();
		timer_delete_sync(&biosan_sample_timer);
		biosan_set_gates(BIOSAN_OFF);
		irq_work_sync(&biosan_disable_irq_work);
		flush_work(&biosan_disable_work);
		WRITE_ONCE(biosan_dead, false);
	}
	/* Hooks come one after the other; nothing begins before all are there. */
	if (mode != BIOSAN_OFF) {
		static_branch_enable(&biosan_key);
		if (mode == BIOSAN_FULL)
			static_branch_enable(&biosan_full_key);
		biosan_pool_deal(mode);
		biosan_pages_open_all(mode == BIOSAN_FULL);
	}
	WRITE_ONCE(biosan_mode, mode);
	biosan_set_gates(mode);
	if (mode == BIOSAN_SAMPLE)
		mod_timer(&biosan_sample_timer, jiffies);
	pr_info("mode %s\n", biosan_mode_names[mode]);
unlock:
	mutex_unlock(&biosan_mode_lock);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(biosan_set_mode);

static enum biosan_mode biosan_boot_mode = BIOSAN_OFF;
static bool biosan_ready;

static int biosan_param_set_mode(const char *val, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(biosan_mode_names, val);

	if (mode < 0)
		return mode;
	if (biosan_ready)
		return biosan_set_mode(mode);
	biosan_boot_mode = mode;
	return 0;
}

static int biosan_param_get_mode(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", READ_ONCE(biosan_dead) ? "disabled" :
			  biosan_mode_names[READ_ONCE(biosan_mode)]);
}

static const struct kernel_param_ops biosan_mode_ops = {
	.set = biosan_param_set_mode,
	.get = biosan_param_get_mode,
};
module_param_cb(mode, &biosan_mode_ops, NULL, 0644);

#if IS_ENABLED(CONFIG_KUNIT)
bool biosan_set_data(bool on)
{
	return xchg(&biosan_data, on);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_set_data);
#endif

VISIBLE_IF_KUNIT void biosan_get_stats(struct biosan_stats *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	s->mode = READ_ONCE(biosan_mode);
	s->disabled = READ_ONCE(biosan_dead);
	s->entries = biosan_entries;
	s->refused = atomic_long_read(&biosan_refused);
	s->unsaid = atomic_long_read(&biosan_unsaid);
	s->silenced = atomic_long_read(&biosan_silenced);
	for (i = 0; i < ARRAY_SIZE(biosan_groups); i++) {
		const struct biosan_group *g = &biosan_groups[i];
		unsigned long locked = READ_ONCE(g->locked);

		s->tracked += READ_ONCE(g->tracked);
		s->submitted += READ_ONCE(g->submitted);
		s->dropped += READ_ONCE(g->dropped);
		s->locked += locked;
		s->locked_most = max(s->locked_most, locked);
		s->longest = max_t(unsigned long, s->longest,
				   READ_ONCE(g->longest));
	}
}
EXPORT_SYMBOL_IF_KUNIT(biosan_get_stats);

/*
 * debugfs
 */

static int stats_show(struct seq_file *m, void *v)
{
	struct biosan_stats s;
	int i;

	biosan_get_stats(&s);
	seq_printf(m, "mode: %s\n",
		   s.disabled ? "disabled" : biosan_mode_names[s.mode]);
	seq_printf(m, "entries: %u\n", s.entries);
	seq_printf(m, "tracked: %lu\n", s.tracked);
	seq_printf(m, "submitted: %lu\n", s.submitted);
	biosan_pages_show(m);
	seq_printf(m, "locked: %lu\n", s.locked);
	seq_printf(m, "locked most: %lu\n", s.locked_most);
	seq_printf(m, "longest: %lu\n", s.longest);
	seq_printf(m, "refused: %lu\n", s.refused);
	seq_printf(m, "unsaid: %lu\n", s.unsaid);
	seq_printf(m, "silenced: %lu\n", s.silenced);
	seq_printf(m, "dropped: %lu\n", s.dropped);
	for (i = 0; i < BIOSAN_NR_KINDS; i++)
		seq_printf(m, "%s: %lu\n", biosan_kind_names[i],
			   biosan_found(i));
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/* Bios that have not ended, by the function that has made them */
static int live_show(struct seq_file *m, void *v)
{
	static const char * const states[] = {
		[BIOSAN_LIVE]		= "not submitted",
		[BIOSAN_IN_FLIGHT]	= "in flight",
	};
	struct biosan_event made;
	struct biosan_group *g;
	struct biosan_entry *e;
	unsigned long flags;
	unsigned int i;

	for (i = 0; biosan_pool && i < biosan_entries; i++) {
		enum biosan_state state;
		struct bio *bio;

		e = &biosan_pool[i];
		/* If that is another one's by now, it is free. */
		g = READ_ONCE(e->group);
		raw_spin_lock_irqsave(&g->lock, flags);
		state = e->state;
		bio = e->bio;
		made = e->events[BIOSAN_EV_ALLOC];
		raw_spin_unlock_irqrestore(&g->lock, flags);
		if (state == BIOSAN_LIVE || state == BIOSAN_IN_FLIGHT)
			seq_printf(m, "%p %s, by %pS\n", bio, states[state],
				   (void *)biosan_culprit(&made, 0));
		cond_resched();
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(live);

static int silence_show(struct seq_file *m, void *v)
{
	char *buf = kmalloc(PAGE_SIZE, GFP_KERNEL);

	if (!buf)
		return -ENOMEM;
	biosan_silence_show(buf, PAGE_SIZE);
	seq_puts(m, buf);
	kfree(buf);
	return 0;
}

static int silence_open(struct inode *inode, struct file *file)
{
	return single_open(file, silence_show, NULL);
}

static ssize_t silence_write(struct file *file, const char __user *from,
			     size_t len, loff_t *pos)
{
	char *buf;
	int ret;

	if (len >= PAGE_SIZE)
		return -EINVAL;
	buf = memdup_user_nul(from, len);
	if (IS_ERR(buf))
		return PTR_ERR(buf);
	ret = biosan_silence(buf);
	kfree(buf);
	return ret ?: len;
}

static const struct file_operations silence_fops = {
	.owner		= THIS_MODULE,
	.open		= silence_open,
	.read		= seq_read,
	.write		= silence_write,
	.llseek		= seq_lseek,
	.release	= single_release,
};

static int __init biosan_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("biosan", NULL);

	debugfs_create_file("stats", 0444, dir, NULL, &stats_fops);
	debugfs_create_file("live", 0400, dir, NULL, &live_fops);
	debugfs_create_file("silence", 0600, dir, NULL, &silence_fops);
	return 0;
}
late_initcall(biosan_debugfs_init);

static int __init biosan_init_mode(void)
{
	biosan_ready = true;
	return biosan_set_mode(biosan_boot_mode);
}
core_initcall(biosan_init_mode);
