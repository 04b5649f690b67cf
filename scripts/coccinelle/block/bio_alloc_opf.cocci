// SPDX-License-Identifier: GPL-2.0-only
///
/// The flags of another bio say what that one has. A new bio that takes them
/// over as they are claims to have an integrity payload if the other one has:
/// REQ_INTEGRITY is set, but there is nothing. Use bio_copy_attrs(), or clear
/// the flag.
///
//# It is no breach if the new bio gets a payload of its own. It is a false
//# positive if the other bio cannot have a payload, for instance because the
//# same function has made it. There is no mode "patch", since somebody has to
//# decide if the payload is to be copied as well.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

// Only some flags are taken over, or REQ_INTEGRITY is cleared

@but@
expression S, M;
position p;
@@

 S->bi_opf@p & ~M

@some@
expression S, M;
position p != but.p;
@@

 S->bi_opf@p & M

@cleared@
expression S;
position p;
@@

 S->bi_opf@p & <+... REQ_INTEGRITY ...+>

// The new bio gets a payload, or its flags are set again

@given exists@
expression B, C, D, G, N, P, S, T, V;
position p;
@@

(
 B = bio_alloc(D, N, <+... S->bi_opf@p ...+>, G)
|
 B = bio_alloc_bioset(D, N, <+... S->bi_opf@p ...+>, G, P)
|
 B = blk_next_bio(C, D, N, <+... S->bi_opf@p ...+>, G)
|
 bio_init(B, D, T, N, <+... S->bi_opf@p ...+>)
|
 bio_init_inline(B, D, N, <+... S->bi_opf@p ...+>)
|
 bio_reset(B, D, <+... S->bi_opf@p ...+>)
|
 bio_reuse(B, <+... S->bi_opf@p ...+>)
)
 ... when != B = V
(
 bio_copy_attrs(B, ...)
|
 bio_integrity_clone(B, ...)
|
 __bio_clone(B, ...)
|
 bio_clone_contexts(B, ...)
|
 B->bi_opf = V
|
 B->bi_opf &= <+... REQ_INTEGRITY ...+>
)

// Passed on

@direct@
expression B, C, D, G, N, P, S, T;
position p != { some.p, cleared.p, given.p };
@@

(
 bio_alloc(D, N, <+... S->bi_opf@p ...+>, G)
|
 bio_alloc_bioset(D, N, <+... S->bi_opf@p ...+>, G, P)
|
 blk_next_bio(C, D, N, <+... S->bi_opf@p ...+>, G)
|
 bio_init(B, D, T, N, <+... S->bi_opf@p ...+>)
|
 bio_init_inline(B, D, N, <+... S->bi_opf@p ...+>)
|
 bio_reset(B, D, <+... S->bi_opf@p ...+>)
|
 bio_reuse(B, <+... S->bi_opf@p ...+>)
)

// By way of a variable

@but_variable@
expression M;
identifier o;
position p;
@@

 o@p & ~M

@some_variable@
expression M;
identifier o;
position p != but_variable.p;
@@

 o@p & M

@cleared_variable@
identifier o;
position p;
@@

 o@p & <+... REQ_INTEGRITY ...+>

@variable exists@
expression B, C, D, E, G, N, P, S, T, V;
identifier o;
type U;
position q != { some.p, cleared.p };
position p != { some_variable.p, cleared_variable.p };
@@

(
 o = <+... S->bi_opf@q ...+>;
|
 U o = <+... S->bi_opf@q ...+>;
)
 ... when != o = V
     when != o &= V
     when != S = E
(
 bio_alloc(D, N, <+... o@p ...+>, G)
|
 bio_alloc_bioset(D, N, <+... o@p ...+>, G, P)
|
 blk_next_bio(C, D, N, <+... o@p ...+>, G)
|
 bio_init(B, D, T, N, <+... o@p ...+>)
|
 bio_init_inline(B, D, N, <+... o@p ...+>)
|
 bio_reset(B, D, <+... o@p ...+>)
|
 bio_reuse(B, <+... o@p ...+>)
)

@depends on context@
expression S;
position direct.p;
@@

* S->bi_opf@p

@depends on context@
identifier variable.o;
position variable.p;
@@

* o@p

@script:python depends on org@
p << direct.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: claims the integrity payload of another bio, use bio_copy_attrs()")

@script:python depends on org@
p << variable.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: claims the integrity payload of another bio, use bio_copy_attrs()")

@script:python depends on report@
p << direct.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: claims the integrity payload of another bio, use bio_copy_attrs()")

@script:python depends on report@
p << variable.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: claims the integrity payload of another bio, use bio_copy_attrs()")
