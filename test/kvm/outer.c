/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is around us. As process 1 that is an emulator: COM1 is Linux's console, COM2 takes
 * nestbox's serial bytes, and its end carries nestbox's verdict, as kernel/host/poweroff.c has it.
 * Else it is a shell.
 */
#include "test/kvm/vmm.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/io.h>
#include <sys/klog.h>
#include <sys/reboot.h>
#include <termios.h>
#include <unistd.h>

enum {
	/* National Semiconductor PC16550D data sheet, section 8. */
	COM2 = 0x2f8,
	UART_DATA = 0,
	UART_IER = 1,
	UART_FCR = 2,
	UART_LCR = 3,
	UART_LSR = 5,
	LCR_8N1 = 0x03,
	LCR_DLAB = 0x80,
	FCR_ENABLE_CLEAR = 0x07,
	LSR_THR_EMPTY = 1 << 5,
	LSR_ALL_SENT = 1 << 6,
	DIVISOR_115200 = 1,

	QEMU_EXIT_PORT = 0xf4,
	BOCHS_IODEBUG_PORT = 0x8a00,
	BOCHS_IODEBUG_ENABLE = 0x8a00,
	BOCHS_IODEBUG_BREAK = 0x8ae0,
	BOCHS_SHUTDOWN_PORT = 0x8900,
	VERDICT_PASS = 0x10, /* of nestbox's values for isa-debug-exit */

	STATUS_NONE = 1,
	SYSLOG_READ_ALL = 3, /* syslog(2) */
	LINE_MAX_BYTES = 4096,
};

bool is_init(void)
{
	return getpid() == 1;
}

/* Threads that are started later inherit the right. */
void outer_take_ports(void)
{
	if (iopl(3))
		die(strerror(errno), "iopl");
	outb(0, COM2 + UART_IER);
	outb(LCR_DLAB, COM2 + UART_LCR);
	outb(DIVISOR_115200, COM2 + UART_DATA);
	outb(0, COM2 + UART_IER);
	outb(LCR_8N1, COM2 + UART_LCR);
	outb(FCR_ENABLE_CLEAR, COM2 + UART_FCR);
}

static void wait_for_serial(uint8_t bit)
{
	while (!(inb(COM2 + UART_LSR) & bit))
		;
}

static void write_all(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t done = write(fd, bytes, n);

		if (done < 0 && errno != EINTR)
			_exit(STATUS_NONE); /* nobody is there to be told */
		if (done > 0) {
			bytes += done;
			n -= (size_t)done;
		}
	}
}

void outer_put_serial(uint8_t byte)
{
	if (!is_init()) {
		write_all(STDOUT_FILENO, (const char *)&byte, 1);
		return;
	}
	wait_for_serial(LSR_THR_EMPTY);
	outb(byte, COM2 + UART_DATA);
}

static void say_list(const char *format, va_list list)
{
	char line[LINE_MAX_BYTES] = "vmm: ";
	size_t n = strlen(line);

	n += (size_t)vsnprintf(line + n, sizeof(line) - n - 1, format, list);
	if (n > sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	write_all(is_init() ? STDOUT_FILENO : STDERR_FILENO, line, n);
}

void say(const char *format, ...)
{
	va_list list;

	va_start(list, format);
	say_list(format, list);
	va_end(list);
}

static void say_linux_log(void)
{
	static char log[1 << 18];
	char *rest = log, *line;

	if (klogctl(SYSLOG_READ_ALL, log, sizeof(log) - 1) < 0)
		say("Linux's log: %s", strerror(errno));
	while ((line = strsep(&rest, "\n")))
		if (strcasestr(line, "kvm") || strcasestr(line, "svm") || strcasestr(line, "vmx") ||
		    strcasestr(line, "warn") || strcasestr(line, "bug"))
			say("log: %s", line);
}

static void end_bochs(int value)
{
	if (value == VERDICT_PASS) { /* the debugger's script quits with 0 */
		outw(BOCHS_IODEBUG_ENABLE, BOCHS_IODEBUG_PORT);
		outw(BOCHS_IODEBUG_BREAK, BOCHS_IODEBUG_PORT);
	}
	for (const char *s = "Shutdown"; *s; s++) /* with 1 */
		outb((uint8_t)*s, BOCHS_SHUTDOWN_PORT);
}

_Noreturn void outer_end(int value)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;

	pthread_mutex_lock(&once); /* for good: only one thread ends the machine */
	if (options.verbose)
		say_linux_log();
	if (options.migrations)
		migrate_report();
	if (value == NO_VERDICT)
		say("end without a verdict");
	else
		say("end %d", value << 1 | 1);
	if (!is_init())
		_exit(value == NO_VERDICT ? STATUS_NONE : value << 1 | 1);
	tcdrain(STDOUT_FILENO);
	wait_for_serial(LSR_ALL_SENT);
	if (options.bochs)
		end_bochs(value);
	else if (value != NO_VERDICT)
		outb((uint8_t)value, QEMU_EXIT_PORT);
	reboot(RB_POWER_OFF); /* QEMU ends with 0 */
	for (;;)
		pause();
}

_Noreturn void die(const char *why, const char *what, ...)
{
	char text[LINE_MAX_BYTES];
	va_list list;

	va_start(list, what);
	vsnprintf(text, sizeof(text), what, list);
	va_end(list);
	say("%s: %s", text, why);
	outer_end(NO_VERDICT);
}
