/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/lib/format.h"

#include "kernel/lib/string.h"

#include <stdbool.h>
#include <stdint.h>

struct sink {
	void (*put)(void *arg, char c);
	void *arg;
	int count;
};

struct spec {
	bool zero, left;
	int width;
	int precision; /* -1: none */
	int longs;     /* count of l in the length; z is 1, h and hh are 0 */
};

static void emit(struct sink *sink, char c)
{
	sink->put(sink->arg, c);
	sink->count++;
}

static void pad(struct sink *sink, char c, int n)
{
	while (n-- > 0)
		emit(sink, c);
}

static void emit_text(struct sink *sink, const struct spec *spec, const char *s)
{
	int n = 0;

	if (!s)
		s = "(null)";
	while ((spec->precision < 0 || n < spec->precision) && s[n])
		n++;
	if (!spec->left)
		pad(sink, ' ', spec->width - n);
	for (int i = 0; i < n; i++)
		emit(sink, s[i]);
	if (spec->left)
		pad(sink, ' ', spec->width - n);
}

static void emit_character(struct sink *sink, const struct spec *spec, char c)
{
	if (!spec->left)
		pad(sink, ' ', spec->width - 1);
	emit(sink, c);
	if (spec->left)
		pad(sink, ' ', spec->width - 1);
}

/* sign: "", "-" or "0x"; zero padding follows it. */
static void emit_number(struct sink *sink, const struct spec *spec, uint64_t v, unsigned base,
			bool upper, const char *sign)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char buf[24];
	int n = 0, room;

	do
		buf[n++] = digits[v % base];
	while (v /= base);
	room = spec->width - n - (int)strlen(sign);
	if (!spec->left && !spec->zero)
		pad(sink, ' ', room);
	while (*sign)
		emit(sink, *sign++);
	if (!spec->left && spec->zero)
		pad(sink, '0', room);
	while (n)
		emit(sink, buf[--n]);
	if (spec->left)
		pad(sink, ' ', room);
}

static const char *parse_number(const char *f, int *n, va_list *ap)
{
	*n = 0;
	if (*f == '*') {
		*n = va_arg(*ap, int);
		return f + 1;
	}
	while (*f >= '0' && *f <= '9')
		*n = *n * 10 + (*f++ - '0');
	return f;
}

static const char *parse_spec(const char *f, struct spec *spec, va_list *ap)
{
	*spec = (struct spec){ .precision = -1 };
	for (;; f++) {
		if (*f == '0')
			spec->zero = true;
		else if (*f == '-')
			spec->left = true;
		else
			break;
	}
	f = parse_number(f, &spec->width, ap);
	if (spec->width < 0) { /* from * */
		spec->left = true;
		spec->width = -spec->width;
	}
	if (*f == '.')
		f = parse_number(f + 1, &spec->precision, ap);
	for (;; f++) {
		if (*f == 'l')
			spec->longs++;
		else if (*f == 'z')
			spec->longs = 1;
		else if (*f != 'h')
			break;
	}
	return f;
}

static void emit_conversion(struct sink *sink, const struct spec *spec, char c, va_list *ap)
{
	switch (c) {
	case 'd':
	case 'i': {
		int64_t v = spec->longs ? va_arg(*ap, int64_t) : va_arg(*ap, int);

		emit_number(sink, spec, v < 0 ? -(uint64_t)v : (uint64_t)v, 10, false,
			    v < 0 ? "-" : "");
		break;
	}
	case 'u':
	case 'x':
	case 'X': {
		uint64_t v = spec->longs ? va_arg(*ap, uint64_t) : va_arg(*ap, unsigned);

		emit_number(sink, spec, v, c == 'u' ? 10 : 16, c == 'X', "");
		break;
	}
	case 'p':
		emit_number(sink, spec, (uintptr_t)va_arg(*ap, void *), 16, false, "0x");
		break;
	case 's':
		emit_text(sink, spec, va_arg(*ap, const char *));
		break;
	case 'c':
		emit_character(sink, spec, (char)va_arg(*ap, int));
		break;
	case '%':
		emit(sink, '%');
		break;
	default: /* print it, so that it gets noticed */
		emit(sink, '%');
		emit(sink, c);
	}
}

int format_to(void (*put)(void *arg, char c), void *arg, const char *f, va_list list)
{
	struct sink sink = { put, arg, 0 };
	va_list ap;

	va_copy(ap, list);
	for (; *f; f++) {
		struct spec spec;

		if (*f != '%') {
			emit(&sink, *f);
			continue;
		}
		f = parse_spec(f + 1, &spec, &ap);
		if (!*f)
			break;
		emit_conversion(&sink, &spec, *f, &ap);
	}
	va_end(ap);
	return sink.count;
}

struct buffer {
	char *at, *end;
};

static void buffer_put(void *arg, char c)
{
	struct buffer *b = arg;

	if (b->at < b->end)
		*b->at++ = c;
}

int vformat(char *buf, size_t size, const char *fmt, va_list ap)
{
	struct buffer b = { buf, buf + size - 1 };
	int n = format_to(buffer_put, &b, fmt, ap);

	*b.at = 0;
	return n;
}

int format(char *buf, size_t size, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vformat(buf, size, fmt, ap);
	va_end(ap);
	return n;
}

void format_escaped(char *buf, size_t size, const char *bytes, size_t n)
{
	size_t at = 0;

	buf[0] = 0;
	for (size_t i = 0; i < n && at < size; i++) {
		char c = bytes[i];
		const char *how = c == '\n' ? "\\n" :
				  c == '\\' ? "\\\\" :
				  c < ' ' || c > '~' ? "\\x%02x" : "%c";

		at += (size_t)format(buf + at, size - at, how, (unsigned char)c);
	}
}

void format_append(char *list, size_t size, const char *text)
{
	size_t n = strlen(list);

	format(list + n, size - n, n ? ", %s" : "%s", text);
}
