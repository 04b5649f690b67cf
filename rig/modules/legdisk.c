// SPDX-License-Identifier: GPL-2.0-only
/*
 * RAM disks that play the leg of a mirror, or a path: they complete part of a
 * request and requeue or fail the rest, fail a bio with its iterator left in
 * any state a driver may leave it in, and en/decrypt as inline encryption
 * hardware does, from what the request (not the bio) says.  All by script, so
 * that a test can hit one chosen byte, and counted, so that it knows it did.
 *
 * Test only: keys and data are kept in the clear.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <crypto/skcipher.h>
#include <linux/blk-crypto-profile.h>
#include <linux/blk-mq.h>
#include <linux/debugfs.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define LEG_KEYSLOTS	4
#define LEG_RETRIES	5
#define LEG_POISON	0xdb

static char *mode = "mq";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "mq (requests) or bio (->submit_bio)");

static unsigned int size_mb = 32;
module_param(size_mb, uint, 0444);
MODULE_PARM_DESC(size_mb, "size of each disk in MiB");

static unsigned int nr = 1;
module_param(nr, uint, 0444);
MODULE_PARM_DESC(nr, "number of disks");

static unsigned int lbs = 512;
module_param(lbs, uint, 0444);
MODULE_PARM_DESC(lbs, "logical block size");

static bool crypto;
module_param(crypto, bool, 0444);
MODULE_PARM_DESC(crypto, "offer inline encryption, AES-256-XTS (mq only)");

static bool wcache;
module_param(wcache, bool, 0444);
MODULE_PARM_DESC(wcache, "claim a write cache, so that flushes get here");

static bool poll;
module_param(poll, bool, 0444);
MODULE_PARM_DESC(poll, "one queue for polled and other requests (mq only)");

enum leg_op { LEG_BOTH, LEG_READ, LEG_WRITE };
static const char * const leg_ops[] = { "both", "read", "write" };

enum leg_iter { LEG_UNTOUCHED, LEG_HALF, LEG_CONSUMED };
static const char * const leg_iters[] = { "untouched", "half", "consumed" };

struct leg_choice {
	const char * const	*names;
	size_t			count;
	u32			value;
};

struct leg_slot {
	struct crypto_sync_skcipher	*tfm;
	unsigned int			unit;
};

struct leg {
	struct gendisk		*disk;
	u8			*data;
	struct blk_mq_tag_set	set;
	struct blk_crypto_profile profile;
	bool			has_profile;
	struct leg_slot		slots[LEG_KEYSLOTS];

	/* The script; counts are taken under the lock. */
	spinlock_t		lock;
	struct leg_choice	op;
	struct leg_choice	fail_iter;
	u64			from;
	u64			to;
	u32			bytes_short;
	u32			short_count;
	bool			fail_rest;
	bool			whole_units;
	u32			fail_count;
	u32			fail_bytes;
	u64			bad;

	/* Bio based: empty flushes, that fail or are not done before it is 0 */
	struct bio_list		held_list;
	bool			hold_flush;
	u32			fail_flush;

	/* Polled requests: done when polled for, and not before @hold is 0 */
	struct list_head	polled_list;
	u32			hold;

	/* What became of it */
	atomic_t		seen;
	atomic_t		waiting;
	atomic_t		polled;
	atomic_t		retries;
	atomic_t		shorts;
	atomic_t		fails;
	atomic_t		crypts;
	atomic_t		flushes;
	atomic_t		held;
	atomic_t		early;
	atomic_t		bad_units;
};

struct leg_cmd {
	bool			fail;
	u32			retries;
	blk_status_t		status;
};

static struct leg *legs;
static struct dentry *leg_debugfs;
static bool leg_is_bio;

static bool leg_matches(struct leg *leg, bool write, sector_t sector)
{
	u32 op = READ_ONCE(leg->op.value);

	if (op != LEG_BOTH && op != (write ? LEG_WRITE : LEG_READ))
		return false;
	return sector >= leg->from && sector <= leg->to;
}

