// SPDX-License-Identifier: GPL-2.0-only
/*
 * BIOSAN: who has done something, and from where.
 *
 * Whoever does I/O comes by the same places again and again, and to walk the same
 * stack each time takes longer than all else that BIOSAN does.  So it is remembered
 * where on the stack each return address was: if the same ones are in the same
 * places the next time that a hook is called from there, it is the same stack.
 */
#include <linux/hash.h>
#include <linux/jhash.h>
#include <linux/percpu.h>
#include <linux/sched/clock.h>
#include <linux/sched/task_stack.h>
#include <linux/stacktrace.h>
#include "biosan.h"

#define BIOSAN_MEMOS_BITS	6
/* How far up the stack is looked, in words */
#define BIOSAN_MEMO_WORDS	1024U
/* How many entries may be those of saving the stack */
#define BIOSAN_MEMO_OWN		4
/* How often what can't be remembered is walked before that is tried again */
#define BIOSAN_MEMO_PATIENCE	255

struct biosan_memo {
	const unsigned long	*frame;
	unsigned long		from;
	u8			nr;
	u8			first;	/* those before are not on the stack */
	u8			wait;	/* it can't be remembered */
	u16			at[BIOSAN_STACK_DEPTH];
	unsigned long		stack[BIOSAN_STACK_DEPTH];
};

struct biosan_memos {
	struct biosan_memo	memos[1 << BIOSAN_MEMOS_BITS];
};

static struct biosan_memos __percpu *biosan_memos;

static void biosan_save_who(struct biosan_event *ev)
{
	ev->seq = 0;
	ev->when = local_clock();
	ev->by = 0;
	ev->pid = task_pid_nr(current);
	ev->cpu = raw_smp_processor_id();
	memcpy(ev->comm, current->comm, sizeof(ev->comm));
}

/* What an interrupt has interrupted is nobody's business. */
static void biosan_trim_event(struct biosan_event *ev)
{
	ev->nr = filter_irq_stacks(ev->stack, ev->nr);
}

/* As seen from an exception, of which @regs are */
void biosan_save_event_regs(struct biosan_event *ev, struct pt_regs *regs)
{
	biosan_save_who(ev);
	ev->nr = stack_trace_save_regs(regs, ev->stack, BIOSAN_STACK_DEPTH, 0);
	biosan_trim_event(ev);
}

#ifndef CONFIG_STACK_GROWSUP
static struct biosan_memo *biosan_memo(const unsigned long *frame,
				       unsigned long from)
{
	unsigned int i = hash_long((unsigned long)frame ^ from,
				   BIOSAN_MEMOS_BITS);

	return &this_cpu_ptr(biosan_memos)->memos[i];
}

static bool biosan_recall(const struct biosan_memo *m, struct biosan_event *ev,
			  const unsigned long *frame, unsigned long from)
{
	unsigned int i;

	if (m->frame != frame || m->from != from || !m->nr)
		return false;
	for (i = m->first; i < m->nr; i++)
		if (READ_ONCE_NOCHECK(frame[m->at[i]]) != m->stack[i])
			return false;
	for (i = 0; i < m->nr; i++)
		ev->stack[i] = m->stack[i];
	ev->nr = m->nr;
	return true;
}

/* How many words from @frame on are surely there to be read? */
static unsigned int biosan_words_above(const unsigned long *frame)
{
	const void *end = (void *)PAGE_ALIGN((unsigned long)frame);

	if (object_is_on_stack(frame))
		end = task_stack_page(current) + THREAD_SIZE;
	return min_t(size_t, (end - (const void *)frame) / sizeof(*frame),
		     BIOSAN_MEMO_WORDS);
}

/*
 * Find the place of each return address.  Nothing is remembered if there are two
 * places that it may be, as one of them may be left from another call.
 */
static bool biosan_find_places(struct biosan_memo *m,
			       const struct biosan_event *ev,
			       const unsigned long *frame)
{
	unsigned int words = biosan_words_above(frame), w, i;

	memset(m->at, 0, sizeof(m->at));
	for (w = 1; w < words; w++) {
		unsigned long word = READ_ONCE_NOCHECK(frame[w]);

		/* Where it has just been saved is on the stack, too. */
		if (&frame[w] >= ev->stack && &frame[w] < ev->stack + ev->nr)
			continue;
		for (i = 0; i < ev->nr; i++) {
			if (word != ev->stack[i])
				continue;
			if (m->at[i])
				return false;
			m->at[i] = w;
		}
	}
	/* What saves the stack may be in there itself, and is the same each time. */
	for (i = 0; i < min(ev->nr, BIOSAN_MEMO_OWN) && !m->at[i]; i++)
		;
	m->first = i;
	for (; i < ev->nr; i++)
		if (!m->at[i] || (i > m->first && m->at[i] <= m->at[i - 1]))
			return false;
	return true;
}

static void biosan_remember(struct biosan_memo *m, const struct biosan_event *ev,
			    const unsigned long *frame, unsigned long from)
{
	bool same = m->frame == frame && m->from == from;

	if (same && m->wait) {
		m->wait--;
		return;
	}
	m->frame = frame;
	m->from = from;
	m->nr = 0;
	m->wait = BIOSAN_MEMO_PATIENCE;
	if (!ev->nr || !biosan_find_places(m, ev, frame))
		return;
	memcpy(m->stack, ev->stack, ev->nr * sizeof(ev->stack[0]));
	m->nr = ev->nr;
	m->wait = 0;
}

noinline void biosan_save_event(struct biosan_event *ev)
{
	const unsigned long *frame = __builtin_frame_address(0);
	unsigned long from = _RET_IP_, flags;

	biosan_save_who(ev);
	local_irq_save(flags);
	if (!biosan_recall(biosan_memo(frame, from), ev, frame, from)) {
		ev->nr = stack_trace_save(ev->stack, BIOSAN_STACK_DEPTH, 1);
		biosan_trim_event(ev);
		biosan_remember(biosan_memo(frame, from), ev, frame, from);
	}
	local_irq_restore(flags);
}

int biosan_stacks_alloc(void)
{
	if (!biosan_memos)
		biosan_memos = alloc_percpu(struct biosan_memos);
	return biosan_memos ? 0 : -ENOMEM;
}
#else
void biosan_save_event(struct biosan_event *ev)
{
	biosan_save_who(ev);
	ev->nr = stack_trace_save(ev->stack, BIOSAN_STACK_DEPTH, 1);
	biosan_trim_event(ev);
}

int biosan_stacks_alloc(void)
{
	return 0;
}
#endif

u32 biosan_hash_event(const struct biosan_event *ev, u32 hash)
{
	return jhash2((const u32 *)ev->stack,
		      ev->nr * (sizeof(ev->stack[0]) / sizeof(u32)), hash);
}
