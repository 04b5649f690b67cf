// SPDX-License-Identifier: GPL-2.0-only
///
/// The table of a bio as a whole, and bi_vcnt and bi_max_vecs, are its owner's
/// business, and so are those of its integrity payload. Whoever gets a bio from
/// above may see a part of it only, or a clone, in which bi_vcnt and bip_vcnt
/// are 0: only bi_iter and bip_iter say what it has to do.
///
//# Somebody else's bio is a clone, a part that was split off, a bio of a
//# request, one that is found in another's bi_private, or a parameter: that of
//# an operation of a block device, of a device-mapper target or of an md
//# personality, or of a function that this passes it to, or a parameter that is
//# cloned, split, remapped or ended. It is a false positive if it is one's own
//# after all, above all if one ends one's own bio that could not be submitted.
//#
//# A bio that was kept in a list or in an object meanwhile is not seen. There
//# is no mode "patch", since an owner's loop must stay as it is, and who is one
//# cannot be told for sure.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

// What only an owner may do

@use@
expression C, V, I;
statement S;
iterator name bio_for_each_segment_all;
iterator name bio_for_each_bvec_all;
iterator name bio_for_each_folio_all;
position u;
@@

(
 bio_for_each_segment_all(V, C@u, I) S
|
 bio_for_each_bvec_all(V, C@u, I) S
|
 bio_for_each_folio_all(V, C@u) S
|
 \(bio_first_bvec_all\|bio_first_page_all\|bio_first_folio_all\)(C@u)
|
 bio_first_folio(V, C@u, I)
|
 bio_next_segment(C@u, I)
|
 \(bio_free_pages\|bio_set_pages_dirty\|bio_check_pages_dirty\)(C@u)
|
 \(bio_release_pages\|__bio_release_pages\)(C@u, V)
|
 C@u->bi_vcnt
|
 C@u->bi_max_vecs
|
 C@u->bi_io_vec[0]
)

// A clone, or a part

@clone exists@
expression C, V;
position use.u, p;
@@

(
 C = \(bio_alloc_clone\|bio_clone_fast\|bio_split\|bio_next_split\)(...)
|
 C = dm_bio_from_per_bio_data(...)
|
 bio_init_clone(V, C, ...)
)
 ... when != C = V
     when != \(bio_init\|bio_init_inline\)(C, ...)
     when any
 C@u@p

// Whose clone or part this is

@private exists@
local idexpression struct bio *C;
expression X, V;
position use.u, p;
@@

 C = X->bi_private
 ... when != C = V
     when any
 C@u@p

// A bio of a request

@of_request@
struct request *R;
expression V, I;
statement S;
iterator name bio_for_each_segment_all;
iterator name bio_for_each_bvec_all;
iterator name bio_for_each_folio_all;
position p;
@@

(
 bio_for_each_segment_all(V, R->bio@p, I) S
|
 bio_for_each_bvec_all(V, R->bio@p, I) S
|
 bio_for_each_folio_all(V, R->bio@p) S
|
 \(bio_first_bvec_all\|bio_first_page_all\|bio_first_folio_all\)(R->bio@p)
|
 bio_first_folio(V, R->bio@p, I)
|
 bio_next_segment(R->bio@p, I)
|
 \(bio_free_pages\|bio_set_pages_dirty\|bio_check_pages_dirty\)(R->bio@p)
|
 \(bio_release_pages\|__bio_release_pages\)(R->bio@p, V)
|
 R->bio@p->bi_vcnt
|
 R->bio@p->bi_max_vecs
|
 R->bio@p->bi_io_vec[0]
)

@request_first exists@
struct request *R;
expression C, V;
position use.u, p;
@@

 C = R->bio
 ... when != C = V
     when any
 C@u@p

@request_payload exists@
struct request *R;
expression B, V;
position p;
@@

 B = \(bio_integrity(R->bio)\|R->bio->bi_integrity\)
 ... when != B = V
     when any
 \(B->bip_vcnt@p\|B->bip_max_vcnt@p\|B->bip_vec@p[0]\)

@request_each exists@
iterator name __rq_for_each_bio;
expression C, R;
position use.u, p;
@@

 __rq_for_each_bio(C, R) {
	... when any
	C@u@p
	... when any
 }

// The parameter of an operation

@operation@
identifier fn, ops;
@@

