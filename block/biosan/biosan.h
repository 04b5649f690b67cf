/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef BIOSAN_BIOSAN_H
#define BIOSAN_BIOSAN_H

#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/biosan.h>
#include <linux/blkdev.h>
#include <linux/sched.h>

enum biosan_mode {
	BIOSAN_OFF,
	BIOSAN_FULL,
	BIOSAN_SAMPLE,
};

/* The locks that there are: one with biosan.mode=full, and one for each sample. */
#define BIOSAN_SAMPLES		16
/* Entries for a sample, and for what is cloned of it */
#define BIOSAN_SAMPLE_ENTRIES	16
#define BIOSAN_SAMPLE_BITS	3

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
	unsigned long		dropped;	/* bios without an entry */
	unsigned long		refused;	/* samples without a slot */
	unsigned long		unsaid;		/* reports without room for them */
	unsigned long		silenced;
	unsigned long		locked;		/* how often a lock was taken */
	unsigned long		locked_most;	/* and the one that was most often */
	unsigned long		longest;	/* with interrupts off, in cycles */
};

#define BIOSAN_STACK_DEPTH	16
/* Entries of a table of which a copy is kept, to show what has changed. */
#define BIOSAN_SAVED_VECS	8
/* Entries of a table that are compared, from the first that is used on. */
#define BIOSAN_HASHED_VECS	256U
/* Entries of a table before a position that can be told. */
#define BIOSAN_WALKED_VECS	4096U
/* Bytes of data that are summed up with interrupts disabled. */
#define BIOSAN_SUMMED_BYTES	(128U << 10)
/* Bios left behind in one place before it is said: some may have been moved. */
#define BIOSAN_LEFT_BEHIND	8

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
	u64			seq;	/* orders events; 0: not happened */
	u64			when;	/* to be printed */
	unsigned long		by;	/* function that it was done for, or 0 */
	pid_t			pid;
	unsigned short		cpu;
	unsigned short		nr;
	char			comm[TASK_COMM_LEN];
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
	BIOSAN_LEFT,		/* its memory is another bio, its cgroup is held */
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
	bool			bounded; /* all of these were filled */
	u64			hash;
	struct bio_vec		saved[BIOSAN_SAVED_VECS];
};

/* How much of the part of a table that is used has been looked at? */
enum biosan_extent {
	BIOSAN_ALL,
	BIOSAN_PART,
	BIOSAN_SHORT,		/* all of it, and it is less than that */
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

/*
 * Entries that know of each other, with their lock.  It is taken with interrupts
 * disabled; of BIOSAN's own only that of a page is taken under it.  With samples,
 * each has a group with what is cloned of it.
 */
struct biosan_group {
	raw_spinlock_t		lock;
	unsigned int		nr_ended;
	unsigned int		nr_left;
	unsigned int		nr_queued;	/* also read without the lock */
	unsigned int		hash_bits;
	struct hlist_head	*by_bio;
	struct hlist_head	*by_table;
	struct hlist_head	*by_rq;
	struct list_head	free;
	struct list_head	live;
	struct list_head	ended;
	struct list_head	left;
	u64			seq;
	unsigned long		tracked;
	unsigned long		submitted;
	unsigned long		dropped;
	unsigned long		locked;
	cycles_t		longest;
} ____cacheline_aligned_in_smp;

struct biosan_entry {
	struct biosan_group	*group;
	struct hlist_node	by_bio;
	struct list_head	list;	/* free, live, ended, or left behind */
	struct bio		*bio;
	struct bio_set		*bs;
	u64			id;	/* of the bio, whatever was there before */
	enum biosan_state	state;
	struct hlist_node	by_table;
	struct hlist_node	by_rq;

	/* From here to @events all is cleared for a new bio. */
	struct bio		*root;	/* whose table it shares */
	u64			root_id;
	bool			root_goes; /* and that goes with it */
	struct bio		*prot_root; /* whose integrity table it shares */
	u64			prot_root_id;
	const struct bio_vec	*root_prot; /* and that table */
	struct request		*rq;	/* that it has been put into */
	struct bio		*parent; /* that waits for it, and counts it */
	u64			parent_id;
	unsigned int		children; /* that have not ended */
	unsigned long		by;	/* function that it is worked on for */
	bool			born;	/* seen when it was initialized */
	bool			chained; /* its end has to reach a parent */
	bool			orphan;	/* it shares the table of who knows whom */
	bool			own_table; /* which goes when it does */
	bool			ending;	/* its owner has called bio_endio() */
	bool			again;	/* it may end, or be submitted, once more */
	bool			told;	/* that it is ended after it was freed */
	bool			punted;	/* by who submitted it to a work */
	bool			failed;	/* when it ended the last time */
	bool			lent;	/* the pages may be those of user space */
	u32			site;	/* of a bio left behind: where it was made */
	blk_status_t		error;
	blk_opf_t		opf;
	blk_opf_t		stripped; /* that a disk had no use for */
	const void		*disk;
	char			name[DISK_NAME_LEN];
	u8			partno;
	sector_t		sector;
	unsigned int		size;
	/* Where it was when it was submitted: in a partition, and in its table */
	sector_t		start;
	sector_t		from;
	u64			at;
	unsigned short		vcnt;
	unsigned short		max_vecs;
	unsigned int		end;	/* of what it has used of its table, or 0 */
	unsigned int		nr_remaps;
	struct biosan_pos	pos;
	struct biosan_data	sum;
	bio_end_io_t		*end_io;
	void			*private;
	const void		*blkg;	/* of a bio in the caller's memory */
	const void		*blkg_disk;
	struct biosan_page	*page;	/* that is read-only */
	struct biosan_page	*given;	/* that its table is on */
	struct biosan_table	data;
	struct biosan_table	prot;

