// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: tables on pages of their own, which are read-only while the bio is in
 * flight, so that who writes to one faults at the instruction that does.
 *
 * A bio gets a page when it is allocated, and gives it back when it is freed.
 * What it would have for a table is kept until then and put back, so that
 * whoever allocates and frees bios need not know.
 *
 * A page stays read-only when it is given back, and is not given away again
 * before all CPUs have flushed it from their TLBs.  So a CPU that may still
 * write to a read-only page is one that has used the table since the bio was
 * allocated, and is not the one that submitted it.  That flush is for all that
 * have been given back, and is not done before none is left to give away.
 */
#define pr_fmt(fmt) "biosan: " fmt

#include <kunit/visibility.h>
#include <linux/jhash.h>
#include <linux/moduleparam.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/stacktrace.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>
#include <asm/biosan.h>
#include "biosan.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "biosan."

static_assert(BIO_MAX_VECS * sizeof(struct bio_vec) <= PAGE_SIZE);

struct biosan_page {
	struct list_head	list;	/* free, or given back */
	struct bio		*bio;	/* that has it, or had it */
	const struct bio_vec	*vecs;	/* what @bio would have for a table */
	unsigned int		nr;	/* entries */
	u32			site;	/* where @bio was allocated */
	bool			used;
	bool			read_only;
};

static unsigned int biosan_nr_pages = CONFIG_BIOSAN_PAGES;
module_param_named(pages, biosan_nr_pages, uint, 0444);
/* For tests, which have to know whether a write faults */
static unsigned int biosan_pages_max = UINT_MAX;

/* Set once, before anybody gets a page */
static struct biosan_page *biosan_pages;
static void *biosan_pages_start __read_mostly;
static unsigned long biosan_pages_size __read_mostly;
static bool biosan_pages_open __read_mostly;
static bool biosan_pages_sampling __read_mostly;

/* Protected by biosan_lock, but for a first look */
static LIST_HEAD(biosan_pages_free);
static LIST_HEAD(biosan_pages_returned);
static unsigned int biosan_pages_in_use;
static bool biosan_pages_wanted;

static unsigned long biosan_pages_given;
static unsigned long biosan_pages_refused;
static unsigned long biosan_pages_protected;
static unsigned long biosan_pages_faults;

static struct biosan_page *biosan_page_at(const void *addr)
{
	unsigned long offset = addr - biosan_pages_start;

	if (offset >= biosan_pages_size)
		return NULL;
	return &biosan_pages[offset >> PAGE_SHIFT];
}

static void *biosan_page_address(const struct biosan_page *p)
{
	return biosan_pages_start + ((p - biosan_pages) << PAGE_SHIFT);
}

static bool biosan_page_set(struct biosan_page *p, bool read_only)
{
	lockdep_assert_held(&biosan_lock);
	if (p->read_only == read_only)
		return true;
	if (!arch_biosan_protect_page((unsigned long)biosan_page_address(p),
				      read_only))
		return false;
	p->read_only = read_only;
	return true;
}

/* The page of a bio that owns its table */
static struct biosan_page *biosan_page_of(const struct bio *bio)
{
	return bio->bi_max_vecs ? biosan_page_at(bio->bi_io_vec) : NULL;
}

/* Is @bio to be watched for that? */
bool biosan_has_page(const struct bio *bio)
{
	return biosan_page_of(bio) && READ_ONCE(biosan_pages_open);
}

bool biosan_page_sampled(const struct bio *bio)
{
	return bio->bi_max_vecs && READ_ONCE(biosan_pages_sampling) &&
		xchg(&biosan_pages_sampling, false);
}

/*
 * When pages become scarce, no two of them are for bios that were allocated in
 * the same place, which may be one whose bios live for long.
 */
static bool biosan_page_covered(u32 site)
{
	unsigned int i;

	if (biosan_pages_in_use < biosan_nr_pages / 2)
		return false;
	for (i = 0; i < biosan_nr_pages; i++)
		if (biosan_pages[i].used && biosan_pages[i].site == site)
			return true;
	return false;
}

/* @bio, which has just been allocated, gets a page for its table. */
struct biosan_page *biosan_page_give(const struct biosan_event *ev,
				     struct bio *bio)
{
	u32 site = jhash2((const u32 *)ev->stack,
			  ev->nr * (sizeof(ev->stack[0]) / sizeof(u32)), 0);
	struct biosan_page *p;