static bool leg_take(struct leg *leg, u32 *count)
{
	guard(spinlock)(&leg->lock);

	if (!*count)
		return false;
	(*count)--;
	return true;
}

static void leg_move(u8 *data, struct bio_vec *bv, bool write)
{
	if (write)
		memcpy_from_bvec(data, bv);
	else
		memcpy_to_bvec(bv, data);
}

/*
 * Inline encryption
 */

static int leg_keyslot_program(struct blk_crypto_profile *profile,
			       const struct blk_crypto_key *key,
			       unsigned int slot)
{
	struct leg *leg = container_of(profile, struct leg, profile);
	int ret;

	ret = crypto_sync_skcipher_setkey(leg->slots[slot].tfm, key->bytes,
					  key->size);
	if (ret)
		return ret;
	leg->slots[slot].unit = key->crypto_cfg.data_unit_size;
	return 0;
}

static int leg_keyslot_evict(struct blk_crypto_profile *profile,
			     const struct blk_crypto_key *key,
			     unsigned int slot)
{
	struct leg *leg = container_of(profile, struct leg, profile);

	leg->slots[slot].unit = 0;
	return 0;
}

static const struct blk_crypto_ll_ops leg_crypto_ops = {
	.keyslot_program	= leg_keyslot_program,
	.keyslot_evict		= leg_keyslot_evict,
};

static int leg_crypt_unit(struct leg_slot *slot, u64 dun, u8 *buf, bool encrypt)
{
	SYNC_SKCIPHER_REQUEST_ON_STACK(req, slot->tfm);
	__le64 iv[2] = { cpu_to_le64(dun) };
	struct scatterlist sg;
	int ret;

	sg_init_one(&sg, buf, slot->unit);
	skcipher_request_set_sync_tfm(req, slot->tfm);
	skcipher_request_set_callback(req, CRYPTO_TFM_REQ_MAY_SLEEP, NULL,
				      NULL);
	skcipher_request_set_crypt(req, &sg, &sg, slot->unit, iv);
	ret = encrypt ? crypto_skcipher_encrypt(req) :
			crypto_skcipher_decrypt(req);
	skcipher_request_zero(req);
	return ret;
}

static struct leg_slot *leg_rq_slot(struct leg *leg, struct request *rq)
{
	return &leg->slots[blk_crypto_keyslot_index(rq->crypt_keyslot)];
}

/*
 * Everything comes from the request: the position from its sector, the first
 * IV from its crypt_ctx, key and unit from its keyslot.  That is all that real
 * hardware is told, and a bio may have lost its context to a merge by now.
 */
static blk_status_t leg_move_crypt(struct leg *leg, struct request *rq,
				   unsigned int bytes)
{
	struct leg_slot *slot = leg_rq_slot(leg, rq);
	u8 *data = leg->data + (blk_rq_pos(rq) << SECTOR_SHIFT);
	bool write = op_is_write(req_op(rq));
	u64 dun = rq->crypt_ctx->bc_dun[0];
	unsigned int unit = slot->unit;
	struct req_iterator iter;
	unsigned int filled = 0;
	struct bio_vec bv;
	u8 *buf;
	int ret = 0;

	if (!unit)
		return BLK_STS_IOERR;
	buf = kmalloc(unit, GFP_NOIO);
	if (!buf)
		return BLK_STS_RESOURCE;

	rq_for_each_segment(bv, rq, iter) {
		unsigned int left = bv.bv_len;
		struct bio_vec part = bv;

		while (left && bytes) {
			part.bv_len = min(left, unit - filled);
			if (!write && !filled) {
				memcpy(buf, data, unit);
				ret = leg_crypt_unit(slot, dun, buf, false);
				if (ret)
					goto out;
			}
			leg_move(buf + filled, &part, write);
			filled += part.bv_len;
			left -= part.bv_len;
			part.bv_offset += part.bv_len;
			if (filled < unit)
				continue;
			if (write) {
				ret = leg_crypt_unit(slot, dun, buf, true);
				if (ret)
					goto out;
				memcpy(data, buf, unit);
			}
			filled = 0;
			data += unit;
			bytes -= unit;
			dun++;
		}
	}
out:
	kfree_sensitive(buf);
	return ret ? BLK_STS_IOERR : BLK_STS_OK;
}