(
 struct block_device_operations ops = { ..., .submit_bio = fn, ... };
|
 struct target_type ops = { ..., .map = fn, ... };
|
 struct target_type ops = { ..., .end_io = fn, ... };
|
 struct md_personality ops = { ..., .make_request = fn, ... };
)

@param exists@
identifier operation.fn, P;
position use.u, p;
@@

 fn(..., struct bio *P, ...)
 {
	... when any
	P@u@p
	... when any
 }

@param_alias exists@
identifier operation.fn, P, Q;
position use.u, p;
@@

 fn(..., struct bio *P, ...)
 {
	... when any
	Q = P
	... when any
	Q@u@p
	... when any
 }

// A parameter that goes on, unless its owner is in the same file, which calls
// the function or has it called back

@built exists@
expression C, V;
identifier fn;
@@

 C = \(bio_alloc\|bio_alloc_bioset\|bio_kmalloc\)(...)
 ... when != C = V
     when any
 fn(..., C, ...)

@builder@
identifier built.fn;
position o;
@@

 fn@o(...) { ... }

@completion@
identifier fn;
expression X;
@@

(
 X->bi_end_io = fn
|
 X.bi_end_io = fn
)

@owner@
identifier completion.fn;
position o;
@@

 fn@o(...) { ... }

@below exists@
identifier operation.fn, g, P;
@@

 fn(..., struct bio *P, ...)
 {
	... when any
	g(..., P, ...)
	... when any
 }

@below_param exists@
identifier below.g, P;
position use.u, p, o != { builder.o, owner.o };
@@

 g@o(..., struct bio *P, ...)
 {
	... when any
	P@u@p
	... when any
 }

@passed exists@
identifier fn, P;
identifier on = { submit_bio_noacct, dm_submit_bio_remap, bio_set_dev,
	bio_endio, bio_io_error, bio_split, bio_next_split, bio_split_to_limits,
	bio_submit_split_bioset };
expression C, V;
position use.u, o != { builder.o, owner.o };
position p != below_param.p;
@@

 fn@o(..., struct bio *P, ...)
 {
	... when any
	P@u@p
	... when any
(
	on(P, ...)
|
	bio_alloc_clone(V, P, ...)
|
	bio_init_clone(V, C, P, ...)
)
	... when any
 }

@passed_before exists@
identifier fn, P;
identifier on = { submit_bio_noacct, dm_submit_bio_remap, bio_set_dev,
	bio_endio, bio_io_error, bio_split, bio_next_split, bio_split_to_limits,
	bio_submit_split_bioset };
expression C, V;
position use.u, o != { builder.o, owner.o };
position p != { below_param.p, passed.p };
@@

 fn@o(..., struct bio *P, ...)
 {
	... when any
(
	on(P, ...)
|
	bio_alloc_clone(V, P, ...)
|
	bio_init_clone(V, C, P, ...)
)
	... when any
	P@u@p
	... when any
 }

@depends on context@
expression C;
position clone.p;
@@

* C@p

@depends on context@
expression C;
position private.p;
@@

* C@p

@depends on context@
struct request *R;
position of_request.p;
@@

* R->bio@p

@depends on context@
expression C;
position request_first.p;
@@

* C@p

@depends on context@
expression B;
position request_payload.p;
@@

(
* B->bip_vcnt@p
|
* B->bip_max_vcnt@p
|
* B->bip_vec@p
)

@depends on context@
expression C;
position request_each.p;
@@

* C@p

@depends on context@
expression C;
position param.p;
@@

* C@p

@depends on context@
expression C;
position param_alias.p;
@@

* C@p

@depends on context@
expression C;
position below_param.p;
@@

* C@p

@depends on context@
expression C;
position passed.p;
@@

* C@p

@depends on context@
expression C;
position passed_before.p;
@@

* C@p

@script:python depends on org@
p << clone.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << private.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << of_request.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << request_first.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << request_payload.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << request_each.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << param.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << param_alias.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << below_param.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << passed.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on org@
p << passed_before.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << clone.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << private.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << of_request.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << request_first.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << request_payload.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << request_each.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << param.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << param_alias.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << below_param.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << passed.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")

@script:python depends on report@
p << passed_before.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: all of a bio that is not one's own, use its iterator")
