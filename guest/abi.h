/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What guests and the host agree upon. Read by C and, through the #define
 * lines alone, by NASM: no comments on those, numbers that both understand.
 */
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

/* The standard guest's image begins here: three pages of tables, then code. */
#define GUEST_IMAGE 0x100000
#define GUEST_TABLES 3
#define GUEST_ENTRY 0x103000

/* A guest in real mode: its image begins at 0, with the interrupt vector table,
 * and it is entered at 0000:GUEST_REAL_ENTRY. */
#define GUEST_REAL_ENTRY 0x1000

/* EDI at entry: which instruction makes a hypercall here. */
#define HYPERCALL_VMCALL 0
#define HYPERCALL_VMMCALL 1

/* R8 at entry, where there are several vCPUs: for how many ticks of the TSC one waits for
 * another before it gives up. What passes between two looks counts for at most
 * 1 / 2^PATIENCE_SHIFT of that: see kernel/host/clock.h. */
#define PATIENCE_SHIFT 10

/* Hypercalls: the number in EAX. Unknown ones return -1 in RAX, the others 0. */
/* The guest is done: RBX has its own verdict, 0 for good. Does not return. */
#define HC_DONE 0
/* A number for the report: ECX says which (guest.h: values), RBX what. */
#define HC_VALUE 1

/* An event, as soon as the guest can take it: EDX says what (0 an interrupt,
 * 2 an NMI, 3 an exception), ECX its vector, RBX the error code of exceptions
 * that have one. -1: there is no such event, or one interrupt waits already. */
#define HC_INJECT 2
#define INJECT_INTERRUPT 0
#define INJECT_NMI 2
#define INJECT_EXCEPTION 3

/* The host changes what is at [RBX, RBX + RCX), bytes, whole pages of one region:
 * EDX says how. What the guest sees of it are faults, none of them its own affair,
 * and its data, all of it there but for what was unmapped. -1: it cannot be. */
#define HC_MEMORY 3
/* RBX gets a leaf of 4 KiB, if it is part of a larger one. */
#define MEMORY_SPLIT 0
/* RBX gets as large a leaf as possible. -1: not larger than it is. */
#define MEMORY_MERGE 1
/* Takes the right to write; who writes gets it back, for that leaf. */
#define MEMORY_READ_ONLY 2
/* The next touch finds what was there at the beginning. */
#define MEMORY_UNMAP 3
/* Other memory, with the same content. */
#define MEMORY_MOVE 4
/* Nothing there counts as accessed or dirty any more. */
#define MEMORY_CLEAN 5
/* Takes the right to execute; who executes gets it back, for that leaf. */
#define MEMORY_NO_EXEC 6
/* As MEMORY_UNMAP, and the entries go with it, and tables that nobody needs any
 * more. -1: not done, since somebody touched it meanwhile. */
#define MEMORY_VACATE 7
#define MEMORY_OPS 8

/* Of a guest with rounds (guest.h): whether there are more. 0: come to an end; else go
 * on, and, in a soak, so many eighths of its time are left, the present one included. */
#define HC_MORE 4
#define SOAK_EIGHTHS 8

/* Of a guest that takes turns, or wanders (guest.h): its turn is over. -1: it does not. */
#define HC_YIELD 5

/* Bytes written to this port appear on the console. */
#define GUEST_CONSOLE_PORT 0xe9

/* CPUID leaf with nestbox's signature "nestboxguest" in EBX, ECX, EDX. */
#define CPUID_NESTBOX 0x40000000
#define CPUID_NESTBOX_EBX 0x7473656e
#define CPUID_NESTBOX_ECX 0x67786f62
#define CPUID_NESTBOX_EDX 0x74736575

#endif
