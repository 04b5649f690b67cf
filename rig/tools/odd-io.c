// SPDX-License-Identifier: GPL-2.0-only
/*
 * Direct I/O of any shape, several at a time:
 *   odd-io [OPTION...] read|write|look DEVICE OFFSET LENGTH
 *   odd-io serve
 *     --fill=C     the byte that is written, or that must be read; X
 *     --vecs=N     in N pieces, each in a page of its own
 *     --shift=N    that starts N bytes into the page
 *     --fixed      from a buffer that is registered with io_uring; of --vecs
 *                  pieces, only the last one is shifted
 *     --jobs=N     by N processes, each behind the one before
 *     --rounds=N   N times
 *     --nowait     with RWF_NOWAIT
 * What came of them is printed as one line, "ok=3 EIO=1"; data that is wrong
 * counts as BAD. "look" prints the byte that is everywhere there, or "?".
 * Status 0: all ok, 1: not so, 2: it could not be tried.
 * "serve" takes the arguments of one after the other from its input, a line for
 * each, and prints a line for each.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Newer than some linux/io_uring.h */
#define READV_FIXED	60
#define WRITEV_FIXED	61

enum { MAX_ERRNO = 200, BAD = MAX_ERRNO, SHORT, NR, SEEN = NR };

static int fill = 'X', vecs = 1, shift, fixed, jobs = 1, rounds = 1, nowait;
static int is_write, look;
static long long offset;
static size_t length;
static int *count;

static void die(const char *what)
{
	fprintf(stderr, "odd-io: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* One I/O over io_uring, whose memory is registered: bytes, or -errno */
static int ring_io(int fd, void *buf, size_t size, struct iovec *iov,
		   long long at)
{
	struct io_uring_params p = { 0 };
	struct iovec whole = { .iov_base = buf, .iov_len = size };
	struct io_uring_sqe *sqes;
	struct io_uring_cqe *cqe;
	char *sq, *cq;
	unsigned int *tail, *array;
	int ring, res;

	ring = syscall(SYS_io_uring_setup, 4, &p);
	if (ring < 0)
		die("io_uring_setup");
	if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS,
		    &whole, 1))
		die("IORING_REGISTER_BUFFERS");
	sq = mmap(NULL, p.sq_off.array + p.sq_entries * sizeof(*array),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_SQ_RING);
	cq = mmap(NULL, p.cq_off.cqes + p.cq_entries * sizeof(*cqe),
		  PROT_READ | PROT_WRITE, MAP_SHARED, ring, IORING_OFF_CQ_RING);
	sqes = mmap(NULL, p.sq_entries * sizeof(*sqes), PROT_READ | PROT_WRITE,
		    MAP_SHARED, ring, IORING_OFF_SQES);
	if (sq == MAP_FAILED || cq == MAP_FAILED || sqes == MAP_FAILED)
		die("mmap of the ring");

	memset(sqes, 0, sizeof(*sqes));
	sqes->fd = fd;
	sqes->off = at;
	if (vecs == 1) {
		sqes->opcode = is_write ? IORING_OP_WRITE_FIXED :
			IORING_OP_READ_FIXED;
		sqes->addr = (unsigned long)iov->iov_base;
		sqes->len = iov->iov_len;
	} else {
		sqes->opcode = is_write ? WRITEV_FIXED : READV_FIXED;
		sqes->addr = (unsigned long)iov;
		sqes->len = vecs;
	}
	tail = (unsigned int *)(sq + p.sq_off.tail);
	array = (unsigned int *)(sq + p.sq_off.array);
	array[0] = 0;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS,
		    NULL, 0) != 1)
		die("io_uring_enter");
	cqe = (struct io_uring_cqe *)(cq + p.cq_off.cqes);
	res = cqe->res;
	munmap(sqes, p.sq_entries * sizeof(*sqes));
	munmap(cq, p.cq_off.cqes + p.cq_entries * sizeof(*cqe));
	munmap(sq, p.sq_off.array + p.sq_entries * sizeof(*array));
	close(ring);
	return res;
}

