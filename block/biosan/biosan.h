/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BIOSAN_BIOSAN_H
#define BIOSAN_BIOSAN_H

#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/biosan.h>

enum biosan_mode {
	BIOSAN_OFF,
	BIOSAN_FULL,
	BIOSAN_SAMPLE,
};

enum biosan_fault {
	BIOSAN_FAULT_REPORT,
	BIOSAN_FAULT_OOPS,
	BIOSAN_FAULT_PANIC,
};

struct biosan_stats {
	enum biosan_mode	mode;
	bool			disabled;
	unsigned int		entries;
	unsigned long		tracked;
	unsigned long		submitted;
	unsigned long		dropped;
};

#define BIOSAN_STACK_DEPTH	16
/* Entries of a table of which a copy is kept, to show what has changed. */
#define BIOSAN_SAVED_VECS	8
/* Entries of a table that are compared, from the first that is used on. */
#define BIOSAN_HASHED_VECS	256U
/* Entries of a table before a position that can be told. */
#define BIOSAN_WALKED_VECS	4096U

/* What a report says that has happened.  See Documentation/block/biosan.rst. */
enum biosan_kind {
	BIOSAN_TABLE_CHANGED,
	BIOSAN_PI_TABLE_CHANGED,
	BIOSAN_DATA_CHANGED,
	BIOSAN_SHARED_PI_WRITTEN,
	BIOSAN_SOURCE_GONE,
	BIOSAN_FOREIGN_TABLE,
	BIOSAN_BAD_POSITION,
	BIOSAN_STALE_POSITION,
	BIOSAN_WRONG_SEGMENTS,
	BIOSAN_ENDED_TWICE,
	BIOSAN_SUBMITTED_TWICE,
	BIOSAN_USED_AFTER_END,
	BIOSAN_FREED_IN_FLIGHT,
	BIOSAN_BROKEN_CHAIN,
	BIOSAN_LOST_ERROR,
	BIOSAN_NO_PAYLOAD,
	BIOSAN_HIDDEN_PAYLOAD,
	BIOSAN_FOREIGN_FLAGS,
	BIOSAN_LOST_FLAGS,
	BIOSAN_INIT_ALIVE,
	BIOSAN_LEAK,
	BIOSAN_NR_KINDS,
};

/* Something that has happened to a bio. */
struct biosan_event {
	u64			when;
	pid_t			pid;
	unsigned short		cpu;
	unsigned short		nr;
	unsigned long		stack[BIOSAN_STACK_DEPTH];
};

enum biosan_event_type {
	BIOSAN_EV_ALLOC,	/* or the first that was seen of it */
	BIOSAN_EV_SUBMIT,
	BIOSAN_EV_ERROR,
	BIOSAN_EV_END,
	BIOSAN_EV_FREE,
	BIOSAN_NR_EVENTS,
};

enum biosan_state {
	BIOSAN_FREE,
	BIOSAN_LIVE,		/* not submitted yet, or armed again */
	BIOSAN_IN_FLIGHT,
	BIOSAN_ENDED,
	BIOSAN_FREED,
};

/* Where a bio stood when it was cloned, or when it was first submitted. */
struct biosan_pos {
	u64			data;	/* bytes from the start of the table */
	u64			prot;	/* the same in the integrity table */
	u64			seed;	/* in protection intervals */
	u64			dun;
	const struct bio_vec	*table;
	const struct bio_vec	*prot_table;
	const void		*key;
	bool			known;
};

/* A part of a table, as it was at submission. */
struct biosan_table {
	const struct bio_vec	*vecs;
	unsigned int		first;
	unsigned int		nr;
	u64			hash;
	struct bio_vec		saved[BIOSAN_SAVED_VECS];
};

/* The data that a position stands for, as it was at submission. */
struct biosan_data {
	bool			known;
	struct bvec_iter	iter;
	u32			crc;
};

/* Reference tags in an integrity buffer that have been remapped for a disk. */
struct biosan_remap {
	u64			start;
	u64			len;
	u64			delta;
};

#define BIOSAN_REMAPS		32

