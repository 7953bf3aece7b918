/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of the road for our own broken invariants. Bad input and hostile
 * guests never come here.
 */
#ifndef KERNEL_HOST_PANIC_H
#define KERNEL_HOST_PANIC_H

#include <stdbool.h>
#include <stdint.h>

struct trap_frame;

/* Prints, with registers as they were at the call and a backtrace; ends the run as failed. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

_Noreturn void assert_failed(const char *file, int line, const char *expr);
_Noreturn void assert_eq_failed(const char *file, int line, const char *expr, uint64_t a,
				uint64_t b);

#define ASSERT(e)                                                       \
	do {                                                            \
		if (__builtin_expect(!(e), 0))                          \
			assert_failed(__FILE__, __LINE__, #e);          \
	} while (0)

/* stop is called first of all: it makes the other CPUs stop. */
void panic_set_stop(void (*stop)(void));

/*
 * end is called last, and does not return; nor does give_up, which is called instead when
 * the console itself is broken. Without them a panic halts.
 */
void panic_set_end(void (*end)(void), void (*give_up)(void));

/*
 * The parts of a panic, for a caller that has a frame to show (trap.c): the message goes
 * between them, in pieces. called: the frame's rip is a return address. A second panic
 * begins by ending the run.
 */
void panic_begin(void);
void panic_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panic_end(const struct trap_frame *frame, bool called);

/* What was said so far; "" if there was no panic. */
const char *panic_message(void);

/* Prints both operands. */
#define ASSERT_EQ(a, b)                                                                    \
	do {                                                                               \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);                           \
		if (__builtin_expect(a_ != b_, 0))                                         \
			assert_eq_failed(__FILE__, __LINE__, #a " == " #b, a_, b_);        \
	} while (0)

/* What must be done, and must succeed: for an expression that has an effect. */
#define VERIFY(e)	ASSERT(e)
#define VERIFY_EQ(a, b) ASSERT_EQ(a, b)

#endif
