/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/lib/gpt_pte.h"

const struct pte_observer *pte_observer;
