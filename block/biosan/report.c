// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: what a report looks like, and how many of them there are.
 */
#include <kunit/visibility.h>
#include <linux/blkdev.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
#include <trace/events/error_report.h>
#include "biosan.h"

#undef MODULE_PARAM_PREFIX
#define MODULE_PARAM_PREFIX "biosan."

const char * const biosan_kind_names[BIOSAN_NR_KINDS] = {
	[BIOSAN_TABLE_CHANGED]		= "table-changed",
	[BIOSAN_PI_TABLE_CHANGED]	= "pi-table-changed",
	[BIOSAN_DATA_CHANGED]		= "data-changed",
	[BIOSAN_SHARED_PI_WRITTEN]	= "shared-pi-written",
	[BIOSAN_SOURCE_GONE]		= "source-gone",
	[BIOSAN_FOREIGN_TABLE]		= "foreign-table",
	[BIOSAN_BAD_POSITION]		= "bad-position",
	[BIOSAN_STALE_POSITION]		= "stale-position",
	[BIOSAN_WRONG_SEGMENTS]		= "wrong-segments",
	[BIOSAN_ENDED_TWICE]		= "ended-twice",
	[BIOSAN_SUBMITTED_TWICE]	= "submitted-twice",
	[BIOSAN_USED_AFTER_END]		= "used-after-end",
	[BIOSAN_FREED_IN_FLIGHT]	= "freed-in-flight",
	[BIOSAN_BROKEN_CHAIN]		= "broken-chain",
	[BIOSAN_LOST_ERROR]		= "lost-error",
	[BIOSAN_NO_PAYLOAD]		= "no-payload",
	[BIOSAN_HIDDEN_PAYLOAD]		= "hidden-payload",
	[BIOSAN_FOREIGN_FLAGS]		= "foreign-flags",
	[BIOSAN_LOST_FLAGS]		= "lost-flags",
	[BIOSAN_INIT_ALIVE]		= "init-alive",
	[BIOSAN_LEAK]			= "leak",
};
EXPORT_SYMBOL_IF_KUNIT(biosan_kind_names);

static const char * const biosan_fault_names[] = {
	[BIOSAN_FAULT_REPORT]	= "report",
	[BIOSAN_FAULT_OOPS]	= "oops",
	[BIOSAN_FAULT_PANIC]	= "panic",
};

static enum biosan_fault biosan_fault;

#if IS_ENABLED(CONFIG_KUNIT)
enum biosan_fault biosan_set_fault(enum biosan_fault fault)
{
	return xchg(&biosan_fault, fault);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_set_fault);
#endif

static int biosan_param_set_fault(const char *val, const struct kernel_param *kp)
{
	int fault = sysfs_match_string(biosan_fault_names, val);

	if (fault < 0)
		return fault;
	WRITE_ONCE(biosan_fault, fault);
	return 0;
}

static int biosan_param_get_fault(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n",
			  biosan_fault_names[READ_ONCE(biosan_fault)]);
}

static const struct kernel_param_ops biosan_fault_ops = {
	.set = biosan_param_set_fault,
	.get = biosan_param_get_fault,
};
module_param_cb(fault, &biosan_fault_ops, NULL, 0644);

/*
 * What is not to be reported: kinds, and disks.
 */

#define BIOSAN_SILENT_DISKS	8

static DEFINE_RAW_SPINLOCK(biosan_silence_lock);
static unsigned long biosan_silent_kinds __read_mostly;
static char biosan_silent_disks[BIOSAN_SILENT_DISKS][DISK_NAME_LEN];
static unsigned int biosan_nr_silent_disks __read_mostly;

bool biosan_silent(enum biosan_kind kind, const char *disk)
{
	bool silent = false;
	unsigned int i;

	if (READ_ONCE(biosan_silent_kinds) & BIT(kind))
		return true;
	if (!READ_ONCE(biosan_nr_silent_disks) || !disk)
		return false;
	raw_spin_lock(&biosan_silence_lock);
	for (i = 0; !silent && i < biosan_nr_silent_disks; i++)
		silent = !strcmp(biosan_silent_disks[i], disk);
	raw_spin_unlock(&biosan_silence_lock);
	return silent;
}