/*
 * Request based disks
 */

static void leg_move_plain(struct leg *leg, struct request *rq,
			   unsigned int bytes)
{
	u8 *data = leg->data + (blk_rq_pos(rq) << SECTOR_SHIFT);
	bool write = op_is_write(req_op(rq));
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		bv.bv_len = min(bv.bv_len, bytes);
		if (!bv.bv_len)
			break;
		leg_move(data, &bv, write);
		data += bv.bv_len;
		bytes -= bv.bv_len;
	}
}

/*
 * Move @bytes, and say in @done how many of them the request may be told
 * about.  Hardware moves whole data units only.  By default it also reports
 * whole units only; with whole_units=N it stops in the middle of one.
 */
static blk_status_t leg_rq_move(struct leg *leg, struct request *rq,
				unsigned int bytes, unsigned int *done)
{
	unsigned int unit;

	*done = bytes;
	if (!rq->crypt_ctx) {
		leg_move_plain(leg, rq, bytes);
		return BLK_STS_OK;
	}

	atomic_inc(&leg->crypts);
	if (WARN_ON_ONCE(!rq->crypt_keyslot))
		return BLK_STS_IOERR;
	unit = leg_rq_slot(leg, rq)->unit;
	if (!unit || blk_rq_bytes(rq) % unit) {
		atomic_inc(&leg->bad_units);
		return BLK_STS_IOERR;
	}
	if (leg->whole_units)
		*done = bytes = round_down(bytes, unit);
	else
		bytes = round_up(bytes, unit);
	return leg_move_crypt(leg, rq, bytes);
}

/*
 * A polled request ends when it is polled for, as no interrupt does that. With
 * poll=1, the queue that has both is of the default type.
 */
static void leg_end(struct leg *leg, struct request *rq, blk_status_t status)
{
	struct leg_cmd *cmd = blk_mq_rq_to_pdu(rq);

	if (!(rq->cmd_flags & REQ_POLLED)) {
		blk_mq_end_request(rq, status);
		return;
	}
	cmd->status = status;
	atomic_inc(&leg->waiting);
	guard(spinlock)(&leg->lock);
	list_add_tail(&rq->queuelist, &leg->polled_list);
}

static int leg_poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	struct leg *leg = hctx->queue->queuedata;
	struct request *rq, *next;
	LIST_HEAD(list);
	int n = 0;

	if (READ_ONCE(leg->hold))
		return 0;

	scoped_guard(spinlock, &leg->lock)
		list_splice_init(&leg->polled_list, &list);

	list_for_each_entry_safe(rq, next, &list, queuelist) {
		struct leg_cmd *cmd = blk_mq_rq_to_pdu(rq);

		list_del_init(&rq->queuelist);
		atomic_dec(&leg->waiting);
		atomic_inc(&leg->polled);
		blk_mq_end_request(rq, cmd->status);
		n++;
	}
	return n;
}

/*
 * As a driver does that takes a transfer of nothing for an error, and one of
 * less than a data unit for nothing, but goes on after any other.
 */
static void leg_short(struct leg *leg, struct request *rq, unsigned int done)
{
	struct leg_cmd *cmd = blk_mq_rq_to_pdu(rq);

	atomic_inc(&leg->shorts);
	cmd->fail = leg->fail_rest;
	if (!done && !cmd->fail && leg->bad != U64_MAX) {
		atomic_inc(&leg->retries);
		if (cmd->retries++ == LEG_RETRIES) {
			leg_end(leg, rq, BLK_STS_IOERR);
			return;
		}
	}
	if (done && !blk_update_request(rq, BLK_STS_OK, done))
		__blk_mq_end_request(rq, BLK_STS_OK);
	else
		blk_mq_requeue_request(rq, true);
}

