/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * x86 BIOSAN support.
 */
#ifndef _ASM_X86_BIOSAN_H
#define _ASM_X86_BIOSAN_H

#include <linux/bug.h>
#include <linux/pgtable.h>
#include <linux/types.h>

#include <asm/tlbflush.h>

struct pt_regs;

#ifdef CONFIG_BIOSAN_PROTECT
bool biosan_handle_page_fault(unsigned long addr, struct pt_regs *regs);

/*
 * Make a page of the vmalloc area read-only, or writable again, with
 * interrupts disabled.
 *
 * Since there can be no IPIs, other CPUs may go on for a while with what they
 * have in their TLBs.  If that says read-only and the page is writable, the
 * fault is spurious, and handled as such; if it says writable and the page is
 * read-only, a write is not noticed.
 */
static inline bool arch_biosan_protect_page(unsigned long addr, bool protect)
{
	unsigned int level;
	pte_t *ptep = lookup_address(addr, &level);
	pte_t pte;

	if (WARN_ON_ONCE(!ptep || level != PG_LEVEL_4K))
		return false;

	/* Dirty and read-only would be a shadow stack. */
	pte = READ_ONCE(*ptep);
	if (protect)
		pte = pte_clear_flags(pte, _PAGE_RW | _PAGE_DIRTY);
	else
		pte = pte_set_flags(pte, _PAGE_RW | _PAGE_DIRTY);
	set_pte(ptep, pte);
	if (protect)
		flush_tlb_one_kernel(addr);
	return true;
}
#else
static inline bool biosan_handle_page_fault(unsigned long addr,
					    struct pt_regs *regs)
{
	return false;
}
#endif

#endif /* _ASM_X86_BIOSAN_H */
