// SPDX-License-Identifier: GPL-2.0-only
/*
 * pi-io - direct I/O with T10 protection information supplied by user space
 *
 * Writes and checks a pattern that is a function of a seed and the place on
 * the device, so that data which ends up elsewhere is found, and said where it
 * comes from.  PI goes through io_uring's PI attribute, with raw system calls
 * and own definitions: the headers of a stable distribution do not have it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/dm-ioctl.h>
#include <linux/io_uring.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { EXIT_OK, EXIT_MISMATCH, EXIT_USAGE, EXIT_IO, EXIT_FEWER };

/* include/uapi/linux/io_uring.h and fs.h, since Linux 6.13 */
#define RW_ATTR_FLAG_PI		0x1
#define CHK_GUARD		0x1
#define CHK_REFTAG		0x2
#define CHK_APPTAG		0x4
#define SQE_ATTR_PTR		48
#define SQE_ATTR_TYPE_MASK	56

struct attr_pi {
	__u16	flags;
	__u16	app_tag;
	__u32	len;
	__u64	addr;
	__u64	seed;
	__u64	rsvd;
};

struct tuple {
	__u8		guard[2];
	__u8		app[2];
	__u8		ref[4];
};

#define PAGE		4096UL
#define MAX_VECS	256
#define MAX_LENGTH	(64UL << 20)
#define POISON		0xa5
#define SEED_SHIFT	44
#define GOLDEN		0x9e3779b97f4a7c15ULL

struct options {
	unsigned int	vecs;
	unsigned int	align;
	unsigned int	interval;
	unsigned int	pi_split;
	unsigned int	fail_nth;
	unsigned int	checks;
	bool		pattern_given;
	__u64		pattern;
	bool		ref_given;
	__u64		ref;
	const char	*corrupt;
	unsigned long	corrupt_at;
};

static const struct options defaults = {
	.vecs = 1,
	.align = 512,
	.interval = 512,
	.checks = CHK_GUARD | CHK_REFTAG,
};
static struct options opt;

struct io {
	const char	*dev;
	bool		write;
	bool		pi;
	bool		fewer;
	__u64	offset;
	size_t		length;
	__u64	seed;
	__u16	app;

	__u8		*data;		/* the pattern, in one piece */
	struct iovec	iov[MAX_VECS];
	unsigned int	vecs;
	struct tuple	*pi_buf;
	size_t		pi_len;
};

static void bad_usage(void)
{
	fputs("usage: pi-io [FLAGS] write|read DEV OFFSET LENGTH SEED [APPTAG]\n"
	      "       pi-io [FLAGS] fill|cmp DEV OFFSET LENGTH SEED\n"
	      "       pi-io get DEV OFFSET LENGTH (read, whatever it is)\n"
	      "       pi-io same DEV OFFSET DEV OFFSET LENGTH\n"
	      "       pi-io message DM-NAME WORD...\n"
	      "       pi-io status|suspend|resume DM-NAME\n"
	      "       pi-io [FLAGS] list FILE|-   (lines of the above)\n"
	      "       pi-io serve (lines of the above, flags and all; after\n"
	      "                    what each says its exit status as a line)\n"
	      "  --interval=512|4096  protection interval\n"
	      "  --check=guard,ref,app|none\n"
	      "                       what the device shall check (guard,ref)\n"
	      "  --ref=N              first ref tag (OFFSET / interval)\n"
	      "  --pattern=OFFSET     take the pattern for there (OFFSET)\n"
	      "  --vecs=N             data in N pieces, each on pages of its own\n"
	      "  --align=BYTES        cut them at multiples of it (512)\n"
	      "  --pi-split=BYTES     page boundary so far into the PI buffer;\n"
	      "                       what DMA cannot take is bounced\n"
	      "  --corrupt=data|guard|ref|app[:INTERVAL]\n"
	      "                       write something wrong there\n"
	      "  --fail-nth=N         let the Nth allocation for this I/O fail\n"
	      "exit: 0 fine, 1 mismatch, 2 usage, 3 I/O error,\n"
	      "      4 fine, with less than N allocations\n", stderr);
	exit(EXIT_USAGE);
}

