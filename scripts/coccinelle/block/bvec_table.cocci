// SPDX-License-Identifier: GPL-2.0-only
///
/// The table of a bio, bi_io_vec, and that of its protection information,
/// bip_vec, are shared by all clones: only their owner may write them, and not
/// while the bio is in flight. An owner writes them through bio_owned_vecs()
/// and bio_integrity_owned_vecs(), which can check that it is one.
///
//# What does not go through these is reported for an owner, too, since a line
//# does not tell who that is; so is what casts "const" away from a table, but
//# not to free it. The accessors and what adds pages are reported for a clone,
//# for a part that was split off, and for a bio of a request.
//#
//# A table that was given to bio_init() and is written by its own name is not
//# seen. Nor is a pointer to one that went through a member of an object, or to
//# another function, unless that is in the same file and writes. There is no
//# mode "patch", since the accessors are right for an owner only.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

// Whether the file has a table at all

@table@
expression X;
@@

(
 X->bi_io_vec
|
 X.bi_io_vec
|
 X->bip_vec
|
 X.bip_vec
|
 bio_first_bvec_all(...)
|
 __bvec_iter_bvec(...)
)

@each@
iterator name bio_for_each_bvec_all;
statement s;
@@

 bio_for_each_bvec_all(...) s

// Functions that write what they get a pointer to

@writer depends on table || each exists@
identifier fn != { bvec_set_page, bvec_set_folio, bvec_set_virt,
	iov_iter_extract_bvecs, bvec_try_merge_hw_page };
identifier set = { bvec_set_page, bvec_set_folio, bvec_set_virt };
identifier P, f;
expression E, I;
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
	P[I].f aop E
|
	P[I].f++
|
	P[I].f--
|
	++P[I].f
|
	--P[I].f
|
	P[I] aop E
|
	*P aop E
|
	set(\(P\|P + I\|&P[I]\), ...)
)
	... when any
 }

// A member of an element

@member depends on table@
expression X, I;
identifier vecs = { bi_io_vec, bip_vec };
identifier first = { bio_first_bvec_all, __bvec_iter_bvec };
identifier f =~ "^bv_(page|len|offset)$";
position p;
@@

(
 \(X->vecs\|X.vecs\|first(...)\)[I].f@p
|
 \(X->vecs\|X.vecs\|first(...)\)->f@p
)

@member_written@
expression L, E;
identifier f;
assignment operator aop;
position member.p, q;
@@

(
 L->f@p@q aop E
|
 L->f@p@q++
|
 L->f@p@q--
|
 ++L->f@p@q
|
 --L->f@p@q
|
 L.f@p@q aop E
|
 L.f@p@q++
|
 L.f@p@q--
|
 ++L.f@p@q
|
 --L.f@p@q
|
 swap(\(L->f@p@q\|L.f@p@q\), E)
|
 swap(E, \(L->f@p@q\|L.f@p@q\))
)

// An element, or some

@element depends on table@
expression X, I, E;
identifier vecs = { bi_io_vec, bip_vec };
identifier first = { bio_first_bvec_all, __bvec_iter_bvec };
identifier set = { bvec_set_page, bvec_set_folio, bvec_set_virt };
identifier mem = { memset, memcpy, memmove };
identifier add = { iov_iter_extract_bvecs, bvec_try_merge_hw_page };
assignment operator aop;
position p;
@@

(
 \(X->vecs@p\|X.vecs@p\|first@p(...)\)[I] aop E
|
 *\(X->vecs@p\|X.vecs@p\|first@p(...)\) aop E
|
 *(\(X->vecs@p\|X.vecs@p\|first@p(...)\) + I) aop E
|
 swap(\(X->vecs@p\|X.vecs@p\|first@p(...)\)[I], E)
|
 swap(E, \(X->vecs@p\|X.vecs@p\|first@p(...)\)[I])
|
 set(\(X->vecs@p\|X->vecs@p + I\|&X->vecs@p[I]\|
      X.vecs@p\|X.vecs@p + I\|&X.vecs@p[I]\|
      first@p(...)\|first@p(...) + I\|&first@p(...)[I]\), ...)
|
 mem(\(X->vecs@p\|X->vecs@p + I\|&X->vecs@p[I]\|
      X.vecs@p\|X.vecs@p + I\|&X.vecs@p[I]\|
      first@p(...)\|first@p(...) + I\|&first@p(...)[I]\), ...)
|
 add(E, \(X->vecs@p\|X->vecs@p + I\|&X->vecs@p[I]\|
      X.vecs@p\|X.vecs@p + I\|&X.vecs@p[I]\|
      first@p(...)\|first@p(...) + I\|&first@p(...)[I]\), ...)
)

@passed depends on table@
identifier writer.fn;
identifier vecs = { bi_io_vec, bip_vec };
identifier first = { bio_first_bvec_all, __bvec_iter_bvec };
expression X, I;
expression list[writer.n] as;
position p;
@@

 fn(as, \(X->vecs@p\|X->vecs@p + I\|&X->vecs@p[I]\|
      X.vecs@p\|X.vecs@p + I\|&X.vecs@p[I]\|
      first@p(...)\|first@p(...) + I\|&first@p(...)[I]\), ...)