/* From now on those of @list, and no others; what is no kind is a disk. */
int biosan_silence(const char *list)
{
	static const char between[] = { ',', ' ', '\n', 0 };
	char disks[BIOSAN_SILENT_DISKS][DISK_NAME_LEN];
	unsigned long kinds = 0, flags;
	unsigned int nr = 0;

	while (*list) {
		char name[DISK_NAME_LEN];
		size_t len;
		int kind;

		list += strspn(list, between);
		len = strcspn(list, between);
		if (!len)
			break;
		if (len >= sizeof(name))
			return -EINVAL;
		memcpy(name, list, len);
		name[len] = 0;
		list += len;
		kind = match_string(biosan_kind_names, BIOSAN_NR_KINDS, name);
		if (kind >= 0) {
			kinds |= BIT(kind);
			continue;
		}
		if (nr == BIOSAN_SILENT_DISKS)
			return -ENOSPC;
		strscpy(disks[nr++], name, DISK_NAME_LEN);
	}

	raw_spin_lock_irqsave(&biosan_silence_lock, flags);
	WRITE_ONCE(biosan_silent_kinds, kinds);
	memcpy(biosan_silent_disks, disks, nr * sizeof(disks[0]));
	WRITE_ONCE(biosan_nr_silent_disks, nr);
	raw_spin_unlock_irqrestore(&biosan_silence_lock, flags);
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(biosan_silence);

int biosan_silence_show(char *buf, size_t size)
{
	const char *between = "";
	unsigned long flags;
	unsigned int i;
	int len = 0;

	raw_spin_lock_irqsave(&biosan_silence_lock, flags);
	for (i = 0; i < BIOSAN_NR_KINDS; i++) {
		if (!(biosan_silent_kinds & BIT(i)))
			continue;
		len += scnprintf(buf + len, size - len, "%s%s", between,
				 biosan_kind_names[i]);
		between = ",";
	}
	for (i = 0; i < biosan_nr_silent_disks; i++) {
		len += scnprintf(buf + len, size - len, "%s%s", between,
				 biosan_silent_disks[i]);
		between = ",";
	}
	raw_spin_unlock_irqrestore(&biosan_silence_lock, flags);
	return len + scnprintf(buf + len, size - len, "\n");
}

static int biosan_param_set_silence(const char *val,
				    const struct kernel_param *kp)
{
	return biosan_silence(val);
}

static int biosan_param_get_silence(char *buffer, const struct kernel_param *kp)
{
	return biosan_silence_show(buffer, PAGE_SIZE);
}

static const struct kernel_param_ops biosan_silence_ops = {
	.set = biosan_param_set_silence,
	.get = biosan_param_get_silence,
};
module_param_cb(silence, &biosan_silence_ops, NULL, 0644);

static atomic_long_t biosan_counts[BIOSAN_NR_KINDS];

void biosan_count(enum biosan_kind kind)
{
	atomic_long_inc(&biosan_counts[kind]);
}

unsigned long biosan_found(enum biosan_kind kind)
{
	return atomic_long_read(&biosan_counts[kind]);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_found);

/*
 * Reports that have been printed, by kind, culprit and the stack that has it.  Of
 * one culprit there are a few, as it may be called by more than one that is wrong.
 */
#define BIOSAN_SITES		128
#define BIOSAN_SITE_STACKS	4

static struct {
	unsigned long	pc;
	u32		stack;
	enum biosan_kind kind;
} biosan_sites[BIOSAN_SITES];
static unsigned int biosan_nr_sites;

/* Reports of several processors do not mix. */
static DEFINE_RAW_SPINLOCK(biosan_report_lock);

static bool biosan_new_site(enum biosan_kind kind, unsigned long pc, u32 stack)
{
	unsigned int i, nr = 0;

	for (i = 0; i < biosan_nr_sites; i++) {
		if (biosan_sites[i].pc != pc || biosan_sites[i].kind != kind)
			continue;
		if (biosan_sites[i].stack == stack ||
		    ++nr == BIOSAN_SITE_STACKS)
			return false;
	}
	if (biosan_nr_sites == BIOSAN_SITES)
		return false;
	biosan_sites[biosan_nr_sites].pc = pc;
	biosan_sites[biosan_nr_sites].stack = stack;
	biosan_sites[biosan_nr_sites++].kind = kind;
	return true;
}

/* Let all of them be reported again. */
void biosan_forget_sites(void)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&biosan_report_lock, flags);
	biosan_nr_sites = 0;
	raw_spin_unlock_irqrestore(&biosan_report_lock, flags);
}