static blk_status_t leg_queue_rq(struct blk_mq_hw_ctx *hctx,
				 const struct blk_mq_queue_data *bd)
{
	struct leg *leg = hctx->queue->queuedata;
	struct request *rq = bd->rq;
	struct leg_cmd *cmd = blk_mq_rq_to_pdu(rq);
	unsigned int done, bytes = blk_rq_bytes(rq);
	bool match, cut = false;
	blk_status_t status;

	if (!(rq->rq_flags & RQF_DONTPREP)) {
		cmd->fail = false;
		cmd->retries = 0;
		rq->rq_flags |= RQF_DONTPREP;
	}
	blk_mq_start_request(rq);

	switch (req_op(rq)) {
	case REQ_OP_FLUSH:
		atomic_inc(&leg->flushes);
		blk_mq_end_request(rq, BLK_STS_OK);
		return BLK_STS_OK;
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		break;
	default:
		blk_mq_end_request(rq, BLK_STS_NOTSUPP);
		return BLK_STS_OK;
	}

	atomic_inc(&leg->seen);
	match = leg_matches(leg, op_is_write(req_op(rq)), blk_rq_pos(rq));
	if (cmd->fail || (match && leg_take(leg, &leg->fail_count))) {
		atomic_inc(&leg->fails);
		leg_end(leg, rq, BLK_STS_IOERR);
		return BLK_STS_OK;
	}

	if (blk_rq_pos(rq) <= leg->bad &&
	    leg->bad - blk_rq_pos(rq) < blk_rq_sectors(rq)) {
		bytes = (leg->bad - blk_rq_pos(rq)) << SECTOR_SHIFT;
		cut = true;
	} else if (match) {
		u32 to = round_down(READ_ONCE(leg->bytes_short), lbs);

		if (to && to < bytes && leg_take(leg, &leg->short_count)) {
			bytes = to;
			cut = true;
		}
	}

	status = leg_rq_move(leg, rq, bytes, &done);
	if (status || !cut)
		leg_end(leg, rq, status);
	else
		leg_short(leg, rq, done);
	return BLK_STS_OK;
}

static void leg_map_queues(struct blk_mq_tag_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nr_maps; i++) {
		set->map[i].nr_queues = i == HCTX_TYPE_READ ? 0 : 1;
		set->map[i].queue_offset = 0;
		if (set->map[i].nr_queues)
			blk_mq_map_queues(&set->map[i]);
	}
}

static const struct blk_mq_ops leg_mq_ops = {
	.queue_rq	= leg_queue_rq,
};

static const struct blk_mq_ops leg_mq_poll_ops = {
	.queue_rq	= leg_queue_rq,
	.poll		= leg_poll,
	.map_queues	= leg_map_queues,
};

/*
 * Bio based disks
 */

/*
 * What a failed read has put into its pages is nobody's to use.  Poison shows
 * who does: an upper layer that retries less than it was asked for.
 */
static void leg_bio_move(struct leg *leg, struct bio *bio, unsigned int bytes,
			 bool poison)
{
	u8 *data = leg->data + (bio->bi_iter.bi_sector << SECTOR_SHIFT);
	bool write = op_is_write(bio_op(bio));
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		bv.bv_len = min(bv.bv_len, bytes);
		if (!bv.bv_len)
			break;
		if (poison && !write) {
			void *p = bvec_kmap_local(&bv);

			memset(p, LEG_POISON, bv.bv_len);
			flush_dcache_page(bv.bv_page);
			kunmap_local(p);
		} else {
			leg_move(data, &bv, write);
		}
		data += bv.bv_len;
		bytes -= bv.bv_len;
	}
}

static void leg_bio_fail(struct leg *leg, struct bio *bio)
{
	unsigned int size = bio->bi_iter.bi_size;
	unsigned int bytes = READ_ONCE(leg->fail_bytes);

	bytes = round_down(bytes ? min(bytes, size) : size / 2, lbs);
	leg_bio_move(leg, bio, bytes, true);

	switch (READ_ONCE(leg->fail_iter.value)) {
	case LEG_HALF:
		bio_advance(bio, bytes);
		break;
	case LEG_CONSUMED:
		bio_advance_iter(bio, &bio->bi_iter, size);
		break;
	default:
		break;
	}
	atomic_inc(&leg->fails);
	bio_io_error(bio);
}

