// SPDX-License-Identifier: GPL-2.0-only
///
/// Whoever completes a part of what somebody else's bio stands for must not
/// store a status in it that can be BLK_STS_OK: others may report to it, too,
/// for instance bios that are chained to it, and an error of theirs is lost.
/// Use bio_set_error().
///
//# Somebody else's bio is one that is found in a member of an object, in
//# bi_private above all, or a parameter that is ended or submitted. It is a
//# false positive if that is a bio of one's own after all, if nobody else can
//# report to it, if the status cannot be BLK_STS_OK, or if an error is cleared
//# on purpose. There is no mode "patch", since somebody has to look.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

// Stored only if it is an error, or if there is none yet

@checked exists@
expression P, E;
position p;
@@

(
 if (<+... E ...+>)
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
|
 if (<+... E ...+>)
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
 else { ... }
|
 if (<+... E ...+>) {
	... when any
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
	... when any
 }
|
 if (<+... E ...+>) {
	... when any
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
	... when any
 }
 else { ... }
)

@unset exists@
expression P, E;
position p;
@@

(
 if (<+... P->bi_status ...+>)
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
|
 if (<+... P->bi_status ...+>)
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
 else { ... }
|
 if (<+... P->bi_status ...+>) {
	... when any
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
	... when any
 }
|
 if (<+... P->bi_status ...+>) {
	... when any
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)
	... when any
 }
 else { ... }
)

@returned exists@
expression P, E;
position p;
@@

 if (\(!E\|E == BLK_STS_OK\)) {
	...
	\(return;\|return ...;\)
 }
 ... when any
(
	P->bi_status@p = E;
|
	P->bi_status@p = errno_to_blk_status(E);
|
	bio_endio_status@p(P, E);
|
	bio_endio_status@p(P, errno_to_blk_status(E));
)

// Never BLK_STS_OK

// spatch may have been built without PCRE, so there is no lookahead for "OK"
@never_ok@
expression P, E;
identifier c =~ "^BLK_STS_[^O]";
position p;
@@

(
 P->bi_status@p = c
|
 P->bi_status@p = BLK_STS_OFFLINE
|
 P->bi_status@p = errno_to_blk_status(PTR_ERR(E))
|
 bio_endio_status@p(P, c)
|
 bio_endio_status@p(P, BLK_STS_OFFLINE)
|
 bio_endio_status@p(P, errno_to_blk_status(PTR_ERR(E)))
)

// To a member of an object

@member@
expression X, V;
identifier f;
position p != { checked.p, unset.p, returned.p, never_ok.p };
@@

(
 X->f->bi_status@p = V
|
 bio_endio_status@p(X->f, V)
)

@loaded exists@
expression X, V;
identifier f, P;
type T;
position p != { checked.p, unset.p, returned.p, never_ok.p };
@@

(
 T P = X->f;
|
 P = X->f
)
 ... when != P = V
(
 P->bi_status@p = V
|
 bio_endio_status@p(P, V)
)

// To a parameter that is passed on

@passed exists@
expression V;
identifier P;
position p != { checked.p, unset.p, returned.p, never_ok.p };
@@

(
 P->bi_status@p = V;
 ... when any
 \(bio_endio\|submit_bio\|submit_bio_noacct\)(P);
|
 bio_endio_status@p(P, V);
)

@param exists@
expression V;
identifier fn != bio_endio_status;
identifier P;
position passed.p, q;
@@

 fn(..., struct bio *P, ...)
 {
	<+...
(
	P->bi_status@p@q = V
|
	bio_endio_status@p@q(P, V)
)
	...+>
 }

@same@
identifier fn, P, Q;
@@

 fn(..., struct bio *P, ...)
 {
	<+...
	Q = P
	...+>
 }

@alias exists@
expression V;
identifier same.fn, same.Q;
position passed.p, q;
@@

 fn(...)
 {
	<+...
(
	Q->bi_status@p@q = V
|
	bio_endio_status@p@q(Q, V)
)
	...+>
 }

@depends on context@
expression P, V;
position member.p;
@@

(
* P->bi_status@p = V
|
* bio_endio_status@p(P, V)
)

@depends on context@
expression P, V;
position loaded.p;
@@

(
* P->bi_status@p = V
|
* bio_endio_status@p(P, V)
)

@depends on context@
expression P, V;
position param.q;
@@

(
* P->bi_status@q = V
|
* bio_endio_status@q(P, V)
)

@depends on context@
expression P, V;
position alias.q;
@@

(
* P->bi_status@q = V
|
* bio_endio_status@q(P, V)
)

@script:python depends on org@
p << member.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on org@
p << loaded.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on org@
p << param.q;
@@

coccilib.org.print_todo(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on org@
p << alias.q;
@@

coccilib.org.print_todo(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on report@
p << member.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on report@
p << loaded.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on report@
p << param.q;
@@

coccilib.report.print_report(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")

@script:python depends on report@
p << alias.q;
@@

coccilib.report.print_report(p[0],
	"WARNING: can clear an error in somebody else's bio, use bio_set_error()")
