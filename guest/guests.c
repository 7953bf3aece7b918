/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests, in the order in which they run. */
#include "guest/guest.h"

extern const struct guest guest_hello, guest_touch, guest_walk, guest_rom, guest_hole, guest_noexec,
	guest_spin, guest_spin_if, guest_hog, guest_triple, guest_inject, guest_regs, guest_softint,
	guest_modes, guest_probe, guest_large, guest_race, guest_stale, guest_deaf, guest_shoot,
	guest_kicks, guest_kicks1g, guest_spread, guest_turns, guest_wander, guest_cost,
	guest_foreign, guest_fep, guest_fep_walk, guest_fep_hole, guest_fep_rmw,
	guest_step, guest_align, guest_fetch;

const struct guest *const guests[] = {
	&guest_hello,	&guest_touch,	&guest_walk,	&guest_rom,	 &guest_hole,
	&guest_noexec,	&guest_spin,	&guest_spin_if, &guest_hog,	 &guest_triple,
	&guest_inject,	&guest_softint, &guest_step,	 &guest_align,
	&guest_modes,	&guest_probe,	&guest_foreign,
	&guest_regs,	&guest_large,	&guest_fetch,	&guest_fep,	 &guest_fep_walk, &guest_fep_hole,
	&guest_fep_rmw, &guest_race,	&guest_stale,	&guest_deaf,	 &guest_shoot,
	&guest_kicks,	&guest_kicks1g, &guest_spread,	&guest_turns,	 &guest_wander,
	&guest_cost,
};
const unsigned guests_count = sizeof(guests) / sizeof(guests[0]);