/* Whether a flush without data is dealt with here */
static bool leg_bio_flush(struct leg *leg, struct bio *bio)
{
	if (!(bio->bi_opf & REQ_PREFLUSH) || bio->bi_iter.bi_size)
		return false;

	if (leg_take(leg, &leg->fail_flush)) {
		bio_io_error(bio);
		return true;
	}

	guard(spinlock)(&leg->lock);
	if (!leg->hold_flush)
		return false;
	bio_list_add(&leg->held_list, bio);
	atomic_inc(&leg->held);
	return true;
}

static void leg_submit_bio(struct bio *bio)
{
	struct leg *leg = bio->bi_bdev->bd_disk->private_data;
	bool write = op_is_write(bio_op(bio));

	if (op_is_flush(bio->bi_opf))
		atomic_inc(&leg->flushes);
	if (leg_bio_flush(leg, bio))
		return;
	/* What has its own flush does not come after another one. */
	if ((bio->bi_opf & (REQ_FUA | REQ_PREFLUSH)) == REQ_FUA &&
	    atomic_read(&leg->held))
		atomic_inc(&leg->early);

	switch (bio_op(bio)) {
	case REQ_OP_FLUSH:
		bio_endio(bio);
		return;
	case REQ_OP_READ:
	case REQ_OP_WRITE:
		break;
	default:
		bio->bi_status = BLK_STS_NOTSUPP;
		bio_endio(bio);
		return;
	}

	if (bio->bi_iter.bi_size) {
		atomic_inc(&leg->seen);
		if (leg_matches(leg, write, bio->bi_iter.bi_sector) &&
		    leg_take(leg, &leg->fail_count)) {
			leg_bio_fail(leg, bio);
			return;
		}
		leg_bio_move(leg, bio, bio->bi_iter.bi_size, false);
	}
	bio_endio(bio);
}

static const struct block_device_operations leg_mq_fops = {
	.owner		= THIS_MODULE,
};

static const struct block_device_operations leg_bio_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= leg_submit_bio,
};

/*
 * debugfs: legdisk/legN/
 */

static int leg_choice_show(struct seq_file *m, void *v)
{
	struct leg_choice *choice = m->private;

	seq_printf(m, "%s\n", choice->names[choice->value]);
	return 0;
}

static ssize_t leg_choice_write(struct file *file, const char __user *ubuf,
				size_t len, loff_t *ppos)
{
	struct seq_file *m = file->private_data;
	struct leg_choice *choice = m->private;
	char buf[16] = "";
	int i;

	if (len >= sizeof(buf))
		return -EINVAL;
	if (copy_from_user(buf, ubuf, len))
		return -EFAULT;
	i = __sysfs_match_string(choice->names, choice->count, buf);
	if (i < 0)
		return i;
	WRITE_ONCE(choice->value, i);
	return len;
}
DEFINE_SHOW_STORE_ATTRIBUTE(leg_choice);

static int leg_hold_get(void *data, u64 *val)
{
	struct leg *leg = data;

	*val = leg->hold_flush;
	return 0;
}

static int leg_hold_set(void *data, u64 val)
{
	struct bio_list done = BIO_EMPTY_LIST;
	struct leg *leg = data;
	struct bio *bio;

	scoped_guard(spinlock, &leg->lock) {
		leg->hold_flush = val;
		if (!val)
			bio_list_merge_init(&done, &leg->held_list);
	}
	while ((bio = bio_list_pop(&done))) {
		atomic_dec(&leg->held);
		bio_endio(bio);
	}
	return 0;
}
DEFINE_DEBUGFS_ATTRIBUTE(leg_hold_fops, leg_hold_get, leg_hold_set, "%llu\n");