/*
 * Who is to be named for a stack
 */

/* What the function is called that @pc is in, as it is in the source */
struct biosan_name {
	char	name[KSYM_NAME_LEN];
	bool	module;
};

static void biosan_name(struct biosan_name *n, unsigned long pc)
{
	char *p;

	snprintf(n->name, sizeof(n->name), "%ps", (void *)pc);
	p = strchr(n->name, ' ');
	n->module = p;
	if (p)
		*p = 0;
	p = strchr(n->name, '.');
	if (p)
		*p = 0;
}

static bool biosan_is_one_of(const struct biosan_name *n,
			     const char * const *names, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(n->name, names[i]))
			return true;
	return false;
}

static bool biosan_begins(const struct biosan_name *n,
			  const char * const *names, unsigned int nr)
{
	unsigned int i;

	for (i = 0; !n->module && i < nr; i++)
		if (str_has_prefix(n->name, names[i]))
			return true;
	return false;
}

/* What every bio goes through, which is not who did it */
static bool biosan_is_core(const struct biosan_name *n)
{
	/* Others have functions that begin with bio_, too. */
	static const char * const names[] = {
		"bio_add_folio", "bio_add_folio_nofail", "bio_add_page",
		"bio_add_virt_nofail", "bio_add_vmalloc",
		"bio_add_vmalloc_chunk", "bio_advance", "bio_await",
		"bio_chain", "bio_chain_endio", "bio_chain_refuse",
		"bio_chain_watched", "bio_check_owner_rare",
		"bio_check_pages_dirty", "bio_clone_contexts", "bio_clone_fast",
		"bio_complete_work_fn", "bio_copy_data", "bio_dirty_fn",
		"bio_endio", "bio_endio_status", "bio_first_folio", "bio_free",
		"bio_free_folios", "bio_free_pages", "bio_init",
		"bio_init_clone", "bio_init_inline", "bio_init_iter_all",
		"bio_io_error", "bio_may_end", "bio_next_folio",
		"bio_owned_vecs", "bio_poll", "bio_put", "bio_put_percpu_cache",
		"bio_release_pages", "bio_reset", "bio_reuse", "bio_set_error",
		"bio_set_pages_dirty", "bio_share_table", "bio_split",
		"bio_split_chained", "bio_submit_or_kill", "bio_submit_split",
		"bio_submit_split_bioset", "bio_trim", "bio_truncate",
		"bio_uninit", "bio_wait_end_io", "bioset_exit", "blk_next_bio",
		"blk_next_discard_bio", "__bio_add_page", "__bio_advance",
		"__bio_chain_endio", "__bio_clone", "__bio_first_folio",
		"__bio_release_pages", "blk_update_request", "blk_done_softirq",
		"__blk_flush_plug", "blk_finish_plug",
		"blk_throtl_dispatch_work_fn", "blkg_async_bio_workfn",
		"blkcg_punt_bio_submit", "__blk_reftag_remap", "disk_release",
	};
	static const char * const prefixes[] = {
		"arch_stack_walk", "stack_trace_save", "save_stack_trace",
		"biosan_", "__biosan_", "bio_alloc_", "bio_associate_",
		"bio_attempt_", "bio_crypt_", "bio_integrity_",
		"__bio_integrity_", "bio_iov_", "bio_pos_", "fs_bio_integrity_",
		"submit_bio", "__submit_bio", "blk_mq_", "__blk_mq_",
		"blk_complete", "blk_integrity_", "blk_attempt_", "t10_pi_",
		"memcpy", "__memcpy", "memmove", "__memmove", "memset",
		"__memset", "mempool_",
	};

	return !n->module &&
		(biosan_is_one_of(n, names, ARRAY_SIZE(names)) ||
		 biosan_begins(n, prefixes, ARRAY_SIZE(prefixes)));
}

/*
 * What drivers of a framework call, or what it does for them: @by says for whom it
 * is, if nobody else on the stack does.
 */
static bool biosan_is_helper(const struct biosan_name *n)
{
	static const char * const names[] = {
		"dm_submit_bio_remap", "md_account_bio", "md_clone_bio",
	};

	return biosan_is_one_of(n, names, ARRAY_SIZE(names));
}

