/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happens when an invariant of our own is broken. Bad input and hostile guests never
 * cause a panic.
 */
#ifndef KERNEL_HOST_PANIC_H
#define KERNEL_HOST_PANIC_H

#include <stdbool.h>
#include <stdint.h>

struct trap_frame;

/* Prints the message, the registers at the call and a backtrace; ends the run as failed. */
_Noreturn void panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

_Noreturn void assert_failed(const char *file, int line, const char *expr);
_Noreturn void assert_eq_failed(const char *file, int line, const char *expr, uint64_t a,
				uint64_t b);

#define ASSERT(e)                                                       \
	do {                                                            \
		if (__builtin_expect(!(e), 0))                          \
			assert_failed(__FILE__, __LINE__, #e);          \
	} while (0)

/* A panic calls stop once, before its message, to stop the other CPUs. */
void panic_set_stop(void (*stop)(void));

/*
 * A panic calls end last; or give_up, if the console itself is broken. Neither returns.
 * Without them a panic halts.
 */
void panic_set_end(void (*end)(void), void (*give_up)(void));

/*
 * The steps of a panic, for a caller with a frame to show (trap.c): panic_begin, the message
 * in pieces, panic_end. called: the frame's rip is a return address. panic_begin ends
 * the run if this CPU panics again, and halts a CPU if another one panicked first.
 */
void panic_begin(void);
void panic_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void panic_end(const struct trap_frame *frame, bool called);

/* The message so far; "" if there was no panic. */
const char *panic_message(void);

/* As ASSERT(a == b), and prints both operands. */
#define ASSERT_EQ(a, b)                                                                    \
	do {                                                                               \
		uint64_t a_ = (uint64_t)(a), b_ = (uint64_t)(b);                           \
		if (__builtin_expect(a_ != b_, 0))                                         \
			assert_eq_failed(__FILE__, __LINE__, #a " == " #b, a_, b_);        \
	} while (0)

/* As ASSERT, for an expression with a side effect. */
#define VERIFY(e)	ASSERT(e)
#define VERIFY_EQ(a, b) ASSERT_EQ(a, b)

#endif
