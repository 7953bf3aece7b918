/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Event injection. An exception or an NMI is injected at the next entry. So is an interrupt, if
 * RFLAGS.IF is set after the instruction that exited; otherwise it waits for its window, which
 * only hardware detects: RFLAGS.IF, and no shadow of STI or MOV SS.
 *
 * A second-level fault during event delivery is not handled here: the exit has the event in
 * exit->pending, and the fault handler injects it again.
 *
 * #DB and #AC exit and are injected unchanged. An event whose delivery they interrupted is
 * dropped, as on a CPU: both are benign (SDM vol. 3A, table 6-5), so they replace it, and an
 * event caused by an instruction recurs. DR6 needs no care: VMX leaves it alone, and no guest can
 * read it; under SVM it has changed in the VMCB already (APM vol. 2, 15.12.2).
 *
 * An NMI that a guest requests inside its NMI handler is injected at once: only some CPUs report
 * the end of the handler.
 */
#include "kernel/host/mce.h"
#include "kernel/lib/fault.h"
#include "kernel/lib/x86.h"
#include "kernel/vm/vcpu_handlers.h"

#define BIT(n) (1u << (n))

/* SDM vol. 3A, table 6-1; APM vol. 2, 8.2. Not available: exceptions that only instructions cause
 * (#BP, #OF, #BR), machine checks (#MC), and reserved vectors. */
#define EXCEPTIONS                                                                        \
	(BIT(VECTOR_DE) | BIT(VECTOR_DB) | BIT(VECTOR_UD) | BIT(VECTOR_NM) | BIT(VECTOR_DF) | \
	 BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) | BIT(VECTOR_PF) | \
	 BIT(VECTOR_MF) | BIT(VECTOR_AC) | BIT(VECTOR_XM))
#define WITH_ERROR                                                                        \
	(BIT(VECTOR_DF) | BIT(VECTOR_TS) | BIT(VECTOR_NP) | BIT(VECTOR_SS) | BIT(VECTOR_GP) | \
	 BIT(VECTOR_PF) | BIT(VECTOR_AC))

enum { ERROR_MAX = 0x7fff }; /* SDM vol. 3C, 27.2.1.3 */

/* In real mode there are no error codes. */
static bool has_error(struct vcpu_run *run, uint8_t vector)
{
	struct vcpu_state state;

	if (!(WITH_ERROR >> vector & 1))
		return false;
	run->ops->get_state(run->vcpu, &state);
	return state.cr0 & CR0_PE;
}

void vcpu_inject(struct vcpu_run *run, const struct vcpu_event *event)
{
	run->injects = true;
	run->ops->inject(run->vcpu, event);
}

static void inject_exception(struct vcpu_run *run, uint8_t vector, uint32_t error)
{
	struct vcpu_event e = {
		.valid = true,
		.type = EVENT_EXCEPTION,
		.vector = vector,
		.has_error = has_error(run, vector),
	};

	if (e.has_error)
		e.error = error;
	vcpu_inject(run, &e);
}

bool vcpu_raise(struct vcpu_run *run, uint8_t vector)
{
	inject_exception(run, vector, 0);
	return true;
}

bool vcpu_event_request(struct vcpu_run *run, uint64_t type, uint64_t vector, uint64_t error)
{
	struct vcpu_event e = { .valid = true, .type = (uint8_t)type, .vector = (uint8_t)vector };

	if (type == EVENT_EXCEPTION && vector < VECTOR_FIRST_FREE && EXCEPTIONS >> vector & 1 &&
	    error <= ERROR_MAX) {
		inject_exception(run, e.vector, (uint32_t)error);
	} else if (type == EVENT_NMI && vector == VECTOR_NMI) {
		vcpu_inject(run, &e);
	} else if (type == EVENT_INTERRUPT && vector >= VECTOR_FIRST_FREE && vector <= UINT8_MAX &&
		   !run->waiting.valid) {
		run->waiting = e;
		run->ops->want_window(run->vcpu, true);
	} else {
		return false;
	}
	return true;
}

static void take_waiting(struct vcpu_run *run)
{
	run->ops->want_window(run->vcpu, false);
	vcpu_inject(run, &run->waiting);
	run->waiting.valid = false;
}

void vcpu_event_offer(struct vcpu_run *run)
{
	struct vcpu_state state;

	if (run->injects)
		return;
	run->ops->get_state(run->vcpu, &state);
	if (state.rflags & RFLAGS_IF || FAULT(EVENT_EARLY))
		take_waiting(run);
}

/*
 * If delivery raises the exception again, the next exit comes before the guest executes an
 * instruction, and host interrupts cause no exit of their own. So each of these exits lets the
 * host take interrupts.
 */
bool on_exception(struct vcpu_run *run, struct vcpu_exit *exit)
{
	uint8_t vector = exit->exception.vector;

	if (vector == VECTOR_MC || FAULT(MC_IN_GUEST))
		mce_stop();
	if (vector != VECTOR_DB && vector != VECTOR_AC)
		return on_unexpected(run, exit);
	exit->pending = (struct vcpu_event){
		.valid = !FAULT(DB_LOST),
		.type = exit->exception.type,
		.vector = vector,
		.length = exit->length,
		.has_error = has_error(run, vector),
		.error = exit->exception.error,
	};
	return run->hooks->interrupt(run, exit);
}

bool on_window(struct vcpu_run *run, struct vcpu_exit *exit)
{
	if (!run->waiting.valid)
		return on_unexpected(run, exit);
	take_waiting(run);
	return true;
}
