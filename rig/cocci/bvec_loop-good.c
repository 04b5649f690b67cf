// SPDX-License-Identifier: GPL-2.0-only
/* For scripts/coccinelle/block/bvec_loop.cocci, which finds nothing here. */

static void copied(struct job *job, struct bio *bio)
{
	struct bio_vec bv;
	struct bvec_iter iter;
	unsigned int pos;

	__bio_for_each_segment(bv, bio, iter, job->start) {
		struct bio_vec rest = bv;

again:
		pos = checksum(job, &rest);
		if (pos < rest.bv_len) {
			rest.bv_offset += pos;
			rest.bv_len -= pos;
			goto again;
		}
	}
}

static unsigned int only_read(struct request *rq)
{
	struct req_iterator iter;
	unsigned int len = 0;
	struct bio_vec bv;

	rq_for_each_segment(bv, rq, iter) {
		void *p = bvec_kmap_local(&bv);

		if (bv.bv_len == SECTOR_SIZE || bv.bv_offset <= SECTOR_SIZE)
			len += bv.bv_len;
		memzero_bvec(&bv);
		kunmap_local(p);
	}
	return len;
}

static int left(struct bio *bio, unsigned int left)
{
	struct bvec_iter iter;
	struct bio_vec bv;

	bio_for_each_segment(bv, bio, iter) {
		if (bv.bv_len > left) {
			bv.bv_len = left;
			send(&bv);
			break;
		}
		if (bv.bv_offset > left) {
			bv.bv_offset -= left;
			return send(&bv);
		}
		send(&bv);
	}
	return 0;
}

static void by_hand(struct bio *bio)
{
	struct bvec_iter iter = bio->bi_iter;

	while (iter.bi_size) {
		struct bio_vec bv = bio_iter_iovec(bio, iter);

		bv.bv_len = min(bv.bv_len, SECTOR_SIZE);
		send(&bv);
		bio_advance_iter_single(bio, &iter, bv.bv_len);
	}
}

static void flatten(struct request *rq, struct bio_vec *table)
{
	struct req_iterator iter;
	struct bio_vec bv;

	rq_for_each_bvec(bv, rq, iter)
		*table++ = bv;
	rq_for_each_bvec(bv, rq, iter) {
		table->bv_page = bv.bv_page;
		table->bv_len = bv.bv_len;
		table++;
	}
	bv.bv_len = 0;
}

static unsigned int peek(struct job *job, struct bio_vec *bv)
{
	job->done += bv->bv_len;
	return bv->bv_offset;
}

static void called(struct job *job, struct bio *bio)
{
	struct bvec_iter_all all;
	struct bvec_iter iter;
	struct bio_vec bv, *p;

	bio_for_each_segment(bv, bio, iter)
		peek(job, &bv);
	bio_for_each_segment_all(p, bio, all)
		peek(job, p);
}

static int goes_out(struct request *rq, unsigned int left)
{
	struct req_iterator iter;
	struct bio_vec bv;
	int ret = 0;

	rq_for_each_segment(bv, rq, iter) {
		if (bv.bv_len <= left)
			goto next;
		bv.bv_len = left;
		ret = send(&bv);
		goto out;
next:
		left -= bv.bv_len;
	}
out:
	rq_for_each_segment(bv, rq, iter)
		put_page(bv.bv_page);
	return ret;
}
