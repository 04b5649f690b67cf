// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: what a report looks like, and how many of them there are.
 */
#include <kunit/visibility.h>
#include <linux/blkdev.h>
#include <linux/kallsyms.h>
#include <linux/lockdep.h>
#include <linux/moduleparam.h>
#include <linux/panic.h>
#include <linux/sched/clock.h>
#include <linux/sched.h>
#include <linux/stacktrace.h>
#include <linux/string.h>
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

static atomic_long_t biosan_count[BIOSAN_NR_KINDS];

unsigned long biosan_found(enum biosan_kind kind)
{
	return atomic_long_read(&biosan_count[kind]);
}
EXPORT_SYMBOL_IF_KUNIT(biosan_found);

/*
 * Reports that have been printed, by kind and culprit.  A site is reported once,
 * and counted then.  When there is no room for another one it is counted only.
 */
#define BIOSAN_SITES	64

static struct {
	unsigned long	pc;
	enum biosan_kind kind;
} biosan_sites[BIOSAN_SITES];
static unsigned int biosan_nr_sites;

/* Reports of several processors do not mix. */
static DEFINE_RAW_SPINLOCK(biosan_report_lock);

static bool biosan_new_site(enum biosan_kind kind, unsigned long pc)
{
	unsigned int i;

	for (i = 0; i < biosan_nr_sites; i++)
		if (biosan_sites[i].pc == pc && biosan_sites[i].kind == kind)
			return false;
	if (biosan_nr_sites == BIOSAN_SITES)
		return false;
	biosan_sites[biosan_nr_sites].pc = pc;
	biosan_sites[biosan_nr_sites++].kind = kind;
	return true;
}

#if IS_ENABLED(CONFIG_KUNIT)
/* Let all but the first @left of them be reported again, and say how many stay. */
unsigned int biosan_forget_sites(unsigned int left)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&biosan_report_lock, flags);
	left = min(biosan_nr_sites, left);
	biosan_nr_sites = left;
	raw_spin_unlock_irqrestore(&biosan_report_lock, flags);
	return left;
}
EXPORT_SYMBOL_IF_KUNIT(biosan_forget_sites);
#endif

static void biosan_save_who(struct biosan_event *ev)
{
	ev->when = local_clock();
	ev->pid = task_pid_nr(current);
	ev->cpu = raw_smp_processor_id();
}

/* As seen from an exception, of which @regs are */
void biosan_save_event_regs(struct biosan_event *ev, struct pt_regs *regs)
{
	biosan_save_who(ev);
	ev->nr = stack_trace_save_regs(regs, ev->stack, BIOSAN_STACK_DEPTH, 0);
}

void biosan_save_event(struct biosan_event *ev)
{
	biosan_save_who(ev);
	ev->nr = stack_trace_save(ev->stack, BIOSAN_STACK_DEPTH, 1);
}

/* Is @pc in one of the functions of the kernel that begin with one of @names? */
static bool biosan_begins(unsigned long pc, const char * const *names,
			  unsigned int nr)
{
	char name[KSYM_NAME_LEN], *p;
	unsigned int i;

	snprintf(name, sizeof(name), "%ps", (void *)pc);
	p = strchr(name, ' ');
	if (p)
		return false;	/* a module's */
	for (i = 0; i < nr; i++)
		if (str_has_prefix(name, names[i]))
			return true;
	return false;
}

/* How many entries of a stack are those of saving it?  It depends on the arch. */
static unsigned int biosan_skip(const struct biosan_event *ev)
{
	static const char * const own[] = {
		"arch_stack_walk", "stack_trace_save", "save_stack_trace",
		"biosan_", "__biosan_",
	};
	unsigned int i;

	for (i = 0; i < ev->nr; i++)
		if (!biosan_begins(ev->stack[i], own, ARRAY_SIZE(own)))
			break;
	return i < ev->nr ? i : 0;
}

static unsigned long biosan_innermost(const struct biosan_event *ev)
{
	return ev->nr ? ev->stack[biosan_skip(ev)] : 0;
}

/*
 * What every bio goes through is not who did it, unless it is all that there is:
 * then it is the function that a work was for.
 */
