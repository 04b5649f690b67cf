// SPDX-License-Identifier: GPL-2.0-only
/* error: assignment of member 'bv_page' in read-only object */
#include <linux/blk-mq-dma.h>

void unmap(struct blk_map_iter *iter);
void unmap(struct blk_map_iter *iter)
{
#ifdef FORBIDDEN
	iter->bvecs[0].bv_page = NULL;
#else
	iter->bvecs = NULL;
#endif
}
