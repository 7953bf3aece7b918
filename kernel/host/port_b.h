/* SPDX-License-Identifier: BSD-2-Clause */
/* NMI status and control, I/O port 61h ("port B" of the IBM PC AT). */
#ifndef KERNEL_HOST_PORT_B_H
#define KERNEL_HOST_PORT_B_H

enum {
	PORT_B = 0x61,
	PORT_B_GATE2 = 1 << 0,	   /* the gate of the 8254's counter 2 */
	PORT_B_SPEAKER = 1 << 1,   /* counter 2 drives the speaker */
	PORT_B_SERR_OFF = 1 << 2,  /* while 1, PORT_B_SERR is cleared */
	PORT_B_IOCHK_OFF = 1 << 3, /* while 1, PORT_B_IOCHK is cleared */
	PORT_B_WRITABLE = 0x0f,	   /* the bits above; the others are to be written as 0 */
	PORT_B_OUT2 = 1 << 5,	   /* the output of counter 2 */
	PORT_B_IOCHK = 1 << 6,	   /* IOCHK# */
	PORT_B_SERR = 1 << 7,	   /* a PCI device or memory signaled SERR# */
	PORT_B_ABSENT = 0xff,
};

#endif