static void leg_debugfs_add(struct leg *leg)
{
	struct dentry *d;

	d = debugfs_create_dir(leg->disk->disk_name, leg_debugfs);
	debugfs_create_file("op", 0600, d, &leg->op, &leg_choice_fops);
	debugfs_create_u64("from", 0600, d, &leg->from);
	debugfs_create_u64("to", 0600, d, &leg->to);
	debugfs_create_u32("fail_count", 0600, d, &leg->fail_count);
	if (leg_is_bio) {
		debugfs_create_file("fail_iter", 0600, d, &leg->fail_iter,
				    &leg_choice_fops);
		debugfs_create_u32("fail_bytes", 0600, d, &leg->fail_bytes);
		debugfs_create_file_unsafe("hold_flush", 0600, d, leg,
					   &leg_hold_fops);
		debugfs_create_u32("fail_flush", 0600, d, &leg->fail_flush);
		debugfs_create_atomic_t("held", 0600, d, &leg->held);
		debugfs_create_atomic_t("early", 0600, d, &leg->early);
	} else {
		debugfs_create_u32("short", 0600, d, &leg->bytes_short);
		debugfs_create_u32("short_count", 0600, d, &leg->short_count);
		debugfs_create_bool("fail_rest", 0600, d, &leg->fail_rest);
		debugfs_create_bool("whole_units", 0600, d, &leg->whole_units);
		debugfs_create_u64("bad", 0600, d, &leg->bad);
		debugfs_create_u32("hold", 0600, d, &leg->hold);
		debugfs_create_atomic_t("waiting", 0600, d, &leg->waiting);
		debugfs_create_atomic_t("polled", 0600, d, &leg->polled);
		debugfs_create_atomic_t("retries", 0600, d, &leg->retries);
	}
	debugfs_create_atomic_t("seen", 0600, d, &leg->seen);
	debugfs_create_atomic_t("shorts", 0600, d, &leg->shorts);
	debugfs_create_atomic_t("fails", 0600, d, &leg->fails);
	debugfs_create_atomic_t("crypts", 0600, d, &leg->crypts);
	debugfs_create_atomic_t("flushes", 0600, d, &leg->flushes);
	debugfs_create_atomic_t("bad_units", 0600, d, &leg->bad_units);
}

/*
 * Birth and death
 */

static void leg_crypto_exit(struct leg *leg)
{
	int i;

	if (leg->has_profile)
		blk_crypto_profile_destroy(&leg->profile);
	for (i = 0; i < LEG_KEYSLOTS; i++)
		if (leg->slots[i].tfm)
			crypto_free_sync_skcipher(leg->slots[i].tfm);
}

static int leg_crypto_init(struct leg *leg)
{
	struct crypto_sync_skcipher *tfm;
	int i, ret;

	for (i = 0; i < LEG_KEYSLOTS; i++) {
		tfm = crypto_alloc_sync_skcipher("xts(aes)", 0, 0);
		if (IS_ERR(tfm))
			return PTR_ERR(tfm);
		leg->slots[i].tfm = tfm;
	}

	ret = blk_crypto_profile_init(&leg->profile, LEG_KEYSLOTS);
	if (ret)
		return ret;
	leg->has_profile = true;
	leg->profile.ll_ops = leg_crypto_ops;
	leg->profile.max_dun_bytes_supported = sizeof(u64);
	leg->profile.key_types_supported = BLK_CRYPTO_KEY_TYPE_RAW;
	leg->profile.modes_supported[BLK_ENCRYPTION_MODE_AES_256_XTS] =
		SZ_512 | SZ_1K | SZ_2K | SZ_4K;
	return 0;
}

static void leg_del(struct leg *leg)
{
	if (leg->disk) {
		if (disk_live(leg->disk))
			del_gendisk(leg->disk);
		put_disk(leg->disk);
	}
	if (leg->set.tags)
		blk_mq_free_tag_set(&leg->set);
	leg_crypto_exit(leg);
	vfree(leg->data);
}

