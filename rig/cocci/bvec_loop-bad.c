// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bvec_loop.cocci, which finds each "bad". */

static void rest_of_segment(struct job *job, struct bio *bio)
{
	struct bio_vec bv;
	struct bvec_iter iter;
	unsigned int pos;

	__bio_for_each_segment(bv, bio, iter, job->start) {
again:
		pos = checksum(job, &bv);
		if (pos < bv.bv_len) {
			bv.bv_offset += pos;		/* bad */
			bv.bv_len -= pos;		/* bad */
			goto again;
		}
	}
}

static size_t from_offset(struct request *rq, unsigned int offset, size_t len)
{
	struct req_iterator iter;
	struct bio_vec bv;
	size_t done = 0;

	rq_for_each_segment(bv, rq, iter) {
		if (offset >= bv.bv_len) {
			offset -= bv.bv_len;
			continue;
		}
		bv.bv_offset += offset;			/* bad */
		bv.bv_len = min(bv.bv_len - offset, len - done);	/* bad */
		done += copy(&bv);
		if (done == len)
			break;
	}
	return done;
}

static void without_braces(struct bio *bio)
{
	struct bio_vec bv;
	struct bvec_iter iter;

	bio_for_each_bvec(bv, bio, iter)
		while (bv.bv_len--)			/* bad */
			put_byte(bio);
}

static void by_page(struct bio_vec *table, struct bvec_iter start)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	for_each_mp_bvec(bv, table, iter, start) {
		do {
			send_page(bv.bv_page);
			++bv.bv_page;			/* bad */
		} while ((bv.bv_len -= PAGE_SIZE));	/* bad */
	}
}

static void other(struct request *rq, struct page *page, struct bio_vec *to)
{
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter) {
		if (is_high(&bv))
			bvec_set_page(&bv, page, bv.bv_len, 0);	/* bad */
		else
			bv = *to++;			/* bad */
		write_to(&bv);
	}
}

static void tags(struct bio *bio, struct bio_integrity_payload *bip)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bip_for_each_vec(bv, bip, iter)
		bv.bv_len &= ~7U;			/* bad */
	bio_for_each_integrity_vec(bv, bio, iter) {
		bv.bv_len -= 8;				/* bad */
		if (check(&bv))
			break;
	}
}

static unsigned int consume(struct job *job, struct bio_vec *bv)
{
	bv->bv_offset += job->done;
	bv->bv_len -= job->done;
	return bv->bv_len;
}

static void called(struct job *job, struct bio *bio)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		if (consume(job, &bv))			/* bad */
			more(job);
	}
}

static void replace_pages(struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio_vec *bv;

	bio_for_each_segment_all(bv, bio, iter)
		bv->bv_page = alloc_page(GFP_NOIO);	/* bad */
}

static void replace_values(struct bio *bio)
{
	struct bvec_iter_all iter;
	struct bio_vec bv;

	bio_for_each_segment_all(bv, bio, iter)
		bv.bv_page = alloc_page(GFP_NOIO);	/* bad */
}

static void goes_on(struct request *rq, unsigned int left)
{
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		if (bv.bv_len > left) {
			bv.bv_len = left;		/* bad */
			goto next;
		}
		left -= bv.bv_len;
next:
		send(&bv);
	}
}
