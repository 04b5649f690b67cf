/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * BIOSAN: a run-time checker for the contract of bios.
 *
 * See Documentation/block/biosan.rst.
 */
#ifndef _LINUX_BIOSAN_H
#define _LINUX_BIOSAN_H

#include <linux/bits.h>
#include <linux/blk_types.h>
#include <linux/jump_label.h>

struct bio_set;
struct gendisk;
struct request;

#ifdef CONFIG_BIOSAN
#define BIO_WATCHED_MASK	BIT(BIO_WATCHED)

DECLARE_STATIC_KEY_FALSE(biosan_key);
DECLARE_STATIC_KEY_FALSE(biosan_full_key);

/* The next bio that is submitted, or allocated, is to be watched. */
extern bool biosan_gate;
extern bool biosan_alloc_gate;

#define biosan_on()		static_branch_unlikely(&biosan_key)
#define biosan_is_full()	static_branch_unlikely(&biosan_full_key)
#else
#define BIO_WATCHED_MASK	0U
#define biosan_gate		false
#define biosan_alloc_gate	false
#define biosan_on()		false
#define biosan_is_full()	false
#endif

/*
 * How the block layer calls one of the hooks below.  Compiled in and off it is a
 * static key, not compiled it is nothing.  With the key on, BIO_WATCHED tells the
 * bios that BIOSAN knows from all others; nothing else is looked at for those.
 */
#define biosan_call(hook, bio, ...)					\
do {									\
	if (biosan_on() && ((bio)->bi_flags & BIO_WATCHED_MASK))	\
		__biosan_##hook((bio), ##__VA_ARGS__);			\
} while (0)

/* Is one of two watched? */
#define biosan_watches(bio, other)					\
	(biosan_on() &&							\
	 (((bio)->bi_flags | (other)->bi_flags) & BIO_WATCHED_MASK))

#define biosan_call_pair(hook, bio, other)				\
do {									\
	if (biosan_watches(bio, other))					\
		__biosan_##hook((bio), (other));			\
} while (0)

/* If @bio may become one that is watched */
#define biosan_call_gate(hook, bio, gate)				\
do {									\
	if (biosan_on() && (((bio)->bi_flags & BIO_WATCHED_MASK) ||	\
			    READ_ONCE(gate)))				\
		__biosan_##hook(bio);					\
} while (0)

/* With or without a bio */
#define biosan_call_any(hook, arg)					\
do {									\
	if (biosan_on())						\
		__biosan_##hook(arg);					\
} while (0)

/* If all bios are watched */
#define biosan_call_full(hook, arg)					\
do {									\
	if (biosan_is_full())						\
		__biosan_##hook(arg);					\
} while (0)

/* For the first bio of a request, if there is one */
#define biosan_call_rq(hook, rq)					\
do {									\
	if (biosan_on() && (rq)->bio &&					\
	    ((rq)->bio->bi_flags & BIO_WATCHED_MASK))			\
		__biosan_##hook(rq);					\
} while (0)

/* @bio has been allocated from its bi_pool, and initialized. */
void __biosan_alloc(struct bio *bio);
/* The memory of @bio has become a new bio, by bio_init(). */
void __biosan_init(struct bio *bio);
/* @bio is about to be reset. */
void __biosan_reset(struct bio *bio);
/* bio_reset() is done with @bio, and has forgotten that it was watched. */
void __biosan_hold(struct bio *bio);
/* @bio, which may be in the caller's memory, lets go of what it refers to. */
void __biosan_uninit(struct bio *bio);
/* The last reference of @bio has been put. */
void __biosan_free(struct bio *bio);
/* @bs is about to be torn down. */
void __biosan_bioset_exit(struct bio_set *bs);
/* @disk is about to be freed. */
void __biosan_disk_exit(struct gendisk *disk);

/* @clone shares the table of @src, and stands where that stands. */
void __biosan_clone(struct bio *clone, struct bio *src);
/* @clone stands where it was put by a position recorded earlier. */
void __biosan_place(struct bio *clone);
/* @bio is about to be moved, or taken apart. */
void __biosan_touch(struct bio *bio);
/* @parent is about to wait for @bio. */
void __biosan_chain(struct bio *bio, struct bio *parent);
/* Part of what @bio stands for has failed with @status. */
void __biosan_error(struct bio *bio, blk_status_t status);

/* @fn decides what becomes of @bio, and may not be on the stack when it does. */
void __biosan_by(struct bio *bio, const void *fn);
/* @bio has been submitted, whatever becomes of it. */
void __biosan_submit(struct bio *bio);
/* @bio has been submitted, and a work will do that. */
void __biosan_punt(struct bio *bio);
/* @bio is what a split has left of it, and goes to its queue again. */
void __biosan_rest(struct bio *bio);
/* The disk of @bio has no use for its REQ_PREFLUSH and REQ_FUA. */
void __biosan_strip(struct bio *bio);
/* @bio is about to become part of @rq. */
void __biosan_queue(struct bio *bio, struct request *rq);
/* @bio has been taken out of a request again, without having ended. */
void __biosan_steal(struct bio *bio);
/* @rq is ended, and has no bio: whatever was in it has been taken out. */
void __biosan_emptied(struct request *rq);
/* A driver is about to be given @rq, or what is left of it. */
void __biosan_request(struct request *rq);
/* From @iter on, the reference tags of @bio are about to be remapped to @ref. */
void __biosan_remap(struct bio *bio, const struct bvec_iter *iter, u64 ref);
/* What @bio has read is about to be verified: from @data on, and bip_iter. */
void __biosan_verify(struct bio *bio, const struct bvec_iter *data);
/* bio_endio() is called for @bio, which may have to wait for others. */
void __biosan_end(struct bio *bio);
/* @bio has ended, and bi_end_io is about to be called. */
void __biosan_endio(struct bio *bio);
/* bi_end_io may keep @bio, to submit or to end it once more; or, it has not. */
void __biosan_rearm(struct bio *bio, bool kept);

/* The caller writes to the table of @bio, as its owner. */
void __biosan_owner(const struct bio *bio);
/* The caller reads all of the table of @bio, as its owner. */
void __biosan_walk(const struct bio *bio);

#endif /* _LINUX_BIOSAN_H */