	if (!biosan_pages_open || !bio->bi_max_vecs)
		return NULL;
	p = list_first_entry_or_null(&biosan_pages_free, struct biosan_page,
				     list);
	if (!p && !list_empty(&biosan_pages_returned))
		WRITE_ONCE(biosan_pages_wanted, true);
	if (!p || biosan_page_covered(site) || !biosan_page_set(p, false)) {
		biosan_pages_refused++;
		return NULL;
	}
	list_del(&p->list);
	p->used = true;
	p->site = site;
	WRITE_ONCE(p->bio, bio);
	p->vecs = bio->bi_io_vec;
	p->nr = bio->bi_max_vecs;
	bio->bi_io_vec = biosan_page_address(p);
	biosan_pages_in_use++;
	biosan_pages_given++;
	return p;
}

/* @bio, of which @e is the entry, is in flight. */
void biosan_page_protect(struct biosan_entry *e, const struct bio *bio)
{
	struct biosan_page *p = biosan_page_of(bio);

	if (!p || p->bio != bio || !biosan_pages_open)
		return;
	e->page = p;
	if (biosan_page_set(p, true))
		biosan_pages_protected++;
}

void biosan_page_unprotect(struct biosan_entry *e)
{
	if (e->page)
		biosan_page_set(e->page, false);
	e->page = NULL;
}

static void biosan_flush_fn(struct work_struct *work)
{
	LIST_HEAD(pages);

	raw_spin_lock_irq(&biosan_lock);
	list_splice_init(&biosan_pages_returned, &pages);
	raw_spin_unlock_irq(&biosan_lock);

	flush_tlb_kernel_range((unsigned long)biosan_pages_start,
			       (unsigned long)biosan_pages_start +
			       biosan_pages_size);

	raw_spin_lock_irq(&biosan_lock);
	list_splice_tail(&pages, &biosan_pages_free);
	raw_spin_unlock_irq(&biosan_lock);
}

static DECLARE_WORK(biosan_flush_work, biosan_flush_fn);

/* If there was none to give away.  Called without the lock. */
void biosan_pages_kick(void)
{
	if (READ_ONCE(biosan_pages_wanted) &&
	    xchg(&biosan_pages_wanted, false))
		queue_work(system_dfl_wq, &biosan_flush_work);
}

/* Whatever was @p's bio does not have it any more. */
static void biosan_page_take(struct biosan_page *p)
{
	p->used = false;
	biosan_page_set(p, true);
	list_add_tail(&p->list, &biosan_pages_returned);
	biosan_pages_in_use--;
}

/* The bio of @e was initialized, and its table is lost. */
void biosan_page_lost(struct biosan_entry *e)
{
	struct biosan_page *p = e->given;

	if (p && p->used && p->bio == e->bio)
		biosan_page_take(p);
	e->given = NULL;
	e->page = NULL;
}

/*
 * @bio is about to be freed, with the table that it was allocated with.
 * Returns whether that was the last page, and none are given away any more.
 */
bool biosan_page_return(struct bio *bio)
{
	struct biosan_page *p = biosan_page_of(bio);
	unsigned long flags;
	bool last = false;

	if (!p)
		return false;

	raw_spin_lock_irqsave(&biosan_lock, flags);
	if (p->used && p->bio == bio) {
		bio->bi_io_vec = p->vecs;
		biosan_page_take(p);
		last = !biosan_pages_in_use && !biosan_pages_open;
	}
	raw_spin_unlock_irqrestore(&biosan_lock, flags);
	return last;
}

/*
 * In a page fault: @addr is about to be written, and must not be.  Returns
 * whether it may be after all, to let whoever it was go on.
 */