// Through a local pointer

@loaded depends on table@
local idexpression struct bio_vec *P;
expression X, I;
identifier vecs = { bi_io_vec, bip_vec };
identifier first = { bio_first_bvec_all, __bvec_iter_bvec };
position a;
type U;
@@

(
 P@a = \(X->vecs\|X->vecs + I\|&X->vecs[I]\|
      X.vecs\|X.vecs + I\|&X.vecs[I]\|
      first(...)\|first(...) + I\|&first(...)[I]\)
|
 P@a = (U)\(X->vecs\|X->vecs + I\|&X->vecs[I]\|
      X.vecs\|X.vecs + I\|&X.vecs[I]\|
      first(...)\|first(...) + I\|&first(...)[I]\)
)

@pointer exists@
local idexpression struct bio_vec *P;
expression I, V, W, E;
identifier set = { bvec_set_page, bvec_set_folio, bvec_set_virt };
identifier mem = { memset, memcpy, memmove };
identifier add = { iov_iter_extract_bvecs, bvec_try_merge_hw_page };
identifier f;
assignment operator aop;
position loaded.a, p;
@@

 P@a = V
 ... when != P = W
     when any
(
 P->f@p aop E
|
 P->f@p++
|
 P->f@p--
|
 ++P->f@p
|
 --P->f@p
|
 P[I].f@p aop E
|
 P[I].f@p++
|
 P[I].f@p--
|
 ++P[I].f@p
|
 --P[I].f@p
|
 (P + I)->f@p aop E
|
 (P + I)->f@p++
|
 (P + I)->f@p--
|
 ++(P + I)->f@p
|
 --(P + I)->f@p
|
 P@p[I] aop E
|
 *P@p aop E
|
 *(P@p + I) aop E
|
 swap(P@p[I], E)
|
 swap(E, P@p[I])
|
 swap(*P@p, E)
|
 swap(E, *P@p)
|
 swap(\(P->f@p\|P[I].f@p\), E)
|
 swap(E, \(P->f@p\|P[I].f@p\))
|
 set(\(P@p\|P@p + I\|&P@p[I]\), ...)
|
 mem(\(P@p\|P@p + I\|&P@p[I]\), ...)
|
 add(E, \(P@p\|P@p + I\|&P@p[I]\), ...)
)

@pointer_passed exists@
local idexpression struct bio_vec *P;
identifier writer.fn;
expression I, V, W;
expression list[writer.n] as;
position loaded.a, p;
@@

 P@a = V
 ... when != P = W
     when any
 fn(as, \(P@p\|P@p + I\|&P@p[I]\), ...)

// In a loop over the elements

@loop exists@
iterator name bio_for_each_bvec_all;
identifier set = { bvec_set_page, bvec_set_folio, bvec_set_virt };
identifier mem = { memset, memcpy, memmove };
identifier P, f;
expression X, I, E;
assignment operator aop;
position p;
@@

 bio_for_each_bvec_all(P, X, I) {
	... when any
(
	P->f@p aop E
|
	P->f@p++
|
	P->f@p--
|
	++P->f@p
|
	--P->f@p
|
	*P@p aop E
|
	set(P@p, ...)
|
	mem(P@p, ...)
)
	... when any
 }

@loop_passed exists@
iterator name bio_for_each_bvec_all;
identifier writer.fn, P;
expression X, I;
expression list[writer.n] as;
position p;
@@

 bio_for_each_bvec_all(P, X, I) {
	... when any
	fn(as, P@p, ...)
	... when any
 }

// Without "const"

@freed depends on table@
expression X;
identifier vecs = { bi_io_vec, bip_vec };
identifier first = { bio_first_bvec_all, __bvec_iter_bvec };
identifier free = { kfree, kvfree, mempool_free, kmem_cache_free };
position p;
type U;
@@

 free(..., (U)\(X->vecs@p\|X.vecs@p\|first@p(...)\), ...)

@accessor@
expression X;
identifier fn = { bio_owned_vecs, __bio_owned_vecs, bio_integrity_owned_vecs };
identifier vecs = { bi_io_vec, bip_vec };
position p;
@@

 fn(...)
 {
	<+...
	X->vecs@p
	...+>
 }

@cast depends on table@
expression X;
identifier vecs = { bi_io_vec, bip_vec };
identifier first = { bio_first_bvec_all, __bvec_iter_bvec };
position p != { freed.p, accessor.p };
type U;
@@

(
 (const U *)\(X->vecs\|X.vecs\|first(...)\)
|
 (U *)\(X->vecs@p\|X.vecs@p\|first@p(...)\)
)

@iter_cast@
expression X;
position p;
@@

 (struct bio_vec *)\(X->bvec@p\|X.bvec@p\)

// An accessor for the table of somebody else

@clone exists@
expression C, V;
identifier own = { bio_owned_vecs, bio_add_page, __bio_add_page, bio_add_folio,
	bio_add_folio_nofail, bio_add_virt_nofail };
