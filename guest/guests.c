/* SPDX-License-Identifier: BSD-2-Clause */
#include "guest/guest.h"
#include "guest/list.h"

#define DECLARED(name) extern const struct guest guest_##name;
GUESTS(DECLARED)

#define LISTED(name) &guest_##name,
const struct guest *const guests[] = { GUESTS(LISTED) };
const unsigned guests_count = sizeof(guests) / sizeof(guests[0]);