bool biosan_handle_page_fault(unsigned long addr, struct pt_regs *regs)
{
	struct biosan_page *p = biosan_page_at((void *)addr);
	const struct bio_vec *table;
	struct biosan_event ev;
	struct biosan_ctx c;
	bool ok;

	if (!p)
		return false;
	table = biosan_page_address(p);

	biosan_save_event_regs(&ev, regs);
	biosan_enter(&c, READ_ONCE(p->bio));
	c.now = &ev;
	/* Another bio may be at that address by now, with another table. */
	if (c.e && c.e->data.vecs != table)
		c.e = NULL;
	biosan_pages_faults++;
	if (biosan_pages_open)
		biosan_say(&c, p->used ? BIOSAN_TABLE_CHANGED :
			   BIOSAN_USED_AFTER_END, NULL);
	if (c.r) {
		c.r->exact = true;
		c.r->blame = &c.r->here;
		c.r->offset = offset_in_page(addr) % sizeof(*table);
		c.r->index = offset_in_page(addr) / sizeof(*table);
		c.r->past_end = c.r->index >= p->nr;
		c.r->now = table[c.r->index];
	}
	/* Who has been reported need not be noticed again at the end. */
	biosan_excuse(c.e, table);
	ok = biosan_page_set(p, false);
	biosan_leave(&c);
	return ok;
}

#if IS_ENABLED(CONFIG_KUNIT)
/* How many there are, and may be given away from the next mode on */
unsigned int biosan_set_pages(unsigned int nr)
{
	return xchg(&biosan_pages_max, nr);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_set_pages);
#endif

/* No more pages are given away, and those that are out may be written. */
void biosan_pages_stop(void)
{
	unsigned int i;

	lockdep_assert_held(&biosan_lock);
	WRITE_ONCE(biosan_pages_sampling, false);
	WRITE_ONCE(biosan_pages_open, false);
	for (i = 0; biosan_pages && i < biosan_nr_pages; i++)
		if (biosan_pages[i].used)
			biosan_page_set(&biosan_pages[i], false);
}

bool biosan_pages_left(void)
{
	return READ_ONCE(biosan_pages_in_use);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_pages_left);

/* The next bio that is allocated gets a page. */
void biosan_pages_sample(void)
{
	if (READ_ONCE(biosan_pages_open))
		WRITE_ONCE(biosan_pages_sampling, true);
}

static bool biosan_pages_alloc(void)
{
	unsigned int i;
	bool ok = true;

	biosan_nr_pages = min(biosan_nr_pages, 4096U);
	biosan_pages = kvcalloc(biosan_nr_pages, sizeof(*biosan_pages),
				GFP_KERNEL);
	/* There are no large pages in there, which would have to be split. */
	biosan_pages_start = vmalloc(biosan_nr_pages * PAGE_SIZE);
	if (!biosan_pages || !biosan_pages_start)
		goto free;

	raw_spin_lock_irq(&biosan_lock);
	for (i = 0; ok && i < biosan_nr_pages; i++) {
		ok = biosan_page_set(&biosan_pages[i], true);
		list_add_tail(&biosan_pages[i].list, &biosan_pages_returned);
	}
	raw_spin_unlock_irq(&biosan_lock);
	if (!ok)
		goto free;
	biosan_pages_size = biosan_nr_pages * PAGE_SIZE;
	biosan_flush_fn(NULL);
	return true;

free:
	INIT_LIST_HEAD(&biosan_pages_returned);
	vfree(biosan_pages_start);
	kvfree(biosan_pages);
	biosan_pages = NULL;
	return false;
}

/* Called with the mode about to be turned on; it works without, too. */
void biosan_pages_open_all(void)
{
	if (!biosan_nr_pages || !biosan_pages_max)
		return;
	if (!biosan_pages && !biosan_pages_alloc()) {
		pr_warn("no pages for tables\n");
		biosan_nr_pages = 0;
		return;
	}
	raw_spin_lock_irq(&biosan_lock);
	WRITE_ONCE(biosan_pages_open, true);
	raw_spin_unlock_irq(&biosan_lock);
}

void biosan_pages_show(struct seq_file *m)
{
	seq_printf(m, "pages: %u\n", biosan_nr_pages);
	seq_printf(m, "pages in use: %u\n", READ_ONCE(biosan_pages_in_use));
	seq_printf(m, "pages given: %lu\n", READ_ONCE(biosan_pages_given));
	seq_printf(m, "pages refused: %lu\n", READ_ONCE(biosan_pages_refused));
	seq_printf(m, "tables protected: %lu\n",
		   READ_ONCE(biosan_pages_protected));
	seq_printf(m, "faults: %lu\n", READ_ONCE(biosan_pages_faults));
}