	struct biosan_event	events[BIOSAN_NR_EVENTS];
	struct biosan_remap	remaps[BIOSAN_REMAPS];
};

struct biosan_page;
struct seq_file;

/* What is reported: copies, since the bio may be gone by the time. */
struct biosan_report {
	enum biosan_kind	kind;
	const char		*says;	/* if not what its kind says */
	const struct bio	*bio;
	bool			core;	/* done by the function that noticed */
	const struct biosan_event *blame; /* whose stack has who did it */
	unsigned long		end_io;	/* of @bio */
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
	struct biosan_group	*g;
	const struct bio	*bio;
	struct biosan_entry	*e;
	struct biosan_report	*r;
	const struct biosan_event *now;	/* saved before the lock was taken, or none */
	const struct bio	*valid;	/* @bio, if it can be looked at */
	bool			said;	/* something, printed or not */
	unsigned long		flags;
	cycles_t		began;
};

extern const char * const biosan_kind_names[BIOSAN_NR_KINDS];

void biosan_count(enum biosan_kind kind);
unsigned long biosan_found(enum biosan_kind kind);
bool biosan_silent(enum biosan_kind kind, const char *disk);
int biosan_silence(const char *list);
int biosan_silence_show(char *buf, size_t size);
bool biosan_print(const struct biosan_report *r);
void biosan_forget_sites(void);
void biosan_act(void);
/* stack.c */
int biosan_stacks_alloc(void);
void biosan_save_event(struct biosan_event *ev);
void biosan_save_event_regs(struct biosan_event *ev, struct pt_regs *regs);
u32 biosan_hash_event(const struct biosan_event *ev, u32 hash);

/* report.c */
unsigned long biosan_culprit(const struct biosan_event *ev,
			     unsigned long end_io);
bool biosan_same_function(const struct biosan_event *a,
			  const struct biosan_event *b);

u64 biosan_hash(const struct biosan_table *t);
enum biosan_extent biosan_record(struct biosan_table *t,
				 const struct bio_vec *vecs, unsigned int max,
				 const struct bvec_iter *iter);
unsigned int biosan_changed_entry(const struct biosan_table *t,
				  struct bio_vec *now);
bool biosan_owns_table(const struct bio *bio);
u32 biosan_crc(const struct bio_vec *vecs, const struct bvec_iter *start);
bool biosan_is_kernels(const struct bio_vec *vecs,
		       const struct bvec_iter *start);
bool biosan_offset(const struct bio_vec *vecs, const struct bvec_iter *iter,
		   bool bounded, u64 *bytes);
unsigned int biosan_filled(unsigned int vcnt, unsigned int max_vecs);
unsigned int biosan_max_vecs(const struct bio *bio);
void biosan_position_at(struct biosan_pos *pos, struct bio *bio,
			const struct bvec_iter *data,
			const struct bvec_iter *prot);
void biosan_position(struct biosan_pos *pos, struct bio *bio);
s64 biosan_prot_bytes(struct bio *bio, s64 moved);
bool biosan_stale(const struct biosan_pos *was, const struct biosan_pos *now,
		  struct bio *bio);
bool biosan_wrong_cache(const struct bio *bio);
enum biosan_kind biosan_contradiction(struct bio *bio, const char **says);
bool biosan_stale_request(struct request *rq);
bool biosan_wrong_segments(struct request *rq);

/* pool.c */
extern enum biosan_mode biosan_mode;
extern bool biosan_dead;
extern struct biosan_group biosan_groups[1 + BIOSAN_SAMPLES];
extern struct biosan_entry *biosan_pool;
extern unsigned int biosan_entries;
extern atomic_long_t biosan_refused;

bool biosan_ignores(const struct bio *bio);
void biosan_enter_group(struct biosan_ctx *c, struct biosan_group *g);
struct biosan_entry *biosan_enter(struct biosan_ctx *c, const struct bio *bio);
struct biosan_entry *biosan_enter_pair(struct biosan_ctx *c,
				       const struct bio *bio,
				       const struct bio *other);
void biosan_enter_sample(struct biosan_ctx *c, struct bio *bio);
void biosan_leave(struct biosan_ctx *c);
struct biosan_entry *biosan_use_as(struct biosan_ctx *c, const struct bio *bio,
				   const struct biosan_event *now);
struct biosan_entry *biosan_use(struct biosan_ctx *c, const struct bio *bio);
struct biosan_entry *biosan_find(struct biosan_group *g, const struct bio *bio);
struct biosan_entry *biosan_find_id(struct biosan_group *g,
				    const struct bio *bio, u64 id);
struct biosan_entry *biosan_still(struct biosan_entry *e,
				  const struct bio *bio);
struct biosan_entry *biosan_get(struct biosan_ctx *c, struct bio *bio,
				const struct biosan_event *ev);
struct biosan_entry *biosan_sharer(const struct bio_vec *table,
				   const struct biosan_entry *root);
void biosan_share(struct biosan_entry *e, const struct bio_vec *table);
void biosan_queue(struct biosan_entry *e, struct request *rq);
void biosan_unqueue(struct biosan_entry *e);
void biosan_unqueue_all(struct biosan_group *g, struct request *rq);
void biosan_unchain(struct biosan_entry *e);
void biosan_unhash(struct biosan_entry *e);
void biosan_forget(struct biosan_entry *e);
void biosan_retire(struct biosan_entry *e, enum biosan_state state);
void biosan_revive(struct biosan_entry *e, enum biosan_state state);
void biosan_renew(struct biosan_entry *e);
void biosan_happened(struct biosan_entry *e, enum biosan_event_type type,
		     const struct biosan_event *ev);
void biosan_excuse(struct biosan_group *g, struct biosan_entry *e,
		   const struct bio_vec *table);
int biosan_pool_alloc(void);
void biosan_pool_deal(enum biosan_mode mode);

static inline bool biosan_is_over(const struct biosan_entry *e)
{
	return e->state == BIOSAN_ENDED || e->state == BIOSAN_FREED;
}

/*
 * In sample mode only what is submitted while the gate is open gets an entry,
 * and a bio without an entry is none of our business.  In full mode, all that
 * there is an entry for.
 */
static inline bool biosan_takes_all(void)
{
	return READ_ONCE(biosan_mode) == BIOSAN_FULL;
}

/* say.c */
extern atomic_long_t biosan_unsaid, biosan_silenced;

void biosan_say(struct biosan_ctx *c, enum biosan_kind kind,
		const struct biosan_entry *other);
void biosan_say_that(struct biosan_ctx *c, enum biosan_kind kind,
		     const char *says, enum biosan_event_type blame);
void biosan_said(struct biosan_report *r);
void biosan_describe(struct biosan_entry *e, const struct bio *bio);
void biosan_note(struct biosan_entry *e, const struct bio *bio);
void biosan_hear_again(void);

/* tables.c */
extern bool biosan_data;

bool biosan_keeps_table(const struct biosan_entry *e);
void biosan_check_tables(struct biosan_ctx *c, struct bio *bio);
void biosan_check_in_tables(struct biosan_ctx *c, struct bio *bio, bool first);
void biosan_check_sharers(struct biosan_ctx *c);

/* life.c */
void biosan_claim(const struct biosan_entry *e, const struct bio *bio);
bool biosan_holds(const struct biosan_entry *e);

/* mode.c */
void biosan_disable(const char *why);
void biosan_drop_later(void);
bool biosan_take_sample(void);

#ifdef CONFIG_BIOSAN_PROTECT
void biosan_pages_open_all(bool flush);
void biosan_pages_stop(void);
bool biosan_pages_left(void);
bool biosan_pages_sample(void);
void biosan_pages_show(struct seq_file *m);
bool biosan_page_sampled(const struct bio *bio);
struct biosan_page *biosan_page_give(const struct biosan_event *ev,
				     struct bio *bio);
bool biosan_page_return(struct bio *bio);
void biosan_page_lost(struct biosan_entry *e);
void biosan_pages_kick(void);
bool biosan_has_page(const struct bio *bio);
void biosan_page_protect(struct biosan_entry *e, const struct bio *bio);
void biosan_page_unprotect(struct biosan_entry *e);
#else
static inline void biosan_pages_open_all(bool flush) { }
static inline void biosan_pages_stop(void) { }
static inline bool biosan_pages_left(void) { return false; }
static inline bool biosan_pages_sample(void) { return false; }
static inline void biosan_pages_show(struct seq_file *m) { }
static inline bool biosan_page_sampled(const struct bio *bio) { return false; }

static inline struct biosan_page *
biosan_page_give(const struct biosan_event *ev, struct bio *bio)
{
	return NULL;
}

static inline bool biosan_page_return(struct bio *bio) { return false; }
static inline void biosan_page_lost(struct biosan_entry *e) { }
static inline void biosan_pages_kick(void) { }
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
bool biosan_set_data(bool on);
#ifdef CONFIG_BIOSAN_PROTECT
unsigned int biosan_set_pages(unsigned int nr);
#else
static inline unsigned int biosan_set_pages(unsigned int nr) { return nr; }
#endif
#endif

#endif /* BIOSAN_BIOSAN_H */
