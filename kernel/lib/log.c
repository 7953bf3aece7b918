/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/lib/log.h"

#include "kernel/lib/console.h"
#include "kernel/lib/format.h"
#include "kernel/lib/spinlock.h"
#include "kernel/lib/x86.h"

#include <stddef.h>

static struct {
	struct spinlock lock;
	uint64_t holder;
	uint64_t heir; /* the panicking CPU, which owns the lock for good */
} line;

static void (*alive)(void);

/* The GS base tells CPUs apart, even in a panic. Before any is set, only one CPU runs. */
uint64_t log_me(void)
{
	return rdmsr(MSR_GS_BASE) | 1;
}

void log_begin(void)
{
	if (line.heir == log_me())
		return;
	spin_lock(&line.lock);
	line.holder = log_me();
}

void log_end(void)
{
	if (line.heir == log_me())
		return;
	line.holder = 0;
	spin_unlock(&line.lock);
}

/*
 * Let the holder finish its line: a CPU can be stopped anywhere, even between adding a byte
 * to the CRC and sending it. Time out, because the holder may be stuck. Do not wait if it is
 * this CPU.
 */
void log_take_over(uint64_t ticks)
{
	if (line.heir != log_me() && line.holder != log_me())
		spin_lock_timeout(&line.lock, ticks);
	line.heir = log_me();
	console_fresh_line();
}

static void put_clean(void *arg, char c)
{
	(void)arg;
	console_put(c < ' ' || c > '~' ? '?' : c);
}

void log_vtext(const char *fmt, va_list ap)
{
	format_to(put_clean, NULL, fmt, ap);
}

void log_text(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	log_vtext(fmt, ap);
	va_end(ap);
}

void log_newline(void)
{
	console_put('\n');
}

static void put_line(const char *prefix, const char *fmt, va_list ap)
{
	log_begin();
	log_text("%s", prefix);
	log_vtext(fmt, ap);
	log_newline();
	log_end();
}

void log_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("", fmt, ap);
	va_end(ap);
}

void note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put_line("# ", fmt, ap);
	va_end(ap);
}

void log_alive(void)
{
	if (alive)
		alive();
}

void log_set_alive(void (*fn)(void))
{
	alive = fn;
}