static bool biosan_is_stand_in(const struct biosan_name *n)
{
	static const char * const names[] = {
		"dm_submit_bio_remap", "md_end_clone_io",
	};

	return biosan_is_one_of(n, names, ARRAY_SIZE(names));
}

static bool biosan_is_worker(const struct biosan_name *n)
{
	static const char * const names[] = {
		"process_one_work", "process_scheduled_works",
	};

	return biosan_is_one_of(n, names, ARRAY_SIZE(names));
}

/* How many entries of a stack are those of saving it?  It depends on the arch. */
static unsigned int biosan_skip(const struct biosan_event *ev)
{
	static const char * const own[] = {
		"arch_stack_walk", "stack_trace_save", "save_stack_trace",
		"biosan_", "__biosan_",
	};
	struct biosan_name n;
	unsigned int i;

	for (i = 0; i < ev->nr; i++) {
		biosan_name(&n, ev->stack[i]);
		if (!biosan_begins(&n, own, ARRAY_SIZE(own)))
			break;
	}
	return i < ev->nr ? i : 0;
}

static unsigned long biosan_innermost(const struct biosan_event *ev)
{
	return ev->nr ? ev->stack[biosan_skip(ev)] : 0;
}

/* Where the function begins that @pc is in */
static unsigned long biosan_function(unsigned long pc)
{
	unsigned long size, offset;

	if (!kallsyms_lookup_size_offset(pc, &size, &offset))
		return 0;
	return pc - offset;
}

/*
 * If @end_io of a bio is on the stack and was not called by bio_endio(), whoever
 * has called it is who did what it has done.
 */
static unsigned int biosan_beyond(const struct biosan_event *ev,
				  unsigned int first, unsigned long end_io)
{
	struct biosan_name n;
	unsigned int i;

	for (i = first; end_io && i + 1 < ev->nr; i++) {
		if (biosan_function(ev->stack[i]) != end_io)
			continue;
		biosan_name(&n, ev->stack[i + 1]);
		return biosan_is_core(&n) ? first : i + 1;
	}
	return first;
}

/*
 * The innermost one that is not the core's, unless that is all there is: then it
 * is the function that a work was for.
 */
unsigned long biosan_culprit(const struct biosan_event *ev,
			     unsigned long end_io)
{
	unsigned int i, first = biosan_skip(ev);
	struct biosan_name n;

	first = biosan_beyond(ev, first, end_io);
	for (i = first; i < ev->nr; i++) {
		biosan_name(&n, ev->stack[i]);
		if (i > first && biosan_is_worker(&n))
			return ev->stack[i - 1];
		if (ev->by && biosan_is_stand_in(&n))
			return ev->by;
		if (!biosan_is_core(&n) && !biosan_is_helper(&n))
			return ev->stack[i];
	}
	return biosan_innermost(ev);
}

/* Were both done by the same function, as far as that can be told? */
bool biosan_same_function(const struct biosan_event *a,
			  const struct biosan_event *b)
{
	unsigned long f, g;

	if (!a->nr || !b->nr)
		return false;
	f = biosan_culprit(a, 0);
	g = biosan_culprit(b, 0);
	return f == g || biosan_function(f) == biosan_function(g);
}

static void biosan_print_event(const char *what, const struct biosan_event *ev)
{
	u64 when = ev->when;
	unsigned int skip;
	u32 usec;

	if (!ev->nr)
		return;
	usec = do_div(when, NSEC_PER_SEC) / NSEC_PER_USEC;
	pr_err("%s by task %d (%.*s) on cpu %u at %llu.%06us:\n", what, ev->pid,
	       TASK_COMM_LEN, ev->comm, ev->cpu, when, usec);
	if (ev->by)
		pr_err(" for %ps\n", (void *)ev->by);
	skip = biosan_skip(ev);
	stack_trace_print(ev->stack + skip, ev->nr - skip, 1);
	pr_err("\n");
}

