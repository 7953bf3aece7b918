/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/gpt_pte.h"

const struct pte_observer *pte_observer;
