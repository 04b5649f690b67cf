// SPDX-License-Identifier: GPL-2.0-only
///
/// Who initialises a bio on the stack, in an object or from bio_kmalloc() has
/// to call bio_uninit() when it goes, and before it is initialised again. If
/// not, the reference to the blkg is leaked, and what a clone has besides: its
/// integrity payload and its encryption context. bio_reset() does so itself.
///
//# bio_endio() drops the reference to the blkg, because many do not call
//# bio_uninit(). So nothing is leaked if the bio is submitted on each path, and
//# has neither a payload nor an encryption context. It is a false positive if
//# another file calls bio_uninit(), or if the bio has no block device before
//# it is submitted. There is no mode "patch", since only somebody who looks
//# knows when a bio is not used any more.
//
// Confidence: Moderate
// Options: --no-includes --include-headers

virtual context
virtual org
virtual report

// On the stack, and not handed to something that lives longer

@onstack@
local idexpression struct bio b;
expression D, G, S;
position p;
@@

(
 bio_init@p(&b, ...)
|
 bio_init_inline@p(&b, ...)
|
 bio_init_clone@p(D, &b, S, G)
)

@stack exists@
identifier fn;
local idexpression struct bio b;
expression E;
position p;
@@

 fn(...)
 {
	... when any
(
	bio_init@p(&b, ...)
|
	bio_init_inline@p(&b, ...)
)
	... when != bio_uninit(&b)
	    when != E = &b
 }

// There is nothing to release on the path for which bio_init_clone() fails

@released exists@
local idexpression struct bio b;
expression D, E, G, S;
position p;
@@

 bio_init_clone@p(D, &b, S, G)
 ... when any
(
 bio_uninit(&b)
|
 E = &b
)

@stack_clone@
local idexpression struct bio b;
expression D, G, S;
position p != released.p;
@@

 bio_init_clone@p(D, &b, S, G)

// Again

@twice exists@
expression B, D, G, S, V;
position p;
@@

(
 bio_init(B, ...)
|
 bio_init_inline(B, ...)
|
 bio_reset(B, ...)
)
 ... when != B = V
     when != bio_uninit(B)
 bio_init_clone@p(D, B, S, G)

@again exists@
expression B, D, G, S, V;
position p;
@@

(
 bio_init_clone(D, B, S, G)
|
 bio_reset(B, ...)
)
 ... when != B = V
     when != bio_uninit(B)
(
 bio_init@p(B, ...)
|
 bio_init_inline@p(B, ...)
)

// In an object, in a file that does not do it for any object

@done@
expression E, X;
identifier b, f;
@@

(
 bio_uninit(b)
|
 bio_uninit(X->f)
|
 bio_uninit(X[E])
|
 bio_uninit(&X->f)
|
 bio_uninit(&X.f)
)

@own@
identifier fn = { bio_alloc_bioset, bio_init_clone, bio_init_inline };
position p;
@@

 fn(...)
 {
	<+...
	bio_init@p(...)
	...+>
 }

@kept depends on !done@
expression B, D, G, S;
position p != { own.p, onstack.p, twice.p, again.p };
@@

(
 bio_init@p(B, ...)
|
 bio_init_inline@p(B, ...)
|
 bio_init_clone@p(D, B, S, G)
)

// From bio_kmalloc(); kfree(NULL) is as good as none

@gone exists@
expression B, V;
position p;
@@

 bio_uninit(B)
 ... when != B = V
 kfree@p(B)

@raw exists@
expression B, D, G, S;
position p;
@@

 B = bio_kmalloc(...)
 ... when != \(bio_init\|bio_init_inline\)(B, ...)
     when != bio_init_clone(D, B, S, G)
 kfree@p(B)

@raw_declared exists@
identifier b;
expression D, G, S;
position p;
@@

 struct bio *b = bio_kmalloc(...);
 ... when != \(bio_init\|bio_init_inline\)(b, ...)
     when != bio_init_clone(D, b, S, G)
 kfree@p(b)

@freed exists@
expression B, D, G, S, V;
position p;
@@

(
 bio_init(B, ...)
|
 bio_init_inline(B, ...)
|
 bio_init_clone(D, B, S, G)
)
 ... when != B = V
     when != bio_uninit(B)
 kfree@p(B)

@passed exists@
identifier fn, b;
expression V;
position p != gone.p;
@@

 fn(..., struct bio *b, ...)
 {
	... when != b = V
	    when != bio_uninit(b)
	kfree@p(b);
	... when any
 }

@loaded exists@
identifier b;
expression V;
position p != { freed.p, gone.p, raw.p, raw_declared.p };
@@

 struct bio *b = V;
 ... when != b = V
     when != bio_uninit(b)
 kfree@p(b);

@depends on context@
identifier f;
position stack.p;
@@

* f@p(...)

@depends on context@
identifier f;
position stack_clone.p;
@@

* f@p(...)

@depends on context@
identifier f;
position twice.p;
@@

* f@p(...)

@depends on context@
identifier f;
position again.p;
@@

* f@p(...)

@depends on context@
identifier f;
position kept.p;
@@

* f@p(...)

@depends on context@
identifier f;
position freed.p;
@@

* f@p(...)

@depends on context@
identifier f;
position passed.p;
@@

* f@p(...)

@depends on context@
identifier f;
position loaded.p;
@@

* f@p(...)

@script:python depends on org@
p << stack.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio on the stack goes without bio_uninit()")

@script:python depends on org@
p << stack_clone.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio on the stack goes without bio_uninit()")

@script:python depends on org@
p << twice.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio is initialised again without bio_uninit()")

@script:python depends on org@
p << again.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio is initialised again without bio_uninit()")

@script:python depends on org@
p << kept.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: nothing here calls bio_uninit() for such a bio")

@script:python depends on org@
p << freed.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio is freed without bio_uninit()")

@script:python depends on org@
p << passed.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio is freed without bio_uninit()")

@script:python depends on org@
p << loaded.p;
@@

coccilib.org.print_todo(p[0],
	"WARNING: a bio is freed without bio_uninit()")

@script:python depends on report@
p << stack.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio on the stack goes without bio_uninit()")

@script:python depends on report@
p << stack_clone.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio on the stack goes without bio_uninit()")

@script:python depends on report@
p << twice.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio is initialised again without bio_uninit()")

@script:python depends on report@
p << again.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio is initialised again without bio_uninit()")

@script:python depends on report@
p << kept.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: nothing here calls bio_uninit() for such a bio")

@script:python depends on report@
p << freed.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio is freed without bio_uninit()")

@script:python depends on report@
p << passed.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio is freed without bio_uninit()")

@script:python depends on report@
p << loaded.p;
@@

coccilib.report.print_report(p[0],
	"WARNING: a bio is freed without bio_uninit()")
