/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/host/panic.h"

#include "kernel/host/backtrace.h"
#include "kernel/host/clock.h"
#include "kernel/host/registers.h"
#include "kernel/lib/format.h"
#include "kernel/lib/log.h"
#include "kernel/lib/string.h"
#include "kernel/lib/x86.h"

#include <stdarg.h>
#include <stddef.h>

enum { TEXT_MAX = 256, SECOND_US = 1000000 };

/* boot/panic.asm saves the registers in panic_frame and jumps to the *_caught functions. */
extern struct trap_frame panic_frame;
struct trap_frame panic_frame;
_Noreturn void panic_caught(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void assert_failed_caught(const char *file, int line, const char *expr);
_Noreturn void assert_eq_failed_caught(const char *file, int line, const char *expr, uint64_t a,
				       uint64_t b);

_Static_assert(offsetof(struct trap_frame, rip) == 144 &&
		       offsetof(struct trap_frame, rflags) == 160 &&
		       offsetof(struct trap_frame, rsp) == 168,
	       "boot/panic.asm");

static char message[TEXT_MAX]; /* of the first panic */

static void (*stop_others)(void);
static void (*end_run)(void), (*give_up)(void);

void panic_set_stop(void (*stop)(void))
{
	stop_others = stop;
}

void panic_set_end(void (*end)(void), void (*give_up_)(void))
{
	end_run = end;
	give_up = give_up_;
}

const char *panic_message(void)
{
	return message;
}

void panic_say(const char *fmt, ...)
{
	size_t n = strlen(message);
	va_list ap;

	if (!n)
		log_text("# PANIC: ");
	va_start(ap, fmt);
	vformat(message + n, sizeof(message) - n, fmt, ap);
	va_end(ap);
	log_text("%s", message + n);
}

static _Noreturn void finish(void (*how)(void))
{
	if (how)
		how();
	for (;;)
		__asm__ volatile("cli; hlt");
}

/* Elects the first of several CPUs that panic; it stops the others. */
static bool is_ours(void)
{
	static uint64_t owner; /* identified by GS base, as long as that is intact */
	uint64_t me = rdmsr(MSR_GS_BASE) | 1, nobody = 0;

	return __atomic_compare_exchange_n(&owner, &nobody, me, false, __ATOMIC_ACQ_REL,
					   __ATOMIC_ACQUIRE) ||
	       nobody == me;
}

void panic_begin(void)
{
	static unsigned begun;

	interrupts_off();
	while (!is_ours())
		__asm__ volatile("cli; hlt");
	begun++;
	if (begun > 2) /* the console itself is broken */
		finish(give_up);
	log_take_over(clock_ticks(SECOND_US));
	if (begun == 1 && stop_others)
		stop_others();
	if (begun == 2) {
		note("PANIC: while panicking");
		finish(end_run);
	}
}

_Noreturn void panic_end(const struct trap_frame *f, bool called)
{
	uint64_t r[16];

	log_newline();
	for (unsigned n = 0; n < 16; n++)
		r[n] = f->r[15 - n];
	r[REG_RSP] = f->rsp;
	registers_note(r, f->rip, f->rflags);
	note("cr0 0x%lx cr2 0x%lx cr3 0x%lx cr4 0x%lx", (unsigned long)read_cr0(),
	     (unsigned long)read_cr2(), (unsigned long)read_cr3(), (unsigned long)read_cr4());
	backtrace(f, called);
	finish(end_run);
}

_Noreturn void panic_caught(const char *fmt, ...)
{
	char words[TEXT_MAX];
	va_list ap;

	panic_begin();
	va_start(ap, fmt);
	vformat(words, sizeof(words), fmt, ap);
	va_end(ap);
	panic_say("%s", words);
	panic_end(&panic_frame, true);
}

_Noreturn void assert_failed_caught(const char *file, int line, const char *expr)
{
	panic_begin();
	panic_say("%s:%d: assertion failed: %s", file, line, expr);
	panic_end(&panic_frame, true);
}

_Noreturn void assert_eq_failed_caught(const char *file, int line, const char *expr, uint64_t a,
				       uint64_t b)
{
	panic_begin();
	panic_say("%s:%d: assertion failed: %s (0x%lx, 0x%lx)", file, line, expr,
		     (unsigned long)a, (unsigned long)b);
	panic_end(&panic_frame, true);
}
