// SPDX-License-Identifier: GPL-2.0-only
///
/// A bio ends with bio_endio(). Who calls ->bi_end_io(), or the function that
/// is there, leaves out the rest: the bios that are chained to it, automatic
/// protection information, zone write plugging, rq_qos and the reference to
/// the blkg. Use bio_endio().
///
//# What a layer has saved in a record of its own before it stored another
//# function is not looked at: that is to be put back, and then bio_endio()
//# called. A function that is itself a ->bi_end_io() may pass its bio on to
//# another one by name, since that bio has been through bio_endio(). It is a
//# false positive if the bio has ended already, for instance because the caller
//# has used submit_bio_wait(). There is no mode "patch", since a function that
//# is called by name need not be the one that is in the bio.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

@initialize:python@
@@

enders = set()

// The member is called

@member@
expression E;
position p;
@@

(
 E->bi_end_io@p(...)
|
 E.bi_end_io@p(...)
)

// It is loaded into a variable, and that is called

@loaded exists@
expression E;
identifier f;
type T;
position p;
@@

(
 f = E->bi_end_io;
|
 f = E.bi_end_io;
|
 T f = E->bi_end_io;
|
 T f = E.bi_end_io;
)
 ... when != f = ...
(
 f@p(...)
|
 (*f@p)(...)
)

// A function that ends bios is called by name, and not by one of them

@stored@
identifier fn;
expression E, C, X;
position p;
@@

(
 E->bi_end_io@p = fn
|
 E.bi_end_io@p = fn
|
 E->bi_end_io@p = C ? fn : X
|
 E->bi_end_io@p = C ? X : fn
)

@script:python@
fn << stored.fn;
p << stored.p;
@@

enders.add((p[0].file, fn))

@named@
identifier stored.fn;
expression B;
position p;
@@

 fn@p(B)

@script:python@
p << named.p;
@@

if (p[0].file, p[0].current_element) in enders:
	cocci.include_match(False)

@depends on context@
expression E;
position member.p;
@@

(
* E->bi_end_io@p(...)
|
* E.bi_end_io@p(...)
)

@depends on context@
identifier loaded.f;
position loaded.p;
@@

* f@p

@depends on context@
identifier stored.fn;
expression B;
position named.p;
@@

* fn@p(B)

@script:python depends on org@
p << member.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: ->bi_end_io() is called, use bio_endio()")

@script:python depends on org@
p << loaded.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: ->bi_end_io() is called, use bio_endio()")

@script:python depends on org@
p << named.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: an end_io function is called by name, use bio_endio()")

@script:python depends on report@
p << member.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: ->bi_end_io() is called, use bio_endio()")

@script:python depends on report@
p << loaded.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: ->bi_end_io() is called, use bio_endio()")

@script:python depends on report@
p << named.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: an end_io function is called by name, use bio_endio()")
