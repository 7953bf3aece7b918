/* SPDX-License-Identifier: BSD-2-Clause */
/* State shared by the threads; see test_gpt_threads.c. */
#ifndef TEST_UNIT_THREADS_THREADS_H
#define TEST_UNIT_THREADS_THREADS_H

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "gpt/format.h"
#include "test/unit/fake_tables.h"

#define PAGES	   256u
#define SAME	   0u
#define ONCE	   64u
#define REGION	   112u
#define KEPT	   128u
#define LARGE	   192u
#define WORKERS	   3u
#define TOKENS	   (1u << 20) /* pfns of each worker, each used once */
#define KEPT_PFN   (UINT64_C(1) << 30)
#define REGION_PFN (UINT64_C(1) << 31)
#define SAME_PFN   (UINT64_C(1) << 32)
#define POISON	   UINT64_C(0xdbdbdbdbdbdbdbdb)
#define ROUNDS	   6u
#define ROUND_MS   150

/* Counters in a token: it is mapped once, and unmapped at most once. */
#define MAPPED	 1u
#define UNMAPPED 16u

extern struct fixture f;
extern bool stop;
extern uint8_t tokens[WORKERS * TOKENS];
extern int64_t balance[PAGES];	      /* SAME: maps minus unmaps */
extern int64_t region_leaves;	      /* ONCE: leaves of map_region minus those unmapped */
extern int64_t bit_balance[2][PAGES]; /* SAME, ONCE: A and D set minus reported */
extern bool wrote[PAGES];	      /* KEPT: written by hardware */
extern uint64_t op_counts[WORKERS + 2], table_cycles;

struct thread {
	pthread_t id;
	unsigned number;
	uint64_t seed;
	uint64_t next_token;
	struct vmm_gpt_reader section;
};

/* cmocka's assertions would longjmp out of another thread. */
#define EXPECT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

#define ADD(counter, n) __atomic_fetch_add(&(counter), (n), __ATOMIC_RELAXED)

unsigned roll(struct thread *t, unsigned n);
/* A worker thread; runs until stop is set. arg: its struct thread. */
void *work(void *arg);

#endif