unsigned long biosan_culprit(const struct biosan_event *ev)
{
	static const char * const works[] = {
		"process_one_work", "process_scheduled_works",
	};
	static const char * const core[] = {
		"bio_", "__bio_", "fs_bio_", "bioset_", "submit_bio", "__submit_bio",
		"blk_mq_", "__blk_mq_", "blk_update_request", "blk_complete",
		"blk_done_softirq", "blk_integrity_", "blk_attempt_",
		"__blk_flush_plug", "blk_finish_plug", "t10_pi_",
		"__blk_reftag", "memcpy", "__memcpy", "memmove",
		"__memmove", "memset", "__memset", "mempool_",
	};
	unsigned int i, first = biosan_skip(ev);

	for (i = first; i < ev->nr; i++) {
		if (i > first &&
		    biosan_begins(ev->stack[i], works, ARRAY_SIZE(works)))
			return ev->stack[i - 1];
		if (!biosan_begins(ev->stack[i], core, ARRAY_SIZE(core)))
			return ev->stack[i];
	}
	return biosan_innermost(ev);
}

static void biosan_print_event(const char *what, const struct biosan_event *ev)
{
	u64 when = ev->when;
	unsigned int skip;
	u32 usec;

	if (!ev->nr)
		return;
	usec = do_div(when, NSEC_PER_SEC) / NSEC_PER_USEC;
	pr_err("%s by task %d on cpu %u at %llu.%06us:\n", what, ev->pid,
	       ev->cpu, when, usec);
	skip = biosan_skip(ev);
	stack_trace_print(ev->stack + skip, ev->nr - skip, 1);
	pr_err("\n");
}

static void biosan_print_bio(const char *which, const struct bio *bio,
			     const struct biosan_entry *e)
{
	if (e->state == BIOSAN_FREE) {
		pr_err("%s %p: nothing is known of it\n\n", which, bio);
		return;
	}
	if (e->events[BIOSAN_EV_SUBMIT].nr)
		pr_err("%s %p: op %u, flags 0x%x, sector %llu, table %p, entries %u+%u\n",
		       which, e->bio, (__force u32)(e->opf & REQ_OP_MASK),
		       (__force u32)(e->opf & ~REQ_OP_MASK), (u64)e->sector,
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
	if (e->state == BIOSAN_ENDED || e->state == BIOSAN_FREED)
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
	return r->kind == BIOSAN_INIT_ALIVE && r->entry.state == BIOSAN_LIVE;
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

/*
 * For bugs between submission and completion, where it was is known, and who it
 * was is not: it is the submitter whose table it is.
 */
static unsigned long biosan_report_culprit(const struct biosan_report *r)
{
	if (r->exact)
		return biosan_culprit(&r->here);
	if (r->core)
		return biosan_innermost(&r->here);

	switch (r->kind) {
	case BIOSAN_TABLE_CHANGED:
	case BIOSAN_PI_TABLE_CHANGED:
	case BIOSAN_DATA_CHANGED:
		/* By the driver above one that now submits a clone. */
		if (r->other.state != BIOSAN_FREE)
			return biosan_culprit(&r->here);
		return biosan_culprit(&r->entry.events[BIOSAN_EV_SUBMIT]);
	/* Not the driver that was given it, but who has left it shared. */
	case BIOSAN_SHARED_PI_WRITTEN:
	case BIOSAN_LEAK:
		return biosan_culprit(&r->entry.events[BIOSAN_EV_ALLOC]);
	/* Not who was given the memory next. */
	case BIOSAN_INIT_ALIVE:
		if (biosan_left_behind(r))
			return biosan_culprit(&r->entry.events[BIOSAN_EV_ALLOC]);
		return biosan_culprit(&r->here);
	default:
		return biosan_culprit(&r->here);
	}
}

/* Returns whether there was something to print: a site is reported once. */
bool biosan_print(const struct biosan_report *r)
{
	static const char ruler[] =
		"==================================================================";
	unsigned long pc = biosan_report_culprit(r);
	bool print;

	atomic_long_inc(&biosan_count[r->kind]);

	/* Printing may take locks that whoever is reported on holds. */
	lockdep_off();
	raw_spin_lock(&biosan_report_lock);
	print = biosan_new_site(r->kind, pc);
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
		add_taint(TAINT_WARN, LOCKDEP_STILL_OK);
	}
	raw_spin_unlock(&biosan_report_lock);
	lockdep_on();

	return print;
}

/* What is to happen after a report */
void biosan_act(void)
{
	switch (READ_ONCE(biosan_fault)) {
	case BIOSAN_FAULT_REPORT:
		break;
	case BIOSAN_FAULT_OOPS:
		BUG();
	case BIOSAN_FAULT_PANIC:
		panic("biosan.fault=panic set ...\n");
	}
}