position p;
@@

(
 C = \(bio_alloc_clone\|bio_clone_fast\|bio_split\|bio_next_split\)(...)
|
 bio_init_clone(V, C, ...)
)
 ... when != C = V
     when != \(bio_init\|bio_init_inline\)(C, ...)
     when any
 own@p(C, ...)

@payload exists@
expression C, V;
identifier own = { bio_integrity_owned_vecs, bio_integrity_add_page };
position p;
@@

(
 C = \(bio_alloc_clone\|bio_clone_fast\|bio_split\|bio_next_split\)(...)
|
 bio_init_clone(V, C, ...)
)
 ... when != C = V
     when != \(bio_init\|bio_init_inline\)(C, ...)
     when != \(bio_integrity_alloc\|bio_integrity_init\)(C, ...)
     when any
 own@p(C, ...)

@of_request@
struct request *R;
identifier own = { bio_owned_vecs, bio_add_page, __bio_add_page, bio_add_folio,
	bio_add_folio_nofail, bio_add_virt_nofail,
	bio_integrity_owned_vecs, bio_integrity_add_page };
position p;
@@

 own@p(R->bio, ...)

@in_request exists@
iterator name __rq_for_each_bio;
identifier own = { bio_owned_vecs, bio_add_page, __bio_add_page, bio_add_folio,
	bio_add_folio_nofail, bio_add_virt_nofail,
	bio_integrity_owned_vecs, bio_integrity_add_page };
expression C, R;
position p;
@@

 __rq_for_each_bio(C, R) {
	... when any
	own@p(C, ...)
	... when any
 }

@depends on context@
expression L;
identifier f;
position member_written.q;
@@

(
* L->f@q
|
* L.f@q
)

@depends on context@
expression X;
position element.p;
@@

(
* X->bi_io_vec@p
|
* X.bi_io_vec@p
|
* X->bip_vec@p
|
* X.bip_vec@p
|
* bio_first_bvec_all@p(...)
|
* __bvec_iter_bvec@p(...)
)

@depends on context@
expression X;
position passed.p;
@@

(
* X->bi_io_vec@p
|
* X.bi_io_vec@p
|
* X->bip_vec@p
|
* X.bip_vec@p
|
* bio_first_bvec_all@p(...)
|
* __bvec_iter_bvec@p(...)
)

@depends on context@
idexpression struct bio_vec *P;
expression I;
identifier f;
position pointer.p;
@@

(
* P->f@p
|
* P[I].f@p
|
* (P + I)->f@p
|
* P@p
)

@depends on context@
idexpression P;
position pointer_passed.p;
@@

* P@p

@depends on context@
identifier loop.P, f;
position loop.p;
@@

(
* P->f@p
|
* P@p
)

@depends on context@
identifier loop_passed.P;
position loop_passed.p;
@@

* P@p

@depends on context@
expression X;
position cast.p;
@@

(
* X->bi_io_vec@p
|
* X.bi_io_vec@p
|
* X->bip_vec@p
|
* X.bip_vec@p
|
* bio_first_bvec_all@p(...)
|
* __bvec_iter_bvec@p(...)
)

@depends on context@
expression X;
position iter_cast.p;
@@

(
* X->bvec@p
|
* X.bvec@p
)

@depends on context@
identifier fn;
position clone.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position payload.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position of_request.p;
@@

* fn@p(...)

@depends on context@
identifier fn;
position in_request.p;
@@

* fn@p(...)

@script:python depends on org@
p << member_written.q;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on org@
p << element.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on org@
p << passed.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: has a table written, not through bio_owned_vecs() or such")

@script:python depends on org@
p << pointer.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on org@
p << pointer_passed.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: has a table written, not through bio_owned_vecs() or such")

@script:python depends on org@
p << loop.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on org@
p << loop_passed.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: has a table written, not through bio_owned_vecs() or such")

@script:python depends on org@
p << cast.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: casts \"const\" away from a table")

@script:python depends on org@
p << iter_cast.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: casts \"const\" away from a table")

@script:python depends on org@
p << clone.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on org@
p << payload.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on org@
p << of_request.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on org@
p << in_request.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on report@
p << member_written.q;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on report@
p << element.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on report@
p << passed.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: has a table written, not through bio_owned_vecs() or such")

@script:python depends on report@
p << pointer.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on report@
p << pointer_passed.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: has a table written, not through bio_owned_vecs() or such")

@script:python depends on report@
p << loop.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes a table, not through bio_owned_vecs() or such")

@script:python depends on report@
p << loop_passed.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: has a table written, not through bio_owned_vecs() or such")

@script:python depends on report@
p << cast.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: casts \"const\" away from a table")

@script:python depends on report@
p << iter_cast.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: casts \"const\" away from a table")

@script:python depends on report@
p << clone.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on report@
p << payload.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on report@
p << of_request.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes the table of somebody else's bio")

@script:python depends on report@
p << in_request.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: writes the table of somebody else's bio")