/* What a command maps the next one uses again: touching new pages is dear. */
static struct map {
	void		*p;
	size_t		len;
	bool		used;
} maps[4 * MAX_VECS];

static void *xmap(size_t len)
{
	struct map *m, *spare = NULL;

	for (m = maps; m < maps + 4 * MAX_VECS; m++) {
		if (!m->used && m->p && m->len == len) {
			m->used = true;
			return m->p;
		}
		if (!m->p || (!m->used && !spare))
			spare = m;
		if (!m->p)
			break;
	}
	if (!spare) {
		fputs("pi-io: too many pieces\n", stderr);
		exit(EXIT_USAGE);
	}
	if (spare->p)
		munmap(spare->p, spare->len);
	spare->p = mmap(NULL, len, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (spare->p == MAP_FAILED) {
		perror("pi-io: mmap");
		exit(EXIT_IO);
	}
	spare->len = len;
	spare->used = true;
	/* One folio per page, so that pieces do not grow together again. */
	madvise(spare->p, len, MADV_NOHUGEPAGE);
	return spare->p;
}

/* The memory of a command that has ended */
static void unmap_all(void)
{
	struct map *m;

	for (m = maps; m < maps + 4 * MAX_VECS && m->p; m++)
		m->used = false;
}

static __u64 number(const char *s)
{
	char *end;
	__u64 n;

	errno = 0;
	n = strtoull(s, &end, 0);
	if (errno || end == s)
		bad_usage();
	switch (*end) {
	case 's':
		n <<= 9;
		end++;
		break;
	case 'k':
		n <<= 10;
		end++;
		break;
	case 'm':
		n <<= 20;
		end++;
		break;
	case 'g':
		n <<= 30;
		end++;
		break;
	}
	if (*end)
		bad_usage();
	return n;
}

/* The finaliser of splitmix64, and its inverse: a wrong word says its origin */
static __u64 mix(__u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static __u64 unmix(__u64 x)
{
	x ^= x >> 31 ^ x >> 62;
	x *= 0x319642b2d24d8ec3ULL;
	x ^= x >> 27 ^ x >> 54;
	x *= 0x96de1b173f119089ULL;
	return x ^ x >> 30 ^ x >> 60;
}

static void pattern(__u8 *p, __u64 seed, __u64 offset, size_t len)
{
	size_t i;

	for (i = 0; i < len; i += 8) {
		__u64 w = mix(GOLDEN + (seed << SEED_SHIFT) +
			    (offset + i) / 8);
		int b;

		for (b = 0; b < 8; b++)
			p[i + b] = w >> (8 * b);
	}
}

static __u16 crc_t10dif(const __u8 *p, size_t len)
{
	static __u16 table[256];
	__u16 crc = 0;

	if (!table[1]) {
		int i, b;

		for (i = 0; i < 256; i++) {
			__u16 c = i << 8;

			for (b = 0; b < 8; b++)
				c = c & 0x8000 ? c << 1 ^ 0x8bb7 : c << 1;
			table[i] = c;
		}
	}
	while (len--)
		crc = crc << 8 ^ table[crc >> 8 ^ *p++];
	return crc;
}

static struct tuple make_tuple(const struct io *io, size_t i)
{
	__u64 first = opt.ref_given ? opt.ref : io->offset / opt.interval;
	__u16 guard = crc_t10dif(io->data + i * opt.interval, opt.interval);
	__u32 ref = first + i;
	struct tuple t = {
		.guard = { guard >> 8, guard },
		.app = { io->app >> 8, io->app },
		.ref = { ref >> 24, ref >> 16, ref >> 8, ref },
	};

	return t;
}

/* Cut the data where alignment allows, into pieces of different lengths. */
static void make_vecs(struct io *io)
{
	size_t unit = opt.align, units = io->length / unit, done = 0;
	unsigned int i, n = opt.vecs;

	if (io->length % unit || n > units) {
		fprintf(stderr, "pi-io: cannot cut %zu bytes in %u at %zu\n",
			io->length, n, unit);
		exit(EXIT_USAGE);
	}
	for (i = 0; i < n; i++) {
		size_t left = units - done, cut = left / (n - i);
		size_t off = n > 1 ? i * unit % PAGE : 0;

		if (i % 2 && cut > 1)
			cut--;
		if (i == n - 1)
			cut = left;
		io->iov[i].iov_base = (__u8 *)xmap(off + cut * unit) + off;
		io->iov[i].iov_len = cut * unit;
		done += cut;
	}
	io->vecs = n;
}

static void vecs_copy(struct io *io, __u8 *flat, bool to_vecs)
{
	unsigned int i;

	for (i = 0; i < io->vecs; i++) {
		struct iovec *v = &io->iov[i];

		if (to_vecs)
			memcpy(v->iov_base, flat, v->iov_len);
		else
			memcpy(flat, v->iov_base, v->iov_len);
		flat += v->iov_len;
	}
}

/* Whether the one that was set before has not been reached */
static bool set_fail_nth(unsigned int n)
{
	static int fd = -1;
	char left[16] = "";

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fd < 0 || pread(fd, left, sizeof(left) - 1, 0) < 0 ||
	    dprintf(fd, "%u", n) < 0) {
		perror("pi-io: fail-nth");
		exit(EXIT_USAGE);
	}
	return atoi(left) > 0;
}

static struct ring {
	int			fd;
	__u8			*sq;
	__u8			*cq;
	struct io_uring_params	p;
	struct io_uring_sqe	*sqe;
	struct io_uring_cqe	*cqes;
} ring = { .fd = -1 };

static int ring_setup(void)
{
	struct io_uring_params *p = &ring.p;

	if (ring.fd >= 0)
		return 0;
	ring.fd = syscall(__NR_io_uring_setup, 1, p);
	if (ring.fd < 0)
		return -errno;
	ring.sq = mmap(NULL, p->sq_off.array + p->sq_entries * sizeof(__u32),
		       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		       IORING_OFF_SQ_RING);
	ring.cq = mmap(NULL, p->cq_off.cqes +
		       p->cq_entries * sizeof(*ring.cqes),
		       PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
		       IORING_OFF_CQ_RING);
	ring.sqe = mmap(NULL, p->sq_entries * sizeof(*ring.sqe),
			PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd,
			IORING_OFF_SQES);
	if (ring.sq == MAP_FAILED || ring.cq == MAP_FAILED ||
	    ring.sqe == MAP_FAILED) {
		perror("pi-io: mmap");
		exit(EXIT_IO);
	}
	ring.cqes = (struct io_uring_cqe *)(ring.cq + p->cq_off.cqes);
	return 0;
}

static int ring_io(int fd, struct io *io)
{
	struct attr_pi attr = {
		.flags = opt.checks,
		.app_tag = io->app,
		.len = io->pi_len,
		.addr = (uintptr_t)io->pi_buf,
		.seed = opt.ref_given ? opt.ref : io->offset / opt.interval,
	};
	__u64 ptr = (uintptr_t)&attr, mask = RW_ATTR_FLAG_PI;
	struct io_uring_sqe *sqe;
	__u32 *head, *tail;
	int res;

	res = ring_setup();
	if (res < 0)
		return res;
	sqe = ring.sqe;
	memset(sqe, 0, sizeof(*sqe));
	sqe->opcode = io->write ? IORING_OP_WRITEV : IORING_OP_READV;
	sqe->fd = fd;
	sqe->off = io->offset;
	sqe->addr = (uintptr_t)io->iov;
	sqe->len = io->vecs;
	memcpy((__u8 *)sqe + SQE_ATTR_PTR, &ptr, sizeof(ptr));
	memcpy((__u8 *)sqe + SQE_ATTR_TYPE_MASK, &mask, sizeof(mask));

	/* One entry, so that its index is 0 whatever the tail. */
	((__u32 *)(ring.sq + ring.p.sq_off.array))[0] = 0;
	tail = (__u32 *)(ring.sq + ring.p.sq_off.tail);
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (opt.fail_nth)
		set_fail_nth(opt.fail_nth);
	do {
		res = syscall(__NR_io_uring_enter, ring.fd, 1, 1,
			      IORING_ENTER_GETEVENTS, NULL, 0);
	} while (res < 0 && errno == EINTR);
	if (opt.fail_nth)
		io->fewer = set_fail_nth(0);
	head = (__u32 *)(ring.cq + ring.p.cq_off.head);
	if (res < 0) {
		res = -errno;
	} else if (__atomic_load_n((__u32 *)(ring.cq + ring.p.cq_off.tail),
				   __ATOMIC_ACQUIRE) == *head) {
		res = -EIO;
	} else {
		res = ring.cqes[*head &
			*(__u32 *)(ring.cq + ring.p.cq_off.ring_mask)].res;
		__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
		return res;
	}
	/* Whatever is left in it */
	close(ring.fd);
	ring.fd = -1;
	return res;
}

static int plain_io(int fd, struct io *io)
{
	ssize_t res;

	if (opt.fail_nth)
		set_fail_nth(opt.fail_nth);
	if (io->write)
		res = pwritev(fd, io->iov, io->vecs, io->offset);
	else
		res = preadv(fd, io->iov, io->vecs, io->offset);
	if (res < 0)
		res = -errno;
	if (opt.fail_nth)
		io->fewer = set_fail_nth(0);
	return res;
}

static void say_data(const struct io *io, const __u8 *got, size_t at)
{
	__u64 w = 0, from, seed, offset;
	int b;

	for (b = 0; b < 8; b++)
		w |= (__u64)got[at + b] << (8 * b);
	printf("pi-io: %s: sector %llu, byte %zu of %zu: data ", io->dev,
	       ((io->offset + at) >> 9), at, io->length);
	from = unmix(w) - GOLDEN;
	seed = from >> SEED_SHIFT;
	offset = (from & ((1ULL << SEED_SHIFT) - 1)) * 8;
	if (w == POISON * 0x0101010101010101ULL)
		printf("was not written\n");
	else if (seed == io->seed || (seed < 4096 && offset < 1ULL << 40))
		printf("is that of seed %llu, offset %llu\n", seed, offset);
	else
		printf("is %016llx\n", w);
}

static const char *tuple_str(const struct tuple *t, char *buf, size_t size)
{
	snprintf(buf, size, "%02x%02x:%02x%02x:%02x%02x%02x%02x", t->guard[0],
		 t->guard[1], t->app[0], t->app[1], t->ref[0], t->ref[1],
		 t->ref[2], t->ref[3]);
	return buf;
}

static bool say_tuple(const struct io *io, size_t i, const struct tuple *got)
{
	struct tuple want = make_tuple(io, i);
	char have[24], need[24];
	const char *what;

	if (memcmp(got->guard, want.guard, 2))
		what = "guard";
	else if (memcmp(got->app, want.app, 2))
		what = "app tag";
	else if (memcmp(got->ref, want.ref, 4))
		what = "ref tag";
	else
		return true;
	printf("pi-io: %s: sector %llu, tuple %zu of %zu: %s is wrong in %s, ",
	       io->dev, (io->offset + i * opt.interval) >> 9, i,
	       io->length / opt.interval, what,
	       tuple_str(got, have, sizeof(have)));
	printf("want %s\n", tuple_str(&want, need, sizeof(need)));
	return false;
}

static int check(struct io *io)
{
	__u8 *got = xmap(io->length);
	size_t i, bad = 0, bad_pi = 0;

	vecs_copy(io, got, false);
	for (i = 0; i < io->length; i += 8) {
		if (!memcmp(got + i, io->data + i, 8))
			continue;
		if (!bad++)
			say_data(io, got, i);
	}
	for (i = 0; io->pi && i < io->length / opt.interval; i++) {
		struct tuple t;

		memcpy(&t, (__u8 *)io->pi_buf + i * sizeof(t), sizeof(t));
		if (bad_pi) {
			struct tuple want = make_tuple(io, i);

			bad_pi += !!memcmp(&t, &want, sizeof(t));
		} else {
			bad_pi += !say_tuple(io, i, &t);
		}
	}
	if (!bad && !bad_pi)
		return EXIT_OK;
	printf("pi-io: %s: %zu of %zu words and %zu of %zu tuples differ\n",
	       io->dev, bad, io->length / 8, bad_pi,
	       io->pi ? io->length / opt.interval : 0);
	return EXIT_MISMATCH;
}

static void corrupt(struct io *io)
{
	size_t at = opt.corrupt_at;
	struct tuple *t = (struct tuple *)((__u8 *)io->pi_buf +
					   at * sizeof(struct tuple));

	if (at >= io->length / opt.interval)
		bad_usage();
	if (!strcmp(opt.corrupt, "data"))
		io->data[at * opt.interval] ^= 0x01;
	else if (!io->pi)
		bad_usage();
	else if (!strcmp(opt.corrupt, "guard"))
		t->guard[1] ^= 0x01;
	else if (!strcmp(opt.corrupt, "app"))
		t->app[1] ^= 0x01;
	else if (!strcmp(opt.corrupt, "ref"))
		t->ref[3] ^= 0x01;
	else
		bad_usage();
}

static void make_pi(struct io *io)
{
	size_t i, n = io->length / opt.interval;
	size_t off = (PAGE - opt.pi_split % PAGE) % PAGE;

	io->pi_len = n * sizeof(struct tuple);
	io->pi_buf = (void *)((__u8 *)xmap(off + io->pi_len) + off);
	memset(io->pi_buf, POISON, io->pi_len);
	for (i = 0; io->write && i < n; i++) {
		struct tuple t = make_tuple(io, i);

		memcpy((__u8 *)io->pi_buf + i * sizeof(t), &t, sizeof(t));
	}
}

/* One that failed, and is said to have */
static int io_error(const char *cmd, const char *dev, __u64 offset, int err)
{
	printf("pi-io: %s %s at %llu: %s (%s)\n", cmd, dev, offset,
	       strerror(err), strerrorname_np(err) ?: "?");
	return EXIT_IO;
}

/* read_all DEV: @len bytes in one piece */
static int read_all(const char *cmd, const char *dev, __u64 offset, void *p,
		    size_t len)
{
	int fd = open(dev, O_DIRECT | O_RDONLY), err;
	ssize_t res;

	if (fd < 0)
		return io_error(cmd, dev, offset, errno);
	res = pread(fd, p, len, offset);
	err = errno;
	close(fd);
	if (res < 0)
		return io_error(cmd, dev, offset, err);
	if ((size_t)res != len) {
		printf("pi-io: %s %s at %llu: %zd of %zu bytes\n", cmd, dev,
		       offset, res, len);
		return EXIT_IO;
	}
	return EXIT_OK;
}

static size_t length(const char *s)
{
	__u64 n = number(s);

	if (!n || n > MAX_LENGTH || n % 512)
		bad_usage();
	return n;
}

static int get(int argc, char **argv)
{
	size_t len;

	if (argc != 4)
		bad_usage();
	len = length(argv[3]);
	return read_all(argv[0], argv[1], number(argv[2]), xmap(len), len);
}

static int same(int argc, char **argv)
{
	size_t len, i;
	__u8 *a, *b;
	int ret;

	if (argc != 6)
		bad_usage();
	len = length(argv[5]);
	a = xmap(len);
	b = xmap(len);
	ret = read_all(argv[0], argv[1], number(argv[2]), a, len) ?:
	      read_all(argv[0], argv[3], number(argv[4]), b, len);
	if (ret || !memcmp(a, b, len))
		return ret;
	for (i = 0; a[i] == b[i]; i++)
		;
	printf("pi-io: %s and %s differ at byte %zu of %zu\n", argv[1],
	       argv[3], i, len);
	return EXIT_MISMATCH;
}

/* What dmsetup does, and is a process for */
static int dm(int argc, char **argv)
{
	static union {
		struct dm_ioctl io;
		char space[16384];
	} u;
	static int fd = -1;
	struct dm_ioctl *io = &u.io;
	unsigned long cmd;
	int i;

	if (argc < 2 || (argc > 2) != !strcmp(argv[0], "message"))
		bad_usage();
	memset(&u, 0, sizeof(u));
	io->version[0] = DM_VERSION_MAJOR;
	io->data_size = sizeof(u);
	io->data_start = sizeof(*io);
	snprintf(io->name, sizeof(io->name), "%s", argv[1]);
	if (!strcmp(argv[0], "message")) {
		struct dm_target_msg *msg = (void *)(io + 1);
		char *p = msg->message, *end = u.space + sizeof(u);

		cmd = DM_TARGET_MSG;
		for (i = 2; i < argc; i++)
			p += snprintf(p, end - p, "%s%s", i > 2 ? " " : "",
				      argv[i]);
	} else if (!strcmp(argv[0], "status")) {
		cmd = DM_TABLE_STATUS;
	} else {
		cmd = DM_DEV_SUSPEND;
		if (!strcmp(argv[0], "suspend"))
			io->flags = DM_SUSPEND_FLAG;
	}
	if (fd < 0)
		fd = open("/dev/mapper/control", O_RDWR | O_CLOEXEC);
	if (fd < 0 || ioctl(fd, cmd, io) < 0) {
		printf("pi-io: %s %s: %s\n", argv[0], argv[1],
		       strerror(errno));
		return EXIT_IO;
	}
	if (cmd == DM_TABLE_STATUS) {
		char *p = u.space + io->data_start;

		for (i = 0; i < (int)io->target_count; i++) {
			struct dm_target_spec *t = (void *)p;

			printf("%llu %llu %s %s\n", t->sector_start, t->length,
			       t->target_type, (char *)(t + 1));
			p = u.space + io->data_start + t->next;
		}
	}
	return EXIT_OK;
}

static int run_io(int argc, char **argv)
{
	struct io io = { 0 };
	const char *cmd = argv[0];
	unsigned int i;
	int fd, res;

	if (argc < 5)
		bad_usage();
	io.pi = !strcmp(cmd, "write") || !strcmp(cmd, "read");
	io.write = !strcmp(cmd, "write") || !strcmp(cmd, "fill");
	if (!io.pi && !io.write && strcmp(cmd, "cmp"))
		bad_usage();
	if (argc > 5 + io.pi)
		bad_usage();
	io.dev = argv[1];
	io.offset = number(argv[2]);
	io.length = number(argv[3]);
	io.seed = number(argv[4]);
	io.app = argc > 5 ? number(argv[5]) : 0;
	if (!io.length || io.length > MAX_LENGTH || io.length % 512 ||
	    io.offset % 512 || io.seed >> (64 - SEED_SHIFT) ||
	    opt.pattern % 8 || (io.pi && (io.length | io.offset) % opt.interval))
		bad_usage();

	io.data = xmap(io.length);
	pattern(io.data, io.seed, opt.pattern_given ? opt.pattern : io.offset,
		io.length);
	make_vecs(&io);
	if (io.pi)
		make_pi(&io);
	if (io.write) {
		if (opt.corrupt)
			corrupt(&io);
		vecs_copy(&io, io.data, true);
	} else {
		for (i = 0; i < io.vecs; i++)
			memset(io.iov[i].iov_base, POISON, io.iov[i].iov_len);
	}

	fd = open(io.dev, O_DIRECT | (io.write ? O_RDWR : O_RDONLY));
	if (fd < 0) {
		res = -errno;
	} else {
		res = io.pi ? ring_io(fd, &io) : plain_io(fd, &io);
		close(fd);
	}
	if (io.fewer)
		return EXIT_FEWER;
	if (res < 0)
		return io_error(cmd, io.dev, io.offset, -res);
	if ((size_t)res != io.length) {
		printf("pi-io: %s %s at %llu: %d of %zu bytes\n", cmd, io.dev,
		       io.offset, res, io.length);
		return EXIT_IO;
	}
	return io.write ? EXIT_OK : check(&io);
}

static int run(int argc, char **argv)
{
	static const char * const dms[] = {
		"message", "status", "suspend", "resume"
	};
	int ret = -1;
	unsigned int i;

	for (i = 0; ret < 0 && i < sizeof(dms) / sizeof(dms[0]); i++)
		if (!strcmp(argv[0], dms[i]))
			ret = dm(argc, argv);
	if (ret < 0) {
		if (!strcmp(argv[0], "get"))
			ret = get(argc, argv);
		else if (!strcmp(argv[0], "same"))
			ret = same(argc, argv);
		else
			ret = run_io(argc, argv);
	}
	unmap_all();
	return ret;
}

#define MAX_WORDS	24

/* The words of a line; the first is argv[1] */
static int words(char *line, char **argv)
{
	char *save, *s = strtok_r(line, " \t\n", &save);
	int n = 1;

	argv[0] = "pi-io";
	for (; s && n < MAX_WORDS; s = strtok_r(NULL, " \t\n", &save))
		argv[n++] = s;
	argv[n] = NULL;
	return n;
}

static int run_list(const char *name)
{
	FILE *f = strcmp(name, "-") ? fopen(name, "r") : stdin;
	unsigned int nr = 0;
	char line[512];

	if (!f) {
		perror(name);
		return EXIT_USAGE;
	}
	while (fgets(line, sizeof(line), f)) {
		char *arg[MAX_WORDS + 1];
		int n = words(line, arg), ret;

		nr++;
		if (n < 2 || arg[1][0] == '#')
			continue;
		ret = run(n - 1, arg + 1);
		if (ret) {
			printf("pi-io: line %u\n", nr);
			return ret;
		}
	}
	return EXIT_OK;
}

static unsigned int parse_checks(char *s)
{
	unsigned int checks = 0;

	if (!strcmp(s, "none"))
		return 0;
	for (s = strtok(s, ","); s; s = strtok(NULL, ",")) {
		if (!strcmp(s, "guard"))
			checks |= CHK_GUARD;
		else if (!strcmp(s, "ref"))
			checks |= CHK_REFTAG;
		else if (!strcmp(s, "app"))
			checks |= CHK_APPTAG;
		else
			bad_usage();
	}
	return checks;
}

static int command(int argc, char **argv);

static int serve(void)
{
	char line[512];

	while (fgets(line, sizeof(line), stdin)) {
		char *arg[MAX_WORDS + 1];

		printf("%d\n", command(words(line, arg), arg));
		fflush(stdout);
	}
	return EXIT_OK;
}

/* Flags, and what to do */
static int command(int argc, char **argv)
{
	static const struct option options[] = {
		{ "vecs", required_argument, NULL, 'v' },
		{ "align", required_argument, NULL, 'a' },
		{ "interval", required_argument, NULL, 'i' },
		{ "pi-split", required_argument, NULL, 'p' },
		{ "check", required_argument, NULL, 'c' },
		{ "pattern", required_argument, NULL, 'P' },
		{ "ref", required_argument, NULL, 'r' },
		{ "corrupt", required_argument, NULL, 'x' },
		{ "fail-nth", required_argument, NULL, 'n' },
		{ 0 }
	};
	char *colon;
	int c;

	opt = defaults;
	optind = 1;
	while ((c = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		switch (c) {
		case 'v':
			opt.vecs = number(optarg);
			break;
		case 'a':
			opt.align = number(optarg);
			break;
		case 'i':
			opt.interval = number(optarg);
			break;
		case 'p':
			opt.pi_split = number(optarg);
			break;
		case 'c':
			opt.checks = parse_checks(optarg);
			break;
		case 'P':
			opt.pattern = number(optarg);
			opt.pattern_given = true;
			break;
		case 'r':
			opt.ref = number(optarg);
			opt.ref_given = true;
			break;
		case 'x':
			colon = strchr(optarg, ':');
			if (colon) {
				*colon = '\0';
				opt.corrupt_at = number(colon + 1);
			}
			opt.corrupt = optarg;
			break;
		case 'n':
			opt.fail_nth = number(optarg);
			break;
		default:
			bad_usage();
		}
	}
	argc -= optind;
	argv += optind;
	if (!opt.vecs || opt.vecs > MAX_VECS || !opt.align ||
	    opt.align > PAGE || opt.align % 4 || opt.interval % 512 ||
	    !opt.interval)
		bad_usage();
	if (argc < 1)
		bad_usage();
	if (argc == 2 && !strcmp(argv[0], "list"))
		return run_list(argv[1]);
	if (argc == 1 && !strcmp(argv[0], "serve"))
		return serve();
	return run(argc, argv);
}

int main(int argc, char **argv)
{
	return command(argc, argv);
}
