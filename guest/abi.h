/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The interface between guests and the host. NASM reads only the #define lines:
 * no comments on them, and only numbers that both C and NASM understand.
 */
#ifndef GUEST_ABI_H
#define GUEST_ABI_H

/* Where a standard guest's image begins: three pages of page tables, then code. */
#define GUEST_IMAGE 0x100000
#define GUEST_TABLES 3
#define GUEST_ENTRY 0x103000

/* A real-mode guest's image begins at 0 with the interrupt vector table. The
 * guest is entered at 0000:GUEST_REAL_ENTRY. */
#define GUEST_REAL_ENTRY 0x1000

/* EDI at entry: the hypercall instruction of this CPU. */
#define HYPERCALL_VMCALL 0
#define HYPERCALL_VMMCALL 1

/* R8 at entry of a guest with .vcpus or .copies (guest.h): how long a vCPU waits for another
 * before it gives up, in TSC ticks. The time between two polls counts at most
 * R8 / 2^PATIENCE_SHIFT: see kernel/host/clock.h. */
#define PATIENCE_SHIFT 10

/* Hypercalls. EAX: the number. RAX returns 0, or -1 for an unknown number. */
/* The guest has finished. RBX: its own verdict, 0 for success. Does not return. */
#define HC_DONE 0
/* Reports a figure. ECX: index into .values (guest.h). RBX: the value. */
#define HC_VALUE 1

/* Injects an event as soon as the guest can take it. EDX: its type, as below. ECX: its
 * vector. RBX: the error code, for exceptions that have one. -1: there is no such
 * event, or an interrupt is already pending. */
#define HC_INJECT 2
#define INJECT_INTERRUPT 0
#define INJECT_NMI 2
#define INJECT_EXCEPTION 3

/* Changes the mapping of [RBX, RBX + RCX): bytes, whole pages of one region. EDX: the
 * operation. The guest keeps its data, except what it has unmapped. Later accesses may
 * cause second-level faults, which the host handles. -1: it cannot be done. */
#define HC_MEMORY 3
/* Splits the leaf that maps RBX down to 4 KiB. */
#define MEMORY_SPLIT 0
/* Maps RBX by as large a leaf as possible. -1: nothing could be merged. */
#define MEMORY_MERGE 1
/* Removes write permission. A write restores it, for that leaf. */
#define MEMORY_READ_ONLY 2
/* The next access finds the initial content. */
#define MEMORY_UNMAP 3
/* Maps other memory with the same content. */
#define MEMORY_MOVE 4
/* Clears A and D. */
#define MEMORY_CLEAN 5
/* Removes execute permission. A fetch restores it, for that leaf. */
#define MEMORY_NO_EXEC 6
/* MEMORY_UNMAP, then vacates the entries and frees tables that are no longer needed.
 * -1: the entries stay, because a concurrent access has mapped a page again. */
#define MEMORY_VACATE 7
#define MEMORY_OPS 8

/* For a guest with .rounds (guest.h): is there another round? 0: finish. Otherwise go on;
 * in a soak, RAX is the number of eighths of its time that are left, with the current one. */
#define HC_MORE 4
#define SOAK_EIGHTHS 8

/* Ends the turn of a guest with .copies or .wanders (guest.h). -1: it has neither. */
#define HC_YIELD 5

/* Bytes written to this port appear on the console. */
#define GUEST_CONSOLE_PORT 0xe9

/* CPUID leaf with the signature "nestboxguest" in EBX, ECX, EDX. */
#define CPUID_NESTBOX 0x40000000
#define CPUID_NESTBOX_EBX 0x7473656e
#define CPUID_NESTBOX_ECX 0x67786f62
#define CPUID_NESTBOX_EDX 0x74736575

#endif
