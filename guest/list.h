/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests, in the order in which they run: the only place where they are listed. The one of
 * soak= is not in it.
 */
#ifndef GUEST_LIST_H
#define GUEST_LIST_H

#define GUESTS(X) \
	X(hello) X(touch) X(walk) X(rom) X(hole) X(noexec) X(spin) X(spin_if) X(hog) \
	X(triple) X(inject) X(softint) X(step) X(align) X(modes) X(probe) X(foreign) \
	X(regs) X(large) X(fetch) X(fep) X(fep_walk) X(fep_hole) X(fep_rmw) X(race) \
	X(stale) X(deaf) X(shoot) X(kicks) X(kicks1g) X(spread) X(turns) X(wander) \
	X(cost)

#endif
