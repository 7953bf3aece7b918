/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests' images, linked in by the Makefile. */
#ifndef GUEST_IMAGES_H
#define GUEST_IMAGES_H

extern const unsigned char guest_hello_image[], guest_touch_image[], guest_walk_image[],
	guest_rom_image[], guest_hole_image[], guest_spin_image[], guest_spin_if_image[],
	guest_hog_image[], guest_cost_image[], guest_noexec_image[], guest_triple_image[],
	guest_regs_image[], guest_inject_image[], guest_softint_image[], guest_modes_image[],
	guest_probe_image[], guest_large_image[], guest_race_image[], guest_stale_image[],
	guest_deaf_image[], guest_kicks_image[], guest_kicks1g_image[],
	guest_turns_image[], guest_wander_image[], guest_soak_image[], guest_spread_image[],
	guest_foreign_image[], guest_fep_image[], guest_fep_walk_image[],
	guest_fep_hole_image[], guest_fep_rmw_image[], guest_step_image[],
	guest_align_image[], guest_fetch_image[];

#endif
