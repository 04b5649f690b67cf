// SPDX-License-Identifier: GPL-2.0-only
///
/// REQ_INTEGRITY in bi_opf says that a bio has an integrity payload. Who stores
/// another operation in a clone clears it; then the payload that the clone has
/// is neither used nor freed. Use bio_set_opf().
///
//# A clone is what a function gets from bio_alloc_clone(), bio_init_clone() or
//# one of the functions that split a bio. What is passed to a function may be
//# one as well; it is a false positive if no caller passes a clone. It also is
//# one if the payload has been freed or detached before. If the new operation
//# has no data, bio_set_opf() is not enough, as the payload has to go.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual patch
virtual report

// What goes on with the flags that the bio has

@kept@
expression B;
position p;
@@

(
 B->bi_opf@p = <+... B->bi_opf ...+>
|
 B.bi_opf@p = <+... B.bi_opf ...+>
|
 B->bi_opf@p = <+... REQ_INTEGRITY ...+>
|
 B.bi_opf@p = <+... REQ_INTEGRITY ...+>
)

// A clone that the function has made

@made exists@
expression B, E, V;
position p != kept.p;
@@

 B = \(bio_alloc_clone\|bio_next_split\|bio_split\|bio_split_to_limits\|
	bio_submit_split_bioset\)(...)
 ... when != B = V
 B->bi_opf@p = E

@declared exists@
expression E, V;
identifier B;
type T;
position p != kept.p;
@@

 T B = \(bio_alloc_clone\|bio_next_split\|bio_split\|bio_split_to_limits\|
	bio_submit_split_bioset\)(...);
 ... when != B = V
 B->bi_opf@p = E

@inited exists@
expression B, D, E, G, S, V;
position p != kept.p;
@@

 bio_init_clone(D, B, S, G)
 ... when != B = V
     when != \(bio_init\|bio_init_inline\|bio_reset\)(B, ...)
     when != bio_uninit(B)
 B->bi_opf@p = E

@embedded exists@
expression B, D, E, G, S;
position p != kept.p;
@@

 bio_init_clone(D, &B, S, G)
 ... when != \(bio_init\|bio_init_inline\|bio_reset\)(&B, ...)
     when != bio_uninit(&B)
 B.bi_opf@p = E

// A bio that was passed to the function, except where it is made

@param exists@
expression E, V;
identifier fn != { bio_init, bio_reset, bio_set_opf };
identifier B;
position p != kept.p;
@@

 fn(..., struct bio *B, ...)
 {
	... when != B = V
	    when != \(bio_init\|bio_init_inline\|bio_reset\)(B, ...)
	B->bi_opf@p = E
	... when any
 }

// All of them

@rest@
expression B, E;
position p != { made.p, declared.p, inited.p, embedded.p, param.p };
@@

(
 B->bi_opf@p = E
|
 B.bi_opf@p = E
)

@hit@
expression B, E;
position p != rest.p;
@@

(
 B->bi_opf@p = E
|
 B.bi_opf@p = E
)

@depends on context@
expression B, E;
position hit.p;
@@

(
* B->bi_opf@p = E
|
* B.bi_opf@p = E
)

@depends on patch@
expression B, E;
position hit.p;
@@

(
- B->bi_opf@p = E
+ bio_set_opf(B, E)
|
- B.bi_opf@p = E
+ bio_set_opf(&B, E)
)

@script:python depends on org@
p << hit.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: hides and leaks the integrity payload of a clone, use bio_set_opf()")

@script:python depends on report@
p << hit.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: hides and leaks the integrity payload of a clone, use bio_set_opf()")