static int leg_add(struct leg *leg, unsigned int index)
{
	struct queue_limits lim = {
		.logical_block_size	= lbs,
		.physical_block_size	= lbs,
		.max_hw_sectors		= SZ_1M >> SECTOR_SHIFT,
		.max_segments		= SZ_1M / SZ_4K,
		.max_segment_size	= UINT_MAX,
		.dma_alignment		= 3,
	};
	struct gendisk *disk;
	int ret;

	spin_lock_init(&leg->lock);
	leg->op = (struct leg_choice){ leg_ops, ARRAY_SIZE(leg_ops) };
	leg->fail_iter = (struct leg_choice){
		leg_iters, ARRAY_SIZE(leg_iters)
	};
	leg->to = U64_MAX;
	leg->whole_units = true;
	leg->bad = U64_MAX;
	INIT_LIST_HEAD(&leg->polled_list);
	bio_list_init(&leg->held_list);

	leg->data = vzalloc((size_t)size_mb << 20);
	if (!leg->data)
		return -ENOMEM;

	if (wcache)
		lim.features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;

	if (leg_is_bio) {
		lim.features |= BLK_FEAT_NOWAIT;
		disk = blk_alloc_disk(&lim, NUMA_NO_NODE);
	} else {
		leg->set.ops = poll ? &leg_mq_poll_ops : &leg_mq_ops;
		leg->set.nr_maps = poll ? HCTX_MAX_TYPES : 1;
		leg->set.nr_hw_queues = 1;
		leg->set.queue_depth = 64;
		leg->set.numa_node = NUMA_NO_NODE;
		leg->set.cmd_size = sizeof(struct leg_cmd);
		leg->set.flags = BLK_MQ_F_BLOCKING;
		ret = blk_mq_alloc_tag_set(&leg->set);
		if (ret)
			return ret;
		disk = blk_mq_alloc_disk(&leg->set, &lim, leg);
	}
	if (IS_ERR(disk))
		return PTR_ERR(disk);

	leg->disk = disk;
	disk->fops = leg_is_bio ? &leg_bio_fops : &leg_mq_fops;
	disk->flags = GENHD_FL_NO_PART;
	disk->private_data = leg;
	snprintf(disk->disk_name, DISK_NAME_LEN, "leg%u", index);
	set_capacity(disk, (sector_t)size_mb << (20 - SECTOR_SHIFT));

	if (crypto) {
		ret = leg_crypto_init(leg);
		if (ret)
			return ret;
		if (!blk_crypto_register(&leg->profile, disk->queue))
			return -EINVAL;
	}

	ret = add_disk(disk);
	if (ret)
		return ret;
	leg_debugfs_add(leg);
	return 0;
}

static void leg_del_all(void)
{
	unsigned int i;

	debugfs_remove_recursive(leg_debugfs);
	for (i = 0; i < nr; i++)
		leg_del(&legs[i]);
	kvfree(legs);
}

static int __init legdisk_init(void)
{
	unsigned int i;
	int ret;

	leg_is_bio = !strcmp(mode, "bio");
	if (!leg_is_bio && strcmp(mode, "mq")) {
		pr_err("mode is mq or bio\n");
		return -EINVAL;
	}
	if ((crypto || poll) && leg_is_bio) {
		pr_err("crypto=1 and poll=1 need mode=mq\n");
		return -EINVAL;
	}
	if (!nr || !size_mb || lbs < SECTOR_SIZE || lbs > PAGE_SIZE ||
	    !is_power_of_2(lbs))
		return -EINVAL;

	legs = kvcalloc(nr, sizeof(*legs), GFP_KERNEL);
	if (!legs)
		return -ENOMEM;
	leg_debugfs = debugfs_create_dir("legdisk", NULL);

	for (i = 0; i < nr; i++) {
		ret = leg_add(&legs[i], i);
		if (ret) {
			leg_del_all();
			return ret;
		}
	}
	return 0;
}
module_init(legdisk_init);

static void __exit legdisk_exit(void)
{
	leg_del_all();
}
module_exit(legdisk_exit);

MODULE_DESCRIPTION("RAM disk with scripted completions, for tests");
MODULE_LICENSE("GPL");
