// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: tables on pages of their own, which are read-only while the bio is in
 * flight, so that who writes to one faults at the instruction that does.
 *
 * A bio gets a page when it is allocated, and gives it back when it is freed.
 * What it would have for a table is kept until then and put back, so that
 * whoever allocates and frees bios need not know.
 *
 * A page stays read-only when it is given back.  With biosan.mode=full it is not
 * given away again before all CPUs have flushed it from their TLBs.  So a CPU that
 * may still write to a read-only page is one that has used the table since the bio
 * was allocated, and is not the one that submitted it.  That flush is for all that
 * have been given back, and is not done before none is left to give away.
 *
 * With biosan.mode=sample no other CPU is interrupted: pages are given away in
 * turn, so that a CPU which has used one before has had time to forget it.
 */
#define pr_fmt(fmt) "biosan: " fmt

#include <kunit/visibility.h>
#include <linux/bitmap.h>
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
	raw_spinlock_t	lock;	/* of what follows, and of who may write to it */
	struct bio	*bio;	/* that has it, or had it */
	const struct bio_vec *vecs;	/* what @bio would have for a table */
	unsigned int	nr;	/* entries */
	u32		site;	/* where @bio was allocated */
	bool		used;
	bool		read_only;
};

static unsigned int biosan_nr_pages = CONFIG_BIOSAN_PAGES;
module_param_named(pages, biosan_nr_pages, uint, 0444);
/* For tests, which have to know whether a write faults */
static unsigned int biosan_pages_max = UINT_MAX;

#define BIOSAN_MAX_PAGES	4096

/* Set once, before anybody gets a page */
static struct biosan_page *biosan_pages;
static void *biosan_pages_start __read_mostly;
static unsigned long biosan_pages_size __read_mostly;
static bool biosan_pages_open __read_mostly;
static bool biosan_pages_flush __read_mostly;

/* Those that are in use, or are not to be given away yet, and of these the latter */
static DECLARE_BITMAP(biosan_pages_taken, BIOSAN_MAX_PAGES);
static DECLARE_BITMAP(biosan_pages_returned, BIOSAN_MAX_PAGES);
static unsigned int biosan_pages_next;
static atomic_t biosan_pages_in_use = ATOMIC_INIT(0);
static bool biosan_pages_wanted;

/* How many are for bios that were allocated in a place, or in one like it */
static atomic_t biosan_pages_sites[64];

static atomic_long_t biosan_pages_given = ATOMIC_LONG_INIT(0);
static atomic_long_t biosan_pages_refused = ATOMIC_LONG_INIT(0);
static atomic_long_t biosan_pages_protected = ATOMIC_LONG_INIT(0);
static atomic_long_t biosan_pages_faults = ATOMIC_LONG_INIT(0);

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

static bool __biosan_page_set(struct biosan_page *p, bool read_only)
{
	lockdep_assert_held(&p->lock);
	if (p->read_only == read_only)
		return true;
	if (!arch_biosan_protect_page((unsigned long)biosan_page_address(p),
				      read_only))
		return false;
	p->read_only = read_only;
	return true;
}

static bool biosan_page_set(struct biosan_page *p, bool read_only)
{
	unsigned long flags;
	bool ok;

	raw_spin_lock_irqsave(&p->lock, flags);
	ok = __biosan_page_set(p, read_only);
	raw_spin_unlock_irqrestore(&p->lock, flags);
	return ok;
}

/* The page of a bio that owns its table */
static struct biosan_page *biosan_page_of(const struct bio *bio)
{
	return bio->bi_max_vecs ? biosan_page_at(bio->bi_io_vec) : NULL;
}

/* Is it one that has to be given back? */
bool biosan_has_page(const struct bio *bio)
{
	struct biosan_page *p = biosan_page_of(bio);

	return p && READ_ONCE(p->used) && READ_ONCE(p->bio) == bio;
}

bool biosan_page_sampled(const struct bio *bio)
{
	return bio->bi_max_vecs && READ_ONCE(biosan_alloc_gate) &&
		xchg(&biosan_alloc_gate, false);
}

/* One that nobody else gets, in turn */
static struct biosan_page *biosan_page_claim(void)
{
	unsigned int i, nr, tries;

	for (tries = 0; tries < 4; tries++) {
		nr = READ_ONCE(biosan_pages_next);
		i = find_next_zero_bit(biosan_pages_taken, biosan_nr_pages, nr);
		if (i >= biosan_nr_pages)
			i = find_first_zero_bit(biosan_pages_taken,
						biosan_nr_pages);
		if (i >= biosan_nr_pages)
			break;
		if (test_and_set_bit(i, biosan_pages_taken))
			continue;
		WRITE_ONCE(biosan_pages_next, i + 1);
		return &biosan_pages[i];
	}
	return NULL;
}