static void biosan_print_bio(const char *which, const struct bio *bio,
			     const struct biosan_entry *e)
{
	char part[8] = "";

	if (e->partno)
		scnprintf(part, sizeof(part), ",%u", e->partno);
	if (e->name[0])
		pr_err("%s %p: op %u, %u bytes at sector %llu of %s%s, flags 0x%x\n",
		       which, bio, (__force u32)(e->opf & REQ_OP_MASK),
		       e->size, (u64)e->sector, e->name, part,
		       (__force u32)(e->opf & ~REQ_OP_MASK));
	if (e->state == BIOSAN_FREE) {
		pr_err("%s %p: nothing else is known of it\n\n", which, bio);
		return;
	}
	if (e->events[BIOSAN_EV_SUBMIT].nr)
		pr_err("%s %p: table %p, entries %u+%u\n", which, e->bio,
		       e->data.vecs, e->data.first, e->data.nr);
	else
		pr_err("%s %p: not submitted\n", which, e->bio);
	if (e->root)
		pr_err("shares the table of bio %p\n", e->root);
	pr_err("\n");
	biosan_print_event("allocated", &e->events[BIOSAN_EV_ALLOC]);
	biosan_print_event("submitted", &e->events[BIOSAN_EV_SUBMIT]);
	if (e->error)
		biosan_print_event("failed", &e->events[BIOSAN_EV_ERROR]);
	if (e->ending)
		biosan_print_event("ended", &e->events[BIOSAN_EV_END]);
	if (e->state == BIOSAN_FREED)
		biosan_print_event("freed", &e->events[BIOSAN_EV_FREE]);
}

static void biosan_print_entry(const char *when, const struct bio_vec *bv)
{
	pr_err("   %s: page %p, offset %u, length %u\n", when, bv->bv_page,
	       bv->bv_offset, bv->bv_len);
}

static const char * const biosan_says[BIOSAN_NR_KINDS] = {
	[BIOSAN_TABLE_CHANGED] = "its table has changed since it was submitted",
	[BIOSAN_PI_TABLE_CHANGED] =
		"its integrity table has changed since it was submitted",
	[BIOSAN_DATA_CHANGED] =
		"its data has changed since it was submitted to a disk with checksums",
	[BIOSAN_SHARED_PI_WRITTEN] =
		"its reference tags have been remapped for another place already",
	[BIOSAN_SOURCE_GONE] = "a clone in flight still shares its table",
	[BIOSAN_FOREIGN_TABLE] = "its table is that of another bio",
	[BIOSAN_BAD_POSITION] = "it reaches past the end of its table",
	[BIOSAN_STALE_POSITION] =
		"not all parts of its position have moved as the data has",
	[BIOSAN_WRONG_SEGMENTS] =
		"the segments of its request are not those of its table",
	[BIOSAN_ENDED_TWICE] = "it has ended already",
	[BIOSAN_SUBMITTED_TWICE] = "it is in a request already",
	[BIOSAN_USED_AFTER_END] = "it is used after it has ended",
	[BIOSAN_FREED_IN_FLIGHT] = "it is in flight, and its last reference is put",
	[BIOSAN_BROKEN_CHAIN] =
		"it is part of a chain, and can't end as one any more",
	[BIOSAN_LOST_ERROR] = "it ends with success, but part of it has failed",
	[BIOSAN_NO_PAYLOAD] = "it is REQ_INTEGRITY and has no payload",
	[BIOSAN_HIDDEN_PAYLOAD] = "it has a payload and is not REQ_INTEGRITY",
	[BIOSAN_FOREIGN_FLAGS] =
		"it has flags that are private to another bio or another queue",
	[BIOSAN_LOST_FLAGS] =
		"it is tried again without a flag that it was submitted with",
	[BIOSAN_INIT_ALIVE] = "it is initialized while it is still in use",
	[BIOSAN_LEAK] = "its bio_set is torn down",
};

/* Was a bio in the caller's memory initialized, and never used nor given back? */
static bool biosan_left_behind(const struct biosan_report *r)
{
	return r->kind == BIOSAN_INIT_ALIVE && r->entry.state == BIOSAN_LEFT;
}

static void biosan_explain_write(const struct biosan_report *r)
{
	const char *member = "bv_page";

	if (r->offset >= offsetof(struct bio_vec, bv_len))
		member = "bv_len";
	if (r->offset >= offsetof(struct bio_vec, bv_offset))
		member = "bv_offset";

	pr_err("bio %p: %s of entry %u is written %s\n", r->bio, member,
	       r->index, r->kind == BIOSAN_USED_AFTER_END ?
	       "after it was freed" : "while it is in flight");
	if (r->past_end)
		pr_err("  that is past the end of the table\n");
	else
		biosan_print_entry("was", &r->now);
	pr_err("\n");
}

