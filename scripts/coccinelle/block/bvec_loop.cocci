// SPDX-License-Identifier: GPL-2.0-only
///
/// The body of a loop over the segments of a bio, a request, a payload of
/// protection information or a table must not write the loop's variable. The
/// loop may advance by the variable's bv_len: a body that changes it then has
/// the rest processed from a wrong place, without a warning. Take a copy.
///
//# A loop that advances by a length of its own does not go wrong. But
//# bio_iter_last() and rq_iter_last() compare the variable there, too, and in
//# 7.3 and before that body does go wrong. An _all loop hands out a copy, or
//# a pointer to one: what is written to that reaches no bio.
//#
//# It is not reported if the loop is left after the write on every path. A
//# function that gets the variable's address is seen if it is in the same file
//# and writes, or is one of bvec_set_*(). There is no mode "patch", since one
//# has to choose which part of the body is to see the copy.
//
// Confidence: High
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

// Whether the file has such a loop at all

@loops@
iterator name bio_for_each_segment, __bio_for_each_segment;
iterator name bio_for_each_bvec, __bio_for_each_bvec;
iterator name bio_for_each_segment_all, bio_for_each_bvec_all;
iterator name rq_for_each_segment, rq_for_each_bvec;
iterator name for_each_bvec, for_each_mp_bvec;
iterator name bip_for_each_vec, bio_for_each_integrity_vec;
statement s;
@@

(
 bio_for_each_segment(...) s
|
 __bio_for_each_segment(...) s
|
 bio_for_each_bvec(...) s
|
 __bio_for_each_bvec(...) s
|
 bio_for_each_segment_all(...) s
|
 bio_for_each_bvec_all(...) s
|
 rq_for_each_segment(...) s
|
 rq_for_each_bvec(...) s
|
 for_each_bvec(...) s
|
 for_each_mp_bvec(...) s
|
 bip_for_each_vec(...) s
|
 bio_for_each_integrity_vec(...) s
)

// Functions that write what they get the address of

@writer depends on loops exists@
identifier fn != { bvec_set_page, bvec_set_folio, bvec_set_virt };
identifier P, f;
expression E;
parameter list[n] ps;
assignment operator aop;
@@

 fn(ps, struct bio_vec *P, ...)
 {
	... when any
(
	P->f aop E
|
	P->f++
|
	P->f--
|
	++P->f
|
	--P->f
|
	*P aop E
|
	\(bvec_set_page\|bvec_set_folio\|bvec_set_virt\)(P, ...)
)
	... when any
 }

// The writes in the body, and those after which the loop goes on

@body depends on loops exists@
iterator loop =~ "for_each_(segment|(mp_)?bvec|(integrity_)?vec)(_all)?$";
identifier bv, f;
expression B, I, E;
expression list es;
assignment operator aop;
position p;
@@

 loop(bv, B, I, es) {
	... when any
(
	bv.f@p aop E
|
	bv.f@p++
|
	bv.f@p--
|
	++bv.f@p
|
	--bv.f@p
|
	bv@p aop E
|
	\(bvec_set_page\|bvec_set_folio\|bvec_set_virt\)(&bv@p, ...)
)
	... when any
 }

@stays depends on loops exists@
iterator loop =~ "for_each_(segment|(mp_)?bvec|(integrity_)?vec)(_all)?$";
identifier bv, l;
expression B, I;
expression list es;
position p;
@@

 loop(bv, B, I, es) {
	... when any
(
	l:
	... when any
	goto l@p;
|
	goto l@p;
	... when any
	l:
)
	... when any
 }

@leaves forall@
identifier body.bv, f, l;
expression body.I, E;
assignment operator aop;
position body.p, q, r != stays.p;
@@

(
	bv.f@p@q aop E;
|
	bv.f@p@q++;
|
	bv.f@p@q--;
|
	bv@p@q aop E;
|
	\(bvec_set_page\|bvec_set_folio\|bvec_set_virt\)(&bv@p@q, ...);
)
	... when != I
(
	break;
|
	return ...;
|
	goto l@r;
)

@whole@
identifier body.bv;
position body.p, q != leaves.q;
@@

 bv@p@q

@member@
identifier body.bv, f;
position body.p, q != leaves.q;
@@

 bv.f@p@q

// The same in a function that the body calls

@call depends on loops exists@
iterator loop =~ "for_each_(segment|(mp_)?bvec|(integrity_)?vec)(_all)?$";
identifier writer.fn, bv;
expression B, I;
expression list es;
expression list[writer.n] as;
position p;
@@

 loop(bv, B, I, es) {
	... when any
	fn(as, &bv@p, ...)
	... when any
 }

@call_leaves forall@
identifier writer.fn, call.bv, l;
expression call.I, E;
expression list[writer.n] as;
position call.p, q, r != stays.p;
@@

(
	fn(as, &bv@p@q, ...);
|
	E = fn(as, &bv@p@q, ...);
)
	... when != I
(
	break;
|
	return ...;
|
	goto l@r;
)

@called@
identifier call.bv;
position call.p, q != call_leaves.q;
@@

 bv@p@q

// A pointer to the copy that an _all loop makes

@copied exists@
iterator name bio_for_each_segment_all;
identifier bv, f;
expression B, I, E;
assignment operator aop;
position p;
@@

 bio_for_each_segment_all(bv, B, I) {
	... when any
(
	bv->f@p aop E
|
	bv->f@p++
|
	bv->f@p--
|
	++bv->f@p
|
	--bv->f@p
|
	*bv@p aop E
|
	\(bvec_set_page\|bvec_set_folio\|bvec_set_virt\)(bv@p, ...)
)
	... when any
 }

@depends on context@
identifier body.bv;
position whole.q;
@@

* bv@q

@depends on context@
identifier body.bv, f;
position member.q;
@@

* bv.f@q

@depends on context@
identifier call.bv;
position called.q;
@@

* bv@q

@depends on context@
identifier copied.bv, f;
position copied.p;
@@

(
* bv->f@p
|
* bv@p
)

@script:python depends on org@
p << whole.q;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes the variable that the loop advances by")

@script:python depends on org@
p << member.q;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes the variable that the loop advances by")

@script:python depends on org@
p << called.q;
@@

coccilib.org.print_todo(p[0],
	"WARNING: has the variable written that the loop advances by")

@script:python depends on org@
p << copied.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes a copy, the bio does not change")

@script:python depends on report@
p << whole.q;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes the variable that the loop advances by")

@script:python depends on report@
p << member.q;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes the variable that the loop advances by")

@script:python depends on report@
p << called.q;
@@

coccilib.report.print_report(p[0],
	"WARNING: has the variable written that the loop advances by")

@script:python depends on report@
p << copied.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes a copy, the bio does not change")
