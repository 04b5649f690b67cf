// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bios of which all is known, for lx-bio to show.  Their addresses are in the log,
 * and then the kernel panics.
 *
 *	insmod gdb-bio.ko disk=/dev/sda
 *
 * The disk needs protection information.
 *
 * Test only.
 */
#include <linux/bio.h>
#include <linux/bio-integrity.h>
#include <linux/blk-crypto.h>
#include <linux/blkdev.h>
#include <linux/module.h>

static char *disk;
module_param(disk, charp, 0444);

static struct blk_crypto_key key;
static struct bio_set bs;

static void gdb_bio_end(struct bio *bio)
{
}

/* Nine of fourteen sectors of it are done. */
static struct bio *make_write(struct block_device *bdev, bool encrypted)
{
	static const u8 raw[BLK_CRYPTO_MAX_RAW_KEY_SIZE] = { 1, 2, 3 };
	const u64 dun[BLK_CRYPTO_DUN_ARRAY_SIZE] = { 0x1234, 1 };
	struct bio_integrity_payload *bip;
	struct page *page;
	struct bio *bio;

	page = alloc_pages(GFP_KERNEL, 2);
	bio = bio_alloc_bioset(bdev, 4, REQ_OP_WRITE | REQ_SYNC | REQ_FUA,
			       GFP_KERNEL, &bs);
	if (!page || !bio)
		return NULL;
	bio->bi_iter.bi_sector = 100;
	bio->bi_end_io = gdb_bio_end;
	__bio_add_page(bio, page, 4096, 0);
	__bio_add_page(bio, page + 1, 1024, 512);
	__bio_add_page(bio, page + 2, 2048, 0);
	if (encrypted) {
		if (blk_crypto_init_key(&key, raw, sizeof(raw),
					BLK_CRYPTO_KEY_TYPE_RAW,
					BLK_ENCRYPTION_MODE_AES_256_XTS, 16,
					512, BLK_CRYPTO_CFG_ALLOW_HW))
			return NULL;
		bio_crypt_set_ctx(bio, &key, dun, GFP_KERNEL);
	} else {
		bip = bio_integrity_alloc(bio, GFP_KERNEL, 1);
		if (IS_ERR(bip) ||
		    !bio_integrity_add_page(bio, page + 3, 14 * 8, 64))
			return NULL;
		bip->bip_flags |= BIP_CHECK_GUARD;
		bip_set_seed(bip, 100);
	}
	bio_advance(bio, 9 * SECTOR_SIZE);
	return bio;
}

/* Of what is left of PARENT two sectors are CHILD, of which CLONE is a clone. */
static int __init gdb_bio_init(void)
{
	struct bio *parent, *child, *clone, *secret;
	struct file *file;

	if (bioset_init(&bs, 8, 0, BIOSET_NEED_BVECS))
		return -ENOMEM;
	file = bdev_file_open_by_path(disk, BLK_OPEN_READ, NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	parent = make_write(file_bdev(file), false);
	secret = make_write(file_bdev(file), true);
	if (!parent || !secret)
		return -ENOMEM;
	child = bio_split(parent, 2, GFP_KERNEL, &bs);
	if (IS_ERR(child))
		return PTR_ERR(child);
	bio_chain(child, parent);
	clone = bio_alloc_clone(file_bdev(file), child, GFP_KERNEL, &bs);
	if (!clone)
		return -ENOMEM;
	bio_set_error(parent, BLK_STS_MEDIUM);
	/* More than its table has */
	secret->bi_iter.bi_size += SECTOR_SIZE;
	pr_info("gdb-bio: parent %px child %px clone %px secret %px\n", parent,
		child, clone, secret);
	panic("gdb-bio: that is all");
}
module_init(gdb_bio_init);

MODULE_DESCRIPTION("Bios for lx-bio to show");
MODULE_LICENSE("GPL");