/* The second line of a report, and what there is to say to it */
static void biosan_explain(const struct biosan_report *r)
{
	const struct biosan_table *t = &r->entry.data;
	const char *says = r->says ?: biosan_says[r->kind];

	if (r->exact) {
		biosan_explain_write(r);
		return;
	}
	if (biosan_left_behind(r))
		says = "it has never been uninitialized, and its memory is another bio";
	pr_err("bio %p: %s\n", r->bio, says);
	switch (r->kind) {
	case BIOSAN_PI_TABLE_CHANGED:
		t = &r->entry.prot;
		fallthrough;
	case BIOSAN_TABLE_CHANGED:
		if (r->swapped) {
			pr_err("  it is another table\n");
			break;
		}
		if (r->index >= BIOSAN_SAVED_VECS) {
			pr_err("  entry %u or later\n",
			       t->first + BIOSAN_SAVED_VECS);
			break;
		}
		pr_err("  entry %u:\n", t->first + r->index);
		biosan_print_entry("was", &t->saved[r->index]);
		biosan_print_entry("is", &r->now);
		break;
	case BIOSAN_LOST_ERROR:
		pr_err("  error %d\n", blk_status_to_errno(r->entry.error));
		break;
	case BIOSAN_LOST_FLAGS:
		pr_err("  it was%s%s\n",
		       r->entry.stripped & REQ_PREFLUSH ? " REQ_PREFLUSH" : "",
		       r->entry.stripped & REQ_FUA ? " REQ_FUA" : "");
		break;
	case BIOSAN_LEAK:
		pr_err("  %u bios are left\n", r->count);
		break;
	default:
		break;
	}
	pr_err("\n");
}

static unsigned long biosan_report_culprit(const struct biosan_report *r)
{
	if (r->core)
		return biosan_innermost(&r->here);
	return biosan_culprit(r->blame, r->blame == &r->here && !r->exact ?
			      r->end_io : 0);
}

/* Who has called whom, up to @pc: what that has called is not another site. */
static u32 biosan_hash_from(const struct biosan_event *ev, unsigned long pc)
{
	unsigned int i = 0;

	while (i < ev->nr && ev->stack[i] != pc)
		i++;
	/* It may be on no stack at all. */
	if (i == ev->nr)
		i = 0;
	return jhash2((const u32 *)&ev->stack[i], (ev->nr - i) *
		      (sizeof(ev->stack[0]) / sizeof(u32)), 0);
}

/* Returns whether there was something to print: a site is reported once. */
bool biosan_print(const struct biosan_report *r)
{
	static const char ruler[] =
		"==================================================================";
	unsigned long pc = biosan_report_culprit(r);
	u32 stack = biosan_hash_from(r->blame, pc);
	bool print;

	/* Printing may take locks that whoever is reported on holds. */
	lockdep_off();
	raw_spin_lock(&biosan_report_lock);
	print = biosan_new_site(r->kind, pc, stack);
	if (print) {
		pr_err("%s\n", ruler);
		pr_err("BUG: BIOSAN: %s in %pS\n", biosan_kind_names[r->kind],
		       (void *)pc);
		biosan_explain(r);
		biosan_print_event(r->exact ? "written" : "noticed", &r->here);
		biosan_print_bio("bio", r->bio, &r->entry);
		if (r->other.state != BIOSAN_FREE)
			biosan_print_bio("other bio", r->other.bio, &r->other);
		dump_stack_print_info(KERN_ERR);
		pr_err("%s\n", ruler);
	}
	raw_spin_unlock(&biosan_report_lock);
	if (print) {
		trace_error_report_end(ERROR_DETECTOR_BIOSAN,
				       (unsigned long)r->bio);
		add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
	}
	lockdep_on();

	return print;
}

/* What is to happen after a report */
void biosan_act(void)
{
	check_panic_on_warn("BIOSAN");
	switch (READ_ONCE(biosan_fault)) {
	case BIOSAN_FAULT_REPORT:
		break;
	case BIOSAN_FAULT_OOPS:
		BUG();
	case BIOSAN_FAULT_PANIC:
		panic("biosan.fault=panic set ...\n");
	}
}
