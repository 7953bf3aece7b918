/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Oddities in the data of the firmware or the loader, collected by pure code, which cannot
 * print. Each text is kept once; those beyond REMARKS_MAX are dropped.
 */
#ifndef KERNEL_HOST_REMARKS_H
#define KERNEL_HOST_REMARKS_H

enum { REMARKS_MAX = 16 };

struct remarks {
	const char *text[REMARKS_MAX]; /* string constants, compared by address */
	unsigned n;
};

static inline void remark(struct remarks *r, const char *text)
{
	for (unsigned i = 0; i < r->n; i++)
		if (r->text[i] == text)
			return;
	if (r->n < REMARKS_MAX)
		r->text[r->n++] = text;
}

#endif