static void job(int fd, int nr)
{
	size_t piece = length / vecs, room = piece + 2 * 4096;
	struct iovec iov[1024];
	long long at = offset + (long long)nr * length;
	char *buf;
	ssize_t res;
	int i;

	room &= ~(size_t)4095;
	/* Shared memory: what is registered has to stay the same pages. */
	buf = mmap(NULL, room * vecs, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (buf == MAP_FAILED)
		die("mmap");
	for (i = 0; i < vecs; i++) {
		iov[i].iov_base = buf + i * room;
		iov[i].iov_len = piece;
		if (!fixed || i == vecs - 1)
			iov[i].iov_base = buf + i * room + shift;
	}
	/* What lies around it must not be taken for it. */
	memset(buf, '?', room * vecs);
	for (i = 0; i < vecs; i++)
		memset(iov[i].iov_base, is_write ? fill : '!', piece);

	if (fixed) {
		res = ring_io(fd, buf, room * vecs, iov, at);
		if (res < 0) {
			errno = -res;
			res = -1;
		}
	} else if (is_write) {
		res = pwritev2(fd, iov, vecs, at, nowait ? RWF_NOWAIT : 0);
	} else {
		res = preadv2(fd, iov, vecs, at, nowait ? RWF_NOWAIT : 0);
	}

	if (res < 0) {
		i = errno < MAX_ERRNO ? errno : BAD;
	} else if ((size_t)res != length) {
		i = SHORT;
	} else {
		size_t n;
		int v;

		i = 0;
		if (look)
			fill = ((char *)iov[0].iov_base)[0];
		for (v = 0; v < vecs && !is_write; v++)
			for (n = 0; n < piece; n++)
				if (((char *)iov[v].iov_base)[n] != fill)
					i = BAD;
	}
	if (look)
		count[SEEN] = i || fill < ' ' || fill > '~' ? '?' : fill;
	__atomic_fetch_add(&count[i], 1, __ATOMIC_RELAXED);
	munmap(buf, room * vecs);
}

/* The result as one line on stdout */
static int run(int argc, char **argv)
{
	static const struct option options[] = {
		{ "fill", 1, NULL, 'f' }, { "vecs", 1, NULL, 'v' },
		{ "shift", 1, NULL, 's' }, { "fixed", 0, NULL, 'x' },
		{ "jobs", 1, NULL, 'j' }, { "rounds", 1, NULL, 'r' },
		{ "nowait", 0, NULL, 'n' }, { }
	};
	int o, i, r, fd, bad = 0, first = 1;

	fill = 'X';
	vecs = jobs = rounds = 1;
	shift = fixed = nowait = 0;
	optind = 0;
	while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (o) {
		case 'f': fill = optarg[0]; break;
		case 'v': vecs = atoi(optarg); break;
		case 's': shift = atoi(optarg); break;
		case 'x': fixed = 1; break;
		case 'j': jobs = atoi(optarg); break;
		case 'r': rounds = atoi(optarg); break;
		case 'n': nowait = 1; break;
		default: return 2;
		}
	}
	if (argc - optind != 4 || vecs < 1 || vecs > 1024 || shift > 4096)
		return 2;
	is_write = !strcmp(argv[optind], "write");
	look = !strcmp(argv[optind], "look");
	offset = atoll(argv[optind + 2]);
	length = atoll(argv[optind + 3]);
	memset(count, 0, (NR + 1) * sizeof(*count));

	for (i = 0; i < jobs; i++) {
		if (fork())
			continue;
		fd = open(argv[optind + 1], O_RDWR | O_DIRECT);
		if (fd < 0)
			die(argv[optind + 1]);
		for (r = 0; r < rounds; r++)
			job(fd, i);
		_exit(0);
	}
	for (i = 0; i < jobs; i++) {
		wait(&o);
		if (o)
			bad = 2;
	}
	if (bad)
		return bad;
	if (look && count[SEEN]) {
		printf("%c\n", count[SEEN]);
		return 0;
	}
	for (i = 0; i < NR; i++) {
		if (!count[i])
			continue;
		printf("%s%s=%d", first ? "" : " ",
		       !i ? "ok" : i == BAD ? "BAD" : i == SHORT ? "SHORT" :
		       strerrorname_np(i), count[i]);
		first = 0;
		if (i)
			bad = 1;
	}
	printf("\n");
	return bad;
}

static int serve(void)
{
	char line[1024], *word[32];
	int n;

	while (fgets(line, sizeof(line), stdin)) {
		word[0] = "odd-io";
		n = 1;
		word[n] = strtok(line, " \n");
		while (word[n] && n < 31)
			word[++n] = strtok(NULL, " \n");
		if (run(n, word) == 2)
			printf("untried\n");
		fflush(stdout);
	}
	return 0;
}

int main(int argc, char **argv)
{
	count = mmap(NULL, (NR + 1) * sizeof(*count), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (count == MAP_FAILED)
		die("mmap");
	if (argc == 2 && !strcmp(argv[1], "serve"))
		return serve();
	return run(argc, argv);
}