struct biosan_entry {
	struct hlist_node	by_bio;
	struct hlist_node	by_table;
	struct list_head	list;	/* free, live, or ended */
	struct bio		*bio;
	struct bio_set		*bs;
	struct bio		*root;	/* whose table it shares */
	struct bio		*prot_root; /* whose integrity table it shares */
	const struct bio_vec	*root_prot; /* and that table */
	enum biosan_state	state;
	bool			queued;
	bool			chained; /* to a parent, before it was submitted */
	bool			orphan;	/* it shares the table of who knows whom */
	blk_status_t		error;
	blk_opf_t		opf;
	blk_opf_t		foreign;	/* private flags of its source */
	blk_opf_t		stripped; /* that a disk had no use for */
	bool			failed;	/* when it ended the last time */
	const void		*disk;
	sector_t		sector;
	unsigned int		end;	/* of what it has used of its table, or 0 */
	unsigned int		nr_remaps;
	struct biosan_remap	remaps[BIOSAN_REMAPS];
	struct biosan_pos	pos;
	struct biosan_table	data;
	struct biosan_table	prot;
	struct biosan_data	sum;
	bool			lent;	/* the pages are those of user space */
	bio_end_io_t		*end_io;
	void			*private;
	const void		*blkg;	/* of a bio in the caller's memory */
	const void		*blkg_disk;
	struct biosan_page	*page;	/* that is read-only */
	struct biosan_event	events[BIOSAN_NR_EVENTS];
};

struct biosan_page;
struct seq_file;

/* What is reported: copies, since the bio may be gone by the time. */
struct biosan_report {
	enum biosan_kind	kind;
	const char		*says;	/* if not what its kind says */
	const struct bio	*bio;
	bool			core;	/* done by the function that noticed */
	struct biosan_event	here;
	struct biosan_entry	entry;	/* of @bio; .state is BIOSAN_FREE if none */
	struct biosan_entry	other;	/* of the bio that it is about, or none */
	bool			swapped; /* it has another table now */
	unsigned int		index;	/* entry of a table that has changed */
	struct bio_vec		now;
	unsigned int		count;	/* of leaked bios */
	bool			exact;	/* @here is where it was done */
	bool			past_end;
	unsigned int		offset;	/* in the entry */
};

/* What a hook holds between biosan_enter() and biosan_leave() */
struct biosan_ctx {
	const struct bio	*bio;
	struct biosan_entry	*e;
	struct biosan_report	*r;
	unsigned long		flags;
};

extern raw_spinlock_t biosan_lock;
extern const char * const biosan_kind_names[BIOSAN_NR_KINDS];

unsigned long biosan_found(enum biosan_kind kind);
bool biosan_print(const struct biosan_report *r);
void biosan_act(void);
void biosan_save_event(struct biosan_event *ev);
void biosan_save_event_regs(struct biosan_event *ev, struct pt_regs *regs);
unsigned long biosan_culprit(const struct biosan_event *ev);

struct biosan_entry *biosan_enter(struct biosan_ctx *c, const struct bio *bio);
void biosan_leave(struct biosan_ctx *c);
void biosan_say(struct biosan_ctx *c, enum biosan_kind kind,
		const struct biosan_entry *other);
void biosan_excuse(struct biosan_entry *e, const struct bio_vec *table);

#ifdef CONFIG_BIOSAN_PROTECT
void biosan_pages_open_all(void);
void biosan_pages_stop(void);
bool biosan_pages_left(void);
void biosan_pages_sample(void);
void biosan_pages_show(struct seq_file *m);
bool biosan_page_sampled(const struct bio *bio);
bool biosan_page_give(const struct biosan_event *ev, struct bio *bio);
bool biosan_page_return(struct bio *bio);
bool biosan_has_page(const struct bio *bio);
void biosan_page_protect(struct biosan_entry *e, const struct bio *bio);
void biosan_page_unprotect(struct biosan_entry *e);
#else
static inline void biosan_pages_open_all(void) { }
static inline void biosan_pages_stop(void) { }
static inline bool biosan_pages_left(void) { return false; }
static inline void biosan_pages_sample(void) { }
static inline void biosan_pages_show(struct seq_file *m) { }
static inline bool biosan_page_sampled(const struct bio *bio) { return false; }

static inline bool biosan_page_give(const struct biosan_event *ev,
				    struct bio *bio)
{
	return false;
}

static inline bool biosan_page_return(struct bio *bio) { return false; }
static inline bool biosan_has_page(const struct bio *bio) { return false; }

static inline void biosan_page_protect(struct biosan_entry *e,
				       const struct bio *bio)
{
}

static inline void biosan_page_unprotect(struct biosan_entry *e) { }
#endif

#if IS_ENABLED(CONFIG_KUNIT)
int biosan_set_mode(enum biosan_mode mode);
void biosan_get_stats(struct biosan_stats *s);
enum biosan_fault biosan_set_fault(enum biosan_fault fault);
unsigned int biosan_forget_sites(unsigned int left);
#endif

#endif /* BIOSAN_BIOSAN_H */