static void biosan_page_unclaim(struct biosan_page *p)
{
	/* What was stored to @p is for whoever claims it next. */
	smp_mb__before_atomic();
	clear_bit(p - biosan_pages, biosan_pages_taken);
}

static atomic_t *biosan_page_site(u32 site)
{
	return &biosan_pages_sites[site % ARRAY_SIZE(biosan_pages_sites)];
}

/*
 * When pages become scarce, no two of them are for bios that were allocated in
 * the same place, which may be one whose bios live for long.
 */
static bool biosan_page_covered(u32 site)
{
	return atomic_read(&biosan_pages_in_use) >= biosan_nr_pages / 2 &&
		atomic_read(biosan_page_site(site));
}

/* @bio, which has just been allocated, gets a page for its table. */
struct biosan_page *biosan_page_give(const struct biosan_event *ev,
				     struct bio *bio)
{
	u32 site = biosan_hash_event(ev, 0);
	struct biosan_page *p;
	unsigned long flags;
	bool given = false;

	if (!READ_ONCE(biosan_pages_open) || !bio->bi_max_vecs)
		return NULL;
	p = biosan_page_covered(site) ? NULL : biosan_page_claim();
	if (!p) {
		WRITE_ONCE(biosan_pages_wanted, true);
		atomic_long_inc(&biosan_pages_refused);
		return NULL;
	}
	raw_spin_lock_irqsave(&p->lock, flags);
	if (biosan_pages_open && __biosan_page_set(p, false)) {
		given = true;
		p->used = true;
		p->site = site;
		WRITE_ONCE(p->bio, bio);
		p->vecs = bio->bi_io_vec;
		p->nr = bio->bi_max_vecs;
		bio->bi_io_vec = biosan_page_address(p);
		atomic_inc(&biosan_pages_in_use);
		atomic_inc(biosan_page_site(site));
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
	if (!given) {
		biosan_page_unclaim(p);
		atomic_long_inc(&biosan_pages_refused);
		return NULL;
	}
	atomic_long_inc(&biosan_pages_given);
	return p;
}

/* @bio, of which @e is the entry, is in flight. */
void biosan_page_protect(struct biosan_entry *e, const struct bio *bio)
{
	struct biosan_page *p = biosan_page_of(bio);

	if (!p || READ_ONCE(p->bio) != bio || !READ_ONCE(biosan_pages_open))
		return;
	e->page = p;
	if (biosan_page_set(p, true))
		atomic_long_inc(&biosan_pages_protected);
}

void biosan_page_unprotect(struct biosan_entry *e)
{
	if (e->page)
		biosan_page_set(e->page, false);
	e->page = NULL;
}

/* All that have been given back before can be given away after that. */
static void biosan_pages_flush_fn(struct work_struct *work)
{
	static DECLARE_BITMAP(returned, BIOSAN_MAX_PAGES);
	unsigned int i;

	bitmap_zero(returned, BIOSAN_MAX_PAGES);
	for_each_set_bit(i, biosan_pages_returned, biosan_nr_pages)
		if (test_and_clear_bit(i, biosan_pages_returned))
			__set_bit(i, returned);
	flush_tlb_kernel_range((unsigned long)biosan_pages_start,
			       (unsigned long)biosan_pages_start +
			       biosan_pages_size);
	for_each_set_bit(i, returned, biosan_nr_pages)
		biosan_page_unclaim(&biosan_pages[i]);
}

static DECLARE_WORK(biosan_flush_work, biosan_pages_flush_fn);

/* If there was none to give away.  Called without a lock. */
void biosan_pages_kick(void)
{
	if (READ_ONCE(biosan_pages_wanted) &&
	    xchg(&biosan_pages_wanted, false) &&
	    !bitmap_empty(biosan_pages_returned, biosan_nr_pages))
		queue_work(system_dfl_wq, &biosan_flush_work);
}

/*
 * Whatever was @p's bio does not have it any more.  Returns whether that was the
 * last page, and none are given away any more.
 */
static bool biosan_page_take(struct biosan_page *p)
{
	lockdep_assert_held(&p->lock);
	p->used = false;
	__biosan_page_set(p, true);
	atomic_dec(biosan_page_site(p->site));
	if (READ_ONCE(biosan_pages_flush))
		set_bit(p - biosan_pages, biosan_pages_returned);
	else
		biosan_page_unclaim(p);
	return atomic_dec_and_test(&biosan_pages_in_use) &&
		!READ_ONCE(biosan_pages_open);
}

/* The bio of @e was initialized, and its table is lost. */
void biosan_page_lost(struct biosan_entry *e)
{
	struct biosan_page *p = e->given;

	if (p) {
		raw_spin_lock(&p->lock);
		if (p->used && p->bio == e->bio)
			biosan_page_take(p);
		raw_spin_unlock(&p->lock);
	}
	e->given = NULL;
	e->page = NULL;
}

/*
 * @bio is about to be freed, with the table that it was allocated with.
 * Returns as biosan_page_take().
 */
bool biosan_page_return(struct bio *bio)
{
	struct biosan_page *p = biosan_page_of(bio);
	unsigned long flags;
	bool last = false;

	if (!p)
		return false;

	raw_spin_lock_irqsave(&p->lock, flags);
	if (p->used && p->bio == bio) {
		bio->bi_io_vec = p->vecs;
		last = biosan_page_take(p);
	}
	raw_spin_unlock_irqrestore(&p->lock, flags);
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
	atomic_long_inc(&biosan_pages_faults);
	if (READ_ONCE(biosan_pages_open))
		biosan_say(&c, READ_ONCE(p->used) ? BIOSAN_TABLE_CHANGED :
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
	biosan_excuse(c.g, c.e, table);
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

	WRITE_ONCE(biosan_alloc_gate, false);
	WRITE_ONCE(biosan_pages_open, false);
	for (i = 0; biosan_pages && i < biosan_nr_pages; i++) {
		unsigned long flags;

		raw_spin_lock_irqsave(&biosan_pages[i].lock, flags);
		if (biosan_pages[i].used)
			__biosan_page_set(&biosan_pages[i], false);
		raw_spin_unlock_irqrestore(&biosan_pages[i].lock, flags);
	}
}

bool biosan_pages_left(void)
{
	return atomic_read(&biosan_pages_in_use);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_pages_left);

/* Can the next bio that is allocated get one? */
bool biosan_pages_sample(void)
{
	return READ_ONCE(biosan_pages_open);
}

static bool biosan_pages_alloc(void)
{
	unsigned int i;
	bool ok = true;

	biosan_nr_pages = min_t(unsigned int, biosan_nr_pages, BIOSAN_MAX_PAGES);
	biosan_pages = kvcalloc(biosan_nr_pages, sizeof(*biosan_pages),
				GFP_KERNEL);
	/* There are no large pages in there, which would have to be split. */
	biosan_pages_start = vmalloc(biosan_nr_pages * PAGE_SIZE);
	if (!biosan_pages || !biosan_pages_start)
		goto free;

	for (i = 0; ok && i < biosan_nr_pages; i++) {
		raw_spin_lock_init(&biosan_pages[i].lock);
		ok = biosan_page_set(&biosan_pages[i], true);
	}
	if (!ok)
		goto free;
	biosan_pages_size = biosan_nr_pages * PAGE_SIZE;
	biosan_pages_flush_fn(NULL);
	return true;

free:
	vfree(biosan_pages_start);
	kvfree(biosan_pages);
	biosan_pages = NULL;
	return false;
}

/*
 * Called with the mode about to be turned on; it works without, too.  @flush: other
 * CPUs may be told to forget what they know of a page.
 */
void biosan_pages_open_all(bool flush)
{
	if (!biosan_nr_pages || !biosan_pages_max)
		return;
	if (!biosan_pages && !biosan_pages_alloc()) {
		pr_warn("no pages for tables\n");
		biosan_nr_pages = 0;
		return;
	}
	WRITE_ONCE(biosan_pages_flush, flush);
	queue_work(system_dfl_wq, &biosan_flush_work);
	WRITE_ONCE(biosan_pages_open, true);
}

void biosan_pages_show(struct seq_file *m)
{
	seq_printf(m, "pages: %u\n", biosan_nr_pages);
	seq_printf(m, "pages in use: %u\n", (unsigned int)atomic_read(&biosan_pages_in_use));
	seq_printf(m, "pages given: %lu\n", atomic_long_read(&biosan_pages_given));
	seq_printf(m, "pages refused: %lu\n", atomic_long_read(&biosan_pages_refused));
	seq_printf(m, "tables protected: %lu\n",
		   atomic_long_read(&biosan_pages_protected));
	seq_printf(m, "faults: %lu\n", atomic_long_read(&biosan_pages_faults));
}
